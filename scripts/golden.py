#!/usr/bin/env python3
"""Golden values: what kullback must compute, to 30 digits, from a library that shares nothing with it.

    python3 scripts/golden.py            write crates/kullback/tests/golden/*.csv
    python3 scripts/golden.py --check    regenerate, compare, exit 1 if a file is stale

Needs `pip install mpmath` only; some five minutes on two cores, most of it for integrals of densities. The output does not depend on the machine.

Inputs are doubles, written as Python's shortest repr, which any correctly rounding parser reads back bit for bit.
The truth is the value of exactly these doubles: p and q are normalised here, in 90 digits, not in floating point.
Long inputs are not written but named by a recipe, `kind n seed parameter`; golden_inputs.py and
crates/kullback-dev/src/recipe.rs build the same doubles from integers and exactly rounded + - * only.

Files (each with a header line):
    cases.csv        case, p, q             numbers separated by spaces, or a recipe in p and nothing in q
    divergences.csv  case, measure, value
    functions.csv    case, function, value  entropy, cross_entropy, perplexity, generalized_kl
    tables.csv       function, columns, table, weights, value   mutual_information, weighted_js (rows after one another)
    logs.csv         log_p, log_q, measure, value   log-probabilities; normalised exactly like weights
    recipes.csv      recipe, fingerprint    a hash of its doubles: both languages must build the same
    family.csv       p;q;kind;value         KL of two families, `kind` near where Q is P but for 1e-6
    pairs.csv        p;q;value              KL of every pair of one-dimensional families at random parameters
    joint.csv        kind;p;q;value         KL of vectors and matrices; parameters as golden_joint.py has them
    batch.csv        kind;p;q;value;gradient_p;gradient_q   KL and its gradients
    measures.csv     p;q;measure;value      other divergences of two members of an exponential family
    numeric.csv      function, x, y, value  y is empty for functions of one argument
"""

import multiprocessing
import pathlib
import sys
from math import log2

from mpmath import exp, inf, mp, mpf, nstr

import golden_family
import golden_joint
import golden_pairs
from golden_inputs import CASES, build, fingerprint, logs, points, tables
from golden_values import FUNCTIONS, MEASURES, NUMERIC, SPECIAL, TABLES, Pair

FOLDER = pathlib.Path(__file__).parent.parent / "crates" / "kullback" / "tests" / "golden"

# For long inputs whose entries all differ: what needs few logarithms.
FEW = ["kl", "reverse-kl", "jeffreys", "js", "js-distance", "chi2", "neyman-chi2", "triangular", "tv", "max-divergence", "k-divergence"]


def show(value):
    return "inf" if value == inf else nstr(value, 30)


def show_normalised(value):
    """A function of shares: what rounding leaves of an exact zero lies far below anything that an input here can give."""
    return "0.0" if abs(value) < mpf(10) ** (20 - mp.dps) else show(value)


def join(numbers):
    return " ".join("-inf" if x == -inf else repr(float(x)) for x in numbers)


def scales(*lists):
    """Decimal orders between the largest and the smallest weight: 1 − p has the digits of the smallest p below it."""
    positive = [[log2(x) for x in numbers if x] for numbers in lists]
    return max(int(0.302 * (max(numbers) - min(numbers))) for numbers in positive)


def table_row(function, rows, weights):
    mp.dps = 90 + 2 * scales(sum(rows, []))
    return f"{function},{len(rows[0])},{' '.join(map(join, rows))},{join(weights)},{show_normalised(TABLES[function](rows, weights))}"


def case_rows(name):
    p, q, count = build(CASES[name])
    huge = len(p) >= 10_000
    # The smallest value of a long case is 1e-17, of a short one (ε = 1e-12, α − 1 = 1e-6) 1e-30: 30 digits remain.
    mp.dps = (50 if huge else 60 if len(p) >= 1000 else 90) + scales(p, q)
    pair = Pair(p, q, count)
    rows = [f"{name},{measure},{show_normalised(MEASURES[measure](pair))}" for measure in (FEW if huge else MEASURES)]
    # Masses of 10³⁰⁰ leave no finite generalized KL worth a row, and long inputs no new entropy.
    functions = [] if count or huge else [f"{name},{f},{show(FUNCTIONS[f](p, q))}" for f in FUNCTIONS]
    return rows, functions


def log_rows(log_p, log_q):
    mp.dps = 1000
    pair = Pair([exp(mpf(x)) for x in log_p], [exp(mpf(x)) for x in log_q])
    names = ["kl", "reverse-kl", "js", "gjs=0.1", "skew-kl=0.1", "renyi=0.5", "renyi=2", "hellinger", "tv", "chi2", "bhattacharyya"]
    return [f"{join(log_p)},{join(log_q)},{name},{show_normalised(MEASURES[name](pair))}" for name in names]


def numeric_row(function, x, y=None):
    # φ and h near their zero: x² at 1e-300. Special functions do not cancel that deep.
    mp.dps = 90 if function in SPECIAL else 1000
    value = NUMERIC[function](x) if y is None else NUMERIC[function](x, y)
    return f"{function},{x!r},{'' if y is None else repr(y)},{show(value)}"


def family_row(case):
    p, q, kind, value = golden_family.row(case)
    return f"{p};{q};{kind};{'inf' if value == inf else nstr(value, 17)}"


def generate():
    with multiprocessing.Pool() as workers:
        results = workers.map(case_rows, CASES, chunksize=1)
        families = workers.map(family_row, list(golden_family.rows()), chunksize=1)
        pairs = workers.map(golden_pairs.row, golden_pairs.cases(), chunksize=1)
    cases = [f"{name},{c if isinstance(c, str) else join(c[0])},{'' if isinstance(c, str) else join(c[1])}" for name, c in CASES.items()]
    files = {
        "cases": ("case,p,q", cases),
        "recipes": ("recipe,fingerprint", [f"{c},{fingerprint(c)}" for c in CASES.values() if isinstance(c, str)]),
        "divergences": ("case,measure,value", [row for rows, _ in results for row in rows]),
        "functions": ("case,function,value", [row for _, rows in results for row in rows]),
        "tables": ("function,columns,table,weights,value", [table_row(*table) for table in tables()]),
        "logs": ("log_p,log_q,measure,value", [row for p, q in logs() for row in log_rows(p, q)]),
        "family": ("p;q;kind;value", families),
        "pairs": ("p;q;value", pairs),
        "joint": ("kind;p;q;value", list(golden_joint.joint_rows())),
        "batch": ("kind;p;q;value;gradient_p;gradient_q", list(golden_joint.batch_rows())),
        "measures": ("p;q;measure;value", list(golden_joint.measure_rows())),
        "numeric": ("function,x,y,value", [numeric_row(*point) for point in points()]),
    }
    return {f"{name}.csv": "\n".join([header, *rows]) + "\n" for name, (header, rows) in files.items()}


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    stale = []
    for name, text in generate().items():
        path = FOLDER / name
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(str(path.name))
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"{name}: {text.count(chr(10)) - 1} rows, {len(text)} bytes")
    if stale:
        sys.exit(f"stale: {', '.join(stale)}; run python3 scripts/golden.py")


if __name__ == "__main__":
    main()
