//! What is to be there: the pairs of others, the table of pairs in the documents, and all that belongs to a family.

use super::*;

/// The pairs of torch.distributions.kl (2.15) between one-dimensional families, by what it returns.
const TORCH: &[(&str, &str)] = &[
    ("bernoulli", "bernoulli poisson"),
    ("beta", "beta continuous_bernoulli exponential gamma normal uniform"),
    ("binomial", "binomial"),
    ("categorical", "categorical"),
    ("cauchy", "cauchy"),
    ("continuous_bernoulli", "continuous_bernoulli exponential normal uniform"),
    ("exponential", "exponential gamma gumbel normal"),
    ("gamma", "gamma exponential gumbel normal"),
    ("geometric", "geometric"),
    ("gumbel", "gumbel normal"),
    ("half_normal", "half_normal"),
    ("laplace", "laplace normal"),
    ("normal", "normal gumbel laplace"),
    ("pareto", "pareto exponential gamma normal"),
    ("poisson", "poisson"),
    ("uniform", "uniform beta continuous_bernoulli exponential gamma gumbel normal"),
];

/// Those of which it returns +∞.
const TORCH_INFINITE: &[(&str, &str)] = &[
    ("beta", "pareto"),
    ("continuous_bernoulli", "pareto"),
    ("exponential", "beta continuous_bernoulli pareto uniform"),
    ("gamma", "beta continuous_bernoulli pareto uniform"),
    ("gumbel", "beta continuous_bernoulli exponential gamma pareto uniform"),
    ("laplace", "beta continuous_bernoulli exponential gamma pareto uniform"),
    ("normal", "beta continuous_bernoulli exponential gamma pareto uniform"),
    ("pareto", "beta continuous_bernoulli uniform"),
    ("poisson", "bernoulli binomial"),
];

#[test]
fn all_pairs_of_torch_are_there() {
    for (p, qs) in TORCH {
        for q in qs.split(' ') {
            let found = example(p).kl(&example(q)).expect("one kind");
            assert!(found.value.is_finite() && found.method == Method::ClosedForm, "{p} || {q}: {found:?}");
        }
    }
    for (p, qs) in TORCH_INFINITE {
        for q in qs.split(' ') {
            assert_eq!(example(p).kl(&example(q)).expect("one kind").value, f64::INFINITY, "{p} || {q}");
        }
    }
    let inside = parsed("uniform(2, 3)").kl(&parsed("pareto(1, 2)")).expect("one kind");
    assert!(inside.value.is_finite() && inside.method == Method::ClosedForm);
}

fn expectations(p: &Any, q: &Any) -> bool {
    crate::family::kl::by_expectations(p, q).is_some_and(|terms| terms.value.is_finite())
}

/// The table of pairs in the documents, from the list of formulas and from what families know of one another.
fn table_of_pairs() -> String {
    let mut text =
        String::from("| P | formula of the pair | from expectations | +∞ by the supports |\n|---|---|---|---|\n");
    for p in one_dimensional() {
        let mut columns = [const { Vec::new() }; 3];
        for q in one_dimensional() {
            let (of_p, of_q) = (example(p.name), example(q.name));
            let (p_support, q_support) = (of_p.support(), of_q.support());
            if any::OWN.contains(&(p.name, q.name)) {
                columns[0].push(q.name);
            } else if p_support.kind == q_support.kind && !q_support.covers(&p_support) {
                columns[2].push(q.name);
            } else if p_support.kind == q_support.kind && expectations(&of_p, &of_q) {
                columns[1].push(q.name);
            }
        }
        let [own, expectations, infinite] = columns.map(|names| names.join(", "));
        text += &format!("| {} | {own} | {expectations} | {infinite} |\n", p.name);
    }
    text
}

#[test]
fn the_table_of_pairs_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/family/pairs.md");
    if std::env::var_os("KULLBACK_UPDATE").is_some() {
        std::fs::write(path, table_of_pairs()).expect("pairs.md can be written");
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, table_of_pairs(), "run this test with KULLBACK_UPDATE=1 to write it");
}

/// Of every family: a file of its own or a shared one, golden rows, parameters in the golden generator.
#[test]
fn no_family_lacks_anything() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let generator = std::fs::read_to_string(format!("{root}/scripts/golden_family.py")).expect("the generator");
    let sources: String = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/family"))
        .expect("the folder")
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
        .collect();
    let rows = golden::families();
    for info in one_dimensional() {
        let start = format!("{}(", info.name);
        let of_this = rows.iter().filter(|row| row.p.starts_with(&start)).count();
        assert!(of_this >= 4, "{}: golden rows, scripts/golden_family.py", info.name);
        assert!(generator.contains(&format!("\"{}\":", info.name)), "{}: SETS in scripts/golden_family.py", info.name);
        assert!(sources.contains(&format!("\"{}\"", info.name)), "{}: a file in src/family", info.name);
        let mut draw = SplitMix::new(1);
        let p = random(info.name, &mut draw);
        assert_eq!(p, parsed(&p.to_string()), "{} reads back", info.name);
    }
}
