"""Losses of training, forward and backward: a VAE's KL beside torch, and distillation in Burn beside Burn's own operations.

Usage: training.py [--quick] (see README.md). Each contestant is a process of its own, held to two cores, and checks its value
and gradient before its clock starts.
"""
import ctypes, json, os, pathlib, statistics, subprocess, sys, time

import numpy as np

QUICK = "--quick" in sys.argv
SAMPLES, LATENT = (10**5, 32) if QUICK else (10**6, 32)
THREADS, ROUNDS = 2, 3 if QUICK else 9
CONTESTANTS = ("kullback", "torch eager", "torch.compile")


def inputs():
    random = np.random.default_rng(5)
    return [random.standard_normal((SAMPLES, LATENT), dtype=np.float32) for _ in range(2)]


def contestant(name):
    """One child: prints what it measured as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    mean, ln_variance = inputs()
    if name == "kullback":
        native = ctypes.CDLL(os.environ["KULLBACK_NATIVE"])
        native.kullback_threads(ctypes.c_size_t(THREADS))
        call = native.kullback_gaussian_f32
        call.restype = ctypes.c_double
        gradients = np.empty_like(mean), np.empty_like(mean)
        pointer = lambda array: ctypes.c_void_p(array.ctypes.data)
        size = ctypes.c_size_t(SAMPLES), ctypes.c_size_t(LATENT)

        def run():
            return call(pointer(mean), pointer(ln_variance), *size, *map(pointer, gradients)), gradients
    else:
        import torch
        torch.set_num_threads(THREADS)
        m, l = (torch.from_numpy(x).requires_grad_() for x in (mean, ln_variance))
        loss = lambda m, l: 0.5 * (m * m + torch.expm1(l) - l).sum() / SAMPLES
        function = torch.compile(loss) if name == "torch.compile" else loss

        def run():
            m.grad = l.grad = None
            value = function(m, l)
            value.backward()
            return value.item(), (m.grad.numpy(), l.grad.numpy())
    value, (by_mean, by_ln_variance) = run()
    # Names of their own: the contestants' m and l are tensors, and are used again.
    wide, ln_wide = mean.astype(np.float64), ln_variance.astype(np.float64)
    error = abs(value / (0.5 * (wide * wide + np.expm1(ln_wide) - ln_wide).sum() / SAMPLES) - 1)
    slopes = max(np.abs(by_mean * SAMPLES - wide).max(), np.abs(by_ln_variance * SAMPLES - 0.5 * np.expm1(ln_wide)).max())
    if name == "kullback":
        assert error <= 1e-7 and slopes <= 1e-5, (error, slopes)
    samples = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        samples.append(time.perf_counter() - start)
    print(json.dumps(dict(contestant=name, ms=statistics.median(samples) * 1e3, least=min(samples) * 1e3, error=error)))


def main():
    import run, report
    from importlib.metadata import version
    here, load = pathlib.Path(__file__).parent, os.getloadavg()[0]
    if "KULLBACK_NATIVE" not in os.environ:
        os.environ["KULLBACK_NATIVE"] = run.build()
    gaussian = []
    for name in CONTESTANTS:
        done = subprocess.run([sys.executable, __file__, "--contestant", name] + sys.argv[1:], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{name} failed")
        gaussian.append(json.loads(done.stdout.splitlines()[-1]))
        print(gaussian[-1], file=sys.stderr)
    environment = os.environ | {"RAYON_NUM_THREADS": str(THREADS)}
    command = ["cargo", "run", "--release", "--locked", "--package", "kullback-bench-burn"]
    done = subprocess.run(command, cwd=here, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("burn failed")
    burn = json.loads(done.stdout.splitlines()[-1])
    print(burn, file=sys.stderr)
    of = {r["contestant"]: r["ms"] for r in gaussian}
    lines = []
    for what, reached, ratio in (
        (f"GaussianKl forward + backward {SAMPLES} × {LATENT}: ≥ 2 × torch.compile", of["torch.compile"] / of["kullback"], 2),
        (f"DistillationLoss forward + backward {burn['rows']} × {burn['columns']}: ≥ 8 × Burn", burn["burn"] / burn["kullback"], 8),
    ):
        lines.append((what, f"{reached:.1f} ×", "pass" if reached >= ratio else "FAIL"))
        print(*lines[-1], file=sys.stderr)
    if not QUICK:
        versions = {name: version(name) for name in ("torch", "numpy")} | {"burn": "0.22.1"}
        part = {"load": load, "versions": versions, "gaussian": gaussian, "burn": burn, "targets": lines}
        print(report.add("training", part))


if __name__ == "__main__":
    if "--contestant" in sys.argv:
        contestant(sys.argv[sys.argv.index("--contestant") + 1])
    else:
        main()
