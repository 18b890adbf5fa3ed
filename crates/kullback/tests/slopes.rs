//! The hand-written slopes of every generator against dual numbers put through its own term, and Euler's identity:
//! terms are homogeneous of degree one.

use kullback::divergence::{Affinity, CrossEntropy, Generator, Point, Power, Skew, Visitor};
use kullback::{Divergence, Kl, Measure, Reverse};
use kullback_dev::dual::Dual;
use kullback_dev::recipe::SplitMix;
use kullback_dev::{subject, tolerance};

/// Points of every ratio from equality to e^±20.
fn points() -> Vec<(f64, f64)> {
    let mut r = SplitMix::new(4);
    let mut points = Vec::new();
    for k in 0..400 {
        let p = r.unit();
        let q = match k % 4 {
            0 => r.unit(),
            1 => p * (1.0 + 1e-2 * (r.unit() - 0.5)),
            2 => p * (1.0 + 1e-7 * (r.unit() - 0.5)),
            _ => p * (40.0 * r.unit() - 20.0).exp(),
        };
        points.push((p, q));
    }
    points
}

fn check<G: Generator>(name: &str, generator: G) {
    for (p, q) in points() {
        let at = |p, q, difference| Point::new(p, q, difference, Dual::fixed(1.0));
        // d/d ln q and d/d ln p, in which q − p changes by q and by −p.
        let moving = |value, slope| Dual { value, slope };
        let by_q = generator.term(at(Dual::fixed(p), moving(q, q), moving(q - p, q))).slope;
        let by_p = generator.term(at(moving(p, p), Dual::fixed(q), moving(q - p, -p))).slope;
        let x = Point::new(p, q, q - p, 1.0);
        let (term, slope) = (generator.term(x), generator.slope_q(x));
        let close = |a: f64, b: f64| (a - b).abs() <= tolerance::SLOPE * a.abs().max(b.abs()).max(p.max(q));
        assert!(close(slope, by_q), "{name} at ({p}, {q}): slope_q {slope:e}, by dual numbers {by_q:e}");
        // The cross-entropy is homogeneous in p, q and the mass together.
        if !matches!(name, "cross-entropy" | "max-divergence") {
            assert!(close(term - slope, by_p), "{name} at ({p}, {q}): Euler {:e}, dual {by_p:e}", term - slope);
            let twice = generator.term(Point::new(2.0 * p, 2.0 * q, 2.0 * (q - p), 2.0));
            assert!(close(twice, 2.0 * term), "{name} at ({p}, {q}): not homogeneous");
        }
    }
}

/// finish′ against a central difference of finish.
fn check_finish<D: Divergence>(name: &str, divergence: D) {
    for sum in [1e-6, 0.01, 0.3, 0.9] {
        let step = sum * 1e-4;
        let difference = (divergence.finish(sum + step) - divergence.finish(sum - step)) / (2.0 * step);
        let slope = divergence.finish_slope(sum);
        assert!(
            (slope - difference).abs() <= 1e-6 * slope.abs(),
            "{name}: finish_slope({sum}) = {slope}, not {difference}"
        );
    }
}

struct Check(&'static str);

impl Visitor for Check {
    type Output = ();
    fn visit<D: Divergence>(self, divergence: D) {
        check(self.0, divergence.generator());
        check_finish(self.0, divergence);
    }
}

#[test]
fn of_every_measure() {
    let more = ["renyi=0.3", "renyi=1", "tsallis=0.9999", "alpha=-1", "alpha=1", "alpha=-0.9", "cressie-read=-1"];
    let more = more.into_iter().chain(["cressie-read=-3.5", "gjs=0.5", "scaled-gjs=0", "scaled-gjs=1", "skew-kl=0"]);
    for name in Measure::catalogue().iter().map(|info| info.example).chain(more) {
        let visited = subject::parse(name).and_then(|measure| measure.visit(Check(name)));
        assert_eq!(visited, Ok(()), "{name}");
    }
}

#[test]
fn of_generators_and_combinators() {
    check("cross-entropy", CrossEntropy);
    check("reverse of skew", Reverse(Skew::new(Kl, 0.2)));
    check("skew of power", Skew::new(Power::new(1.7), 0.3));
    for alpha in [-2.0, -1.0, 0.0, 0.2, 0.5, 1.0, 1.0 + 1e-9, 2.0, 3.3] {
        check("power", Power::new(alpha));
    }
    for alpha in [0.2, 0.5, 1.5] {
        check("affinity", Affinity { alpha });
    }
}
