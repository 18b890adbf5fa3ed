"""How often each test finds a change, at equal rates of false alarms. Usage: power.py KULLBACK [--pairs N]   (see README.md)

Every statistic gets the threshold that 5 % of its unchanged pairs exceed; its own default threshold is judged, too. With the
default number of pairs the table is written to docs/power.md.
"""
import argparse, json, pathlib, subprocess, sys, tempfile

import numpy as np, pyarrow as pa, pyarrow.parquet as parquet

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "power.md"
LEVEL, PAIRS, AT_ONCE = 0.05, 20_000, 500
FALLING, EQUAL = np.array([0.3, 0.25, 0.2, 0.15, 0.1]), np.full(5, 0.2)


def categories(shares, move=0.0):
    """Draws categories of which a share of all rows has gone from the first to the last."""
    return lambda rng, n: rng.choice(5, n, p=shares + move * np.array([-1, 0, 0, 0, 1]))


NUMERIC = {
    "unchanged": lambda rng, n: rng.standard_normal(n),
    "mean + 0.1 sd": lambda rng, n: rng.standard_normal(n) + 0.1,
    "sd × 1.1": lambda rng, n: rng.standard_normal(n) * 1.1,
    "sd ÷ 1.1": lambda rng, n: rng.standard_normal(n) / 1.1,
    "5 % elsewhere": lambda rng, n: np.where(rng.random(n) < 0.05, 2 + 0.2 * rng.standard_normal(n), rng.standard_normal(n)),
}
CATEGORIES = {
    "unchanged": categories(FALLING),
    "5 % from the largest to the smallest": categories(FALLING, 0.05),
    "5 % the other way": categories(FALLING, -0.05),
    "either way": lambda rng, n: categories(FALLING, rng.choice([0.05, -0.05]))(rng, n),
}
EQUAL_CATEGORIES = {"unchanged": categories(EQUAL), "5 % from one to another": categories(EQUAL, 0.05)}


def frequencies(x, y):
    """Counts of both in the deciles of the reference y, as most tools bin."""
    edges = np.quantile(y, np.arange(1, 10) / 10)
    return [np.bincount(np.searchsorted(edges, side, side="right"), minlength=10) for side in (x, y)]


def values(x, y):
    return [np.bincount(side, minlength=5) for side in (x, y)]


def psi(c, d):
    p, q = c / c.sum(), d / d.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nansum((p - q) * np.log(p / q))


def chi_square(c, d):
    """Pearson's, of two samples."""
    c, d = c[c + d > 0], d[c + d > 0]
    expected = (c + d) * c.sum() / (c.sum() + d.sum())
    return ((c - expected) ** 2 / expected).sum() * (1 + c.sum() / d.sum())


def distances(x, y):
    """Kolmogorov–Smirnov, and the Wasserstein distance over the reference's deviation, as Evidently has it."""
    both = np.concatenate([x, y])
    order = np.argsort(both)
    gap = np.abs(np.cumsum(np.where(order < len(x), 1 / len(x), -1 / len(y))))
    return gap.max(), (gap[:-1] * np.diff(both[order])).sum() / max(y.std(), 1e-3)


def numeric(x, y):
    from scipy.stats import distributions
    c, d = frequencies(x, y)
    ks, wasserstein = distances(x, y)
    critical = np.sqrt(-np.log(LEVEL / 2) * (len(x) + len(y)) / (2 * len(x) * len(y)))
    return {
        "Kolmogorov–Smirnov": (ks, ks > critical),
        "χ², 10 bins": (chi_square(c, d), chi_square(c, d) > distributions.chi2.isf(LEVEL, 9)),
        "PSI, 10 bins": (psi(c, d), psi(c, d) > 0.1),
        "Evidently's default (Wasserstein)": (wasserstein, wasserstein >= 0.1),
    }


def categorical(x, y):
    from scipy.stats import distributions
    c, d = values(x, y)
    # Evidently takes the reference's frequencies as the truth.
    evidently = ((c - d) ** 2 / d).sum()
    limit = distributions.chi2.isf(LEVEL, 4)
    return {
        "χ²": (chi_square(c, d), chi_square(c, d) > limit),
        "PSI": (psi(c, d), psi(c, d) > 0.1),
        "Evidently's default (χ²)": (evidently, evidently > limit),
    }


def by_kullback(program, pairs, options):
    """The p-value of each pair, columns of two tables."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{name}.parquet" for name in ("reference", "current")]
        for file, side in zip(files, (1, 0)):
            columns = {f"{i:05}": pair[side] for i, pair in enumerate(pairs)}
            if columns["00000"].dtype.kind == "i":
                columns = {name: np.array(list("abcde"))[column] for name, column in columns.items()}
            parquet.write_table(pa.table(columns), file)
        command = [program, "drift", *files, "--json", "--quiet", *options]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    p_values = {column["column"]: column["p_value"] for column in report["columns"]}
    return [p_values[name] for name in sorted(p_values)]


def measured(rng, program, make, reference, n, pairs, peers, ours):
    """name → ([statistic], [alarm by default]) of that many pairs."""
    found = {}
    for start in range(0, pairs, AT_ONCE):
        drawn = [(make(rng, n), reference(rng, n)) for _ in range(min(AT_ONCE, pairs - start))]
        for name, options in ours.items():
            for p in by_kullback(program, drawn, options):
                found.setdefault(name, []).append((-p, p < LEVEL))
        for x, y in drawn:
            for name, outcome in peers(x, y).items():
                found.setdefault(name, []).append(outcome)
    return {name: tuple(map(np.array, zip(*outcomes))) for name, outcomes in found.items()}


def table(title, rng, program, changes, n, pairs, peers, ours):
    unchanged, *others = changes
    runs = {change: measured(rng, program, make, changes[unchanged], n, pairs, peers, ours) for change, make in changes.items()}
    lines = [f"## {title}", "", "| test | " + " | ".join(others) + " | own threshold: false alarms | " + " | ".join(f"own: {c}" for c in others) + " |",
             "| --- |" + " --- |" * (2 * len(others) + 1)]
    for name, (null, alarms) in runs[unchanged].items():
        threshold = np.quantile(null, 1 - LEVEL)
        power = [(runs[change][name][0] > threshold).mean() for change in others]
        own = [alarms.mean(), *(runs[change][name][1].mean() for change in others)]
        lines.append(f"| {name} | " + " | ".join(f"{100 * share:.1f} %" for share in power + own) + " |")
    return lines + [""]


EXPLANATION = (
    "The Wasserstein distance is divided by the reference's deviation, so that a current table that is wider raises it more than one that is "
    "narrower; the ordered test sees both alike.\n\n"
    "Evidently's test of categories takes the reference's frequencies as the truth and divides by them alone, so that rare categories that "
    "grow weigh more than rare ones that shrink: more of the first are found and fewer of the second. The G test treats both sides alike."
)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kullback")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    options = parser.parse_args()
    rng = np.random.default_rng(2013)
    of_numbers = {"kullback drift --test ordered --bins 50": ["--test", "ordered", "--bins", "50"], "kullback drift": []}
    numbers = table("A numeric column, 2000 rows a side, standard normal in the reference", rng, options.kullback, NUMERIC, 2000,
                       options.pairs, numeric, of_numbers)
    names = [line for shares, changes in (("30, 25, 20, 15 and 10 %", CATEGORIES), ("20 % each", EQUAL_CATEGORIES))
             for line in table(f"Five categories of {shares}, 1000 rows a side", rng, options.kullback, changes, 1000, options.pairs,
                               categorical, {"kullback drift": []})]
    error = 100 * np.sqrt(0.25 / options.pairs)
    page = ["# What each test finds", "",
            "How often a change is found. In the first columns every statistic has the threshold that 5 % of its unchanged pairs exceed, so "
            "that all raise as many false alarms. The last columns have each tool's own threshold: p < 0.05, or 0.1 for PSI and the "
            f"Wasserstein distance. {options.pairs} pairs of tables a change, so the standard error is at most {error:.1f} %.", "",
            "Made by `bench/power.py`.", "", *numbers, *names, EXPLANATION]
    page = "\n".join(page).rstrip() + "\n"
    if options.pairs == PAIRS:
        PAGE.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
