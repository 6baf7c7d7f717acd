"""Promises: tables of results are Parquet files with types, and recorded traffic is read from them."""

import csv
import json
import math
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import DESK

import fivenines as fn

PROGRAM = os.environ.get("FIVENINES_BIN")
COMMAND = [PROGRAM] if PROGRAM else [sys.executable, "-m", "fivenines"]

START = datetime(2023, 11, 14, 22, 13, 20)
MINUTES = range(90)
COUNTS = [row * 7 % 11 for row in MINUTES]
TIMES = [START + timedelta(minutes=row) for row in MINUTES]

RECORDED = """
scenario = "recorded"
format = 2
station.desk = { servers = 1, service = { dist = "exponential", mean = "20ms" } }
request.page.steps = [{ visit = "desk" }]
workload.visitors = { request = "page", trace = { TRACE } }
window.busy = { at = "0h", length = "80min", warm-up = "0s", replications = 2 }
"""


def command(*words: str | Path) -> subprocess.CompletedProcess[bytes]:
    all = [*COMMAND, *map(str, words)]
    return subprocess.run(all, capture_output=True, timeout=120, check=False)


def answered(*words: str | Path) -> bytes:
    ran = command(*words)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def desk(folder: Path) -> Path:
    path = folder / "desk.toml"
    path.write_text(DESK)
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def same(table: pa.Table, rows: list[dict[str, str]], name: str) -> None:
    """The values of a Parquet file are those of the CSV file, and only words are text."""
    assert table.num_rows == len(rows), name
    for field in table.schema:
        values, texts = table[field.name].to_pylist(), [row[field.name] for row in rows]
        assert [value is None for value in values] == [text == "" for text in texts], field
        for value, text in zip(values, texts, strict=True):
            if value is None:
                continue
            if field.type == pa.string():
                assert value == (text[1:] if text[:2] in ("'=", "'-", "'+", "'@") else text)
            elif field.type == pa.int64():
                assert value == int(text), field
            else:
                assert field.type == pa.float64() and value == float(text), field


def test_an_answer_has_the_values_of_csv_with_types(tmp_path: Path) -> None:
    path, out = desk(tmp_path), tmp_path / "out"
    (tmp_path / "a.csv").write_bytes(answered("run", path, "--out", out, "--format", "csv"))
    answers = []
    for threads in ("1", "2"):
        words = ("--out", out, "--format", "parquet", "--threads", threads)
        answers.append(answered("run", path, *words))
    # The bytes do not depend on threads.
    assert answers[0] == answers[1]
    (tmp_path / "a.parquet").write_bytes(answers[0])
    table = pq.read_table(tmp_path / "a.parquet")
    same(table, rows_of(tmp_path / "a.csv"), "figures")
    types = {field.name: str(field.type) for field in table.schema}
    # Units of counts alone would be the text `1`.
    assert (types["unit"], types["value"], types["value_lo"]) == ("string", "double", "double")
    said = json.loads(table.schema.metadata[b"fivenines"])
    manifest = json.loads((out / "manifest.json").read_text())
    assert (said["table"], said["digest"], said["partial"]) == ("figures", manifest["digest"], None)
    frame = polars.read_parquet(tmp_path / "a.parquet")
    assert frame["value"].dtype == polars.Float64 and frame["figure"].dtype == polars.String
    assert pandas.read_parquet(tmp_path / "a.parquet")["figure"].tolist() == frame["figure"].to_list()
    assert pq.ParquetFile(tmp_path / "a.parquet").metadata.created_by == "fivenines"


def test_every_table_of_results_is_exported(tmp_path: Path) -> None:
    path, out = desk(tmp_path), tmp_path / "out"
    answered("run", path, "--out", out)
    vary = ("--vary", "station.desk.servers=1,2")
    answered("sweep", path, *vary, "--out", tmp_path / "swept")
    other = tmp_path / "two.toml"
    other.write_text(DESK.replace('"desk"\n', '"two"\n', 1).replace("servers = 1", "servers = 2"))
    answered("compare", path, other, "--out", tmp_path / "both")
    for folder in (out, tmp_path / "swept" / "sweep", tmp_path / "both" / "comparison"):
        tables = tmp_path / f"{folder.name}-tables"
        answered("export", folder, "--form", "parquet", "--out", tables)
        names = {file.stem for file in folder.glob("*.csv")}
        written = {file.stem for file in tables.iterdir()}
        assert written - {"figures"} == names and names
        assert ("figures" in written) == (folder == out)
        for name in names:
            same(pq.read_table(tables / f"{name}.parquet"), rows_of(folder / f"{name}.csv"), name)
    # What a key is set to is text, whatever it looks like.
    variants = pq.read_table(tmp_path / "sweep-tables" / "variants.parquet")
    assert variants.schema.field("value").type == pa.string()
    latency = pq.read_table(tmp_path / "out-tables" / "latency.parquet")
    said = json.loads(latency.schema.metadata[b"fivenines"])
    assert said["units"]["value_s"] == "s" and "samples" not in said["units"]
    assert latency.schema.field("samples").type == pa.int64()


def test_files_in_the_way_are_kept(tmp_path: Path) -> None:
    path, out, tables = desk(tmp_path), tmp_path / "out", tmp_path / "tables"
    answered("run", path, "--out", out)
    export = ("export", out, "--form", "parquet", "--out", tables)
    answered(*export)
    before = {file.name: file.read_bytes() for file in tables.iterdir()}
    # The same content is no conflict.
    answered(*export)
    (tables / "latency.parquet").write_bytes(b"mine")
    (tables / "figures.parquet").unlink()
    refused = command(*export)
    assert refused.returncode == 6 and b"latency.parquet" in refused.stderr, refused.stderr
    assert not (tables / "figures.parquet").exists()
    assert (tables / "latency.parquet").read_bytes() == b"mine"
    answered(*export, "--force")
    assert before == {file.name: file.read_bytes() for file in tables.iterdir()}
    # Tables of other results stay by themselves.
    (tables / "zones-of-others.parquet").write_bytes(b"mine")
    refused = command(*export, "--force")
    assert refused.returncode == 6 and b"zones-of-others.parquet" in refused.stderr, refused.stderr
    (tables / "zones-of-others.parquet").unlink()
    # Results hold nothing else.
    assert command(*export[:-1], out / "tables").returncode == 2
    (out / "latency.csv").write_text("changed")
    assert command(*export).returncode == 7
    assert command("export", tmp_path, "--form", "parquet", "--out", tables).returncode == 2


def test_a_terminal_gets_no_bytes_of_a_file(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    leader, terminal = pty.openpty()
    words = [*COMMAND, "run", str(desk(tmp_path)), "--out", str(tmp_path / "out"), "--format", "parquet"]
    ran = subprocess.run(words, stdout=terminal, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(terminal)
    os.close(leader)
    assert ran.returncode == 2 and b"> table.parquet" in ran.stderr, ran.stderr
    assert not (tmp_path / "out").exists()


def played(folder: Path, keys: str) -> subprocess.CompletedProcess[bytes]:
    path = folder / "recorded.toml"
    path.write_text(RECORDED.replace("TRACE", keys))
    return command("run", path, "--out", folder / "out", "--force", "--format", "csv")


def figures(folder: Path, keys: str) -> bytes:
    ran = played(folder, keys)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def test_files_of_other_programs_are_played_as_the_csv_file_of_their_rows(tmp_path: Path) -> None:
    rows = zip(MINUTES, COUNTS, strict=True)
    table = "t,n\n" + "".join(f"{1_700_000_000 + 60 * row},{count}\n" for row, count in rows)
    (tmp_path / "t.csv").write_text(table)
    columns = 'time = "t", count = "n", every = "1min"'
    wanted = figures(tmp_path, f'file = "t.csv", format = "csv", {columns}')
    assert b"arrival-rate" in wanted or b"latency" in wanted
    parquet = f'file = "t.parquet", format = "parquet", {columns}'
    path = tmp_path / "t.parquet"

    stamped = pandas.DataFrame({"t": pandas.to_datetime(TIMES), "n": COUNTS})
    stamped.to_parquet(path)
    assert figures(tmp_path, parquet) == wanted
    for unit in ("s", "ms", "us", "ns"):
        stamped.assign(t=stamped["t"].astype(f"datetime64[{unit}]")).to_parquet(path)
        assert figures(tmp_path, parquet) == wanted, unit
    stamped.assign(t=stamped["t"].dt.tz_localize("UTC"), n=stamped["n"] / 1.0).to_parquet(path)
    assert figures(tmp_path, parquet) == wanted

    # Minutes since any instant, in the default compression of polars (zstd) and others.
    minutes = polars.DataFrame({"t": [1000.0 + row for row in MINUTES], "n": COUNTS})
    for compression in ("zstd", "snappy", "gzip", "uncompressed"):
        minutes.write_parquet(path, compression=compression)
        assert figures(tmp_path, f'{parquet}, time-unit = "min"') == wanted, compression

    # Every version of pages, dates as text, and columns beside.
    texts = pa.table({"x": [[row] for row in MINUTES], "t": [t.isoformat() for t in TIMES], "n": COUNTS})
    for version in ("1.0", "2.0"):
        for dictionary in (True, False):
            options = {"data_page_version": version, "use_dictionary": dictionary}
            pq.write_table(texts, path, row_group_size=40, compression="gzip", **options)
            assert figures(tmp_path, f'{parquet}, time-unit = "iso8601"') == wanted


def test_a_file_that_cannot_be_played_is_refused_by_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    times = pa.array(TIMES, pa.timestamp("ms"))
    keys = 'file = "t.parquet", format = "parquet", time = "t", count = "n", every = "1min"'
    holes = [None if row == 6 else row for row in MINUTES]
    backwards = times.take(pa.array([0, 1, 3, 2, *list(MINUTES)[4:]]))
    cases = [
        ({"t": times, "n": holes}, {}, "row 7: column `n` has no value"),
        ({"t": times, "n": [-1, *COUNTS[1:]]}, {}, "row 1: `-1` is out of range"),
        ({"t": times, "n": [0.5, math.nan, *COUNTS[2:]]}, {}, "row 2: `NaN` is out of range"),
        ({"t": backwards, "n": COUNTS}, {}, "row 4: earlier than the one before allows"),
        ({"t": times, "m": COUNTS}, {}, "there is no column `n`; the columns are t, m"),
        ({"t": times, "n": [str(n) for n in COUNTS]}, {}, "column `n` has texts; a count is a number"),
        ({"t": times, "n": [[n] for n in COUNTS]}, {}, "there is no column `n`"),
        ({"t": times, "n": COUNTS}, {"compression": "brotli"}, "is compressed by brotli"),
    ]
    for columns, options, words in cases:
        pq.write_table(pa.table(columns), path, **options)
        ran = played(tmp_path, keys)
        said = " ".join(ran.stderr.decode().split())
        assert ran.returncode == 3 and words in said, said
        (tmp_path / "recorded.toml").write_text(RECORDED.replace("TRACE", keys))
        assert command("check", tmp_path / "recorded.toml").returncode == 3
    pq.write_table(pa.table({"t": times, "n": COUNTS}), path)
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:200], b"", b"PAR1" + bytes(40) + whole[-8:]):
        path.write_bytes(content)
        ran = played(tmp_path, keys)
        assert ran.returncode == 3, ran.stderr


def test_python_plays_the_same_recorded_traffic(tmp_path: Path) -> None:
    table = polars.DataFrame({"t": TIMES, "n": COUNTS})
    table.write_parquet(tmp_path / "t.parquet")
    keys = 'file = "t.parquet", format = "parquet", time = "t", count = "n", every = "1min"'
    path = tmp_path / "recorded.toml"
    path.write_text(RECORDED.replace("TRACE", keys))
    out = tmp_path / "out"
    answered("run", path, "--out", out)
    digest = json.loads((out / "manifest.json").read_text())["digest"]
    assert fn.Scenario.load(path).run().digest == digest
