//! Estimators' biases, exactly; Fisher products against second differences of the KL; the trust region's promises.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use kullback::logits::LogitRows;
use kullback::loss::latent::{GaussianKl, Gaussians};
use kullback::policy::{
    AdaptiveKl, Estimator, Proposal, Rule, SampledKl, TargetKl, TrustRegion, categorical_fisher_into,
    gaussian_fisher_into,
};
use kullback::{Error, Kl, Rows};
use kullback_dev::recipe::SplitMix;

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let ln = logits.iter().map(|x| x.exp()).sum::<f64>().ln();
    logits.iter().map(|x| x - ln).collect()
}

/// KL(p‖q) and its gradients for the logits of either.
fn exact(p: &[f64], q: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
    let (mut value, mut by_p, mut by_q) = ([0.0], vec![0.0; p.len()], vec![0.0; p.len()]);
    let rows = LogitRows::new(Rows::new(p, p.len()).unwrap(), Rows::new(q, q.len()).unwrap()).unwrap();
    rows.values_and_gradients_into(Kl, &mut value, Some(&mut by_p), Some(&mut by_q)).unwrap();
    (value[0], by_p, by_q)
}

/// The mean over all actions that `acted` draws of a penalty, and of its gradient for the logits of π.
fn mean(penalty: SampledKl, policy: &[f64], reference: &[f64], acted: Option<&[f64]>) -> (f64, Vec<f64>) {
    let ln = log_softmax(policy);
    let ln_acted = acted.map(log_softmax);
    let (mut values, mut slopes) = (vec![0.0; ln.len()], vec![0.0; ln.len()]);
    penalty.evaluate_into(&ln, &log_softmax(reference), ln_acted.as_deref(), &mut values, &mut slopes).unwrap();
    let drawn: Vec<f64> = ln_acted.as_ref().unwrap_or(&ln).iter().map(|x| x.exp()).collect();
    let dot = |x: &[f64]| drawn.iter().zip(x).map(|(p, x)| p * x).sum::<f64>();
    // ∂ ln π(x)/∂ z_i = [x = i] − π_i.
    let total = dot(&slopes);
    let gradient = (0..ln.len()).map(|i| drawn[i] * slopes[i] - ln[i].exp() * total).collect();
    (dot(&values), gradient)
}

fn same(got: &[f64], truth: &[f64]) {
    for (got, truth) in got.iter().zip(truth) {
        assert!((got - truth).abs() < 1e-14, "{got:e} is not {truth:e}");
    }
}

const POLICY: [f64; 4] = [0.3, -1.0, 0.8, 0.1];
const REFERENCE: [f64; 4] = [-0.4, 0.2, 0.5, -0.9];
const ACTED: [f64; 4] = [0.0, -0.5, 1.0, 0.4];

#[test]
fn biases_of_the_estimators() {
    use Estimator::{K1, K2, K3};
    let (reverse, by_policy, _) = exact(&POLICY, &REFERENCE);
    let (_, _, forward_by_policy) = exact(&REFERENCE, &POLICY);
    let on_policy = |penalty| mean(penalty, &POLICY, &REFERENCE, None);

    let (value, gradient) = on_policy(SampledKl::of(K1));
    same(&[value], &[reverse]);
    same(&gradient, &[0.0; 4]);
    let (value, gradient) = on_policy(SampledKl::of(K2));
    assert!((value - reverse).abs() > 1e-3, "the value of K2 is biased");
    same(&gradient, &by_policy);
    let (value, gradient) = on_policy(SampledKl::of(K3));
    same(&[value], &[reverse]);
    same(&gradient, &forward_by_policy);
    assert!((gradient[0] - by_policy[0]).abs() > 1e-3, "which is not that of the reverse KL");

    let (value, gradient) = on_policy(SampledKl { value: K3, gradient: K2, weighted: false });
    same(&[value], &[reverse]);
    same(&gradient, &by_policy);
    for estimator in [K1, K3] {
        let weighted = SampledKl { weighted: true, ..SampledKl::of(estimator) };
        for acted in [None, Some(&ACTED[..])] {
            let (value, gradient) = mean(weighted, &POLICY, &REFERENCE, acted);
            same(&[value], &[reverse]);
            same(&gradient, &by_policy);
        }
    }
}

#[test]
fn estimators_near_equality_and_bad_input() {
    let (mut values, mut slopes) = ([0f32; 1], [0f32; 1]);
    SampledKl::of(Estimator::K3).evaluate_into(&[0.0], &[1e-6f32], None, &mut values, &mut slopes).unwrap();
    assert!((f64::from(values[0]) - 5e-13).abs() < 1e-18, "{}", values[0]);
    let refused = SampledKl::of(Estimator::K1).evaluate_into(&[0.0], &[f32::NAN], None, &mut values, &mut slopes);
    assert!(matches!(refused, Err(Error::NotFinite { index: 0, .. })));
    let refused = SampledKl::of(Estimator::K1).evaluate_into(&[0.0], &[0.0, 0.0], None, &mut values, &mut slopes);
    assert!(matches!(refused, Err(Error::LengthMismatch { .. })));
}

#[test]
fn fisher_is_the_hessian_of_the_kl() {
    let mut r = SplitMix::new(1);
    let mut numbers = |n: usize| (0..n).map(|_| 2.0 * r.unit() - 1.0).collect::<Vec<f64>>();
    let (states, actions, step) = (3, 4, 1e-4);
    let moved = |x: &[f64], v: &[f64], by: f64| x.iter().zip(v).map(|(x, v)| v.mul_add(by, *x)).collect::<Vec<f64>>();
    // Along a line the KL grows by ½ vᵀFv·step².
    let (logits, v) = (numbers(states * actions), numbers(states * actions));
    let mut product = vec![0.0; v.len()];
    categorical_fisher_into(Rows::new(&logits, actions).unwrap(), &v, &mut product).unwrap();
    let kl = |by: f64| {
        let q = moved(&logits, &v, by);
        mean_kl(&logits, &q, actions)
    };
    let curvature = (kl(step) + kl(-step)) / (step * step);
    let along: f64 = v.iter().zip(&product).map(|(v, f)| v * f).sum();
    assert!((curvature - along).abs() < 1e-6 * along, "{curvature} {along}");

    let n = states * actions;
    let (mean, ln_scale, v_mean, v_ln_scale) = (numbers(n), numbers(n), numbers(n), numbers(n));
    let (mut by_mean, mut by_ln_scale) = (vec![0.0; n], vec![0.0; n]);
    gaussian_fisher_into(&ln_scale, actions, [&v_mean, &v_ln_scale], [&mut by_mean, &mut by_ln_scale]).unwrap();
    let twice = |x: &[f64]| x.iter().map(|x| 2.0 * x).collect::<Vec<f64>>();
    let ln_variance = twice(&ln_scale);
    let kl = |by: f64| {
        let (mean_q, ln_q) = (moved(&mean, &v_mean, by), twice(&moved(&ln_scale, &v_ln_scale, by)));
        let p = Gaussians::new(&mean, &ln_variance, actions).unwrap();
        let q = Gaussians::new(&mean_q, &ln_q, actions).unwrap();
        GaussianKl::between(p, q).unwrap().per_dimension().unwrap().iter().sum::<f64>()
    };
    let curvature = (kl(step) + kl(-step)) / (step * step);
    let along: f64 = v_mean.iter().zip(&by_mean).chain(v_ln_scale.iter().zip(&by_ln_scale)).map(|(v, f)| v * f).sum();
    assert!((curvature - along).abs() < 1e-6 * along, "{curvature} {along}");
}

fn mean_kl(p: &[f64], q: &[f64], columns: usize) -> f64 {
    let rows = LogitRows::new(Rows::new(p, columns).unwrap(), Rows::new(q, columns).unwrap()).unwrap();
    let values = rows.values(Kl).unwrap();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn controllers() {
    let mut ziegler = AdaptiveKl::new(Rule::Ziegler { horizon: 1000.0 }, 0.1, 0.05).unwrap();
    assert!((ziegler.update(1.0, 100).unwrap() - 0.1 * 1.02).abs() < 1e-15);
    assert!((ziegler.update(0.045, 100).unwrap() - 0.1 * 1.02 * 0.99).abs() < 1e-15);
    assert!(ziegler.update(0.0, 1_000_000).unwrap() == 0.0, "no negative weight");
    let mut rllib = AdaptiveKl::new(Rule::Rllib, 1.0, 0.1).unwrap();
    assert_eq!([0.3, 0.15, 0.01].map(|kl| rllib.update(kl, 1).unwrap()), [1.5, 1.5, 0.75]);
    assert!(rllib.update(f64::NAN, 1).is_err() && rllib.coefficient() == 0.75);
    let mut fixed = AdaptiveKl::new(Rule::Fixed, 1.0, 0.1).unwrap();
    assert_eq!(fixed.update(f64::INFINITY, 1).unwrap(), 1.0);
    assert!(AdaptiveKl::new(Rule::Ppo, 1.0, 0.0).is_err() && AdaptiveKl::new(Rule::Ppo, -1.0, 0.1).is_err());
    let stop = TargetKl { target: 0.01, factor: 1.5 };
    assert!(!stop.exceeded(0.015) && stop.exceeded(0.0151) && stop.exceeded(f64::NAN));
}

/// KL and surrogate of a categorical policy over 3 actions against advantages.
fn bandit(old: &[f64]) -> impl Fn(&[f64]) -> Result<Proposal, Error> {
    let (old, before) = (old.to_vec(), log_softmax(old));
    move |x: &[f64]| {
        let now = log_softmax(x);
        let surrogate =
            before.iter().zip(&now).zip([1.0, -0.5, 0.2]).map(|((b, n), a)| b.exp() * (n - b).exp() * a).sum();
        Ok(Proposal { surrogate, kl: exact(&old, x).0 })
    }
}

#[test]
fn a_trust_region_is_kept() {
    let mut parameters = vec![0.0; 3];
    for delta in [1e-6, 1e-3, 0.01, 0.3] {
        let trust = TrustRegion { delta, damping: 1e-6, ..TrustRegion::default() };
        for _ in 0..5 {
            let p: Vec<f64> = log_softmax(&parameters).iter().map(|x| x.exp()).collect();
            let advantage = [1.0, -0.5, 0.2];
            let mean: f64 = p.iter().zip(advantage).map(|(p, a)| p * a).sum();
            let gradient: Vec<f64> = p.iter().zip(advantage).map(|(p, a)| p * (a - mean)).collect();
            let fisher = |v: &[f64]| {
                let mut out = vec![0.0; 3];
                categorical_fisher_into(Rows::new(&parameters, 3)?, v, &mut out)?;
                Ok::<_, Error>(out)
            };
            let step = trust.step(&parameters, &gradient, fisher, bandit(&parameters)).unwrap();
            let kl = exact(&parameters, &step.parameters).0;
            assert!(kl <= delta && kl == step.kl && step.accepted == (step.growth > 0.0), "{kl} of {delta}");
            // Where the KL is near its second order the region is used, but for a few steps back.
            assert!(delta > 0.01 || step.accepted && kl > 0.4 * delta, "{kl} of {delta}");
            parameters = step.parameters;
        }
    }
}

#[test]
fn without_an_acceptable_step_nothing_changes() {
    let trust = TrustRegion::default();
    let start = [0.5, -0.5];
    let identity = |v: &[f64]| Ok::<_, Error>(v.to_vec());
    let evaluations: [fn(&[f64]) -> Proposal; 4] = [
        |_| Proposal { surrogate: 0.0, kl: 0.0 },
        |x| Proposal { surrogate: x[0], kl: if x[0] == 0.5 { 0.0 } else { f64::NAN } },
        |x| Proposal { surrogate: x[0], kl: if x[0] == 0.5 { 0.0 } else { 1.0 } },
        |x| Proposal { surrogate: if x[0] == 0.5 { 0.0 } else { f64::NAN }, kl: 0.0 },
    ];
    for evaluate in evaluations {
        let step = trust.step(&start, &[1.0, 0.0], identity, |x| Ok(evaluate(x))).unwrap();
        assert_eq!((step.parameters.as_slice(), step.accepted, step.kl), (&start[..], false, 0.0));
    }
    let flat = |_: &[f64]| Ok::<_, Error>(Proposal { surrogate: 1.0, kl: 0.0 });
    for gradient in [[0.0, 0.0], [f64::NAN, 0.0]] {
        assert!(!trust.step(&start, &gradient, identity, flat).unwrap().accepted);
    }
    let nothing = |v: &[f64]| Ok::<_, Error>(vec![0.0; v.len()]);
    let undamped = TrustRegion { damping: 0.0, ..trust };
    assert!(!undamped.step(&start, &[1.0, 0.0], nothing, flat).unwrap().accepted);
    assert!(trust.step(&start, &[1.0], identity, flat).is_err());
    assert!(TrustRegion { delta: 0.0, ..trust }.step(&start, &[1.0, 0.0], identity, flat).is_err());
}
