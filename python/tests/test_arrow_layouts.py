"""Every Arrow layout that libraries hand over comes through with its values, or is refused by name."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell import _core
from foretell.error import Error

NOON = datetime.datetime(2026, 3, 29, 12, 0, 0, 123456)
UTC_NOON = NOON.replace(tzinfo=datetime.UTC)
TEXTS = ["a", None, "", "größer als zwölf Bytes", "日本語", "x" * 300, None]
CODES = pa.array([2, None, 0, 1, 1, 2, 0])


def coded(index: pa.DataType, values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(CODES.cast(index), values)


def words(kind: pa.DataType) -> pa.Array:
    return pa.array(["red", "green and longer than twelve", "blue"], kind)


ARRAYS: dict[str, pa.Array] = {
    "null": pa.nulls(7),
    "bool": pa.array([True, None, False, True, True, None, False]),
    **{
        str(kind): pa.array([0, None, 1, 2, 127, 3, None], kind)
        for kind in [
            pa.int8(),
            pa.int16(),
            pa.int32(),
            pa.int64(),
            pa.uint8(),
            pa.uint16(),
            pa.uint32(),
            pa.uint64(),
            pa.float16(),
            pa.float32(),
            pa.float64(),
            pa.date32(),
            pa.time32("s"),
            pa.time32("ms"),
            pa.time64("us"),
            pa.time64("ns"),
            pa.duration("s"),
            pa.duration("ns"),
            pa.timestamp("s"),
            pa.timestamp("ms"),
            pa.timestamp("ns"),
            pa.timestamp("us", "UTC"),
        ]
    },
    **{
        str(kind): pa.array(TEXTS, kind)
        for kind in [
            pa.string(),
            pa.large_string(),
            pa.string_view(),
            pa.binary(),
            pa.large_binary(),
            pa.binary_view(),
        ]
    },
    "date64": pa.array([0, None, 86_400_000, -86_400_000, 0, 0, None], pa.date64()),
    "no nulls": pa.array(["a", "b", "c", "d", "e", "f", "g"]),
    "extremes": pa.array([-(2**63), 2**63 - 1, None, 0, -1, 1, 2]),
    "uint64 extreme": pa.array([2**64 - 1, None, 0, 1, 2, 3, 4], pa.uint64()),
    "fixed_size_binary": pa.array([b"abc", None, b"\0\xff\0", b"abc", b"abc", None, b"abc"], pa.binary(3)),
    "naive times": pa.array([NOON, None, NOON, None, NOON, NOON, NOON], pa.timestamp("us")),
    "zoned times": pa.array([UTC_NOON, None] * 3 + [UTC_NOON], pa.timestamp("us", "Europe/Berlin")),
    "decimal128": pa.array(
        [decimal.Decimal("-1.25"), None] * 3 + [decimal.Decimal("7")], pa.decimal128(38, 2)
    ),
    "decimal256": pa.array(
        [decimal.Decimal("1e40"), None] * 3 + [decimal.Decimal("-1")], pa.decimal256(76, 3)
    ),
    "list": pa.array([[1, None], None, [], [2, 3, 4], [5], [], None], pa.list_(pa.int64())),
    "large_list": pa.array([["a"], None, [], ["b", None], ["c"], [], None], pa.large_list(pa.string())),
    "list of views": pa.array(
        [["a" * 20], None, [], ["b", None], ["c"], [], None], pa.list_(pa.string_view())
    ),
    "fixed_size_list": pa.array(
        [[1, 2], None, [3, None], [4, 5], [6, 7], None, [8, 9]], pa.list_(pa.int8(), 2)
    ),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}] * 2 + [{"a": 2, "b": None}]),
    "empty struct": pa.array([{}, None, {}, {}, {}, None, {}], pa.struct([])),
    "map": pa.array(
        [[("a", 1)], None, [], [("b", None), ("c", 2)], [], [("d", 3)], None],
        pa.map_(pa.string(), pa.int64()),
    ),
    "nested": pa.array(
        [[{"a": [[1], []]}], None, [], [{"a": None}, None], [{"a": [None]}], [], None],
        pa.list_(pa.struct([("a", pa.list_(pa.list_(pa.int16())))])),
    ),
    **{
        f"dictionary {index} {kind}": coded(index, words(kind))
        for index in [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()]
        for kind in [pa.string(), pa.large_string(), pa.string_view()]
    },
    "dictionary of ints": coded(pa.int8(), pa.array([10, 20, 30])),
    "dictionary of times": coded(pa.int32(), pa.array([1, 2, 3], pa.timestamp("us", "UTC"))),
    "dictionary with a null": coded(pa.int8(), pa.array(["a", None, "b"])),
    "list of dictionaries": pa.ListArray.from_arrays(
        [0, 2, 2, 3, 4, 5, 6, 7], coded(pa.int8(), words(pa.string()))
    ),
    "struct of dictionaries": pa.StructArray.from_arrays([coded(pa.uint8(), words(pa.string_view()))], ["d"]),
}


def through(data: Any) -> pa.Table:
    """The same data after the core took it in and gave it out."""
    table = pa.table(_core.Stream(data))
    table.validate(full=True)
    return table


def assert_same(data: pa.Table) -> None:
    out = through(data)
    assert out.schema == data.schema
    assert out.to_pylist() == data.to_pylist()


@pytest.mark.parametrize("name", ARRAYS)
def test_a_column_comes_through_whole_sliced_chunked_and_empty(name: str) -> None:
    array = ARRAYS[name]
    assert_same(pa.table({"c": array, "after": range(7)}))
    assert_same(pa.table({"c": array.slice(2, 4)}))
    assert_same(pa.table({"c": array.slice(3)}).slice(1, 2))
    assert_same(pa.table({"c": array.slice(7)}))
    assert_same(
        pa.table({"c": pa.chunked_array([array.slice(5), array.slice(0, 0), array, array.slice(1, 3)])})
    )
    assert_same(pa.table({"c": pa.chunked_array([], array.type)}))


@pytest.mark.parametrize("name", ARRAYS)
def test_slices_of_the_core_hold_the_same_rows(name: str) -> None:
    source = pa.record_batch({"c": pa.concat_arrays([ARRAYS[name]] * 3), "n": list(range(21))}).slice(1)
    batch = _core.Batch.from_arrow(source)
    for offset, length in [(0, 20), (3, 9), (19, 1), (20, 0), (8, 8)]:
        out = pa.record_batch(batch.slice(offset, length).slice(length // 3, length - length // 3))
        out.validate(full=True)
        assert out.to_pylist() == source.slice(offset, length).slice(length // 3).to_pylist()


@pytest.mark.parametrize("name", ARRAYS)
def test_a_struct_column_with_its_own_offset_comes_through(name: str) -> None:
    array = pa.StructArray.from_arrays(
        [ARRAYS[name].slice(1)], ["inner"], mask=pa.array([False] * 5 + [True])
    )
    assert_same(pa.table({"c": array.slice(2, 4)}))
    assert_same(pa.table({"c": pa.ListArray.from_arrays([0, 1, 1, 4, 6], array).slice(1, 3)}))
    assert_same(pa.table({"c": pa.FixedSizeListArray.from_arrays(array, 2).slice(1, 2)}))


def test_metadata_nullability_and_odd_names_stay() -> None:
    fields = [
        pa.field("", pa.int64(), nullable=False, metadata={b"unit": b"m/s", b"\xff": b""}),
        pa.field("größe, \"quoted\" 'name'", pa.list_(pa.field("element", pa.int8(), nullable=False))),
        pa.field("same", pa.int8()),
        pa.field("same", pa.int8()),
    ]
    schema = pa.schema(fields, metadata={"pandas": "{}", "empty": ""})
    table = pa.table([[1, 2], [[1], [2]], [1, 2], [3, 4]], schema=schema)
    assert through(table).schema.equals(schema, check_metadata=True)
    assert [column.to_pylist() for column in through(table).columns] == [
        column.to_pylist() for column in table.columns
    ]


def test_rows_without_columns_are_counted() -> None:
    batch = pa.RecordBatch.from_struct_array(pa.array([{}, {}, {}], pa.struct([])))
    assert _core.Batch.from_arrow(batch).rows == 3


def test_pandas_frames_come_through() -> None:
    days = pd.Series(["2026-01-01", None, "2026-01-03", "2026-01-04"])
    frame = pd.DataFrame(
        {
            "text": ["a", None, "größer als zwölf Bytes", "d"],
            "number": [1.5, None, 2.0, 3.0],
            "whole": [1, 2, 3, 4],
            "nullable": pd.array([1, None, 3, 4], "Int64"),
            "category": pd.Categorical(["x", None, "y", "x"]),
            "naive": pd.to_datetime(days),
            "zoned": pd.to_datetime(days).dt.tz_localize("Europe/Berlin"),
            "lists": [[1, 2], None, [], [3]],
            "flag": [True, False, True, False],
        }
    )
    for part in [frame, frame.iloc[1:3], frame.iloc[:0], frame[frame.whole != 2]]:
        assert through(part).to_pylist() == pa.Table.from_pandas(part).to_pylist()


def polars_frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "text": ["a", None, "größer als zwölf Bytes", "d"],
            "category": pl.Series(["x", None, "y", "x"], dtype=pl.Categorical),
            "enum": pl.Series(["x", None, "y", "x"], dtype=pl.Enum(["x", "y"])),
            "lists": [["a"], None, [], ["a long text in a list", None]],
            "array": pl.Series([[1, 2], None, [3, 4], [5, 6]], dtype=pl.Array(pl.Int8, 2)),
            "struct": [{"a": 1}, None, {"a": None}, {"a": 4}],
            "null": [None, None, None, None],
            "decimal": [decimal.Decimal("1.5"), None, decimal.Decimal(2), decimal.Decimal(3)],
            "time": [NOON, None, NOON, NOON],
            "zoned": [UTC_NOON, None, UTC_NOON, UTC_NOON],
            "duration": [datetime.timedelta(1), None, datetime.timedelta(2), datetime.timedelta(3)],
            "clock": [datetime.time(1), None, datetime.time(2), datetime.time(3)],
            "day": [datetime.date(2026, 1, 1), None, datetime.date(2026, 1, 3), datetime.date(2026, 1, 4)],
            "bytes": [b"x", None, b"\xff" * 20, b""],
            "small": pl.Series([1, None, 3, 4], dtype=pl.UInt8),
            "single": pl.Series([1.5, None, 3, 4], dtype=pl.Float32),
        }
    )


def test_polars_frames_come_through() -> None:
    frame = polars_frame()
    for part in [frame, frame[1:3], frame[:0], pl.concat([frame, frame[2:]], rechunk=False)]:
        assert through(part).to_pylist() == part.to_arrow().to_pylist()
        assert pl.DataFrame(_core.Stream(part)).to_dicts() == part.to_dicts()


def spark_batch(text: pa.DataType, binary: pa.DataType) -> pa.RecordBatch:
    """What a function given to `DataFrame.mapInArrow` gets, as Spark 4 lays it out: lists of `element`,
    fields that cannot be null marked so at every level, and buffers that are parts of one message.
    `text` and `binary` are large ones with spark.sql.execution.arrow.useLargeVarTypes."""
    whole = pa.field("a", pa.int64(), nullable=False)
    pair = pa.struct([whole, pa.field("b", text, nullable=False)])
    variant = pa.struct(
        [
            pa.field("value", binary, nullable=False),
            pa.field("metadata", binary, nullable=False, metadata={"variant": "true"}),
        ]
    )
    deep = pa.struct(
        [pa.field("m", pa.map_(text, pa.list_(pa.field("element", pa.int64(), nullable=False))))]
    )
    columns: list[tuple[pa.Field, list[Any]]] = [
        (pa.field("text", text), ["größer als zwölf Bytes", None, ""]),
        (pa.field("no text", text), [None, None, None]),
        (pa.field("binary", binary), [b"x", None, b""]),
        (pa.field("flag", pa.bool_(), nullable=False), [True, False, True]),
        (pa.field("byte", pa.int8(), nullable=False), [1, 2, 3]),
        (pa.field("short", pa.int16(), nullable=False), [1, 2, 3]),
        (pa.field("int", pa.int32(), nullable=False), [1, 2, 3]),
        (pa.field("long", pa.int64()), [1, None, 3]),
        (pa.field("float", pa.float32(), nullable=False), [1, 2, 3]),
        (pa.field("double", pa.float64(), nullable=False), [1, 2, 3]),
        (pa.field("decimal", pa.decimal128(38, 18)), [decimal.Decimal("1.5"), None, decimal.Decimal(0)]),
        (pa.field("date", pa.date32(), nullable=False), [NOON.date()] * 3),
        (pa.field("timestamp", pa.timestamp("us", "Europe/Berlin")), [UTC_NOON, None, UTC_NOON]),
        (pa.field("timestamp_ntz", pa.timestamp("us")), [NOON, None, NOON]),
        (pa.field("time", pa.time64("ns"), nullable=False), [NOON.time()] * 3),
        (pa.field("day-time interval", pa.duration("us")), [datetime.timedelta(1, 2, 3), None, NOON - NOON]),
        (pa.field("array", pa.list_(pa.field("element", text))), [["a", None], None, []]),
        (pa.field("array()", pa.list_(pa.field("element", pa.null())), nullable=False), [[], [], []]),
        (pa.field("map", pa.map_(text, pa.int64())), [[("k", 1), ("j", None)], None, []]),
        (pa.field("map of struct", pa.map_(pa.int32(), pair), False), [[(1, {"a": 1, "b": "x"})], [], []]),
        (pa.field("struct", pair), [{"a": 1, "b": "x"}, None, {"a": 3, "b": ""}]),
        (pa.field("void", pa.null()), [None, None, None]),
        (pa.field("variant", variant, nullable=False), [{"value": b"\x0c", "metadata": b"\x01"}] * 3),
        (pa.field("nested", pa.list_(pa.field("element", deep))), [[{"m": [("a", [1])]}, None], None, []]),
    ]
    arrays = [pa.array(values, field.type) for field, values in columns]
    batch = pa.record_batch(arrays, schema=pa.schema([field for field, _ in columns]))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch()


@pytest.mark.parametrize(
    ("text", "binary"), [(pa.string(), pa.binary()), (pa.large_string(), pa.large_binary())], ids=str
)
def test_what_spark_hands_over_comes_through_and_through_a_map(
    text: pa.DataType, binary: pa.DataType
) -> None:
    batch = spark_batch(text, binary)
    for part in [batch, batch.slice(1), batch.slice(3)]:
        assert through(part).schema.equals(part.schema, check_metadata=True)
        assert_same(pa.table(part))
    schema = _core.Stream(batch).schema
    answer = pa.record_batch({"y": [1.0, 2.0, 3.0]})
    for declared in [None, schema]:  # each column as it comes, and cast to what it is
        signature = _core.Signature(declared, _core.Schema([("y", "double")]), None)
        predictor = _core.PythonPredictor(
            signature, lambda given: answer.slice(0, pa.record_batch(given).num_rows)
        )
        out = pa.table(_core.map(batch, predictor, batch_rows=2))
        out.validate(full=True)
        assert out.select(batch.schema.names).to_pylist() == batch.to_pylist()
        assert out["y"].to_pylist() == [1.0, 2.0, 1.0]
        assert [out.schema.field(name) for name in batch.schema.names] == list(batch.schema)


def test_duckdb_relations_come_through() -> None:
    connection = duckdb.connect()
    connection.sql("create type mood as enum ('sad', 'ok')")
    query = """
        select case when i % 3 = 1 then null else 'text number ' || i end as text,
               (i % 256)::utinyint as small,
               range(i) as items, {'a': i, 'b': [i]} as pair, map(['k'], [i]) as entries, now() as at,
               timestamp '2026-01-01' as naive, (i % 100)::decimal(5, 2) as price, null as nothing,
               'x'::blob as bytes, uuid() as id, [i, 2]::bigint[2] as pairs,
               (case when i % 2 = 0 then 'ok' end)::mood as mood,
               i::hugeint as huge, i % 2 = 0 as flag, date '2026-01-01' as day, time '01:02:03' as clock
        from range(3000) r(i)"""
    source = connection.sql(query).to_arrow_table()
    connection.register("source", source)
    for sql in ["from source", "from source where small = 44", "from source limit 0"]:
        assert through(connection.sql(sql)).to_pylist() == connection.sql(sql).to_arrow_table().to_pylist()
    assert (
        through(connection.sql(query)).drop_columns(["at", "id"]).to_pylist()
        == source.drop_columns(["at", "id"]).to_pylist()
    )
    stream = _core.Stream(source.select(["price", "small"]))
    assert connection.from_arrow(stream).aggregate("count(*), sum(small)").fetchall() == [
        (3000, sum(i % 256 for i in range(3000)))
    ]


@pytest.mark.parametrize(
    ("column", "code", "words"),
    [
        (pc.run_end_encode(pa.array([1, 1, 2])), "FT0202", "run-end encoded"),
        (pa.DictionaryArray.from_arrays(pa.array([0], pa.int64()), ["a"]), "FT0202", "int64 indices"),
        (pa.DictionaryArray.from_arrays(pa.array([0], pa.uint64()), ["a"]), "FT0202", "uint64 indices"),
        (pa.array([[1]], pa.list_view(pa.int8())), "FT0202", "a list view"),
        (pa.array([[1]], pa.large_list_view(pa.int8())), "FT0202", "a list view"),
        (pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]), "FT0202", "a union"),
        (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "FT0202", "an interval"),
        (pa.array([decimal.Decimal(1)], pa.decimal32(5, 1)), "FT0202", "a decimal of 32 bits"),
    ],
)
def test_other_layouts_are_refused_by_name(column: pa.Array, code: str, words: str) -> None:
    for data in [pa.table({"bad": column}), pa.table({"bad": pa.StructArray.from_arrays([column], ["x"])})]:
        with pytest.raises(Error, match=words) as caught:
            _core.Stream(data).read_next()
        assert caught.value.code == code
        assert "'bad" in str(caught.value)


def test_bare_arrays_and_private_formats_are_refused() -> None:
    for series in [pa.chunked_array([["a"]]), pl.Series("s", ["a"]), pd.Series(["a"])]:
        with pytest.raises(Error, match="and batches of columns are expected") as caught:
            _core.Stream(series).read_next()
        assert caught.value.code == "FT0207"
    with pytest.raises(Error, match="private format") as caught:
        _core.Stream(pl.DataFrame({"a": pl.Series([1], dtype=pl.Int128)})).read_next()
    assert caught.value.code == "FT0202"


def test_malformed_arrays_are_refused_before_they_are_read() -> None:
    offsets = pa.array([0, 5, 2], pa.int32()).buffers()[1]
    disordered = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"hello")])
    outside = pa.DictionaryArray.from_arrays(pa.array([0, 9], pa.int8()), ["a"], safe=False)
    for column, words in [(disordered, "its offsets are not in order"), (outside, "row 1 has index 9")]:
        with pytest.raises(Error, match=words) as caught:
            _core.Stream(pa.table({"bad": column})).read_next()
        assert caught.value.code == "FT0207"


def test_buffers_that_are_not_aligned_are_read() -> None:
    buffer = pa.py_buffer(b"x" + pa.array([1, 2, 3]).buffers()[1].to_pybytes()).slice(1)
    column = pa.Array.from_buffers(pa.int64(), 3, [None, buffer])
    assert through(pa.table({"c": column}))["c"].to_pylist() == [1, 2, 3]


def leaves() -> st.SearchStrategy[tuple[pa.DataType, st.SearchStrategy[Any]]]:
    return st.sampled_from(
        [
            (pa.int8(), st.integers(-128, 127)),
            (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
            (pa.bool_(), st.booleans()),
            (pa.float64(), st.floats(allow_nan=False)),
            (pa.string(), st.text(max_size=20)),
            (pa.large_string(), st.text(max_size=20)),
            (pa.string_view(), st.text(max_size=20)),
            (pa.binary(2), st.binary(min_size=2, max_size=2)),
            (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "b", "c"])),
            (pa.null(), st.none()),
        ]
    )


def nested(
    inner: st.SearchStrategy[tuple[pa.DataType, st.SearchStrategy[Any]]],
) -> st.SearchStrategy[tuple[pa.DataType, st.SearchStrategy[Any]]]:
    def around(pair: tuple[pa.DataType, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
        kind, value = pair[0], st.none() | pair[1]
        return st.sampled_from(
            [
                (pa.list_(kind), st.lists(value, max_size=3)),
                (pa.large_list(kind), st.lists(value, max_size=3)),
                (pa.list_(kind, 2), st.lists(value, min_size=2, max_size=2)),
                (
                    pa.struct([("a", kind), ("b", pa.int8())]),
                    st.fixed_dictionaries({"a": value, "b": st.none()}),
                ),
                (pa.map_(pa.string(), kind), st.lists(st.tuples(st.text(max_size=2), value), max_size=2)),
            ]
        )

    return inner.flatmap(around)


def test_no_rows_from_within_nested_ones_come_through() -> None:
    kind = pa.struct([("a", pa.map_(pa.string(), pa.int8())), ("b", pa.list_(pa.string()))])
    array = pa.array([{"a": [("", None)], "b": ["x"]}, None], kind)
    for start in range(3):
        assert_same(pa.table({"c": pa.chunked_array([array, array.slice(start, 0), array], kind)}))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_nesting_in_any_slices_comes_through(data: st.DataObject) -> None:
    kind, value = data.draw(st.recursive(leaves(), nested, max_leaves=3))
    rows = data.draw(st.lists(st.none() | value, max_size=12))
    array = pa.array(rows, kind)
    if "dictionary" in str(kind):
        # pyarrow's converter leaves index 0 into an empty dictionary below a null, which its own
        # validation refuses and the core takes: only the values are compared.
        out = pa.table(_core.Stream(pa.table({"c": array})))
        assert out["c"].to_pylist() == array.to_pylist()
        return
    cuts = data.draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3))
    chunks = [array.slice(min(start, len(array)), length) for start, length in cuts]
    assert_same(pa.table({"c": pa.chunked_array([array, *chunks], kind)}))
