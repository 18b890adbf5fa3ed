"""Two deterministic Parquet files of 10 numeric and 5 categorical columns. Usage: tables.py FOLDER ROWS

CHANGED says what the current file changes; every other column is drawn from the same distribution in both.
"""
import pathlib, sys

CHANGED = {
    "normal_shifted": "mean 0 → 0.5",
    "normal_wider": "deviation 1 → 1.1",
    "exponential": "scale 1 → 1.05",
    "lognormal_outlier": "log-mean 0 → 0.5; the reference holds one value of 1e6",
    "integers_many": "Poisson mean 1000 → 1005",
    "nulls": "nulls 10 % → 13 %; the same values",
    "zeros_and_ties": "zeros 40 % → 42 %; the rest in steps of 0.1",
    "category_5": "one share 40 % → 41 %",
    "category_200": "exponent of the Zipf law 1 → 1.05",
}


def columns(rng, rows, now):
    """`now` is false for the reference and true for the current file."""
    import numpy as np

    old_new = lambda old, new: new if now else old
    zipf = lambda k, s: (weights := np.arange(1.0, k + 1) ** -s) / weights.sum()
    names = lambda stem, k: np.array([f"{stem}-{i:05}" for i in range(k)])
    values = {
        "normal": rng.standard_normal(rows),
        "normal_shifted": rng.normal(old_new(0, 0.5), 1, rows),
        "normal_wider": rng.normal(0, old_new(1, 1.1), rows),
        "lognormal": rng.lognormal(0, 1, rows),
        "lognormal_outlier": rng.lognormal(old_new(0, 0.5), 1, rows),
        "exponential": rng.exponential(old_new(1, 1.05), rows),
        "integers_few": rng.integers(0, 12, rows),
        "integers_many": rng.poisson(old_new(1000, 1005), rows),
        "nulls": rng.standard_normal(rows).astype(np.float32),
        "zeros_and_ties": np.where(rng.random(rows) < old_new(0.40, 0.42), 0, np.round(rng.exponential(1, rows), 1)),
        "category_5": rng.choice(list("abcde"), rows, p=old_new([0.4, 0.3, 0.15, 0.1, 0.05], [0.41, 0.29, 0.15, 0.1, 0.05])),
        "category_20": names("kind", 20)[rng.integers(0, 20, rows)],
        "category_200": names("product", 200)[rng.choice(200, rows, p=zipf(200, old_new(1, 1.05)))],
        "category_10000": names("customer", 10_000)[rng.choice(10_000, rows, p=zipf(10_000, 0.7))],
        "yes_no": rng.random(rows) < 0.3,
    }
    if not now:
        values["lognormal_outlier"][rows // 2] = 1e6
    masks = {"nulls": rng.random(rows) < old_new(0.10, 0.13)}
    return values, masks


def write(folder, rows):
    import numpy as np, pyarrow as pa, pyarrow.parquet as parquet

    for now, name in ((False, "reference"), (True, "current")):
        values, masks = columns(np.random.default_rng([2013, now]), rows, now)
        table = pa.table({key: pa.array(column, mask=masks.get(key)) for key, column in values.items()})
        parquet.write_table(table, folder / f"{name}.parquet", row_group_size=2**17)


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
