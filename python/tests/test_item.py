"""The contract for a single row: the casts and codes that a batch gets, without a batch."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import math
import os
import subprocess
import sys
import timeit
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foretell
from foretell import _core

UTC = dt.UTC


def cast(type_text: str, value: Any) -> Any:
    contract = _core.ItemContract(_core.Signature(input=_core.Schema([("v", type_text)])))
    return contract.cast({"v": value, "other": object()})["v"]


def check(type_text: str, value: Any, **policy: bool) -> Any:
    return _core.ItemContract(_core.Signature(output=_core.Schema([("y", type_text)]), **policy)).check(
        value
    )["y"]


def code(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(foretell.Error) as caught:
        call(*arguments, **options)
    return str(caught.value.code)


def batch_cast(type_text: str, column: pa.Array) -> Any:
    """What a Python predictor sees of a one-row batch, or the code of the error."""
    seen: list[Any] = []

    def keep(batch: _core.Batch) -> pa.RecordBatch:
        values = pa.record_batch(batch)["v"]
        if pa.types.is_timestamp(values.type):
            moments = values.cast(pa.timestamp("us", tz="UTC")).to_pylist()
            seen.extend(moment and moment.astimezone(UTC) for moment in moments)
        else:
            seen.extend(values.to_pylist())
        return pa.record_batch({"y": pa.array([0])})

    signature = _core.Signature(
        input=_core.Schema([("v", type_text)]), output=_core.Schema([("y", "int64")]), keep=[]
    )
    stream = _core.map(pa.table({"v": column}), _core.PythonPredictor(signature, keep))
    try:
        stream.read_next()
    except foretell.Error as error:
        return error.code
    return seen[0]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and one == other


# Python values as Arrow infers their types, and the declared types that they may meet.
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(2**53 - 2, 2**53 + 2),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1)),
    st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1), timezones=st.just(UTC)),
    st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1)).map(lambda t: t.replace(microsecond=0)),
    st.dates(),
)
DECLARED = [
    "bool", "int64", "double", "string", "large_string", "binary", "date32", "null",
    "timestamp[s, UTC]", "timestamp[ms, UTC]", "timestamp[us, UTC]", "timestamp[ns, UTC]",
]  # fmt: skip


@given(value=VALUES, declared=st.sampled_from(DECLARED))
@settings(max_examples=600, deadline=None)
def test_an_item_is_cast_as_a_batch_of_what_arrow_infers(value: Any, declared: str) -> None:
    """For every pair of a value and a declared type: the same value, or the same code."""
    expected = batch_cast(declared, pa.array([value]))
    try:
        found = cast(declared, value)
    except foretell.Error as error:
        found = error.code
    if isinstance(value, float) and math.isnan(value) and declared != "double":
        assert found is None  # an item's NaN is a null; Arrow infers a column of doubles from it
    else:
        assert same(found, expected), (found, expected)


EXACT: dict[str, st.SearchStrategy[Any]] = {
    **{f"int{bits}": st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "half": st.floats(width=16),
    "float": st.floats(width=32),
    "double": st.floats(),
    "bool": st.booleans(),
    "string": st.text(),
    "large_string": st.text(),
    "binary": st.binary(),
    "large_binary": st.binary(),
    "fixed_size_binary[3]": st.binary(min_size=3, max_size=3),
    "date32": st.dates(),
    "time32[s]": st.times().map(lambda t: t.replace(microsecond=0, fold=0)),
    "time64[us]": st.times().map(lambda t: t.replace(fold=0)),
    "duration[us]": st.timedeltas(dt.timedelta(days=-10_000), dt.timedelta(days=10_000)),
    "duration[s]": st.integers(-(10**9), 10**9).map(lambda s: dt.timedelta(seconds=s)),
    "timestamp[us, UTC]": st.datetimes(timezones=st.just(UTC)).map(lambda t: t.replace(fold=0)),
    "timestamp[ns, UTC]": st.datetimes(
        dt.datetime(1680, 1, 1), dt.datetime(2260, 1, 1), timezones=st.just(UTC)
    ).map(lambda t: t.replace(fold=0)),
    "decimal128(12, 3)": st.decimals(-(10**8), 10**8, places=3, allow_nan=False),
    "dictionary<int32, string>": st.text(),
    "list<double>": st.lists(st.one_of(st.none(), st.floats())),
    "large_list<string>": st.lists(st.text()),
    "fixed_size_list<int64, 2>": st.lists(st.integers(-5, 5), min_size=2, max_size=2),
    "struct<a: int64, b: list<string>>": st.fixed_dictionaries(
        {"a": st.one_of(st.none(), st.integers(-5, 5)), "b": st.lists(st.text())}
    ),
    "map<string, int64>": st.dictionaries(st.text(), st.integers(-5, 5)).map(lambda d: list(d.items())),
}


def arrow_type(type_text: str) -> pa.DataType:
    return pa.schema(_core.Schema([("v", type_text)])).field("v").type


@pytest.mark.parametrize("type_text", EXACT)
def test_an_item_of_the_declared_type_is_what_a_batch_of_it_gives(type_text: str) -> None:
    @given(value=st.one_of(st.none(), EXACT[type_text]))
    @settings(max_examples=25, deadline=None)
    def holds(value: Any) -> None:
        kind = arrow_type(type_text)
        if type_text == "half" and value is not None:
            column = pa.array([np.float16(value)], kind)
        elif pa.types.is_dictionary(kind):
            column = pa.array([value], kind.value_type).dictionary_encode()
        else:
            column = pa.array([value], kind)
        expected = batch_cast(type_text, column)
        found = cast(type_text, value)
        assert repr(found) == repr(expected)  # NaN and the sign of zero, too

    holds()


@pytest.mark.parametrize(
    ("type_text", "value", "expected"),
    [
        ("double", 3, 3.0),
        ("double", np.float32(0.5), 0.5),
        ("double", np.int64(4), 4.0),
        ("double", np.array(1.5), 1.5),
        ("double", pd.NA, None),
        ("int64", float("nan"), None),
        ("int64", np.uint8(3), 3),
        ("bool", np.bool_(True), True),
        ("string", float("nan"), None),
        ("string", pd.NA, None),
        ("string", np.str_("x"), "x"),
        ("binary", bytearray(b"x"), b"x"),
        ("timestamp[us, UTC]", dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=UTC)),
        ("timestamp[s, UTC]", pd.Timestamp("2026-01-01", tz="Asia/Tokyo"), dt.datetime(2025, 12, 31, 15, tzinfo=UTC)),
        ("timestamp[us, UTC]", np.datetime64("2026-01-01T09", "ns"), dt.datetime(2026, 1, 1, 9, tzinfo=UTC)),
        ("timestamp[us, UTC]", pd.NaT, None),
        ("timestamp[us, UTC]", np.datetime64("NaT"), None),
        ("timestamp[us]", dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=UTC)),
        ("date32", np.datetime64("2026-01-01"), dt.date(2026, 1, 1)),
        ("decimal128(5, 2)", decimal.Decimal("1.5"), decimal.Decimal("1.50")),
        ("duration[us]", pd.Timedelta("1s"), dt.timedelta(seconds=1)),
        ("list<double>", np.array([1.0, 2.0]), [1.0, 2.0]),
        ("list<double>", np.array([1.0, 2.0, 3.0])[::2], [1.0, 3.0]),
        ("list<double>", np.array([1, 2]), [1.0, 2.0]),
        ("list<double>", (1, None), [1.0, None]),
        ("list<list<int64>>", np.eye(2, dtype=int), [[1, 0], [0, 1]]),
        ("list<string>", pd.Series(["a", None]), ["a", None]),
        ("list<string>", pa.array(["a", None]), ["a", None]),
        ("struct<a: int64, b: string>", {"a": 1}, {"a": 1, "b": None}),
        ("map<string, int64>", {"a": 1}, [("a", 1)]),
    ],
)  # fmt: skip
def test_values_of_numpy_pandas_and_arrow_become_plain_ones(
    type_text: str, value: Any, expected: Any
) -> None:
    found = cast(type_text, value)
    assert repr(found) == repr(expected)


@pytest.mark.parametrize(
    ("type_text", "value", "expected"),
    [
        ("double", True, "FT0205"),
        ("double", "1", "FT0205"),
        ("double", [1.0], "FT0205"),
        ("double", np.array([1.0]), "FT0205"),
        ("double", 2**53 + 1, "FT0206"),
        ("double", 10**400, "FT0206"),
        ("float", 0.1, "FT0206"),
        ("int64", True, "FT0205"),
        ("int64", 1.0, "FT0205"),
        ("int8", 128, "FT0206"),
        ("uint64", -1, "FT0206"),
        ("int64", 2**63, "FT0206"),
        ("bool", 1, "FT0205"),
        ("string", b"x", "FT0205"),
        ("string", "\ud800", "FT0208"),
        ("binary", "x", "FT0205"),
        ("date32", dt.datetime(2026, 1, 1), "FT0205"),
        ("timestamp[us, UTC]", dt.date(2026, 1, 1), "FT0205"),
        ("timestamp[us, UTC]", "2026-01-01", "FT0205"),
        ("timestamp[ms, UTC]", dt.datetime(2026, 1, 1, microsecond=1), "FT0206"),
        ("timestamp[ns, UTC]", dt.datetime(2500, 1, 1), "FT0206"),
        (
            "timestamp[us, UTC]",
            dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(-dt.timedelta(hours=2))),
            "FT0206",
        ),
        ("timestamp[us, UTC]", np.datetime64("2026-01-01T00:00:00.000000001", "ns"), "FT0206"),
        ("decimal128(5, 2)", decimal.Decimal("1.555"), "FT0206"),
        ("decimal128(5, 2)", decimal.Decimal("12345"), "FT0206"),
        ("list<double>", "abc", "FT0205"),
        ("list<double>", 1.0, "FT0205"),
        ("list<double>", ["x"], "FT0205"),
        ("fixed_size_list<double, 2>", [1.0], "FT0206"),
        ("fixed_size_binary[2]", b"x", "FT0206"),
        ("struct<a: int64>", {"a": 1, "b": 2}, "FT0205"),
        ("struct<a: int64>", 1, "FT0205"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(type_text: str, value: Any, expected: str) -> None:
    assert code(cast, type_text, value) == expected
    assert code(check, type_text, value, allow_null=True, allow_nan=True) == "FT0303"


def test_a_missing_column_is_named_with_the_keys_that_are_there() -> None:
    contract = _core.ItemContract(_core.Signature(input=_core.Schema([("title", "string"), ("n", "int64")])))
    with pytest.raises(foretell.Error, match="no 'n'; its keys are title, id") as caught:
        contract.cast({"title": "a", "id": 1})
    assert caught.value.code == "FT0203"
    assert code(contract.cast, 5) == "FT0205"
    with pytest.raises(foretell.Error, match=r"its keys are \?"):
        contract.cast({"\ud800": 1})


CHANGES_ITS_ROW = """
import foretell
from foretell import _core

class Value:
    def __getattr__(self, name):
        row["a"].clear()
        raise AttributeError(name)

row = {"a": [Value()]}
contract = _core.ItemContract(_core.Signature(input=_core.Schema([("a", "list<double>")])))
try:
    contract.cast(row)
except foretell.Error as error:
    print(error.message)
"""


def test_a_value_may_take_itself_out_of_its_row() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHANGES_ITS_ROW],
        env={**os.environ, "PYTHONMALLOC": "debug", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "column 'a' is a Value, expected double\n", done.stderr


def test_without_a_declared_input_the_row_is_copied() -> None:
    contract = _core.ItemContract(_core.Signature())
    row = {"a": float("nan"), "b": [1]}
    copy = contract.cast(row)
    assert copy == row
    assert copy is not row
    assert contract.cast(collections.UserDict(row)) == row


def test_nulls_and_nan_are_refused_wherever_they_are_unless_allowed() -> None:
    nan = float("nan")
    assert code(check, "double", None) == "FT0304"
    assert code(check, "list<double>", [1.0, None]) == "FT0304"
    assert code(check, "struct<a: string>", {}) == "FT0304"
    assert code(check, "double", nan) == "FT0305"
    assert code(check, "list<double>", np.array([1.0, nan])) == "FT0305"
    assert code(check, "struct<a: list<double>>", {"a": [nan]}) == "FT0305"
    assert check("double", None, allow_null=True) is None
    assert check("list<double>", [None], allow_null=True) == [None]
    assert math.isnan(check("double", nan, allow_nan=True))


def test_several_outputs_come_as_a_dict_a_tuple_or_a_named_tuple() -> None:
    contract = _core.ItemContract(
        _core.Signature(output=_core.Schema([("label", "string"), ("score", "double")]))
    )
    expected = {"label": "a", "score": 1.0}
    named = collections.namedtuple("named", ["score", "label"])
    for value in ({"score": 1, "label": "a"}, ("a", 1), named(score=1, label="a")):
        assert contract.check(value) == expected
        assert list(contract.check(value)) == ["label", "score"]
    for wrong in ({"label": "a"}, {"label": "a", "scores": 1}, ("a",), ["a", 1], "a", 1):
        assert code(contract.check, wrong) == "FT0303"
    assert code(contract.check, None) == "FT0304"


def test_a_row_costs_microseconds() -> None:
    """Two strings in, fifty doubles out; the limit leaves room for a busy machine."""
    contract = _core.ItemContract(
        _core.Signature(
            input=_core.Schema([("title", "string"), ("description", "string")]),
            output=_core.Schema([("topics", "list<double>")]),
        )
    )
    row = {"id": 1, "title": "Concert in the park", "description": "An evening of music. " * 20}
    topics = np.linspace(0.0, 1.0, 50)

    def both() -> None:
        contract.cast(row)
        contract.check(topics)

    assert min(timeit.repeat(both, number=2_000, repeat=5)) / 2_000 < 20e-6
