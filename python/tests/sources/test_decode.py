"""Kafka messages into rows: the rules of JSON Lines, one message at a time, whatever is around it."""

from __future__ import annotations

import datetime
import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foretell as ft
from foretell.sources.decode import MESSAGE, Decode

COLUMNS = {
    "a": "int64",
    "s": "string",
    "x": "double",
    "yes": "bool",
    "list": "list<double>",
    "in": "struct<t: string>",
    "when": "timestamp[us, UTC]",
    "raw": "binary",
}
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def messages(values: list[bytes | None]) -> pa.RecordBatch:
    """As Spark hands them over, times in the session's zone."""
    n = len(values)
    columns = [
        pa.array([b"k%d" % i for i in range(n)], pa.binary()),
        pa.array(values, pa.binary()),
        pa.array(["events"] * n),
        pa.array([3] * n, pa.int32()),
        pa.array(range(100, 100 + n), pa.int64()),
        pa.array([NOW] * n, pa.timestamp("us", "Asia/Tokyo")),
        pa.array([0] * n, pa.int32()),
    ]
    names = ["key", "value", "topic", "partition", "offset", "timestamp", "timestampType"]
    return pa.RecordBatch.from_arrays(columns, names=names)


def decoder(columns: dict[str, str] | None = COLUMNS, **options: Any) -> Decode:
    found = ft.kafka("broker:9092", "events", schema=columns, **options).decoder()
    return pickle.loads(pickle.dumps(found))


def decoded(values: list[bytes | None], **options: Any) -> tuple[list[dict[str, Any]], dict[int, Any]]:
    rows, faults = decoder(**options)(messages(values))
    rows.validate(full=True)
    return rows.to_pylist(), {row: (code, message) for row, code, message in faults}


def test_rows_have_the_schema_then_what_every_message_has() -> None:
    decode = decoder({"a": "int64"})
    rows, faults = decode(messages([b'{"a": 1, "b": 2}', b"{}"]))
    assert rows.schema == decode.schema()
    assert rows.schema.names == ["a", "key", "topic", "partition", "offset", "timestamp", "value"]
    assert not faults
    assert rows.to_pylist()[0] == {
        "a": 1,
        "key": b"k0",
        "topic": "events",
        "partition": 3,
        "offset": 100,
        "timestamp": NOW,
        "value": b'{"a": 1, "b": 2}',
    }


BAD = {
    b"garbage": "not JSON: Expecting value",
    b"": "not JSON: Expecting value",
    b" \n": "not JSON: Expecting value",
    b"null": "no object: null",
    b"[1]": "no object: a list",
    b"1": "no object: a number",
    b'{"a": 1}{"a": 2}': "not JSON: Extra data",
    b'{"a": 1}\n{"a": 2}': "not JSON: Extra data",
    b'{"a": 1} null': "not JSON: Extra data",
    b'{"s": "a\nb"}': "not JSON: Invalid control character",
    b'{"s": "\xff"}': "byte 8 (0xff) is not valid UTF-8",
    b'{"a": "1"}': 'column "a" holds "1", which is not int64',
    b'{"a": 2.5}': 'column "a" holds 2.5, which is not int64',
    b'{"a": 1, "a": 2}': "twice",
    b'{"raw": "!!"}': 'column "raw" holds "!!", which is not binary',
    b"[" * 100_000: "not JSON",
}


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_no_object_of_these_types_is_a_fault_of_its_row(alone: bool) -> None:
    good = b'{"a": 7}'
    values = [value for bad in BAD for value in ([bad] if alone else [good, bad, good])]
    rows, faults = [], {}
    for at, batch in enumerate([[value] for value in values] if alone else [values]):
        some, found = decoded(batch)
        rows += some
        faults |= {at + row: fault for row, fault in found.items()}
    assert [row["value"] for row in rows] == values
    for number, (row, value) in enumerate(zip(rows, values, strict=True)):
        if value == good:
            assert row["a"] == 7
            assert number not in faults
        else:
            code, message = faults[number]
            assert code == "FT0704"
            assert f"events/3, offset {100 if alone else 100 + number}: " in message
            assert BAD[value] in message
            assert all(row[name] is None for name in COLUMNS)


def test_a_message_may_be_spread_over_lines_and_begin_with_a_byte_order_mark() -> None:
    spread = json.dumps({"a": 1, "list": [1, 2], "in": {"t": "x"}}, indent=2).encode()
    rows, faults = decoded([spread, b"\xef\xbb\xbf" + spread, spread.replace(b"\n", b"\r\n") + b"\n"])
    assert not faults
    assert [(row["a"], row["list"], row["in"]) for row in rows] == [(1, [1.0, 2.0], {"t": "x"})] * 3


def test_a_tombstone_is_skipped_where_json_is_read() -> None:
    rows, faults = decoded([b'{"a": 1}', None, b'{"a": 2}'])
    assert [row["a"] for row in rows] == [1, None, 2]
    assert faults == {1: ("FT0306", "events/3, offset 101: a tombstone")}
    raw, none = decoded([b"\xff", None], columns=None)
    assert [row["value"] for row in raw] == [b"\xff", None]
    assert not none


def test_a_message_that_is_too_long_is_a_fault() -> None:
    long = b'{"s": "' + b"x" * 2_000_000 + b'"}'
    rows, faults = decoded([long, b'{"s": "y"}'], max_bytes=1_000_000)
    assert faults == {
        0: ("FT0704", "events/3, offset 100: the message has 2,000,009 bytes, and max_bytes is 1,000,000")
    }
    assert [row["s"] for row in rows] == [None, "y"]
    assert decoded([long])[0][0]["s"] == "x" * 2_000_000
    assert 0 in decoded([long], columns=None, max_bytes=10)[1]


def test_no_message_and_only_bad_ones() -> None:
    assert decoded([]) == ([], {})
    rows, faults = decoded([b"bad"] * 3)
    assert [row["a"] for row in rows] == [None] * 3
    assert sorted(faults) == [0, 1, 2]


def test_types_that_arrow_does_not_take_rows_of() -> None:
    columns = {
        "s": "string",
        "d": "dictionary<int32, string>",
        "f": "fixed_size_list<double, 2>",
        "day": "date32",
    }
    good = b'{"s": "a", "d": "b", "f": [1, 2], "day": "2026-01-02"}'
    rows, faults = decoded([good, b"bad", good], columns=columns)
    assert sorted(faults) == [1]
    assert [row["d"] for row in rows] == ["b", None, "b"]
    assert rows[2]["f"] == [1.0, 2.0]
    assert rows[2]["day"] == datetime.date(2026, 1, 2)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = {
    "a": st.integers(-(2**63), 2**63 - 1),
    "s": text,
    "x": st.floats(allow_nan=False, allow_infinity=False),
    "yes": st.booleans(),
    "list": st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    "in": st.fixed_dictionaries({}, optional={"t": st.none() | text, "other": text}),
    "when": st.datetimes(
        datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1), timezones=st.just(datetime.UTC)
    ).map(datetime.datetime.isoformat),
    "unknown": st.lists(text, max_size=3),
}
objects = st.fixed_dictionaries({}, optional={name: st.none() | some for name, some in values.items()})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(objects, st.booleans()), min_size=1, max_size=20))
def test_objects_are_read_as_from_a_file(tmp_path_factory: Any, given: list[tuple[Any, bool]]) -> None:
    lines = [json.dumps(one, ensure_ascii=ascii).encode() for one, ascii in given]
    spread = [json.dumps(one, indent=1).encode() for one, _ in given]
    path = Path(tmp_path_factory.getbasetemp()) / "objects.jsonl"
    path.write_bytes(b"\n".join(lines))
    expected = ft.files(path, types=COLUMNS).read(list(COLUMNS)).read_all()
    for sent in (lines, spread):
        rows, faults = decoder()(messages(sent))
        assert not faults
        assert pa.Table.from_batches([rows.select(list(COLUMNS))]).equals(expected)


pieces = st.sampled_from(
    [
        b"{",
        b"}",
        b'"a"',
        b":",
        b",",
        b"1",
        b"null",
        b"[",
        b"]",
        b"\n",
        b" ",
        b'"',
        b"true",
        b"\\",
        b"e",
        b"-",
        b"\xef\xbb\xbf",
    ]
)
anything = st.one_of(
    st.binary(max_size=30),
    st.lists(pieces, max_size=12).map(b"".join),
    objects.map(lambda one: json.dumps(one).encode()),
    st.none(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, max_size=12))
def test_a_message_means_the_same_alone_and_among_others(given: list[bytes | None]) -> None:
    together, faults = decoded(given)
    assert len(together) == len(given)
    for number, value in enumerate(given):
        [row], fault = decoded([value])
        assert row["value"] == value
        assert {name: row[name] for name in COLUMNS} == {name: together[number][name] for name in COLUMNS}
        assert bool(fault) == (number in faults)
        if fault:
            assert fault[0][0] == faults[number][0]


def test_names_of_a_message_are_not_columns_of_the_schema() -> None:
    for name in MESSAGE:
        with pytest.raises(ft.Error, match=rf"FT0210.*'{name}'(.|\n)*prefix="):
            ft.kafka("broker:9092", "events", schema={name: "string"})
    rows, _ = decoder({"value": "int64"}, prefix="kafka_")(messages([b'{"value": 5}']))
    assert rows.schema.names[:3] == ["value", "kafka_key", "kafka_topic"]
    assert rows.to_pylist()[0]["value"] == 5
    with pytest.raises(ft.Error, match="FT0210"):
        ft.kafka("broker:9092", "events", schema={"k_key": "string"}, prefix="k_")


def test_a_type_that_json_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(ft.Error, match="FT0202"):
        ft.kafka("broker:9092", "events", schema={"m": "map<string, int64>"}).schema()
