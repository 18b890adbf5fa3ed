"""One child of run.py: times every contestant with THREADS threads and prints JSON.

Usage: contest.py LIBRARY THREADS [--quick], with the results of an earlier child (or null) on standard input.
"""
import ctypes, hashlib, json, os, statistics, sys, time

LIBRARY, THREADS, QUICK = sys.argv[1], int(sys.argv[2]), "--quick" in sys.argv
KEY = ("table", "shape", "dtype", "contestant")
EARLIER = {tuple(r[key] for key in KEY): r for r in json.load(sys.stdin) or []}
# Before anything that starts threads is imported: this process owns THREADS cores and nothing more.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
for name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{name}_NUM_THREADS"] = str(THREADS)
if THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax, jax.numpy as jnp, numkong, numpy as np, scipy.spatial.distance, scipy.special, scipy.stats
import truth

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
native = ctypes.CDLL(LIBRARY)
native.kullback_measure.restype = ctypes.c_void_p
assert native.kullback_threads(ctypes.c_size_t(THREADS))

LIMIT = {"f64": 1e-14, "f32": 1e-6}  # kullback's own relative error; beyond it the bench aborts
SAMPLE = 2e-2  # seconds: short calls are repeated to fill a sample of this length, which a waking core does not show in


def kullback(what, p, q, measure=None, out=None):
    """A call into the native library with every argument already converted."""
    function = getattr(native, f"kullback_{what}_{dtype(p)}")
    function.restype = ctypes.c_double if what in ("between", "entropy") else ctypes.c_uint64
    pointer = lambda array: ctypes.c_void_p(array.ctypes.data)
    if what == "between":
        handle = ctypes.c_void_p(native.kullback_measure(measure.encode()))
        arguments = (handle, pointer(p), pointer(q), ctypes.c_size_t(p.size))
    elif what == "entropy":
        arguments = (pointer(p), ctypes.c_size_t(p.size))
    elif what == "kl_rows":
        arguments = (pointer(p), pointer(q), *map(ctypes.c_size_t, p.shape), pointer(out))
        function.restype = ctypes.c_bool
        return lambda: (function(*arguments), out)[1]
    else:
        arguments = (pointer(p), pointer(q), ctypes.c_size_t(p.size))
    return lambda: function(*arguments)


def dtype(array):
    return {8: "f64", 4: "f32"}[array.itemsize]


jax_kl = jax.jit(lambda p, q: jnp.sum(p * (jnp.log(p) - jnp.log(q)), axis=-1))


def kl_contestants(p, q):
    jp, jq = jnp.asarray(p), jnp.asarray(q)
    return {
        "kullback": kullback("between", p, q, "kl"),
        "SciPy rel_entr": lambda: scipy.special.rel_entr(p, q).sum(),
        "NumPy": lambda: (p * np.log(p / q)).sum(),
        "NumKong": lambda: numkong.kullbackleibler(p, q),
        "JAX": lambda: jax_kl(jp, jq).block_until_ready(),
        "memory floor": kullback("read", p, q),
    }


def js_distance_contestants(p, q):
    return {
        "kullback": kullback("between", p, q, "js-distance"),
        "SciPy jensenshannon": lambda: scipy.spatial.distance.jensenshannon(p, q),
        "NumKong": lambda: numkong.jensenshannon(p, q),
    }


def rows_contestants(p, q):
    jp, jq, out = jnp.asarray(p), jnp.asarray(q), np.empty(len(p))
    return {
        "kullback": kullback("kl_rows", p, q, out=out),
        "SciPy entropy(axis=1)": lambda: scipy.stats.entropy(p, q, axis=1),
        "NumPy": lambda: (p * np.log(p / q)).sum(axis=1),
        "NumKong, a call a row": lambda: [numkong.kullbackleibler(a, b) for a, b in zip(p, q)],
        "JAX": lambda: jax_kl(jp, jq).block_until_ready(),
        "memory floor": kullback("read", p, q),
    }


def family_contestants(p, q):
    names = ("kl", "reverse-kl", "jeffreys", "js", "tv", "renyi=2", "hellinger", "chi2")
    return {name: kullback("between", p, q, name) for name in names} | {"entropy": kullback("entropy", p, q)}


def relative_error(value, true):
    """The worst relative error over the values (one, or one a row)."""
    value, true = np.asarray(value, np.longdouble), np.asarray(true, np.longdouble)
    return float(np.max(np.abs(value - true) / true))


def seconds(call, repeats):
    call()
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        call()
    wall = time.perf_counter() - start
    return wall / repeats, (time.process_time() - cpu) / wall


def contest(table, shape, p, contestants, truths, rounds):
    """Checks every value, then times the contestants in turn, starting each round with another one.

    `truths` gives the true value, or one a contestant. With earlier results kullback's bits are compared instead.
    """
    results, repeats, true = [], {}, None if EARLIER else truths()
    for name, call in contestants.items():
        value = call()
        result = dict(zip(KEY, (table, shape, dtype(p), name))) | {"threads": THREADS}
        if name == "kullback" or table == "family":
            result["bits"] = hashlib.sha256(np.asarray(value, np.float64).tobytes()).hexdigest()
        if earlier := EARLIER.get(tuple(result[key] for key in KEY)):
            assert earlier.get("bits") == result.get("bits"), f"bits depend on the number of threads: {result}"
        elif name != "memory floor":
            result["error"] = relative_error(value, true[name] if isinstance(true, dict) else true)
            assert "bits" not in result or result["error"] <= LIMIT[dtype(p)], f"kullback is wrong: {result} value {value}"
        results.append(result)
        repeats[name] = max(1, round(SAMPLE / seconds(call, 1)[0]))
    samples = {name: [] for name in contestants}
    names = list(contestants)
    for round_number in range(rounds):
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(seconds(contestants[name], repeats[name]))
    for result in results:
        times = sorted(wall for wall, _ in samples[result["contestant"]])
        low, median, high = statistics.quantiles(times, n=4)
        result |= {
            "ns": median / p.size * 1e9, "min_ns": times[0] / p.size * 1e9, "spread": (high - low) / median,
            "cores": statistics.median(cpu for _, cpu in samples[result["contestant"]]), "samples": rounds,
        }
    print(f"  {table} {shape} {dtype(p)}", file=sys.stderr)
    return results


def weights(rng, shape, float_type, near=None):
    """Two tables whose rows sum to 1: independent exponential weights, or q = p(1 + near·noise)."""
    p = rng.exponential(size=shape) + 1e-6
    q = rng.exponential(size=shape) + 1e-6 if near is None else p * (1 + near * rng.standard_normal(shape))
    normalise = lambda w: (w / w.astype(np.longdouble).sum(axis=-1, keepdims=True)).astype(float_type)
    return normalise(p), normalise(q)


def main():
    if not EARLIER:
        truth.check()
    rng, results = np.random.default_rng(2013), []
    rounds, long, rows = (3, 10**6, 10**4) if QUICK else (9, 10**7, 10**5)
    for float_type in (np.float64, np.float32):
        for n in (10**3, 10**5, long):
            p, q = weights(rng, n, float_type)
            more = rounds if n == long else 3 * rounds
            results += contest("KL", f"{n:.0e}", p, kl_contestants(p, q), lambda: truth.kl(p, q), more)
            results += contest("JS distance", f"{n:.0e}", p, js_distance_contestants(p, q), lambda: truth.FAMILY["js"](p, q) ** 0.5, more)
        p, q = weights(rng, 10**6, float_type)
        family = family_contestants(p, q)
        results += contest("family", "1e+06", p, family, lambda: {name: truth.FAMILY[name](p, q) for name in family}, rounds)
        p, q = weights(rng, (rows, 256), float_type)
        by_row = lambda: np.concatenate([truth.kl(p[i : i + 1000], q[i : i + 1000]) for i in range(0, rows, 1000)])
        results += contest("KL by row", f"{rows:.0e}×256", p, rows_contestants(p, q), by_row, rounds)
    for float_type, near in ((np.float64, 1e-8), (np.float32, 1e-4)):
        p, q = weights(rng, 10**6, float_type, near)
        contestants = kl_contestants(p, q) | {
            "SciPy entropy": lambda: scipy.stats.entropy(p, q),
            "SciPy kl_div": lambda: scipy.special.kl_div(p, q).sum(),
        }
        results += contest(f"near-equal KL, q = p(1 + {near:.0e}·noise)", "1e+06", p, contestants, lambda: truth.kl(p, q), rounds)
    json.dump(results, sys.stdout)


main()
