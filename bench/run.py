"""kullback beside its peers in one run. Usage: run.py [--quick] (see README.md)"""
import json, os, pathlib, subprocess, sys
from importlib.metadata import version

import report

HERE = pathlib.Path(__file__).parent
PEERS = ("numpy", "scipy", "numkong", "jax", "jaxlib")


def build():
    command = ["cargo", "build", "--release", "--manifest-path", str(HERE / "Cargo.toml"), "--message-format", "json"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    files = [file for line in output.splitlines() for file in json.loads(line).get("filenames", [])]
    return next(file for file in files if "kullback_native" in file and file.endswith((".so", ".dylib")))


def find(results, **wanted):
    return next(r for r in results if all(r[key] == value for key, value in wanted.items()))


def targets(results, long, batch):
    """The issue's speed lines: what was asked, what was reached, whether that is enough."""
    lines = []

    def line(target, reached, least, note=""):
        lines.append((target, f"{reached:.2f} ×{note}", "pass" if reached >= least else "FAIL"))

    def times(dtype, peer, least, table="KL", shape=long):
        one = dict(table=table, shape=shape, dtype=dtype, threads=1)
        ratio = find(results, contestant=peer, **one)["ns"] / find(results, contestant="kullback", **one)["ns"]
        line(f"{table} {shape} {dtype}, one thread: ≥ {least} × {peer}", ratio, least)

    times("f64", "SciPy rel_entr", 10)
    times("f64", "NumKong", 1.5)
    times("f32", "SciPy rel_entr", 15)
    times("f32", "JAX", 1)
    times("f64", "SciPy entropy(axis=1)", 12, "KL by row", batch)
    for dtype in ("f64", "f32"):
        ns = lambda who, threads: find(results, table="KL", shape=long, dtype=dtype, contestant=who, threads=threads)["ns"]
        reached, above = ns("kullback", 1) / ns("kullback", 2), ns("kullback", 2) / ns("memory floor", 2)
        lines.append((f"KL {long} {dtype}: two threads ≥ 1.7 × one, or at the memory floor (≤ 1.2 × it)",
                      f"{reached:.2f} × one, {above:.2f} × the floor", "pass" if reached >= 1.7 or above <= 1.2 else "FAIL"))
    return lines


def main():
    library, results = os.environ.get("KULLBACK_NATIVE") or build(), []
    load = os.getloadavg()[0]
    for threads in (1, 2):
        print(f"{threads} thread{'s' * (threads > 1)}", file=sys.stderr)
        command = [sys.executable, str(HERE / "contest.py"), library, str(threads), *sys.argv[1:]]
        output = subprocess.run(command, check=True, input=json.dumps(results).encode(), stdout=subprocess.PIPE).stdout
        results += json.loads(output)
    values = sum("bits" in r for r in results) // 2
    last = lambda table: [r["shape"] for r in results if r["table"] == table][-1]
    lines = targets(results, last("KL"), last("KL by row"))
    lines.append((f"the same bits from 1 and 2 threads ({values} values)", "", "pass"))
    lines.append(("kullback's relative error ≤ 1e-14 (f64), 1e-6 (f32)", "", "pass"))
    part = {"load": load, "versions": {name: version(name) for name in PEERS}, "targets": lines, "results": results}
    if "--quick" in sys.argv:
        print("\n".join(report.speed(part)))
    else:
        page = report.add("speed", part)
        print(page.read_text())


if __name__ == "__main__":
    main()
