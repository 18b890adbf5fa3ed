"""The dated record: one JSON file, to which run.py and drift.py each add their part, and the same as a page of Markdown."""
import datetime, json, pathlib, platform, re

RECORDS = pathlib.Path(__file__).parent / "record"


def machine():
    cpu = dict(
        (key.strip(), value.strip())
        for key, _, value in (line.partition(":") for line in open("/proc/cpuinfo"))
    )
    caches = [
        f"L{read(index, 'level')} {read(index, 'type').lower()} {read(index, 'size')}"
        for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))
    ]
    memory = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1])
    model = f"{cpu['model name']} (family {cpu['cpu family']}, model {cpu['model']}, stepping {cpu['stepping']})"
    simd = [flag for flag in ("sse2", "avx2", "fma", "avx512f", "avx512dq") if flag in cpu["flags"].split()]
    return {
        "cpu": model, "cores": int(cpu["processor"]) + 1, "simd": " ".join(simd), "caches": ", ".join(caches),
        "memory": f"{memory / 2**20:.0f} GiB", "system": f"{platform.system()}, Python {platform.python_version()}",
    }


def read(index, name):
    return (index / name).read_text().strip()


def add(part, content):
    """Writes `content` as the record's part of that name, keeps the other parts, and returns the page's path."""
    host, day = machine(), datetime.date.today().isoformat()
    slug = re.sub(r"[^a-z0-9.]+", "-", re.sub(r"\(.*?\)|processor|cpu|@", " ", host["cpu"].lower())).strip("-")
    path = RECORDS / f"{day}-{slug}.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    record |= {"date": day, "machine": host, part: content}
    RECORDS.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")
    page = path.with_suffix(".md")
    page.write_text(markdown(record))
    return page


def table(head, rows):
    line = lambda cells: "| " + " | ".join(map(str, cells)) + " |"
    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)]) + "\n"


def markdown(record):
    text = [f"# Bench of {record['date']}\n", table(("machine", ""), record["machine"].items())]
    if "speed" in record:
        text += speed(record["speed"])
    for name in ("drift", "drift_large"):
        if name in record:
            text += drift(record[name])
    if "logits" in record:
        text += logits(record["logits"])
    if "training" in record:
        text += training(record["training"])
    if "family" in record:
        text += family(record["family"])
    if "samples" in record:
        text += samples(record["samples"])
    return "\n".join(text)


def speed(part):
    text = [table(("version of", ""), part["versions"].items()), load(part)]
    text += ["## Targets\n", table(("target", "reached", ""), part["targets"])]
    results = part["results"]
    for name in unique(results, "table"):
        for threads in unique(results, "threads"):
            rows = [r for r in results if r["table"] == name and r["threads"] == threads]
            if rows:
                text += [f"## {name}, {threads} thread{'s' * (threads > 1)}\n", "ns per element (and × kullback's time)\n", grid(rows, timing)]
        rows = [r for r in results if r["table"] == name and r["threads"] == 1 and "error" in r]
        text += [f"## {name}: relative error\n", grid(rows, lambda r, _: f"{r['error']:.0e}")]
    text += ["## Every timing\n", table(
        ("table", "shape", "type", "threads", "contestant", "median ns", "min ns", "spread", "cores busy", "samples"),
        [(r["table"], r["shape"], r["dtype"], r["threads"], r["contestant"], f"{r['ns']:.3f}", f"{r['min_ns']:.3f}",
          f"{r['spread']:.0%}", f"{r['cores']:.1f}", r["samples"]) for r in results],
    )]
    return text


def load(part):
    return f"Other work on the machine when the run began: load average {part['load']:.1f} (0 is quiet).\n"


def unique(results, key):
    return list(dict.fromkeys(r[key] for r in results))


def grid(rows, cell):
    """One line a shape, one column a contestant."""
    names, cells = unique(rows, "contestant"), {}
    for r in rows:
        cells.setdefault((r["shape"], r["dtype"]), {})[r["contestant"]] = r
    return table(("input", *names), [
        (f"{shape} {dtype}", *(cell(line[name], line) if name in line else "" for name in names))
        for (shape, dtype), line in cells.items()
    ])


def timing(r, line):
    ours = line.get("kullback")
    ratio = f" ({r['ns'] / ours['ns']:.1f}×)" if ours and r is not ours else ""
    return f"{r['ns']:.2f}{ratio}"


def drift(part):
    text = ["## Drift of two tables\n", part["data"] + "\n", load(part), table(
        ("tool", "version", "wall s, median", "min", "peak MB", "runs", "of which"),
        [(t["tool"], t["version"], f"{t['wall']:.2f}", f"{t['min']:.2f}", f"{t['peak_mb']:.0f}", t["runs"], t.get("parts", "")) for t in part["tools"]],
    )]
    text += [table(("target", "reached", ""), part["targets"])]
    text += ["What each calls drifted (its own number in brackets):\n", table(part["columns"][0].keys(), [c.values() for c in part["columns"]])]
    return text


def logits(part):
    text = ["# Logits\n", table(("version of", ""), part["versions"].items()), load(part)]
    text += [table(("target", "reached", ""), part["targets"])]
    rows = [
        (r["shape"], r["dtype"], r["threads"], r["measure"], "forward + backward" if r["backward"] else "forward",
         r["contestant"], f"{r['ms']:.1f}", f"{r['peak']:.0f}", f"{r['error']:.0e}",
         f"{r['slope_error']:.0e}" if r["slope_error"] is not None else "")
        for r in part["results"]
    ]
    head = ("shape", "type", "threads", "divergence", "", "", "median ms", "peak MiB", "error", "of the gradient")
    return [*text, table(head, rows)]


def training(part):
    text = ["# Training\n", table(("version of", ""), part["versions"].items()), load(part)]
    text += [table(("target", "reached", ""), part["targets"])]
    rows = [(r["contestant"], f"{r['ms']:.1f}", f"{r['least']:.1f}", f"{r['error']:.0e}") for r in part["gaussian"]]
    text += [table(("KL of Gaussians, forward + backward", "median ms", "least", "error"), rows)]
    burn = part["burn"]
    head = (f"distillation {burn['rows']} × {burn['columns']} on Burn's Flex, forward + backward", "median ms")
    return [*text, table(head, [(name, burn[name]) for name in ("kullback", "burn")])]


def family(part):
    text = ["# Families\n", table(("version of", ""), part["versions"].items()), load(part)]
    text += [table(("target", "reached", ""), part["targets"])]
    head = ("family", "pairs", "dimension", "", "median ms", "least ms", "error", "samples")
    return [*text, table(head, [
        (r["family"], f"{r['rows']:,}", r["dimension"], r["contestant"], f"{r['ms']:.1f}", f"{r['least']:.1f}",
         f"{r['error']:.0e}", r["samples"]) for r in part["results"]
    ])]


def samples(part):
    text = ["# Samples\n", table(("version of", ""), part["versions"].items()), load(part)]
    text += [table(("target", "reached", ""), part["targets"])]
    head = ("points a side", "dimensions", "", "median s", "least s", "KL", "runs")
    return [*text, table(head, [
        (f"{r['points']:,}", r["dimensions"], r["contestant"], f"{r['s']:.3f}", f"{r['least']:.3f}", f"{r['value']:.6f}",
         r["samples"]) for r in part["results"]
    ])]
