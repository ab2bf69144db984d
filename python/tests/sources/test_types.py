"""The text form of types, and what values become in text files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import Error
from foretell.sources import declared_schema, files
from foretell.sources.types import parse_type, type_text

SPELLED = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "uint8": pa.uint8(),
    "half": pa.float16(),
    "float": pa.float32(),
    "double": pa.float64(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "binary_view": pa.binary_view(),
    "fixed_size_binary[16]": pa.binary(16),
    "date32": pa.date32(),
    "date64": pa.date64(),
    "time32[ms]": pa.time32("ms"),
    "time64[ns]": pa.time64("ns"),
    "timestamp[s]": pa.timestamp("s"),
    "timestamp[us, UTC]": pa.timestamp("us", "UTC"),
    "timestamp[ns, America/New_York]": pa.timestamp("ns", "America/New_York"),
    "timestamp[ms, +02:00]": pa.timestamp("ms", "+02:00"),
    "duration[ms]": pa.duration("ms"),
    "decimal128(10, 2)": pa.decimal128(10, 2),
    "decimal256(40, -3)": pa.decimal256(40, -3),
    "list<list<double>>": pa.list_(pa.list_(pa.float64())),
    "large_list<string>": pa.large_list(pa.string()),
    "fixed_size_list<float, 3>": pa.list_(pa.float32(), 3),
    "struct<a: int64, b.c: list<string>>": pa.struct([("a", pa.int64()), ("b.c", pa.list_(pa.string()))]),
    'struct<"x y": null, "q\\"\\\\": bool>': pa.struct([("x y", pa.null()), ('q"\\', pa.bool_())]),
    "map<string, int64>": pa.map_(pa.string(), pa.int64()),
    "dictionary<int8, string>": pa.dictionary(pa.int8(), pa.string()),
}


@pytest.mark.parametrize("text", SPELLED)
def test_each_type_has_one_spelling(text: str) -> None:
    assert type_text(SPELLED[text]) == text
    assert parse_type(text) == SPELLED[text]
    assert parse_type(f"  {text} ") == SPELLED[text]


def test_other_spellings_are_read() -> None:
    for text, kind in {
        "float32": pa.float32(),
        "float64": pa.float64(),
        "utf8": pa.string(),
        "int": pa.int64(),
        "bytes": pa.binary(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", "UTC"),
        "list<timestamp>": pa.list_(pa.timestamp("us", "UTC")),
    }.items():
        assert parse_type(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "str",
        "list",
        "list<",
        "list<int64",
        "timestamp[h]",
        "decimal128(1)",
        "int64 x",
        "struct<a>",
        "_unit",
    ],
)
def test_text_that_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(Error, match="is not a type") as raised:
        parse_type(text)
    assert raised.value.code == "FT0201"


def test_types_that_are_not_supported_are_refused() -> None:
    with pytest.raises(Error) as raised:
        type_text(pa.run_end_encoded(pa.int32(), pa.string()))
    assert raised.value.code == "FT0202"


def test_the_declared_schema_of_a_signature() -> None:
    expected = pa.schema([("title", pa.string()), ("start", pa.timestamp("us", "UTC"))])
    for given in (
        "title: string, start: timestamp[us, UTC]",
        [["title", "string"], ["start", "timestamp"]],
        [{"name": "title", "type": "string"}, {"name": "start", "type": "timestamp"}],
        {"title": "string", "start": "timestamp"},
    ):
        assert declared_schema({"input": given}) == expected
    assert declared_schema({"input": None}) is None
    assert declared_schema(None) is None


def read(path: Path, text: str, **options: object) -> pa.Table:
    path.write_text(text)
    return files(path, **options).read().read_all()  # type: ignore[arg-type]


def test_csv_nulls_and_text_that_looks_like_nulls(tmp_path: Path) -> None:
    text = 'name,note,n,code\nNA,,,007\nnull,"",1,12\n,"N/A","",3\n'
    table = read(tmp_path / "a.csv", text)
    assert table.schema == pa.schema(
        [("name", pa.string()), ("note", pa.string()), ("n", pa.int64()), ("code", pa.string())]
    )
    assert table.to_pylist() == [
        {"name": "NA", "note": None, "n": None, "code": "007"},
        {"name": "null", "note": "", "n": 1, "code": "12"},
        {"name": None, "note": "N/A", "n": None, "code": "3"},
    ]
    chosen = read(tmp_path / "a.csv", text, null_values=["", "NA"])
    assert chosen["name"].to_pylist() == [None, "null", None]


def test_times_stay_text_unless_declared(tmp_path: Path) -> None:
    rows = ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05.5", "2026-01-02T05:04:05+02:00", "2026-01-02", ""]
    at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    expected = [at, at.replace(microsecond=500_000), at, at.replace(hour=0, minute=0, second=0), None]
    csv = "at\n" + "".join(f'"{row}"\n' for row in rows)
    jsonl = "".join(f'{{"at": "{row}"}}\n' if row else "{}\n" for row in rows)
    for name, text in (("a.csv", csv), ("a.jsonl", jsonl)):
        assert read(tmp_path / name, text)["at"].type == pa.string()
        assert read(tmp_path / name, text, types={"at": "timestamp"})["at"].to_pylist() == expected


def test_json_lists_structs_and_nulls(tmp_path: Path) -> None:
    text = '{"tags": [], "n": null, "place": {"at": null, "x": 1}}\n{"tags": ["a"], "place": {"x": 1.5}}\n'
    table = read(tmp_path / "a.jsonl", text)
    place = pa.struct([("at", pa.string()), ("x", pa.float64())])
    assert table.schema == pa.schema([("tags", pa.list_(pa.string())), ("n", pa.string()), ("place", place)])
    assert read(tmp_path / "b.jsonl", '{"tags": []}\n')["tags"].type == pa.list_(pa.string())


@pytest.mark.parametrize(
    "kind", ["dictionary<int32, string>", "large_string", "string_view", "half", "decimal128(9, 2)"]
)
def test_declared_types_that_readers_lack(tmp_path: Path, kind: str) -> None:
    for name, text in (("a.csv", 'x\n"1.5"\n"2.5"\n'), ("a.jsonl", '{"x": "1.5"}\n{"x": "2.5"}\n')):
        if kind == "half" and name == "a.jsonl":
            text = text.replace('"1.5"', "1.5").replace('"2.5"', "2.5")
        table = read(tmp_path / name, text, types={"x": kind})
        assert table["x"].type == parse_type(kind)
        assert [float(value) for value in table["x"].to_pylist()] == [1.5, 2.5]


def test_declared_columns_need_not_be_inferred(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": null, "n": 1}\n')
    declared = pa.schema([("title", pa.large_string()), ("n", pa.float64()), ("absent", pa.string())])
    plan = files(tmp_path / "a.jsonl").plan(declared=declared)
    # A column that the rows lack is not made up: the run says that it is missing.
    assert plan["schema"] == [["title", "large_string"], ["n", "double"]]
    assert read(tmp_path / "a.jsonl", "{}\n", types={"late": "string"}).column_names == ["late"]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    mark = "\ufeff"
    assert read(tmp_path / "a.csv", mark + "x,y\n1,2\n").to_pylist() == [{"x": 1, "y": 2}]
    assert read(tmp_path / "b.csv", mark + '"x","y"\n1,2\n').to_pylist() == [{"x": 1, "y": 2}]
    assert read(tmp_path / "a.jsonl", mark + '{"x": 1}\n').to_pylist() == [{"x": 1}]


def test_options_of_csv(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "x;y\n1;2\n", delimiter=";").to_pylist() == [{"x": 1, "y": 2}]
    assert read(tmp_path / "a.tsv", 'x\ty\n1\t5" wide\n').to_pylist() == [{"x": 1, "y": '5" wide'}]
    assert read(tmp_path / "a.csv", 'x\n"a\nb"\n', quote=None)["x"].to_pylist() == ['"a', 'b"']
    assert read(tmp_path / "a.csv", "1,2\n", column_names=["x", "y"]).to_pylist() == [{"x": 1, "y": 2}]
