//! What other libraries compute for one row, written out as they write it, in plain doubles. Shares no code with
//! kullback: the table of `kullback::loss` is checked against it.
//!
//! Logits of the teacher are `t` and of the student `s`; `p` and `q` stand for their softmaxes.

/// x − max − ln Σ e^(x − max), of x = logits/T.
pub fn log_softmax(logits: &[f64], temperature: f64) -> Vec<f64> {
    let scaled: Vec<f64> = logits.iter().map(|x| x / temperature).collect();
    let max = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scaled.iter().map(|x| (x - max).exp()).sum();
    scaled.iter().map(|x| x - max - sum.ln()).collect()
}

/// Σ of a term over both sides' log-probabilities.
fn sum(lp: &[f64], lq: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    lp.iter().zip(lq).map(|(a, b)| term(*a, *b)).sum()
}

fn both(t: &[f64], s: &[f64], temperature: f64) -> (Vec<f64>, Vec<f64>) {
    (log_softmax(t, temperature), log_softmax(s, temperature))
}

/// torch `F.kl_div(input, target, reduction="sum")`; also Liger's `LigerKLDIVLoss` where no target is below its epsilon.
pub fn torch_kl_div(input: &[f64], target: &[f64], log_target: bool) -> f64 {
    let term = |x: f64, y: f64| if log_target { y.exp() * (y - x) } else { y * y.ln() - y * x };
    sum(input, target, term)
}

/// torch `F.cross_entropy(s, label, label_smoothing=ε)`.
pub fn torch_cross_entropy(s: &[f64], label: usize, smoothing: f64) -> f64 {
    let lq = log_softmax(s, 1.0);
    -(1.0 - smoothing) * lq[label] - smoothing / lq.len() as f64 * lq.iter().sum::<f64>()
}

/// Hinton's T²·KL(p‖q): ModelOpt's `LogitsDistillationLoss`.
pub fn modelopt_logits_distillation(t: &[f64], s: &[f64], temperature: f64) -> f64 {
    let (lp, lq) = both(t, s, temperature);
    torch_kl_div(&lq, &lp, true) * temperature * temperature
}

/// TRL's `generalized_jsd_loss`, and Liger's `LigerJSD` (of log-probabilities) and fused linear JSD, for one token. No T².
pub fn generalized_jsd(t: &[f64], s: &[f64], beta: f64, temperature: f64) -> f64 {
    let (lp, lq) = both(t, s, temperature);
    if beta == 0.0 {
        return torch_kl_div(&lq, &lp, true);
    }
    if beta == 1.0 {
        return torch_kl_div(&lp, &lq, true);
    }
    let mixture: Vec<f64> = lp
        .iter()
        .zip(&lq)
        .map(|(a, b)| {
            let (a, b) = (a + beta.ln(), b + (1.0 - beta).ln());
            a.max(b) + (-(a - b).abs()).exp().ln_1p()
        })
        .collect();
    beta * torch_kl_div(&mixture, &lp, true) + (1.0 - beta) * torch_kl_div(&mixture, &lq, true)
}

/// Liger's `LigerTVDLoss`: ½ Σ |p − q|.
pub fn liger_tvd(t: &[f64], s: &[f64]) -> f64 {
    let (lp, lq) = both(t, s, 1.0);
    0.5 * sum(&lp, &lq, |a, b| (a.exp() - b.exp()).abs())
}

/// DistiLLM's `js_distance`: (1 − λ) KL(p‖m) + λ KL(q‖m), m = (1 − λ)p + λq.
pub fn distillm_js(t: &[f64], s: &[f64], lambda: f64) -> f64 {
    let (lp, lq) = both(t, s, 1.0);
    let mixture = |a: f64, b: f64| ((1.0 - lambda) * a.exp() + lambda * b.exp()).ln();
    let of_p = sum(&lp, &lq, |a, b| a.exp() * (a - mixture(a, b)));
    let of_q = sum(&lp, &lq, |a, b| b.exp() * (b - mixture(a, b)));
    (1.0 - lambda) * of_p + lambda * of_q
}

/// DistiLLM's `skewed_forward_kl`: −Σ p ln(λp + (1 − λ)q), which leaves out the teacher's entropy.
pub fn distillm_skewed_forward_kl(t: &[f64], s: &[f64], lambda: f64) -> f64 {
    let (lp, lq) = both(t, s, 1.0);
    -sum(&lp, &lq, |a, b| a.exp() * (lambda * a.exp() + (1.0 - lambda) * b.exp()).ln())
}

/// DistiLLM's `skewed_reverse_kl`: KL(q ‖ (1 − λ)p + λq).
pub fn distillm_skewed_reverse_kl(t: &[f64], s: &[f64], lambda: f64) -> f64 {
    let (lp, lq) = both(t, s, 1.0);
    sum(&lp, &lq, |a, b| b.exp() * (b - ((1.0 - lambda) * a.exp() + lambda * b.exp()).ln()))
}

/// torchtune's `ForwardKLLoss`, DistiLLM's `forward_kl`: −Σ p ln q, without the teacher's entropy.
pub fn torchtune_forward_kl(t: &[f64], s: &[f64]) -> f64 {
    let (lp, lq) = both(t, s, 1.0);
    -sum(&lp, &lq, |a, b| a.exp() * b)
}

/// torchtune's `ReverseKLLoss`: KL(q‖p).
pub fn torchtune_reverse_kl(t: &[f64], s: &[f64]) -> f64 {
    let (lp, lq) = both(t, s, 1.0);
    sum(&lp, &lq, |a, b| b.exp() * (b - a))
}

/// torchtune's `SymmetricKLLoss`.
pub fn torchtune_symmetric_kl(t: &[f64], s: &[f64], ratio: f64) -> f64 {
    ratio * torchtune_forward_kl(t, s) + (1.0 - ratio) * torchtune_reverse_kl(t, s)
}

/// verl's `forward_kl_topk` before its clamps: Σ p ln(p/q) over the list, q of the whole vocabulary. May be negative.
pub fn verl_forward_kl_topk(ids: &[u32], logs: &[f64], s: &[f64]) -> f64 {
    torch_kl_div(&at(&log_softmax(s, 1.0), ids), logs, true)
}

/// TRL's `add_tail_bucket`, and ModelOpt's ghost token: one more category with what is left.
pub fn add_tail_bucket(logs: &[f64]) -> Vec<f64> {
    let mass: f64 = logs.iter().map(|x| x.exp()).sum();
    let tail = (-mass.ln().min(-1e-7).exp_m1()).ln();
    logs.iter().copied().chain([tail]).collect()
}

/// KL of a top-k teacher with tail buckets on both sides: TRL with `add_tail=True`, ModelOpt's `TopLogitsKLLoss`.
pub fn tail_bucket_kl(ids: &[u32], logs: &[f64], s: &[f64]) -> f64 {
    torch_kl_div(&add_tail_bucket(&at(&log_softmax(s, 1.0), ids)), &add_tail_bucket(logs), true)
}

/// KL of a top-k teacher with both sides normalised to the list: TRL with `add_tail=False`.
pub fn renormalised_kl(ids: &[u32], logs: &[f64], s: &[f64]) -> f64 {
    torch_kl_div(&log_softmax(&at(s, ids), 1.0), &log_softmax(logs, 1.0), true)
}

/// The entries at these ids.
pub fn at(row: &[f64], ids: &[u32]) -> Vec<f64> {
    ids.iter().filter_map(|&id| row.get(id as usize)).copied().collect()
}
