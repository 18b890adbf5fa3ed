"""`kullback drift` beside hand-written DuckDB and Polars and Evidently's KL preset on the same two files, in turn, each in a process
of its own.

Usage: drift.py KULLBACK EVIDENTLY_PYTHON [--rows N] [--runs N] [--evidently-runs N]   (see README.md)
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile, time

import report, tables

HERE = pathlib.Path(__file__).parent
PEAK_LIMIT_MB = 300
OURS, DUCKDB, POLARS, EVIDENTLY = "kullback drift, 2 threads", "DuckDB, by hand, 2 threads", "Polars, by hand, 2 threads", "Evidently, KL preset"
#            how many times faster than each
LEAST = {DUCKDB: 2, POLARS: 2.5, EVIDENTLY: 60}
AGREE = 1e-9


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
        OURS: ([*drift, "2"], options.runs),
        DUCKDB: ([sys.executable, str(HERE / "duckdb_kl.py"), *files], options.runs),
        POLARS: ([sys.executable, str(HERE / "polars_kl.py"), *files], options.runs),
        EVIDENTLY: ([options.evidently_python, str(HERE / "evidently_kl.py"), *files], options.evidently_runs),
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
    options, load = arguments(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        # A child makes the files: what this process holds would count as its children's peak.
        subprocess.run([sys.executable, str(HERE / "tables.py"), folder, str(options.rows)], check=True)
        files = [os.path.join(folder, f"{name}.parquet") for name in ("reference", "current")]
        size = sum(map(os.path.getsize, files)) / 1e6
        runs = run_all(options, files)
    ours = [(tool, group) for tool, group in runs.items() if tool.startswith("kullback")]
    peers = {tool: group for tool, group in runs.items() if not tool.startswith("kullback") and group}
    reports = [output["columns"] for _, group in ours for _, _, output in group]
    assert all(columns == reports[0] for columns in reports), "the report depends on the run or the threads"
    peak = max(peak for _, group in ours for _, peak, _ in group)
    assert peak < PEAK_LIMIT_MB, f"kullback's peak memory is {peak:.0f} MB"

    by_hand = [peers[tool][0][2]["columns"] for tool in (DUCKDB, POLARS)]
    for column, value in by_hand[0].items():
        assert abs(value - by_hand[1][column]) <= AGREE, f"{column}: DuckDB has {value}, Polars {by_hand[1][column]}"
    version = subprocess.run([options.kullback, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
    tools = [summary(tool, version, group) for tool, group in ours]
    tools += [summary(tool, group[0][2]["version"], group) for tool, group in peers.items()]
    wall = {tool["tool"]: tool["wall"] for tool in tools}
    targets = [(f"two threads: ≥ {least} × {peer}", f"{wall[peer] / wall[OURS]:.1f} ×", "pass" if wall[peer] >= least * wall[OURS] else "FAIL")
               for peer, least in LEAST.items() if peer in peers]
    evidently = None
    if EVIDENTLY in peers:
        evidently = peers[EVIDENTLY][0][2]["columns"]
        parts = {part: statistics.median(run[2]["parts"][part] for run in peers[EVIDENTLY]) for part in peers[EVIDENTLY][0][2]["parts"]}
        tools[-1]["parts"] = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in parts.items())
    part = {
        "load": load,
        "data": f"Two Parquet files of {options.rows:,} rows, 10 numeric and 5 categorical columns, {size:.0f} MB together.",
        "tools": tools,
        "targets": targets,
        "columns": [compare(ours, by_hand[0], evidently) for ours in reports[0]],
    }
    if options.rows < 10**6:
        print("\n".join(report.drift(part)))
    else:
        print(report.add("drift" if options.rows == 10**6 else "drift_large", part).read_text())


def compare(ours, by_hand, evidently):
    row = {
        "column": ours["column"], "changed": tables.CHANGED.get(ours["column"], ""),
        "kullback (KL, p adjusted)": verdict(ours["drifted"], f"{ours['kl']:.3g}, {ours['p_adjusted']:.1g}"),
        "by hand (KL)": f"{by_hand[ours['column']]:.3g}",
    }
    if evidently:
        theirs = evidently[ours["column"]]
        row["Evidently (KL, limit 0.1)"] = verdict(theirs["drifted"], f"{theirs['value']:.3g}")
    return row


def verdict(drifted, number):
    return f"{'drifted' if drifted else '–'} ({number})"


main()
