"""Distillation losses from logits, forward and backward, beside torch and JAX. Usage: logits.py [--quick] (see README.md)

The parent makes the inputs and, by NumPy in double precision, the truth; each contestant is a process of its own, so that
its peak of memory is its own, and checks its value and a part of its gradient before its clock starts.
"""
import ctypes, json, os, statistics, subprocess, sys, tempfile, time

import numpy as np

QUICK = "--quick" in sys.argv
TEMPERATURE = 2.0
#          rows, vocabulary, types, measures
SHAPES = [(4096, 32_000, ("f32", "bf16"), ("kl", "reverse-kl", "js")),
          (1024, 128_256, ("f32",), ("kl",)),
          (65_536, 1000, ("f32",), ("kl",)),
          (1_048_576, 10, ("f32",), ("kl",))]
CONTESTANTS = ("kullback", "torch eager", "torch.compile", "JAX jit")
LIMIT = {"f32": 1e-5, "bf16": 2e-2}  # of kullback's value and gradient, relative to the largest entry
CHECKED = 16  # rows whose gradient is compared
ROUNDS = 3 if QUICK else 7


def logits(path, dtype, rows, columns):
    data = np.memmap(path, np.float32, "r", shape=(rows, columns))
    if dtype == "f32":
        return np.array(data)
    return (data.view(np.uint32) >> 16).astype(np.uint16)


def contestant(name, dtype, rows, columns, threads, measure, backward, folder):
    """One child: prints what it measured as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    p, q = (logits(f"{folder}/{side}", dtype, rows, columns) for side in "pq")
    scale = TEMPERATURE**2 / rows
    if name == "kullback":
        native = ctypes.CDLL(os.environ["KULLBACK_NATIVE"])
        native.kullback_measure.restype = ctypes.c_void_p
        native.kullback_threads(ctypes.c_size_t(threads))
        call = getattr(native, f"kullback_logits_{dtype}")
        call.restype = ctypes.c_bool
        handle = ctypes.c_void_p(native.kullback_measure(measure.encode()))
        pointer = lambda array: ctypes.c_void_p(array.ctypes.data)
        values, kept = np.empty(rows), []

        def run():
            # The caller's buffer, which a training loop keeps; made in the first call, so that it counts as memory.
            if backward and not kept:
                kept.append(np.empty_like(q))
            gradient = kept[0] if backward else None
            ok = call(handle, pointer(p), pointer(q), ctypes.c_size_t(rows), ctypes.c_size_t(columns),
                      ctypes.c_double(TEMPERATURE), ctypes.c_double(scale), pointer(values),
                      pointer(gradient) if backward else ctypes.c_void_p())
            assert ok
            return values.sum() * scale, gradient

        single = lambda x: x if dtype == "f32" else (x.astype(np.uint32) << 16).view(np.float32)
    elif name.startswith("torch"):
        import torch
        import torch.nn.functional as F
        torch.set_num_threads(threads)
        p, q = (torch.from_numpy(x) if dtype == "f32" else torch.from_numpy(x.view(np.int16)).view(torch.bfloat16) for x in (p, q))
        q.requires_grad_(backward)

        def loss(p, q):
            log_q, p_or_log = F.log_softmax(q / TEMPERATURE, -1), F.softmax(p / TEMPERATURE, -1)
            return F.kl_div(log_q, p_or_log, reduction="batchmean") * TEMPERATURE**2

        function = torch.compile(loss) if name == "torch.compile" else loss

        def run():
            q.grad = None
            value = function(p, q)
            if backward:
                value.backward()
            return value.item(), q.grad

        single = lambda x: x.float().numpy()
    else:
        os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} intra_op_parallelism_threads={threads}"
        import jax, jax.numpy as jnp
        import ml_dtypes
        p, q = (jnp.asarray(x if dtype == "f32" else x.view(ml_dtypes.bfloat16)) for x in (p, q))

        def loss(q, p):
            log_p, log_q = (jax.nn.log_softmax(x / TEMPERATURE, axis=-1) for x in (p, q))
            return (jnp.exp(log_p) * (log_p - log_q)).sum(dtype=jnp.float32) * (TEMPERATURE**2 / rows)

        function = jax.jit(jax.value_and_grad(loss) if backward else loss)

        def run():
            result = jax.block_until_ready(function(q, p))
            return (float(result[0]), result[1]) if backward else (float(result), None)

        single = lambda x: np.asarray(x, dtype=np.float32)
    truth = json.load(open(f"{folder}/truth.json"))
    base = resident()
    value, gradient = run()
    first = status("VmHWM")
    error = abs(value / truth[measure][dtype] - 1)
    slopes = np.load(f"{folder}/gradient-{measure}-{dtype}.npy")
    slope_error = float(np.abs(single(gradient[:CHECKED]) - slopes).max() / np.abs(slopes).max()) if backward else None
    if name == "kullback":
        assert error <= LIMIT[dtype] and (slope_error or 0) <= LIMIT[dtype], (error, slope_error)
    # What the comparison took is not the contestant's.
    gradient = slopes = None
    resident()
    samples = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        samples.append(time.perf_counter() - start)
    peak = max(first, status("VmHWM")) - base
    print(json.dumps(dict(contestant=name, dtype=dtype, shape=f"{rows} × {columns}", threads=threads, measure=measure,
                          backward=backward, ms=statistics.median(samples) * 1e3, least=min(samples) * 1e3,
                          error=error, slope_error=slope_error, peak=peak)))


def resident():
    """MiB now, with the high-water mark set back to it."""
    open("/proc/self/clear_refs", "w").write("5")
    return status("VmRSS")


def status(field):
    return int(next(line for line in open("/proc/self/status") if line.startswith(field)).split()[1]) / 1024


def prepare(folder, rows, columns, dtypes, measures):
    """Writes the inputs, and the truth by the textbook's formulas in double precision, a few rows at a time."""
    random = np.random.default_rng(7)
    sides = [np.memmap(f"{folder}/{side}", np.float32, "w+", shape=(rows, columns)) for side in "pq"]
    step = max(1, 2**22 // columns)
    totals = {measure: dict.fromkeys(dtypes, 0.0) for measure in measures}
    for at in range(0, rows, step):
        block = slice(at, at + step)
        for side in sides:
            side[block] = 3 * random.standard_normal(side[block].shape, dtype=np.float32)
            # Singles that bf16 holds, so that both types get the same numbers.
            side[block] = (side[block].view(np.uint32) & 0xFFFF0000).view(np.float32)
        a, b = (side[block].astype(np.float64) / TEMPERATURE for side in sides)
        a, b = (x - x.max(1, keepdims=True) for x in (a, b))
        a, b = (x - np.log(np.exp(x).sum(1, keepdims=True)) for x in (a, b))
        p, q, m = np.exp(a), np.exp(b), np.logaddexp(a, b) - np.log(2)
        terms = {"kl": p * (a - b), "reverse-kl": q * (b - a), "js": (p * (a - m) + q * (b - m)) / 2}
        slopes = {"kl": q - p, "reverse-kl": q * (b - a), "js": q * (b - m) / 2}
        for measure in measures:
            total = terms[measure].sum() * TEMPERATURE**2 / rows
            slope = slopes[measure]
            gradient = (slope - q * slope.sum(1, keepdims=True)) * TEMPERATURE / rows
            for dtype in dtypes:
                totals[measure][dtype] += total
                if at == 0:
                    np.save(f"{folder}/gradient-{measure}-{dtype}.npy", gradient[:CHECKED])
    json.dump(totals, open(f"{folder}/truth.json", "w"))


def main():
    import run, report
    from importlib.metadata import version
    if "KULLBACK_NATIVE" not in os.environ:
        os.environ["KULLBACK_NATIVE"] = run.build()
    results, load = [], os.getloadavg()[0]
    for rows, columns, dtypes, measures in SHAPES:
        rows = rows // 64 if QUICK else rows
        with tempfile.TemporaryDirectory() as folder:
            prepare(folder, rows, columns, dtypes, measures)
            for threads in (2, 1):
                # One thread is a check of the other's scaling, not a target.
                if threads == 1 and (QUICK or columns != SHAPES[0][1]):
                    continue
                for dtype in dtypes:
                    for backward in (True, False):
                        for name in CONTESTANTS:
                            for measure in measures if name == "kullback" and dtype == "f32" else ("kl",):
                                task = (name, dtype, rows, columns, threads, measure, backward, folder)
                                command = [sys.executable, __file__, "--contestant", json.dumps(task)]
                                done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
                                if done.returncode:
                                    sys.exit(f"{task} failed")
                                results.append(json.loads(done.stdout.splitlines()[-1]))
                                r = results[-1]
                                print(f"{r['shape']:>16} {dtype:4} {threads} {name:14} {measure:10} "
                                      f"{'f+b' if backward else 'fwd'} {r['ms']:9.1f} ms  +{r['peak']:6.0f} MiB  {r['error']:.0e}",
                                      file=sys.stderr, flush=True)
    if not QUICK:
        versions = {name: version(name) for name in ("torch", "jax", "jaxlib", "numpy")}
        print(report.add("logits", {"load": load, "versions": versions, "results": results, "targets": targets(results)}))


def targets(results):
    """The lines of the issue: what was asked, what was reached, whether that is enough."""
    lines = []

    def one(contestant, shape, dtype="f32", measure="kl", backward=True, threads=2):
        keys = dict(contestant=contestant, shape=shape, dtype=dtype, measure=measure, backward=backward, threads=threads)
        return next(r for r in results if all(r[key] == value for key, value in keys.items()))

    def least(peer, shape, ratio, **more):
        reached = one(peer, shape, **more)["ms"] / one("kullback", shape, **more)["ms"]
        what = "forward" if more.get("backward") is False else "forward + backward"
        lines.append((f"{what} {more.get('dtype', 'f32')} {shape}: ≥ {ratio} × {peer}", f"{reached:.1f} ×",
                      "pass" if reached >= ratio else "FAIL"))

    for shape, eager, compiled in (("4096 × 32000", 30, 10), ("1024 × 128256", 30, 10), ("65536 × 1000", 25, 8), ("1048576 × 10", 20, 8)):
        least("torch eager", shape, eager)
        least("torch.compile", shape, compiled)
    least("torch.compile", "4096 × 32000", 5, backward=False)
    least("JAX jit", "4096 × 32000", 2, backward=False)
    least("torch eager", "4096 × 32000", 25, dtype="bf16")
    for measure in ("reverse-kl", "js"):
        ratio = one("kullback", "4096 × 32000", measure=measure)["ms"] / one("kullback", "4096 × 32000")["ms"]
        lines.append((f"{measure} within 3 × of kl", f"{ratio:.2f} ×", "pass" if ratio <= 3 else "FAIL"))
    extra = one("kullback", "4096 × 32000")["peak"] - 4096 * 32000 * 4 / 2**20
    lines.append(("memory beside the gradient ≤ 16 MiB", f"{extra:.1f} MiB", "pass" if extra <= 16 else "FAIL"))
    return lines


if __name__ == "__main__":
    if "--contestant" in sys.argv:
        contestant(*json.loads(sys.argv[-1]))
    else:
        main()
