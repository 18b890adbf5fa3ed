"""KL of many pairs of one family beside torch.distributions, in double precision. Usage: family.py [--quick] (see README.md)

Each family has a process of its own, in which both contestants get the same arrays and take turns.
"""
import ctypes, json, os, statistics, subprocess, sys, time

import numpy as np

QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 15
CHECKED = 200  # pairs whose values are compared with mpmath; of matrices, 2
LIMIT = 1e-11  # of kullback's values
THREADS = 2
#            pairs, dimension, the target
FAMILIES = {"normal": (1_000_000, 1, 3), "gamma": (1_000_000, 1, 3), "beta": (1_000_000, 1, 3),
            "dirichlet": (100_000, 10, 3), "multivariate_normal": (1000, 64, 4)}


def parameters(family, rows, d, random):
    """Shapes between 0.1 and 100, scales between 0.1 and 10, evenly in their logarithms; covariance matrices AAᵀ/d + 1/10."""
    spread = lambda low, high, *shape: np.exp(random.uniform(np.log(low), np.log(high), shape))
    if family == "normal":
        return random.standard_normal(rows), spread(0.1, 10, rows)
    if family == "gamma":
        return spread(0.1, 100, rows), spread(0.1, 10, rows)
    if family == "beta":
        return spread(0.1, 100, rows), spread(0.1, 100, rows)
    if family == "dirichlet":
        return (spread(0.1, 100, rows, d),)
    factor = random.standard_normal((rows, d, d))
    return random.standard_normal((rows, d)), factor @ factor.transpose(0, 2, 1) / d + 0.1 * np.eye(d)


def truth(family, p, q):
    """The textbook's formula in 50 digits."""
    from mpmath import det, inverse, ln, loggamma, matrix, mp, mpf, psi
    mp.dps = 50
    number = lambda x: [mpf(float(y)) for y in np.ravel(x)]
    if family == "multivariate_normal":
        (m, v), (k, w) = [(matrix([[x] for x in number(a)]), matrix(len(a), len(a))) for a, _ in (p, q)]
        for to, (_, from_) in ((v, p), (w, q)):
            for i, row in enumerate(from_):
                for j, x in enumerate(row):
                    to[i, j] = mpf(float(x))
        off, back = m - k, inverse(w)
        trace = sum((back[i, j] * v[j, i]) for i in range(len(m)) for j in range(len(m)))
        return (trace - len(m) + (off.T * back * off)[0] + ln(det(w)) - ln(det(v))) / 2
    p, q = [sum(map(number, side), []) for side in (p, q)]
    if family == "normal":
        (m, s), (k, t) = p, q
        return ln(t / s) + (s * s + (m - k) ** 2) / (2 * t * t) - mpf(1) / 2
    if family == "gamma":
        (a, r), (b, s) = p, q
        return (a - b) * psi(0, a) - loggamma(a) + loggamma(b) + b * ln(r / s) + a * (s - r) / r
    ln_beta = lambda a: sum(map(loggamma, a)) - loggamma(sum(a))
    return ln_beta(q) - ln_beta(p) + sum((a - b) * (psi(0, a) - psi(0, sum(p))) for a, b in zip(p, q))


def error(found, true):
    return max(abs(float(x / y) - 1) for x, y in zip(found, true))


def contest(family, rows, d):
    """One child: prints what it measured as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    import torch
    from torch.distributions import Beta, Dirichlet, Gamma, MultivariateNormal, Normal, kl_divergence
    torch.set_num_threads(THREADS)
    native = ctypes.CDLL(os.environ["KULLBACK_NATIVE"])
    native.kullback_threads(ctypes.c_size_t(THREADS))
    native.kullback_family.restype = ctypes.c_bool
    random = np.random.default_rng(11)
    p, q = (parameters(family, rows, d, random) for _ in range(2))
    values = np.empty(rows)
    pointer = lambda array: ctypes.c_void_p(array.ctypes.data)
    arguments = [pointer(array) for side in (p, q) for array in (side[0], side[-1])]

    def ours():
        assert native.kullback_family(family.encode(), *arguments, ctypes.c_size_t(rows), ctypes.c_size_t(d), pointer(values))
        return values

    kind = dict(normal=Normal, gamma=Gamma, beta=Beta, dirichlet=Dirichlet, multivariate_normal=MultivariateNormal)[family]
    sides = [[torch.from_numpy(array) for array in side] for side in (p, q)]
    made = [kind(*side) for side in sides] if d == 1 or len(p) == 1 else None

    def theirs():
        # Where nothing has to be factorised, their distributions are made, and their parameters checked, before the clock starts.
        a, b = made or [kind(*side, validate_args=False) for side in sides]
        return kl_divergence(a, b).numpy()

    checked = range(2 if d == 64 else CHECKED)
    true = [truth(family, *([array[i] for array in side] for side in (p, q))) for i in checked]
    contestants = {"kullback": ours, "torch": theirs}
    samples = {name: [] for name in contestants}
    errors = {name: error(run()[: len(checked)], true) for name, run in contestants.items()}
    assert errors["kullback"] <= LIMIT, errors
    for turn in range(ROUNDS):
        order = list(contestants) if turn % 2 else list(contestants)[::-1]
        for name in order:
            # OpenMP's idle threads go on looking for work for some milliseconds, on a core that is the other contestant's now.
            time.sleep(0.05)
            contestants[name]()
            start = time.perf_counter()
            contestants[name]()
            samples[name].append((time.perf_counter() - start) * 1e3)
    print(json.dumps([dict(family=family, rows=rows, dimension=d, contestant=name, ms=statistics.median(times), least=min(times),
                           error=errors[name], samples=len(times)) for name, times in samples.items()]))


def main():
    import report, run
    from importlib.metadata import version
    if "KULLBACK_NATIVE" not in os.environ:
        os.environ["KULLBACK_NATIVE"] = run.build()
    results, lines, load = [], [], os.getloadavg()[0]
    for family, (rows, d, least) in FAMILIES.items():
        rows = rows // 20 if QUICK else rows
        command = [sys.executable, __file__, "--contest", json.dumps((family, rows, d))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{family} failed")
        results += json.loads(done.stdout.splitlines()[-1])
        ours, theirs = results[-2:]
        ratio = theirs["ms"] / ours["ms"]
        lines.append((f"{rows:,} × {family}{f' d = {d}' * (d > 1)}, two threads: ≥ {least} × torch.distributions",
                      f"{ratio:.1f} ×", "pass" if ratio >= least else "FAIL"))
        print(*lines[-1], f"{ours['ms']:.1f} ms, {theirs['ms']:.1f} ms", f"error {ours['error']:.0e}, {theirs['error']:.0e}",
              file=sys.stderr, flush=True)
    if not QUICK:
        versions = {name: version(name) for name in ("torch", "numpy")}
        print(report.add("family", {"load": load, "versions": versions, "results": results, "targets": lines}))


if __name__ == "__main__":
    if "--contest" in sys.argv:
        contest(*json.loads(sys.argv[-1]))
    else:
        main()
