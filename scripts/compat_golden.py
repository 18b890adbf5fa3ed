#!/usr/bin/env python3
"""Golden values of `kullback drift --compat`: what the other tools say of the same tables.

    python3 scripts/compat_golden.py tables               small tables, from a fixed seed (needs numpy and pandas)
    python3 scripts/compat_golden.py evidently            each tool in an environment of its own: they do not agree on pandas
    python3 scripts/compat_golden.py great-expectations
    python3 scripts/compat_golden.py psi-deciles
    python3 scripts/compat_golden.py tfdv

The environments, outside the repository; nothing of this is needed to build, test or run kullback:
    python3.11 -m venv evidently && evidently/bin/pip install 'evidently==0.7.23' 'pandas<3' pyarrow     (psi-deciles, tables and tfdv, too)
    python3.11 -m venv gx && gx/bin/pip install 'great_expectations==1.24.1' pyarrow

Everything goes to crates/kullback-table/tests/golden/compat/: pairs of tables, and a CSV file a tool, pair;column;statistic;value;
threshold;drifted. A value is Python's shortest repr, `none` where the tool reports None, `refused` where it raises.
"""

import importlib.metadata
import math
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "crates/kullback-table/tests/golden/compat"
MADE = {"small": (300, 250), "large": (1500, 1100)}
FLIGHTS = ["dep_delay", "arr_delay", "air_time", "distance", "carrier", "origin", "dest", "hour", "day"]


def side(rng, rows, current):
    """One table: a column for every way in which bins, constants or types matter."""
    shift = 0.4 if current else 0.0
    normal = lambda scale=1.0: np.round(rng.normal(shift, scale, rows), 4)
    holes = lambda values, share: pd.Series(values).where(rng.random(rows) >= share)
    some = lambda values, count, put: values.__setitem__(rng.choice(rows, count, replace=False), put)
    infinities = normal()
    some(infinities, 3, np.inf)
    some(infinities, 2, -np.inf)
    outlier = normal()
    if not current:
        outlier[0] = 1000.0
    gap = np.where(rng.random(rows) < 0.5, normal(0.2), 9 + normal(0.2))
    if current:
        gap = np.where(rng.random(rows) < 0.3, 4.5 + normal(0.1), gap)
    cities = np.array(["Oslo", "Bergen", "Bodø", "Tromsø"] + (["Røros"] if current else ["Vadsø", "Ålesund"]))
    return pd.DataFrame(
        {
            "normal": normal(),
            "ties": np.round(normal(4.0) * 2) / 2,
            "nulls": holes(normal(), 0.3 if current else 0.1),
            "infinities": infinities,
            "few": rng.choice([0.25, 0.5, 1.0, 2.0, 4.0], rows, p=[0.1, 0.2, 0.3, 0.4, 0.0] if current else [0.2] * 5),
            "integers": rng.integers(0, 55 if current else 60, rows),
            "narrow_integers": rng.integers(0, 24, rows),
            "digits": rng.integers(0, 7 if current else 8, rows),
            "digits_now": rng.integers(0, 8 if current else 40, rows),
            "integers_with_nulls": holes(rng.integers(-40, 40, rows).astype(float), 0.05).astype("Int64"),
            "skewed": np.round(rng.lognormal(shift, 1.2, rows), 3),
            "gap": np.round(gap, 4),
            "outlier": outlier,
            "constant": np.full(rows, 3.0),
            "moved": np.full(rows, 2.5 if current else 3.0),
            "inside": np.round(rng.uniform(-1, 1, rows) * (0.5 if current else 1.0), 3),
            "constant_now": np.full(rows, 0.25) if current else normal(),
            # Written as the word, which is no null to TFDV.
            "nans": pd.Series(np.where(rng.random(rows) < (0.2 if current else 0.1), np.nan, normal())).map(repr),
            "empty": np.full(rows, np.nan),
            "empty_now": np.full(rows, np.nan) if current else normal(),
            "city": holes(rng.choice(cities, rows), 0.1),
            "same_city": rng.choice(["Oslo", "Bergen", "Bodø"], rows, p=[0.5, 0.3, 0.2] if current else [0.3, 0.3, 0.4]),
            "flag": rng.random(rows) < (0.6 if current else 0.5),
            "flag_with_nulls": holes(rng.random(rows) < 0.5, 0.2),
            "prose": [f"text {i} {rng.integers(10**6)}" for i in range(rows)],
        }
    )


def make_tables():
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20130101)
    for name, sizes in MADE.items():
        for which, rows, current in zip(("reference", "current"), sizes, (False, True)):
            out = FOLDER / f"{name}-{which}.csv.gz"
            side(rng, rows, current).to_csv(out, index=False, compression={"method": "gzip", "mtime": 0})


def pairs():
    """Name, reference, current: as pandas reads them."""
    read = lambda path: pd.read_csv(path, float_precision="round_trip")
    for name in MADE:
        yield name, *(read(FOLDER / f"{name}-{which}.csv.gz") for which in ("reference", "current"))
    flights = lambda month: pd.read_parquet(ROOT / f"data/flights-2013-{month}.parquet", columns=FLIGHTS)
    yield "flights", flights("01"), flights("02")


def write(tool, packages, rows):
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    lines = [f"# {tool}: Python {sys.version.split()[0]}, {versions}", "pair;column;statistic;value;threshold;drifted"]
    for *names, value, threshold, drifted in rows:
        number = lambda x: "none" if x is None else x if isinstance(x, str) else repr(float(x))
        lines.append(";".join([*names, number(value), number(threshold), "none" if drifted is None else str(bool(drifted)).lower()]))
    (FOLDER / f"{tool}.csv").write_text("\n".join(lines) + "\n")


def evidently():
    from evidently.core.datasets import infer_column_type
    from evidently.legacy.calculations.data_drift import get_one_column_drift
    from evidently.legacy.core import ColumnType
    from evidently.legacy.options.data_drift import DataDriftOptions
    from evidently.legacy.utils.data_operations import DatasetColumns, DatasetUtilityColumns

    # As `evidently.metrics.ValueDrift` calls it.
    def drift(reference, current, column, kind, method):
        of = lambda wanted: [column] if kind == wanted else []
        columns = DatasetColumns(
            utility_columns=DatasetUtilityColumns(date=None, id=None, target=None, prediction=None),
            target_type=None,
            task=None,
            num_feature_names=of(ColumnType.Numerical),
            cat_feature_names=of(ColumnType.Categorical),
            text_feature_names=of(ColumnType.Text),
            datetime_feature_names=of(ColumnType.Datetime),
            target_names=None,
        )
        return get_one_column_drift(
            current_data=current,
            reference_data=reference,
            column_name=column,
            options=DataDriftOptions(all_features_stattest=method),
            dataset_columns=columns,
            column_type=kind,
            agg_data=True,
        )

    tests = {"K-S p_value": "ks", "chi-square p_value": "chisquare", "Z-test p_value": "z"}
    for pair, reference, current in pairs():
        for column in reference:
            kind = infer_column_type(current[column])
            # What it chooses itself, where that is not one of the distances.
            try:
                said = drift(reference, current, column, kind, None)
            except Exception as error:
                print(f"{pair} {column} by default: {error}", file=sys.stderr)
            else:
                if said.stattest_name in tests:
                    yield pair, column, tests[said.stattest_name], said.drift_score, said.stattest_threshold, said.drift_detected
            for method in ["kl_div", "psi", "jensenshannon", "wasserstein"]:
                if method == "wasserstein" and kind == ColumnType.Categorical:
                    continue
                try:
                    said = drift(reference, current, column, kind, method)
                except Exception as error:
                    print(f"{pair} {column} {method}: {error}", file=sys.stderr)
                    yield pair, column, method, "refused", None, None
                else:
                    yield pair, column, method, said.drift_score, said.stattest_threshold, said.drift_detected


def great_expectations():
    import great_expectations as gx
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    # What build_continuous_partition_object does; this version of it forgets to ask for what its metrics depend on.
    def partition_of(engine, column):
        def metric(name, **values):
            wanted = MetricConfiguration(name, {"column": column, "batch_id": "all"}, values or None)
            found, errors = MetricsCalculator(execution_engine=engine).compute_metrics([wanted], min_graph_edges_pbar_enable=10**6)
            if errors:
                raise ValueError(str(errors)[-200:])
            return found[wanted.id]

        bins = list(metric("column.partition", bins="auto", n_bins=10, allow_relative_error=False))
        weights = list(np.array(metric("column.histogram", bins=tuple(bins))) / metric("column_values.nonnull.count"))
        tail_weights = (1 - sum(weights)) / 2
        return {"bins": bins, "weights": weights, "tail_weights": [tail_weights, tail_weights]}

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("pandas")
    for pair, reference, current in pairs():
        batch = source.add_dataframe_asset(pair).add_batch_definition_whole_dataframe("all").get_batch({"dataframe": current})
        for column in reference:
            numbers = pd.api.types.is_numeric_dtype(reference[column]) and reference[column].dtype != bool
            try:
                if numbers:
                    engine = PandasExecutionEngine(batch_data_dict={"all": reference})
                    partition = partition_of(engine, column)
                else:
                    # build_categorical_partition_object of this version asks for bins, not for values; this is what it documents.
                    counts = reference[column].value_counts().sort_index()
                    partition = {"values": list(counts.index), "weights": list(counts / reference[column].notnull().sum())}
                expectation = gx.expectations.ExpectColumnKLDivergenceToBeLessThan(
                    column=column, partition_object=partition, threshold=None
                )
                said = batch.validate(expectation)
                raised = [info for info in [said.exception_info] if "observed_value" not in said.result]
                if raised:
                    raise ValueError(str(raised[0])[-200:])
                value = said.result["observed_value"]
            except Exception as error:
                print(f"{pair} {column}: {str(error)[:200]}", file=sys.stderr)
                value = "refused"
            yield pair, column, "observed_value", value, None, None


def psi_deciles():
    """The recipe itself, as scripts have it."""
    for pair, reference, current in pairs():
        for column in reference:
            if reference[column].dtype == bool or not pd.api.types.is_numeric_dtype(reference[column]):
                continue
            old, new = (frame[column].to_numpy(float) for frame in (reference, current))
            old, new = old[np.isfinite(old)], new[np.isfinite(new)]
            if not len(old) or not len(new):
                yield pair, column, "psi", "refused", None, None
                continue
            breakpoints = [np.percentile(old, q) for q in np.arange(0, 11) / 10 * 100]
            expected = np.histogram(old, breakpoints)[0] / len(old)
            actual = np.histogram(new, breakpoints)[0] / len(new)
            expected[expected == 0] = 0.0001
            actual[actual == 0] = 0.0001
            psi = np.sum((expected - actual) * np.log(expected / actual))
            yield pair, column, "psi", psi, 0.1, psi >= 0.1


def tfdv():
    """A transcription of anomalies/metrics.cc, loop by loop; the tool itself needs another TensorFlow and another Python than these. The
    counts in the buckets are exact here: TFDV takes them from a sketch of quantiles."""

    def standard_histogram(values):
        low, high = values.min(), values.max()
        if low == high:
            return [[low, high, float(len(values))]]
        width = (high - low) / 10
        edges = [low + i * width for i in range(10)] + [high]
        counts, _ = np.histogram(values, edges)
        return [[a, b, float(c)] for a, b, c in zip(edges, edges[1:], counts)]

    def rebucket(boundaries, histogram):
        out, index = [], 0
        for low, high, count in histogram:
            while low > boundaries[index]:
                out.append([boundaries[index], boundaries[index + 1], 0.0])
                index += 1
            covered = []
            while high > boundaries[index]:
                covered.append(boundaries[index])
                index += 1
            covered.append(boundaries[index])
            for a, b in zip(covered, covered[1:]):
                out.append([a, b, (b - a) / (high - low) * count])
        for i in range(index, len(boundaries) - 1):
            out.append([boundaries[i], boundaries[i + 1], 0.0])
        return out

    def strip(histogram):
        points = {}
        for low, high, count in histogram:
            if low == high:
                points[low] = points.get(low, 0.0) + count
        return [bucket for bucket in histogram if bucket[0] != bucket[1]], points

    def kl(p, q):
        return sum(a * math.log2(a / b) for a, b in zip(p, q) if a > 0 and b > 0)

    def js_of_masses(p, q):
        p, q = [a / sum(p) for a in p], [b / sum(q) for b in q]
        middle = [(a + b) / 2 for a, b in zip(p, q)]
        return min((kl(p, middle) + kl(q, middle)) / 2, 1.0)

    def js_of_numbers(old, new, nans):
        (h1, points1), (h2, points2) = strip(standard_histogram(old)), strip(standard_histogram(new))
        bounds = [{edge for bucket in h for edge in bucket[:2]} for h in (h1, h2)]
        if bounds[0] != bounds[1]:
            union = sorted(bounds[0] | bounds[1])
            h1, h2 = rebucket(union, h1), rebucket(union, h2)
        p, q = [bucket[2] for bucket in h1], [bucket[2] for bucket in h2]
        for at in sorted({*points1, *points2}):
            p.append(points1.get(at, 0.0))
            q.append(points2.get(at, 0.0))
        if any(nans):
            p += [0, nans[0]]
            q += [nans[1], 0]
        return js_of_masses(p, q)

    for pair, reference, current in pairs():
        for column in reference:
            old, new = reference[column].dropna(), current[column].dropna()
            if pd.api.types.is_bool_dtype(reference[column].dtype) or column == "flag_with_nulls":
                yield pair, column, "jensen_shannon_divergence", "refused", None, None
            elif not len(old) or not len(new):
                yield pair, column, "jensen_shannon_divergence", "refused", None, None
            elif pd.api.types.is_numeric_dtype(reference[column]):
                finite = np.isfinite(old.to_numpy(float)).all() and np.isfinite(new.to_numpy(float)).all()
                nans = [frame[column].isna().sum() if column == "nans" else 0 for frame in (reference, current)]
                value = js_of_numbers(old.to_numpy(float), new.to_numpy(float), nans) if finite else "refused"
                yield pair, column, "jensen_shannon_divergence", value, None, None
            elif max(old.nunique(), new.nunique()) > 1000:
                yield pair, column, "jensen_shannon_divergence", "refused", None, None
            else:
                a, b = old.value_counts(), new.value_counts()
                keys = sorted({*a.index, *b.index})
                p, q = ([float(counts.get(key, 0)) for key in keys] for counts in (a, b))
                yield pair, column, "infinity_norm", max(abs(x / sum(p) - y / sum(q)) for x, y in zip(p, q)), None, None
                yield pair, column, "jensen_shannon_divergence", js_of_masses(p, q), None, None


TOOLS = {
    "evidently": (evidently, ["evidently", "numpy", "pandas", "scipy"]),
    "great-expectations": (great_expectations, ["great_expectations", "numpy", "pandas", "scipy"]),
    "tfdv": (tfdv, ["numpy", "pandas"]),
    "psi-deciles": (psi_deciles, ["numpy", "pandas"]),
}

if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    if len(sys.argv) != 2 or sys.argv[1] not in ["tables", *TOOLS]:
        sys.exit(f"usage: compat_golden.py {'|'.join(['tables', *TOOLS])}")
    if sys.argv[1] == "tables":
        make_tables()
    else:
        made, packages = TOOLS[sys.argv[1]]
        write(sys.argv[1], packages, made())
