"""KL from two samples by nearest neighbours beside the same estimate with SciPy's cKDTree. Usage: samples.py [--quick] (see README.md)

Both build their trees within the clock, have two threads, and take turns in one process.
"""
import ctypes, os, statistics, sys, time

import numpy as np

QUICK = "--quick" in sys.argv
POINTS = 10_000 if QUICK else 100_000
THREADS = 2
K = 5
#             runs of either, the target
DIMENSIONS = {2: (9, 9, 2), 5: (7, 7, 2), 10: (7, 7, 10)}
LIMIT = 1e-9


def scaled(p, q):
    """What kullback does to the coordinates before it looks for neighbours: spread and correlation are taken out."""
    both = np.concatenate([p, q])
    low, middle, high = (np.partition(both, rank, axis=0)[rank] for rank in
                         (len(both) // 4, len(both) // 2, len(both) - 1 - len(both) // 4))
    p, q = ((side - middle) / ((high - low) / 1.349) for side in (p, q))
    cut = lambda side: np.clip(side, -4, 4) - np.clip(side, -4, 4).mean(axis=0)
    covariance = sum(cut(side).T @ cut(side) / len(side) for side in (p, q)) / 2
    factor = np.linalg.inv(np.linalg.cholesky(covariance))
    return p @ factor.T, q @ factor.T


def by_scipy(p, q):
    """The same estimate: one radius for both sides, the larger of both distances to the k-th neighbour."""
    from scipy.spatial import cKDTree
    from scipy.special import digamma
    of_p, of_q = cKDTree(p), cKDTree(q)
    rho = of_p.query(p, k=[K + 1], workers=THREADS)[0][:, 0]
    nu = of_q.query(p, k=[K], workers=THREADS)[0][:, 0]
    radius = np.maximum(rho, nu) * (1 + 1e-9)
    inside_p, inside_q = np.full(len(p), K), np.full(len(p), K)
    wider = nu > rho
    inside_p[wider] = of_p.query_ball_point(p[wider], radius[wider], workers=THREADS, return_length=True) - 1
    inside_q[~wider] = of_q.query_ball_point(p[~wider], radius[~wider], workers=THREADS, return_length=True)
    terms = digamma(inside_p + wider) - digamma(inside_q + ~wider)
    return terms.mean() + np.log(len(q) / (len(p) - 1))


def queries_alone(p, q):
    """What SciPy takes for both trees and both queries, without any count: the least that any such estimate needs."""
    from scipy.spatial import cKDTree
    cKDTree(p).query(p, k=[K + 1], workers=THREADS)
    cKDTree(q).query(p, k=[K], workers=THREADS)
    return float("nan")


def contest(native, dimensions):
    random = np.random.default_rng(5)
    p, q = random.standard_normal((POINTS, dimensions)), random.standard_normal((POINTS, dimensions)) + 0.5
    pointer = lambda array: ctypes.c_void_p(array.ctypes.data)
    ours = lambda: native.kullback_samples(pointer(p), pointer(q), *map(ctypes.c_size_t, (POINTS, POINTS, dimensions, K)))
    x, y = scaled(p, q)
    ours_runs, theirs_runs, _ = DIMENSIONS[dimensions]
    contestants = {"kullback": (ours, ours_runs), "SciPy, trees and queries": (lambda: queries_alone(x, y), theirs_runs),
                   "SciPy, the same estimate": (lambda: by_scipy(x, y), theirs_runs)}
    times, values = {name: [] for name in contestants}, {}
    for turn in range(max(ours_runs, theirs_runs)):
        for name, (run, runs) in contestants.items():
            if turn < runs:
                start = time.perf_counter()
                values[name] = run()
                times[name].append(time.perf_counter() - start)
    error = abs(values["kullback"] / values["SciPy, the same estimate"] - 1)
    assert error <= LIMIT, f"d = {dimensions}: {values}"
    return [dict(points=POINTS, dimensions=dimensions, contestant=name, s=statistics.median(spans), least=min(spans),
                 value=values[name], samples=len(spans)) for name, spans in times.items()]


def main():
    import report, run
    from importlib.metadata import version
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    native = ctypes.CDLL(os.environ.get("KULLBACK_NATIVE") or run.build())
    native.kullback_threads(ctypes.c_size_t(THREADS))
    native.kullback_samples.restype = ctypes.c_double
    results, lines, load = [], [], os.getloadavg()[0]
    for dimensions, (_, _, least) in DIMENSIONS.items():
        found = contest(native, dimensions)
        results += found
        for theirs in found[1:]:
            ratio = theirs["s"] / found[0]["s"]
            lines.append((f"{POINTS:,} points a side, d = {dimensions}, two threads: ≥ {least} × {theirs['contestant']}",
                          f"{ratio:.1f} ×", "pass" if ratio >= least else "FAIL"))
        print(*lines[-2], *lines[-1], *(f"{r['contestant']} {r['s']:.3f} s" for r in found), sep="; ", file=sys.stderr, flush=True)
    if not QUICK:
        versions = {name: version(name) for name in ("scipy", "numpy")}
        print(report.add("samples", {"load": load, "versions": versions, "results": results, "targets": lines}))


if __name__ == "__main__":
    main()
