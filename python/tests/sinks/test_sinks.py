"""Sinks: what is written reads back the same, and a file is whole or not there."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretell import Error
from foretell.sinks import open_sink
from foretell.sources import files

UTC = dt.UTC
TABLE = pa.table(
    {
        "id": pa.array([1, None, 2**53 + 1], pa.int64()),
        "text": pa.array(["plain", None, 'quote " comma, \n line \u2028 日本 \x01']),
        "empty": pa.array(["", "", None]),
        "score": pa.array([1.0, 0.1, None]),
        "small": pa.array([1.5, None, -0.0], pa.float32()),
        "ok": pa.array([True, None, False]),
        "at": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, 6, UTC), None, dt.datetime(1969, 1, 1, tzinfo=UTC)]),
        "local": pa.array([dt.datetime(2026, 1, 2, 3), None, None], pa.timestamp("s")),
        "day": pa.array([dt.date(2026, 1, 2), None, None]),
        "raw": pa.array([b"\x00\xff", None, b""]),
        "price": pa.array([decimal.Decimal("1.50"), None, None], pa.decimal128(9, 2)),
        "kind": pa.array(["a", None, "a"]).dictionary_encode(),
    }
)
NESTED = pa.table(
    {
        "id": [1, 2, 3],
        "topics": pa.array([[0.25, 1.0, 1e-9], None, []], pa.list_(pa.float64())),
        "tags": pa.array([["a", None, 'b"'], [], None]),
        "place": pa.array([{"x": 1, "names": ["n"]}, None, {"x": None, "names": None}]),
        "fixed": pa.array([[1, 2], None, [3, None]], pa.list_(pa.int32(), 2)),
        "when": pa.array([[dt.datetime(2026, 1, 2, tzinfo=UTC)], None, []]),
    }
)


def write(format: str, path: Path, table: pa.Table, rows: int = 2) -> int:
    with open_sink(format, path, table.schema) as sink:
        for batch in table.to_batches(max_chunksize=rows):
            sink.write(batch)
        assert sink.rows == table.num_rows
    return sink.close()


def types_of(table: pa.Table) -> dict[str, str]:
    from foretell.sources.types import type_text

    return {column.name: type_text(column.type) for column in table.schema}


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl", "a.csv.gz", "a.jsonl.zst", "a.jsonl.gz"])
def test_what_is_written_reads_back_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    size = write(name.split(".")[1], path, TABLE)
    assert size == path.stat().st_size
    assert files(path, types=types_of(TABLE)).read().read_all().equals(TABLE)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl"])
def test_nested_columns_read_back_the_same(tmp_path: Path, name: str) -> None:
    write(name.split(".")[1], tmp_path / name, NESTED)
    found = files(tmp_path / name, types=types_of(NESTED)).read().read_all()
    assert found.to_pylist() == NESTED.to_pylist()


def test_json_lines_have_every_column_in_every_row(tmp_path: Path) -> None:
    write("jsonl", tmp_path / "a.jsonl", pa.concat_tables([NESTED] * 3))
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(lines) == 9
    assert lines[6:] == lines[:3]
    assert list(lines[1]) == NESTED.column_names
    assert lines[0]["topics"] == [0.25, 1.0, 1e-9]
    assert '"topics": [0.25, 1.0, ' in (tmp_path / "a.jsonl").read_text()
    assert lines[1]["topics"] is None
    assert lines[0]["when"] == ["2026-01-02T00:00:00.000000Z"]


def test_numbers_that_json_lacks_are_null(tmp_path: Path) -> None:
    table = pa.table(
        {"x": [float("nan"), float("inf"), 1.5], "y": [[float("nan")], [-float("inf"), 2.0], []]}
    )
    write("jsonl", tmp_path / "a.jsonl", table)
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert rows == [{"x": None, "y": [None]}, {"x": None, "y": [None, 2.0]}, {"x": 1.5, "y": []}]


def test_lists_are_json_text_in_csv(tmp_path: Path) -> None:
    write("csv", tmp_path / "a.csv", NESTED.select(["id", "topics", "tags"]))
    rows = files(tmp_path / "a.csv").read().read_all().to_pylist()
    assert [json.loads(row["topics"] or "null") for row in rows] == NESTED["topics"].to_pylist()
    assert rows[1]["topics"] is None
    assert rows[1]["tags"] == "[]"


@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
def test_a_null_alone_in_its_row_stays_a_row_in_csv(tmp_path: Path, kind: pa.DataType) -> None:
    write("csv", tmp_path / "a.csv", pa.table({"x": pa.array([None, "7", None], pa.string()).cast(kind)}))
    found = files(tmp_path / "a.csv", types={"x": str(kind)}).read().read_all()
    assert found.num_rows == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=8)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3)),
        ),
        max_size=20,
    )
)
def test_any_text_and_number_survives(tmp_path: Path, rows: list[tuple[str, float, list[float]]]) -> None:
    table = pa.Table.from_pylist(
        [dict(zip("abc", row, strict=True)) for row in rows],
        pa.schema([("a", pa.string()), ("b", pa.float64()), ("c", pa.list_(pa.float64()))]),
    )
    write("jsonl", tmp_path / "a.jsonl", table, 7)
    assert files(tmp_path / "a.jsonl", types=types_of(table)).read().read_all().equals(table)
    flat = table.select(["a", "b"])
    write("csv", tmp_path / "a.csv", flat, 7)
    assert files(tmp_path / "a.csv", types=types_of(flat)).read().read_all().equals(flat)


def test_parquet_row_groups_and_metadata(tmp_path: Path) -> None:
    frame = pa.table({"x": list(range(150_000))}).replace_schema_metadata({"pandas": "{}"})
    write("parquet", tmp_path / "a.parquet", frame, 10_000)
    metadata = pq.read_metadata(tmp_path / "a.parquet")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [
        70_000,
        70_000,
        10_000,
    ]
    assert b"pandas" not in metadata.metadata
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_sink_without_rows_is_a_file_with_its_schema(tmp_path: Path) -> None:
    for format in ("parquet", "csv", "jsonl"):
        write(format, tmp_path / f"a.{format}", TABLE.slice(0, 0))
        assert files(tmp_path / f"a.{format}").plan()["splits"] == []
    # Parquet has no timestamps in seconds.
    local = TABLE.schema.get_field_index("local")
    expected = TABLE.schema.set(local, pa.field("local", pa.timestamp("ms")))
    assert pq.read_schema(tmp_path / "a.parquet").equals(expected)


@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl"])
def test_an_exception_leaves_what_was_there(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a.out"
    path.write_text("before")

    def fail() -> None:
        with open_sink(format, path, TABLE.schema) as sink:
            sink.write(TABLE.to_batches()[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (os.listdir(tmp_path), path.read_text()) == (["a.out"], "before")
    sink = open_sink(format, path, TABLE.schema)
    sink.abort()
    sink.abort()
    assert os.listdir(tmp_path) == ["a.out"]
    with pytest.raises(Error):
        sink.close()


def test_another_schema_is_refused(tmp_path: Path) -> None:
    sink = open_sink("jsonl", tmp_path / "a.jsonl", TABLE.schema)
    with pytest.raises(Error) as raised:
        sink.write(NESTED.to_batches()[0])
    assert raised.value.code == "FT0207"
    assert os.listdir(tmp_path) == []


def test_unwritable_places_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, code in ((tmp_path / "no" / "a.csv", "FT0706"), (tmp_path / "file" / "a.csv", "FT0706")):
        with pytest.raises(Error) as raised:
            open_sink("csv", path, TABLE.schema)
        assert raised.value.code == code
        assert str(path) in raised.value.message
    for format, path in (("xlsx", "a.xlsx"), ("csv", "s3://bucket/a.csv")):
        with pytest.raises(Error):
            open_sink(format, path, TABLE.schema)
    with pytest.raises(Error) as raised:
        open_sink("parquet", tmp_path / "a.parquet", pa.schema([("x", pa.month_day_nano_interval())]))
    assert raised.value.code == "FT0706"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl", "a.jsonl.zst"])
def test_a_file_that_may_not_grow_is_refused_whole(tmp_path: Path, name: str) -> None:
    """The limit of the process on the size of files stands in for a disk that fails in the middle."""
    code = f"""
import os, sys, signal, pyarrow as pa
from foretell import Error
from foretell.sinks import open_sink
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
batch = pa.record_batch({{"x": [os.urandom(20000).hex() for _ in range(200)]}})
try:
    with open_sink({name.split(".")[1]!r}, {str(tmp_path / name)!r}, batch.schema) as sink:
        sink.write(batch)
except Error as raised:
    print(raised.code, raised.message)
"""
    limit = 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.stdout.startswith("FT0706"), done.stderr
    assert name in done.stdout
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl"])
def test_a_full_disk_is_refused_whole(tmp_path: Path, format: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        batch = pa.record_batch({"x": [os.urandom(500_000).hex()]})
        sink = open_sink(format, disk / "a", batch.schema)
        with pytest.raises(Error) as raised:
            _write_and_close(sink, batch)
        assert raised.value.code == "FT0902"
        assert str(disk / "a") in raised.value.message
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def _write_and_close(sink: object, batch: pa.RecordBatch) -> None:
    sink.write(batch)  # type: ignore[attr-defined]
    sink.close()  # type: ignore[attr-defined]
