"""Evidently's KL preset on two Parquet files, timed part by part. Usage: evidently_kl.py REFERENCE CURRENT"""
import os, sys, time

os.environ["DO_NOT_TRACK"] = "1"
start = time.perf_counter()
import json, warnings
from importlib.metadata import version

import pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

warnings.filterwarnings("ignore")
imported = time.perf_counter()
reference, current = map(pandas.read_parquet, sys.argv[1:])
read = time.perf_counter()
kinds = reference.dtypes.map(pandas.api.types.is_numeric_dtype) & (reference.dtypes != bool)
definition = DataDefinition(
    numerical_columns=list(kinds.index[kinds]), categorical_columns=list(kinds.index[~kinds])
)
datasets = [Dataset.from_pandas(frame, data_definition=definition) for frame in (current, reference)]
snapshot = Report([DataDriftPreset(method="kl_div")]).run(*datasets)
results = snapshot.dict()
done = time.perf_counter()
columns = {
    metric["config"]["column"]: {"value": float(metric["value"]), "drifted": bool(metric["value"] >= 0.1)}
    for metric in results["metrics"]
    if "column" in metric.get("config", {})
}
parts = {"import": imported - start, "read": read - imported, "drift": done - read}
json.dump({"version": version("evidently"), "parts": parts, "columns": columns}, sys.stdout)
