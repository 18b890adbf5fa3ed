"""KL(current‖reference) of every column by hand-written DuckDB queries. Usage: duckdb_kl.py REFERENCE CURRENT

Numbers go into ten equal-width bins of both tables' range, everything else is counted by value; KL is over the bins that both
fill. No p-values, nulls, directions or bounds on memory: the least that one would write.
"""
import json, sys

import duckdb

BINS, THREADS = 10, 2
reference, current = sys.argv[1:]
db = duckdb.connect(config={"threads": THREADS})
both = f"(FROM (SELECT *, false AS now FROM '{reference}') UNION ALL SELECT *, true AS now FROM '{current}')"
kinds = db.sql(f"DESCRIBE SELECT * FROM '{reference}'").fetchall()
numbers = {name for name, kind, *_ in kinds if kind in ("DOUBLE", "FLOAT", "BIGINT", "INTEGER")}
ranges = ", ".join(f'min("{name}"), max("{name}")' for name in sorted(numbers))
ends = db.sql(f"SELECT {ranges} FROM {both}").fetchall()[0]
ends = {name: ends[2 * i:2 * i + 2] for i, name in enumerate(sorted(numbers))}
columns = {}
for name, *_ in kinds:
    cell = f'"{name}"'
    if name in numbers:
        low, high = ends[name]
        cell = f"least(floor(({cell} - {low!r}) / ({high!r} - {low!r}) * {BINS}), {BINS - 1})::INTEGER"
    columns[name] = db.sql(f"""
        WITH counts AS (
            SELECT {cell} AS cell, count(*) FILTER (now) AS c, count(*) FILTER (NOT now) AS r
            FROM {both} WHERE "{name}" IS NOT NULL GROUP BY cell),
        shares AS (SELECT c / sum(c) OVER () AS p, r / sum(r) OVER () AS q FROM counts)
        SELECT sum(p * ln(p / q)) FROM shares WHERE p > 0 AND q > 0""").fetchall()[0][0]
json.dump({"version": duckdb.__version__, "columns": columns}, sys.stdout)
