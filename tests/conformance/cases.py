# SPDX-License-Identifier: Apache-2.0
"""Conformance cases: reading, expanding, results and their comparison. Shared by run, random and tests/engines/record.

A case is one SQL file in cases/. Its header lines (a line without a key goes on with the one before):
  -- rule: W5, M1        what it proves: rules and rows of semantics.md
  -- include: bids       tables/bids.sql is put in front
  -- oracle: flink       whose rows are right: flink (the default), flink-batch (Flink run as batch where its stream is wrong or has no
                         such thing; forebay runs the file as it is), spark (spark/CASE.sql, where Flink is silently wrong, with the
                         reason), hand (expected/CASE.csv, with the reason)
  -- fails: REASON       Flink refuses or fails, and so must we
  -- spark: REASON       spark/CASE.sql gives other rows than Flink, for this reason
Placeholders: ${data} is the folder of the data sets; ${sink:NAME} the connector, path and format of a CSV sink; ${out} the folder of sinks.
"""
import collections
import hashlib
import math
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
DATA = HERE / "data"
RECORDED = HERE.parent / "engines" / "recorded"
HEADER = re.compile(r"^-- ([a-z]+): *(.*)$")
SINK = re.compile(r"\$\{sink:(\w+)\}")


def versions():
    text = (HERE.parent / "services" / "versions").read_text()
    return dict(re.findall(r"^(\w+)_VERSION=(\S+)$", text, re.M))


class Case:
    def __init__(self, path):
        self.name = path.stem
        self.path = path
        self.text = path.read_text()
        self.head = collections.defaultdict(str)
        key = "about"
        for line in self.text.splitlines():
            match = HEADER.match(line)
            if not line.startswith("-- "):
                break
            key = match[1] if match else key  # a line without a key goes on with the one before
            self.head[key] = (self.head[key] + " " + (match[2] if match else line[3:])).strip()
        tables = [(HERE / "tables" / f"{name}.sql").read_text() for name in self.head["include"].replace(",", " ").split()]
        self.sql = "".join(tables) + self.text

    @property
    def oracle(self):
        return self.head["oracle"].split(" ")[0] or "flink"

    @property
    def spark(self):
        """The same question as Spark SQL, or None; its include line names spark/tables."""
        path = HERE / "spark" / f"{self.name}.sql"
        if not path.exists():
            return None
        text = path.read_text()
        names = re.search(r"^-- include: *(.*)$", text, re.M)
        return "".join((HERE / "spark" / "tables" / f"{name.strip()}.sql").read_text() for name in names[1].split(",")) + text

    def expand(self, out, data=DATA):
        text = SINK.sub(lambda m: f"'connector'='filesystem', 'path'='${{out}}/{m[1]}', 'format'='csv'", self.sql)
        return text.replace("${data}", str(data)).replace("${out}", str(out))

    def files(self):
        return sorted(set(re.findall(r"\$\{data\}/([\w./-]+)", self.sql)))

    def sinks(self):
        return sorted(set(SINK.findall(self.sql)) | set(re.findall(r"\$\{out\}/(\w+)", self.sql)))

    def floats(self, sink):
        """FLOAT and DOUBLE columns of a CSV sink by position: these compare as numbers."""
        match = re.search(r"CREATE\s+(?:TEMPORARY\s+)?TABLE\s+[^(]*\(([^;]*?)\)\s*(?:COMMENT\s+'[^']*'\s*)?(?:PARTITIONED\s+BY\s*\(([^)]*)\)\s*)?"
                          r"WITH\s*\(\s*\$\{sink:" + sink + r"\}", self.sql, re.I)
        if not match:
            return {}
        columns = re.split(r",\s*(?![^(]*\))", match[1].strip())
        kinds = [re.search(r"\s(FLOAT|DOUBLE)\b", column, re.I) for column in columns]
        return {n: kind[1].upper() for n, kind in enumerate(kinds) if kind}

    def quote(self, sink):
        """The quote character of a CSV sink; None if there is none."""
        options = re.search(r"\$\{sink:" + sink + r"\}([^;]*?)\)\s*;", self.sql.replace("';'", "'.'"))
        if options and re.search(r"'csv.disable-quote-character'\s*=\s*'true'", options[1]):
            return None
        return "'" if options and "'csv.quote-character'=''''" in options[1] else '"'

    def digest(self, engine, text=None):
        """Over all that the recorded rows depend on: engine, its version, SQL without comment lines, data."""
        total = hashlib.sha256()
        sql = re.sub(r"^--.*\n", "", self.sql if text is None else text, flags=re.M)
        for part in [engine, versions()[engine.split("-")[0].upper()], sql]:
            total.update(part.encode() + b"\0")
        for name in self.files():
            total.update((DATA / name).read_bytes())
        return total.hexdigest()[:16]


def all_cases(names=()):
    found = {path.stem: path for path in sorted((HERE / "cases").glob("*.sql"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise SystemExit(f"no such case: {', '.join(unknown)}")
    return [Case(found[name]) for name in (names or found)]


def records(text, quote='"'):
    """The records of a CSV file as they stand, line ends inside quotes kept."""
    found, start, inside = [], 0, False
    for at, char in enumerate(text):
        if char == quote:
            inside = not inside
        elif char == "\n" and not inside:
            found.append(text[start:at])
            start = at + 1
    if start < len(text):
        found.append(text[start:])
    return found


def fields(record, quote='"'):
    """Raw fields, quotes kept: how a value is quoted is part of what is compared."""
    found, start, inside = [], 0, False
    for at, char in enumerate(record):
        if char == quote:
            inside = not inside
        elif char == "," and not inside:
            found.append(record[start:at])
            start = at + 1
    return found + [record[start:]]


def read_sink(folder, quote='"'):
    """All visible files of a folder, with the names of partition folders in front (k=v)."""
    rows = []
    if folder.is_file():
        return records(folder.read_text(newline=""), quote)
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part[0] in "._" and "=" not in part for part in parts):
            prefix = "".join(part + "/" for part in parts[:-1])
            rows += [prefix + row for row in records(path.read_bytes().decode(), quote)]
    return sorted(rows)


def read_sinks(case, out):
    return {sink: read_sink(out / sink, case.quote(sink)) for sink in case.sinks() if (out / sink).exists()}


def write_recorded(path, head, sinks):
    """A row is a line; a line end inside a row becomes U+2028."""
    text = f"# {head}\n"
    for name in sorted(sinks):
        text += f"# sink {name}\n" + "".join(row.replace("\n", "\u2028") + "\n" for row in sinks[name])
    path.write_bytes(text.encode())


def read_recorded(path):
    """Returns the first line and {sink: rows}."""
    lines = path.read_bytes().decode().split("\n")[:-1]
    sinks, rows = {}, None
    for line in lines[1:]:
        if line.startswith("# sink "):
            rows = sinks.setdefault(line[7:], [])
        else:
            rows.append(line.replace("\u2028", "\n"))
    return lines[0][2:], sinks


def single(value):
    """The nearest FLOAT: two texts of one FLOAT may differ in their last digit."""
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def near(a, b):
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-12, abs_tol=0.0)


def same_row(want, got, floats):
    if want == got:
        return True
    want, got = fields(want), fields(got)
    if len(want) != len(got):
        return False
    for n, (a, b) in enumerate(zip(want, got)):
        if a != b:
            try:
                if n not in floats or not (near(single(float(a)), single(float(b))) if floats[n] == "FLOAT" else near(float(a), float(b))):
                    return False
            except ValueError:
                return False
    return True


def difference(want, got, floats={}):
    """Compares two multisets of rows; returns what is missing and what is too many."""
    want, got = collections.Counter(want), collections.Counter(got)
    missing, extra = sorted((want - got).elements()), sorted((got - want).elements())
    if floats:
        for row in list(missing):
            twin = next((other for other in extra if same_row(row, other, floats)), None)
            if twin is not None:
                missing.remove(row)
                extra.remove(twin)
    return missing, extra
