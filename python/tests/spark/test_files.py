"""`ft.files` as Spark frames: the rows of a local run, and in streams each file once, whatever its age."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.sinks import open_sink
from foretell.spark.files import ReadFiles

from .streams import streamed as all_of_it

UTC = datetime.UTC
TABLE = pa.table(
    {
        "id": pa.array(range(6), pa.int64()),
        "text": ["a", "", None, 'quo"ted', "two\nlines", "ü"],
        "when": pa.array([datetime.datetime(2026, 1, day + 1, tzinfo=UTC) for day in range(6)]).cast(
            pa.timestamp("us", "UTC")
        ),
        "small": pa.array([1, 2, None, 4, 5, 255], pa.uint8()),
        "x": [0.1, None, 1e300, -0.0, 2.0, 3.5],
    }
)
TYPES = {"when": "timestamp[us, UTC]", "small": "uint8", "x": "double"}


def write(path: Path, table: pa.Table = TABLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".arrow":
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        return path
    name = path.name.removesuffix(".zst")
    with open_sink(name.rsplit(".", 1)[1], path, table.schema) as sink:
        for batch in table.to_batches():
            sink.write(batch)
    return path


def ids(first: int, count: int = 1) -> pa.Table:
    return pa.table({"id": pa.array(range(first, first + count), pa.int64())})


def found(path: Path, grown: int = 0, later: int = 0) -> pa.RecordBatch:
    """A file as Spark tells a task of it: so many bytes shorter, so many milliseconds older than it is now."""
    status = path.stat()
    modified = status.st_mtime_ns // 1_000_000 - later
    return pa.RecordBatch.from_pydict(
        {"path": [f"file:{path}"], "length": [status.st_size - grown], "modified": [modified]}
    )


Streamed = Callable[..., list[Any]]


@pytest.fixture
def streamed(spark: Any, tmp_path: Path) -> Streamed:
    """What a stream gives from where its checkpoint is, until all that is there is read."""

    def run(
        source: Any, per_trigger: int | None = None, after: Callable[[int], Any] = lambda batch: None
    ) -> Any:
        frame = source.read_stream(spark, files_per_trigger=per_trigger)
        return all_of_it(frame, tmp_path / "checkpoint", after)

    return run


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl", "a.jsonl.zst", "a.csv.zst", "a.arrow"])
def test_rows_are_those_of_a_local_run(spark: Any, streamed: Streamed, tmp_path: Path, name: str) -> None:
    source = ft.files(write(tmp_path / "in" / name), types=TYPES)
    expected = [{**row, "small": row["small"]} for row in source.read().read_all().to_pylist()]
    assert [row["text"] for row in expected] == TABLE["text"].to_pylist()
    for frame_rows in (source.read_frame(spark).collect(), streamed(source)):
        rows = sorted((row.asDict() for row in frame_rows), key=lambda row: row["id"])
        for row in rows:
            row["when"] = row["when"].astimezone(UTC)
        assert rows == expected


def test_a_frame_has_a_task_for_each_split_and_none_for_no_rows(spark: Any, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.parquet", ids(0, 50_000))
    frame = ft.files(tmp_path / "in").read_frame(spark)
    assert frame.rdd.getNumPartitions() > 1
    assert sorted(row.id for row in frame.collect()) == list(range(50_000))
    write(tmp_path / "none" / "a.parquet", ids(0, 0))
    assert ft.files(tmp_path / "none").read_frame(spark).collect() == []


def test_each_file_is_read_once_however_old(streamed: Streamed, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    source = ft.files(folder)
    write(folder / "a.parquet", ids(0))
    write(folder / "b.parquet", ids(1))
    assert sorted(row.id for row in streamed(source)) == [0, 1]
    assert streamed(source) == []
    old = write(folder / "old.parquet", ids(2))
    os.utime(old, (1_000_000_000, 1_000_000_000))  # of 2001
    write(folder / "new.parquet", ids(3))
    assert sorted(row.id for row in streamed(source)) == [2, 3]
    older = write(folder / "below" / "older.parquet", ids(4))
    os.utime(older, (1, 1))
    assert [row.id for row in streamed(source)] == [4]


def test_a_thousand_small_files_are_read_once(streamed: Streamed, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(1000):
        (tmp_path / "in" / f"{number}.jsonl").write_text(f'{{"id": {number}}}\n')
    batches: list[int] = []
    found = streamed(ft.files(tmp_path / "in" / "*.jsonl"), 400, batches.append)
    assert sorted(row.id for row in found) == list(range(1000))
    assert batches == [0, 1, 2]
    (tmp_path / "in" / "1000.jsonl").write_text('{"id": 1000}\n')
    assert [row.id for row in streamed(ft.files(tmp_path / "in" / "*.jsonl"))] == [1000]


def test_a_file_that_grows_until_its_batch_begins_is_read_whole(streamed: Streamed, tmp_path: Path) -> None:
    paths = [write(tmp_path / "in" / name, ids(0)) for name in ("a.jsonl", "b.jsonl")]
    for at, path in enumerate(paths):
        os.utime(path, (1_700_000_000 + at, 1_700_000_000 + at))
    found = streamed(
        ft.files(tmp_path / "in"), 1, lambda batch: write(paths[1], ids(5, 3)) if not batch else None
    )
    assert [row.id for row in found] == [0, 5, 6, 7]


def test_a_file_that_changes_while_its_batch_is_read_stops_the_stream(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.jsonl", ids(0, 3))
    read = ReadFiles({**ft.files(path).plan(), "files": [], "splits": []}, wanted=False, folder=False)

    assert sum(batch.num_rows for batch in read(iter([found(path)]))) == 3
    for size, later in ((1, 0), (0, 1)):
        with pytest.raises(ft.Error, match=r"FT0604: .*a\.jsonl has changed since Spark found it"):
            list(read(iter([found(path, size, later)])))


def test_a_file_that_changed_after_it_was_read_is_not_read_again(streamed: Streamed, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.jsonl", ids(0))
    assert len(streamed(ft.files(tmp_path / "in"))) == 1
    path.write_text('{"id": 1}\n{"id": 2}\n')
    assert streamed(ft.files(tmp_path / "in")) == []


def test_a_bad_line_stops_the_stream_and_is_named(streamed: Streamed, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jsonl", ids(0))
    assert len(streamed(ft.files(tmp_path / "in"))) == 1
    (tmp_path / "in" / "b.jsonl").write_text('{"id": 1}\n{"id": "x"}\n')
    with pytest.raises(Exception, match=r'FT0704: .*b\.jsonl, line 2: column "id" holds "x"'):
        streamed(ft.files(tmp_path / "in"))


def test_names_are_taken_as_locally(streamed: Streamed, tmp_path: Path) -> None:
    folder = tmp_path / "in {x}"
    names = ["a b.jsonl", "c%20d.JSONL", "e#f.json", "{g}.jsonl", "ü.ndjson", "h[1].jsonl", "below/q!.jsonl"]
    hidden = ["_h.jsonl", ".h.jsonl", "_below/h.jsonl", "notes.txt"]
    for number, name in enumerate([*names, *hidden]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'{{"id": {number}}}\n')
    for pattern in (folder, folder / "**" / "*.*s*", folder / "h[1].jsonl"):
        source = ft.files(pattern)
        expected = sorted(source.read().read_all()["id"].to_pylist())
        assert expected
        checkpoint = tmp_path / "checkpoint"
        if checkpoint.exists():
            checkpoint.rename(tmp_path / f"checkpoint-{len(list(tmp_path.iterdir()))}")
        assert sorted(row.id for row in streamed(source)) == expected


def test_files_of_another_format(streamed: Streamed, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "a.jsonl", ids(0))
    write(folder / "b.parquet", ids(1))
    (folder / "c.events").write_text('{"id": 2}\n')
    assert sorted(row.id for row in streamed(ft.files(folder, "jsonl"))) == [0, 2]
    with pytest.raises(ft.Error, match="FT0705"):
        streamed(ft.files(folder))
    plan = ft.files(folder / "a.jsonl").plan()
    for name, code in (("b.parquet", "FT0705"), ("c.events", "FT0703")):
        with pytest.raises(ft.Error, match=code):  # one that comes while the stream runs
            list(ReadFiles(plan, wanted=False, folder=False)(iter([found(folder / name)])))
    assert list(ReadFiles(plan, wanted=False, folder=True)(iter([found(folder / "c.events")]))) == []


def test_what_cannot_be_a_stream_is_refused(spark: Any, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.parquet", ids(0))
    write(tmp_path / "in" / "_b.parquet", ids(1))
    one = str(tmp_path / "in" / "a.parquet")
    refused = {
        "FT0101": [[one, one], tmp_path / "**" / "in" / "*.parquet", tmp_path / "in" / "_*.parquet"],
        "FT0701": [tmp_path / "nothing", tmp_path / "*.csv"],
    }
    for code, paths in refused.items():
        for path in paths:
            with pytest.raises(ft.Error, match=code):
                ft.files(path).read_stream(spark)
    with pytest.raises(ft.Error, match="FT0101"):
        ft.files(one).read_stream(spark, files_per_trigger=0)
    with pytest.raises(ft.Error, match=r"FT0707.*dict is not a source that Spark reads"):
        ft.sources.as_source({"id": 1}).read_frame(spark)


def test_parquet_of_nanoseconds_and_decimals(spark: Any, streamed: Streamed, tmp_path: Path) -> None:
    when = pa.array([1_000_000_001], pa.timestamp("ns", "UTC"))
    table = pa.table({"when": when, "price": pa.array(["1.25"]).cast(pa.decimal128(9, 2)), "raw": [b"\xff"]})
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "a.parquet")
    [row] = streamed(ft.files(tmp_path / "in"))
    assert (row.when.timestamp(), str(row.price), bytes(row.raw)) == (1.0, "1.25", b"\xff")
