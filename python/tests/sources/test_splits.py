"""Plans: whatever the targets, the splits hold the rows of the whole, once each and in order."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretell import Error
from foretell.sources import check_unchanged, files, read_split

CALENDAR = Path(__file__).parents[4] / "shared" / "data" / "community-calendar"
FOLDER_IS_SHARED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read_plan(plan: dict[str, Any]) -> pa.Table:
    """All splits through JSON, as another process would get them; each must have the rows it promises."""
    plan = json.loads(json.dumps(plan))
    pieces = []
    expected: dict[int, int] = {}
    for number, split in enumerate(plan["splits"]):
        piece = list(read_split(plan, split))
        assert split["number"] == number
        assert split["first_row"] == expected.get(split["file"], 0)
        assert sum(batch.num_rows for batch in piece) == split["rows"] > 0
        expected[split["file"]] = split["first_row"] + split["rows"]
        pieces += piece
    schema = pieces[0].schema if pieces else pa.schema([])
    return pa.Table.from_batches(pieces, schema)


def rows_of(path: Path, **options: Any) -> list[dict[str, Any]]:
    return read_plan(files(path, **options).plan()).to_pylist()


texts = st.text(st.characters(codec="utf-8"), max_size=12)
json_rows = st.lists(
    st.fixed_dictionaries(
        {"a": st.one_of(st.none(), texts), "b": st.one_of(st.none(), st.integers(-9, 9))},
        optional={"c": st.lists(texts, max_size=3)},
    ),
    max_size=30,
)


@FOLDER_IS_SHARED
@given(
    json_rows,
    st.integers(1, 12),
    st.integers(1, 400),
    st.integers(1, 6),
    st.sampled_from(["\n", "\r\n", "\n\n", "\n \t\n"]),
)
def test_json_lines_cut_anywhere_give_the_same_rows(
    tmp_path: Path, rows: list[dict[str, Any]], target: int, size: int, least: int, newline: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(newline.join(json.dumps(row, ensure_ascii=False) for row in rows).encode())
    source = files(path, types={"a": "string", "b": "int64", "c": "list<string>"})
    plan = source.plan(target_rows=target, target_bytes=size, min_splits=least)
    found = read_plan(plan).to_pylist()
    assert found == [{"a": r["a"], "b": r["b"], "c": r.get("c")} for r in rows]
    assert len(plan["splits"]) >= min(least, len(rows))
    assert all(split["rows"] <= target for split in plan["splits"])
    assert source.read().read_all().to_pylist() == found


def write_rows(folder: Path, kind: str, count: int) -> Path:
    path = folder / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("".join(f'{{"id": {i}}}\n' for i in range(count)))
    elif kind == "csv":
        path.write_text("id\n" + "".join(f"{i}\n" for i in range(count)))
    elif kind == "parquet":
        pq.write_table(pa.table({"id": pa.array(range(count), pa.int64())}), path)
    else:
        table = pa.table({"id": pa.array(range(count), pa.int64())})
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    return path


@FOLDER_IS_SHARED
@given(
    st.sampled_from(["jsonl", "csv", "parquet", "arrow"]),
    st.integers(1, 300),
    st.integers(1, 120),
    st.integers(1, 12),
)
def test_splits_of_a_file_are_alike_in_size(
    tmp_path: Path, kind: str, rows: int, target: int, least: int
) -> None:
    source = files(write_rows(tmp_path, kind, rows))
    held = [split["rows"] for split in source.plan(target_rows=target, min_splits=least)["splits"]]
    assert sum(held) == rows
    wanted = -(-rows // target)
    if wanted < least:  # as many as are asked for, and no more
        assert max(held) - min(held) <= 1
        pieces = min(least, rows)
        assert len(held) == (min(pieces, 8) if kind == "parquet" else pieces)
    else:  # a split may be smaller, but none is a rest of a few rows
        assert 2 * min(held) + 1 >= max(held)


@FOLDER_IS_SHARED
@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(1, 100), st.integers(1, 20))
def test_splits_of_several_files_are_as_many_as_asked_for(
    tmp_path: Path, sizes: list[int], target: int, least: int
) -> None:
    for old in tmp_path.glob("*.jsonl"):
        old.unlink()
    for number, rows in enumerate(sizes):
        (tmp_path / f"{number}.jsonl").write_text('{"id": 1}\n' * rows)
    splits = files(tmp_path, types={"id": "int64"}).plan(target_rows=target, min_splits=least)["splits"]
    assert len(splits) >= min(least, sum(sizes))
    for number in range(len(sizes)):
        held = [split["rows"] for split in splits if split["file"] == number]
        assert sum(held) == sizes[number]
        assert not held or 2 * min(held) + 1 >= max(held)


fields = st.text(st.sampled_from(list('a1",;\n\r\t é日')), max_size=6)


def csv_field(value: str | None, quoted: bool) -> str:
    if value is None:
        return ""
    if not quoted and value and not set(value) & set('",\n\r'):
        return value
    return '"' + value.replace('"', '""') + '"'


@FOLDER_IS_SHARED
@given(
    st.lists(st.tuples(st.one_of(st.none(), fields), fields, st.booleans()), max_size=25),
    st.integers(1, 9),
    st.integers(1, 200),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_csv_cut_anywhere_gives_the_same_rows(
    tmp_path: Path, rows: list[tuple[str | None, str, bool]], target: int, size: int, end: str, last: bool
) -> None:
    path = tmp_path / "rows.csv"
    lines = ['x,"y\ny"', *(f"{csv_field(a, q)},{csv_field(b, q)}" for a, b, q in rows)]
    path.write_bytes((end.join(lines) + (end if last else "")).encode())
    source = files(path, types={"x": "string", "y\ny": "string"})
    plan = source.plan(target_rows=target, target_bytes=size)
    assert read_plan(plan).to_pylist() == [{"x": a, "y\ny": b} for a, b, _ in rows]
    assert source.read().read_all().num_rows == len(rows)


def test_csv_quotes_inside_unquoted_fields_are_text(tmp_path: Path) -> None:
    path = tmp_path / "pipes.csv"
    path.write_text('name,size\npipe,5" wide\n"elbow, long",2" and 3"\nplain,1\n')
    assert rows_of(path) == [
        {"name": "pipe", "size": '5" wide'},
        {"name": "elbow, long", "size": '2" and 3"'},
        {"name": "plain", "size": "1"},
    ]


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst", ".lz4"])
def test_compressed_text_is_read_by_splits(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": i, "text": f"row {i} " + "é" * (i % 50)} for i in range(3000)]
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path = tmp_path / f"rows.jsonl{suffix}"
    pack: dict[str, Any] = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    if suffix in pack:
        path.write_bytes(pack[suffix](data))
    else:
        codec = pa.Codec({".zst": "zstd", ".lz4": "lz4"}[suffix])
        with pa.CompressedOutputStream(str(path), codec.name) as out:
            out.write(data)
    plan = files(path).plan(target_rows=700)
    assert [split["rows"] for split in plan["splits"]] == [700, 700, 700, 350, 550]
    assert read_plan(plan).to_pylist() == rows
    # In any order: each split finds its own place.
    backwards = [list(read_split(plan, split)) for split in reversed(plan["splits"])]
    assert [batches[0]["id"][0].as_py() for batches in backwards] == [2450, 2100, 1400, 700, 0]


def test_gzip_of_several_members_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n') + gzip.compress(b'{"a": 2}\n'))
    assert rows_of(path) == [{"a": 1}, {"a": 2}]


def write_parquet(path: Path, rows: int, group: int, first: int = 0) -> pa.Table:
    ids = range(first, first + rows)
    table = pa.table({"id": pa.array(ids, pa.int64()), "text": [f"row {i}" for i in ids]})
    pq.write_table(table, path, row_group_size=group)
    return table


@pytest.mark.parametrize(
    ("group", "target", "splits"), [(100, 250, 5), (1000, 100, 8), (1000, 5000, 1), (7, 20, 71)]
)
def test_parquet_row_groups_are_joined_and_cut(tmp_path: Path, group: int, target: int, splits: int) -> None:
    table = write_parquet(tmp_path / "a.parquet", 1000, group)
    plan = files(tmp_path / "a.parquet").plan(target_rows=target)
    assert len(plan["splits"]) == splits
    assert read_plan(plan).equals(table)


def test_one_big_row_group_still_feeds_several_workers(tmp_path: Path) -> None:
    table = write_parquet(tmp_path / "a.parquet", 1000, 1000)
    plan = files(tmp_path / "a.parquet").plan(min_splits=6)
    assert len(plan["splits"]) >= 6
    assert read_plan(plan).equals(table)


@pytest.mark.parametrize("stream", [False, True])
def test_arrow_batches_are_joined_and_cut(tmp_path: Path, stream: bool) -> None:
    path = tmp_path / "a.arrow"
    table = pa.table({"id": list(range(1000)), "text": [f"row {i}" for i in range(1000)]})
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(str(path), table.schema) as writer:
        for rows in (10, 10, 0, 500, 480):
            writer.write_batch(pa.RecordBatch.from_pylist(table.slice(0, rows).to_pylist(), table.schema))
    plan = files(path).plan(target_rows=200)
    expected = pa.concat_tables([table.slice(0, rows) for rows in (10, 10, 500, 480)])
    assert read_plan(plan).equals(expected)
    assert files(path).read().read_all().equals(expected)


def test_columns_are_chosen_and_ordered(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", 50, 10)
    (tmp_path / "b.csv").write_text("id,text,other\n1,a,x\n")
    (tmp_path / "c.jsonl").write_text('{"id": 1, "text": "a", "other": 2}\n')
    for name in ("a.parquet", "b.csv", "c.jsonl"):
        source = files(tmp_path / name)
        plan = source.plan()
        batch = next(read_split(plan, plan["splits"][0], ["text", "id"]))
        assert batch.schema.names == ["text", "id"]
        assert source.read(["text"], limit=1).read_all().column_names == ["text"]
        with pytest.raises(Error, match='no column "texts"') as raised:
            source.read(["texts"])
        assert raised.value.code == "FT0203"


def test_limit_stops_reading(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", 50, 10)
    source = files(tmp_path / "a.parquet")
    assert [source.read(limit=n).read_all().num_rows for n in (0, 1, 10, 11, 500)] == [0, 1, 10, 11, 50]


@pytest.mark.parametrize("change", ["append", "touch", "remove"])
def test_a_changed_file_stops_the_run(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' * 100)
    plan = files(path).plan(target_rows=60)
    if change == "append":
        with path.open("a") as file:
            file.write('{"a": 2}\n')
    elif change == "touch":
        import os

        os.utime(path, ns=(1, 1))
    else:
        path.unlink()
    for check in (lambda: check_unchanged(plan), lambda: list(read_split(plan, plan["splits"][0]))):
        with pytest.raises(Error, match=r"a\.jsonl is not what it was") as raised:
            check()
        assert raised.value.code == "FT0604"


def test_a_file_that_changes_while_it_is_read_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' * 20_000)
    plan = files(path).plan()
    batches = read_split(plan, plan["splits"][0])
    next(batches)
    with path.open("a") as file:
        file.write('{"a": 2}\n')
    with pytest.raises(Error) as raised:
        list(batches)
    assert raised.value.code == "FT0604"


@pytest.mark.skipif(not CALENDAR.is_dir(), reason="the shared data is not here")
def test_community_calendar_by_splits_equals_the_whole() -> None:
    source = files(CALENDAR / "events.jsonl.zst")
    plan = source.plan(min_splits=5)
    held = [split["rows"] for split in plan["splits"]]
    assert len(held) >= 5
    assert sum(held) == 53_356
    assert max(held) - min(held) <= 1
    assert read_plan(plan).equals(source.read().read_all())


@pytest.mark.skipif(not CALENDAR.is_dir(), reason="the shared data is not here")
def test_arrivals_without_a_header() -> None:
    plan = files(CALENDAR / "arrivals.tsv.zst", column_names=["epoch", "id"]).plan()
    assert plan["schema"] == [["epoch", "int64"], ["id", "string"]]
    assert read_plan(plan).num_rows == 238_006
