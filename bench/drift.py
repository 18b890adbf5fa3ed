"""`kullback drift` beside Evidently's KL preset on the same two files, in turn, each in a process of its own.

Usage: drift.py KULLBACK EVIDENTLY_PYTHON [--rows N] [--runs N] [--evidently-runs N]   (see README.md)
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time

import report, tables

HERE = pathlib.Path(__file__).parent
PEAK_LIMIT_MB = 300


def measure(command):
    """Wall time, peak resident memory in MB and the output of a child process."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    assert status == 0, f"{command[0]} failed"
    return wall, usage.ru_maxrss / 1000, json.loads(output)


def summary(tool, version, runs):
    walls, peaks, _ = zip(*runs)
    return {
        "tool": tool, "version": version, "wall": statistics.median(walls), "min": min(walls),
        "peak_mb": max(peaks), "runs": len(runs),
    }


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("kullback")
    parser.add_argument("evidently_python")
    parser.add_argument("--rows", type=int, default=10**6)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--evidently-runs", type=int, default=3)
    return parser.parse_args()


def run_all(options, files):
    """Every run of every tool, in turn: name → [(wall, peak, output)]."""
    drift = [options.kullback, "drift", *files, "--json", "--threads"]
    tools = {
        "kullback drift, 1 thread": ([*drift, "1"], options.runs),
        "kullback drift, 2 threads": ([*drift, "2"], options.runs),
        "Evidently, KL preset": ([options.evidently_python, str(HERE / "evidently_kl.py"), *files], options.evidently_runs),
    }
    runs = {tool: [] for tool in tools}
    measure([*drift, "2"])  # warms the file cache
    for turn in range(max(options.runs, options.evidently_runs)):
        for tool, (command, wanted) in tools.items():
            if turn < wanted:
                runs[tool].append(measure(command))
                print(f"{tool}: {runs[tool][-1][0]:.2f} s, {runs[tool][-1][1]:.0f} MB", file=sys.stderr)
    return runs


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        # A child makes the files: what this process holds would count as its children's peak.
        subprocess.run([sys.executable, str(HERE / "tables.py"), folder, str(options.rows)], check=True)
        files = [os.path.join(folder, f"{name}.parquet") for name in ("reference", "current")]
        size = sum(map(os.path.getsize, files)) / 1e6
        *ours, theirs = run_all(options, files).items()
    reports = [output["columns"] for _, group in ours for _, _, output in group]
    assert all(columns == reports[0] for columns in reports), "the report depends on the run or the threads"
    peak = max(peak for _, group in ours for _, peak, _ in group)
    assert peak < PEAK_LIMIT_MB, f"kullback's peak memory is {peak:.0f} MB"

    evidently = theirs[1][0][2]
    version = subprocess.run([options.kullback, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
    tools = [summary(tool, version, group) for tool, group in ours] + [summary(theirs[0], evidently["version"], theirs[1])]
    parts = {part: statistics.median(run[2]["parts"][part] for run in theirs[1]) for part in evidently["parts"]}
    tools[-1]["parts"] = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in parts.items())
    part = {
        "data": f"Two Parquet files of {options.rows:,} rows, 10 numeric and 5 categorical columns, {size:.0f} MB together.",
        "tools": tools,
        "columns": [compare(ours, evidently["columns"][ours["column"]]) for ours in reports[0]],
    }
    if options.rows < 10**6:
        print("\n".join(report.drift(part)))
    else:
        print(report.add("drift", part).read_text())


def compare(ours, theirs):
    return {
        "column": ours["column"], "changed": tables.CHANGED.get(ours["column"], ""),
        "kullback (KL, p adjusted)": verdict(ours["drifted"], f"{ours['kl']:.5f}, {ours['p_adjusted']:.1e}"),
        "Evidently (KL, limit 0.1)": verdict(theirs["drifted"], f"{theirs['value']:.5f}"),
    }


def verdict(drifted, number):
    return f"{'drifted' if drifted else '–'} ({number})"


main()
