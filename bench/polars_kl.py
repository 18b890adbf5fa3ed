"""What duckdb_kl.py computes, by hand-written Polars. Usage: polars_kl.py REFERENCE CURRENT"""
import json, os, sys

os.environ["POLARS_MAX_THREADS"] = "2"
import polars as pl

BINS = 10
reference, current = map(pl.scan_parquet, sys.argv[1:])
schema = reference.collect_schema()
numbers = [name for name, kind in schema.items() if kind.is_numeric()]
column = pl.col
ends = [side.select(*(column(n).min().alias(f"{n} low") for n in numbers), *(column(n).max().alias(f"{n} high") for n in numbers))
        for side in (reference, current)]
ends = [end.row(0, named=True) for end in pl.collect_all(ends)]
counts = []
for name in schema:
    cell = column(name)
    if name in numbers:
        low, high = min(end[f"{name} low"] for end in ends), max(end[f"{name} high"] for end in ends)
        cell = ((cell.cast(pl.Float64) - low) / (high - low) * BINS).floor().clip(upper_bound=BINS - 1).cast(pl.Int32)
    for side in (reference, current):
        counts.append(side.select(cell.alias("cell")).drop_nulls().group_by("cell").len())
counts = iter(pl.collect_all(counts, engine="streaming"))
columns = {}
for name in schema:
    q, p = next(counts), next(counts)
    cells = p.join(q, on="cell", suffix="_q").select(p=column("len") / p["len"].sum(), q=column("len_q") / q["len"].sum())
    columns[name] = cells.select((column("p") * (column("p") / column("q")).log()).sum()).item()
json.dump({"version": pl.__version__, "columns": columns}, sys.stdout)
