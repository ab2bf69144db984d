"""Bad input: each gives its code, the file, and the line where there is one."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foretell import Error
from foretell.sources import files, read_split


def refused(code: str, path: Any, *parts: str, declared: pa.Schema | None = None, **options: Any) -> Error:
    """Plans and reads all; the error must have the code, and each of the parts in its text."""

    def read() -> None:
        plan = files(path, **options).plan(declared=declared)
        for split in plan["splits"]:
            list(read_split(plan, split))

    with pytest.raises(Error) as raised:
        read()
    assert raised.value.code == code, raised.value
    for part in parts:
        assert part in str(raised.value)
    return raised.value


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


GOOD = b'{"a": 1, "b": "x"}\n'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": 1, "b": "x"', ""),
        (b"not json", ""),
        (b"[1, 2]", "object"),
        (b"3", "object"),
        (b'{"a": 1}{"a": 2}', ""),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"b": "\xff"}', "byte 8 (0xff) is not valid UTF-8"),
        (b'{"b": "\\ud83d"}', "surrogate"),
        (b'{"a": "x"}', 'column "a" holds "x", which is not int64'),
        (b'{"a": 1.5}', 'column "a" holds 1.5, which is not int64'),
        (b'{"b": 5}', 'column "b" holds 5, which is not string'),
        (b'{"b": ["x"]}', 'column "b" holds'),
    ],
)
@pytest.mark.parametrize("rows", [0, 1, 21_000])
def test_a_bad_json_line_is_named(tmp_path: Path, line: bytes, reason: str, rows: int) -> None:
    path = write(tmp_path / "a.jsonl", GOOD * rows + b"\n" + line + b"\n" + GOOD * 3)
    if "column" in reason and rows < 20_000:
        # The type is inferred with this line in it; an odd value may make the next line the bad one.
        refused("FT0704", path, "a.jsonl, line ", types={"a": "int64", "b": "string"})
    else:
        refused("FT0704", path, f"a.jsonl, line {rows + 2}: ", reason)


def test_an_object_over_two_lines_is_refused_even_where_counts_agree(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", GOOD * 5 + b'{"a": 1}{"a":\n2}\n' + GOOD)
    refused("FT0704", path, "line 6: ")


def test_inference_too_narrow_is_cured_by_the_hint(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", b'{"p": 1}\n' * 30_000 + b'{"p": 1.5}\n')
    refused("FT0704", path, "line 30001: ", 'column "p" holds 1.5', 'types={"p"')
    plan = files(path, types={"p": "double"}).plan()
    assert sum(batch.num_rows for split in plan["splits"] for batch in read_split(plan, split)) == 30_001


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1", "Expected 2 columns, got 1"),
        (b"1,x,y", "Expected 2 columns, got 3"),
        (b"z,x", 'column "a" holds "z", which is not int64'),
        (b"1.5,x", 'column "a" holds "1.5", which is not int64'),
        (b"1,\xff", "is not valid UTF-8"),
        (b'1,"x', "a quoted field is never closed"),
    ],
)
def test_a_bad_csv_line_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    head = b"a,b\n" + b'1,"two\nlines"\n' * 25_000
    path = write(tmp_path / "a.csv", head + b"\n" + line + b"\n" + b"1,x\n" * 3)
    refused("FT0704", path, "a.csv, line 50003: ", reason)
    refused(
        "FT0704",
        write(tmp_path / "b.csv", b"a,b\n" + line + b"\n1,x\n"),
        "b.csv, line ",
        types={"a": "int64"},
    )


def test_empty_files_have_no_rows(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"")
    assert files(tmp_path / "a.csv").plan()["splits"] == []
    write(tmp_path / "b.csv", b"x,y\n")
    plan = files([tmp_path / "a.csv", tmp_path / "b.csv"]).plan()
    assert (plan["splits"], plan["schema"]) == ([], [["x", "string"], ["y", "string"]])
    write(tmp_path / "c.jsonl", b"\n \n")
    declared = pa.schema([("title", pa.string())])
    plan = files(tmp_path / "c.jsonl").plan(declared=declared)
    assert (plan["splits"], plan["schema"]) == ([], [["title", "string"]])
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "d.parquet")
    assert files(tmp_path / "d.parquet").plan()["splits"] == []
    assert files(tmp_path / "d.parquet").read().read_all().num_rows == 0
    with gzip.open(tmp_path / "e.jsonl.gz", "wb"):
        pass
    assert files(tmp_path / "e.jsonl.gz").plan()["splits"] == []


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_binary_file_without_bytes_is_refused(tmp_path: Path, name: str) -> None:
    refused("FT0702", write(tmp_path / name, b""), f"{name} is empty")


@pytest.mark.parametrize("cut", [10, 300, -1])
def test_truncated_parquet_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:cut])
    refused("FT0702", path, "a.parquet cannot be read", "truncated")


def test_damaged_parquet_pages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [f"some text {i}" for i in range(5000)]}), path, compression="zstd")
    data = bytearray(path.read_bytes())
    data[200:400] = b"\xff" * 200
    refused("FT0702", write(path, bytes(data)), "a.parquet")


def test_truncated_arrow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    table = pa.table({"a": list(range(100_000))})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    path.write_bytes(path.read_bytes()[:5000])
    refused("FT0702", path, "a.arrow")


@pytest.mark.parametrize("suffix", ["gz", "zst", "bz2", "xz", "lz4"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "not compressed"])
def test_damaged_compressed_text_is_refused(tmp_path: Path, suffix: str, damage: str) -> None:
    import random

    draw = random.Random(1)
    data = "".join(f'{{"a": {draw.random()}}}\n' for _ in range(20_000)).encode()
    if suffix == "xz":
        import lzma

        packed = lzma.compress(data)
    else:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, {"gz": "gzip", "zst": "zstd"}.get(suffix, suffix)) as out:
            out.write(data)
        packed = sink.getvalue().to_pybytes()
    if damage == "truncated":
        packed = packed[: len(packed) // 2]
    elif damage == "flipped":
        middle = len(packed) // 2
        packed = packed[:middle] + bytes(64) + packed[middle + 64 :]
    else:
        packed = data
    with pytest.raises(Error) as raised:
        files(write(tmp_path / f"a.jsonl.{suffix}", packed)).read().read_all()
    # Flipped bytes may still decompress, to a line that is no JSON: named, too.
    assert raised.value.code == "FT0702" or (damage == "flipped" and raised.value.code == "FT0704")
    assert f"a.jsonl.{suffix}" in raised.value.message


def test_ten_megabyte_strings_pass(tmp_path: Path) -> None:
    long = "é" * 5_000_000
    write(tmp_path / "a.jsonl", f'{{"t": "{long}"}}\n{{"t": "x"}}\n{{"t": "{long}"}}\n'.encode())
    write(tmp_path / "a.csv", f't,u\n"{long}",1\nx,2\n{long},3\n'.encode())
    pq.write_table(pa.table({"t": [long, "x", long]}), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        plan = files(tmp_path / name).plan()
        found = [len(t) for s in plan["splits"] for b in read_split(plan, s) for t in b["t"].to_pylist()]
        assert found == [5_000_000, 1, 5_000_000]


def test_inconsistent_parquet_files_are_both_named(tmp_path: Path) -> None:
    def table(name: str, **columns: Any) -> None:
        pq.write_table(pa.table(columns), tmp_path / name)

    table("a.parquet", x=pa.array([1], pa.int64()), y=["t"])
    table("b.parquet", x=pa.array([1], pa.int64()))
    refused("FT0705", tmp_path / "*.parquet", "a.parquet", 'b.parquet has no column "y"')
    table("b.parquet", x=["1"], y=["t"])
    refused(
        "FT0705", tmp_path / "*.parquet", 'column "x" is int64 in', "a.parquet and string in", "b.parquet"
    )
    table("b.parquet", y=["u"], z=[1], x=pa.array([2], pa.int32()))
    plan = files(tmp_path / "*.parquet").plan()
    rows = [row for s in plan["splits"] for b in read_split(plan, s) for row in b.to_pylist()]
    assert rows == [{"x": 1, "y": "t"}, {"x": 2, "y": "u"}]


def test_a_column_of_nulls_takes_the_type_of_another_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": pa.nulls(2), "y": pa.nulls(2)}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [7], "y": pa.nulls(1)}), tmp_path / "b.parquet")
    table = files(tmp_path / "*.parquet").read().read_all()
    assert table.schema == pa.schema([("x", pa.int64()), ("y", pa.string())])
    assert table["x"].to_pylist() == [None, None, 7]


def test_inconsistent_csv_files_are_both_named(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"x,y\n1,2\n")
    write(tmp_path / "b.csv", b"y,z\n1,2\n")
    refused("FT0705", tmp_path / "*.csv", 'b.csv has no column "x"', "a.csv")
    write(tmp_path / "b.csv", b"z,y,x\n5,4,3\n")
    assert files(tmp_path / "*.csv").read().read_all().to_pylist() == [{"x": 1, "y": 2}, {"x": 3, "y": 4}]


def test_duplicate_columns_are_refused(tmp_path: Path) -> None:
    refused("FT0204", write(tmp_path / "a.csv", b"x,x\n1,2\n"), 'two columns named "x"')
    pq.write_table(
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]), tmp_path / "a.parquet"
    )
    refused("FT0204", tmp_path / "a.parquet", 'two columns named "x"')


def test_types_that_a_format_cannot_hold_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"x,y\n1,2\n")
    refused("FT0202", path, 'column "x": CSV cannot hold', declared=pa.schema([("x", pa.list_(pa.int64()))]))
    refused("FT0203", path, 'no column "q"', types={"q": "string"})
    refused("FT0201", path, '"strin" is not a type', types={"x": "strin"})


def test_parquet_values_that_a_declared_type_cannot_hold(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1, 2**40]}), tmp_path / "a.parquet")
    refused(
        "FT0704",
        tmp_path / "a.parquet",
        "a.parquet",
        'column "x" cannot be read as int32',
        types={"x": "int32"},
    )


def test_missing_input_and_unknown_formats(tmp_path: Path) -> None:
    refused("FT0701", tmp_path / "no.parquet", "no.parquet does not exist")
    refused("FT0701", tmp_path / "*.parquet", "no file matches")
    (tmp_path / "events.jsonl.zst").touch()
    with pytest.raises(Error) as caught:
        files(tmp_path / "*.jsonl").list_files()
    assert caught.value.hint == "what is there: events.jsonl.zst"
    (tmp_path / "events.jsonl.zst").unlink()
    refused("FT0701", tmp_path, "holds no data files")
    path = write(tmp_path / "a.txt", b"x\n")
    refused("FT0703", path, "does not tell its format")
    refused("FT0703", path, '"excel" is not a format', format="excel")
    assert files(path, format="csv").plan()["schema"] == [["x", "string"]]
    write(tmp_path / "b.csv", b"x\n1\n")
    write(tmp_path / "c.jsonl", GOOD)
    refused("FT0705", tmp_path, "b.csv is csv", "c.jsonl is jsonl")
    refused("FT0904", "nothing://x/y.csv", "nothing://x/y.csv")
    refused("FT0104", "s3://key:secret@bucket/a.csv", "password")
    refused("FT0101", [], "at least one path")
    refused("FT0101", path, "delimiter", delimiter="ab")


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    import os

    path = write(tmp_path / "a.csv", b"x\n1\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    refused("FT0702", path, "a.csv may not be read")


@pytest.mark.parametrize("types", [{}, {"a": "int64"}])
@pytest.mark.parametrize("first", [b"null", b"  null ", b"\xef\xbb\xbfnull"])
def test_a_first_row_of_null_is_told(tmp_path: Path, types: dict[str, str], first: bytes) -> None:
    refused("FT0704", write(tmp_path / "a.jsonl", first + b"\n" + GOOD), "line 1", "null", types=types)
    refused(
        "FT0704", write(tmp_path / "b.jsonl", GOOD + b"\n" + first + b"\n"), "line 3", types={"a": "int64"}
    )
