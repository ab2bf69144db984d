"""The same kind of object out as came in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from foretell import Error
from foretell.sinks.frames import from_table, kind_of
from foretell.sources import as_source

TABLE = pa.table(
    {
        "id": [1, 2],
        "text": ["a", None],
        "at": pa.array([dt.datetime(2026, 1, 2, tzinfo=dt.UTC), None]),
        "topics": [[0.5, 0.5], [1.0, 0.0]],
    }
)

KINDS: dict[str, Any] = {
    "pandas": TABLE.to_pandas(),
    "polars": pl.from_arrow(TABLE),
    "polars lazy": pl.from_arrow(TABLE).lazy(),
    "table": TABLE,
    "batch": TABLE.to_batches()[0],
    "reader": TABLE.to_reader(),
    "dicts": TABLE.to_pylist(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_go_in_and_come_back_as_the_same_kind(kind: str) -> None:
    given = KINDS[kind] if kind != "reader" else TABLE.to_reader()
    assert kind_of(given) == kind
    table = as_source(given).read().read_all()
    assert table.to_pylist() == TABLE.to_pylist()
    back = from_table(table, kind)
    assert type(back) is type(given)
    assert as_source(back).read().read_all().to_pylist() == TABLE.to_pylist()


def test_a_dict_is_one_row() -> None:
    row = {"id": 1, "text": "a", "tags": ["x"]}
    assert kind_of(row) == "dict"
    assert from_table(as_source(row).read().read_all(), "dict") == row


@pytest.mark.parametrize("kind", ["pandas series", "polars series", "chunked", "array"])
def test_one_column(kind: str) -> None:
    back = from_table(TABLE.select(["id"]), kind)
    assert list(back.to_pylist() if hasattr(back, "to_pylist") else back) == [1, 2]
    assert kind_of(back) == kind


def test_pandas_keeps_whole_numbers_strings_times_and_the_index() -> None:
    table = pa.table(
        {
            "big": pa.array([2**60 + 1, None], pa.int64()),
            "u": pa.array([None, 7], pa.uint8()),
            "ok": pa.array([True, None]),
            "plain": [1, 2],
            "text": ["a", None],
            "at": pa.array([dt.datetime(2026, 1, 2, tzinfo=dt.UTC), None]),
        }
    )
    frame = from_table(table, "pandas", index=pd.Index(["p", "q"], name="key"))
    assert frame["big"].iloc[0] == 2**60 + 1
    assert [str(frame[name].dtype) for name in ("big", "u", "ok", "plain")] == [
        "Int64",
        "UInt8",
        "boolean",
        "int64",
    ]
    assert frame["text"].dtype == pd.Series(["a"]).dtype
    assert str(frame["at"].dtype) == "datetime64[us, UTC]"
    assert list(frame.index) == ["p", "q"]
    assert as_source(frame.reset_index(drop=True)).read().read_all().to_pylist() == table.to_pylist()


def test_rows_that_do_not_fit_a_kind_are_refused() -> None:
    for kind in ("dict", "nothing"):
        with pytest.raises(Error) as raised:
            from_table(TABLE, kind)
        assert raised.value.code == "FT0101"


def test_no_rows() -> None:
    for kind in KINDS:
        back = from_table(TABLE.slice(0, 0), kind)
        assert as_source(back).read().read_all().num_rows == 0
