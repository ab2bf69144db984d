from __future__ import annotations

import datetime as dt
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import foretell as ft
from foretell.predictor.rows import Skip

UTC = dt.UTC
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_row_is_a_dict_with_attributes() -> None:
    row = ft.Row(title="a", items=3)
    assert row.title == row["title"] == "a"
    assert row["items"] == 3
    assert {**row} == {"title": "a", "items": 3}
    row.title = "b"
    assert row == {"title": "b", "items": 3}
    assert pickle.loads(pickle.dumps(row)) == row


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    row = ft.Row(title="a", id=1)
    with pytest.raises(AttributeError, match=r"no column 'titel'; its columns are 'title', 'id'"):
        _ = row.titel
    with pytest.raises(KeyError, match=r"no column 'titel'"):
        _ = row["titel"]
    assert not hasattr(row, "titel")
    assert row.get("titel") is None


def rows() -> ft.Rows:
    return ft.Rows(pa.record_batch({"title": ["a", None, "c"], "n": [1, 2, 3]}))


def test_rows_give_columns_rows_and_frames() -> None:
    given = rows()
    assert given["title"].equals(pa.array(["a", None, "c"]))
    assert given.n.equals(pa.array([1, 2, 3]))
    assert len(given) == 3
    assert list(given) == [{"title": "a", "n": 1}, {"title": None, "n": 2}, {"title": "c", "n": 3}]
    assert given[1].n == given[-2].n == 2
    assert [row.n for row in given[1:]] == [2, 3]
    assert [row.n for row in given[::2]] == [1, 3]
    assert given.to_pandas()["n"].tolist() == [1, 2, 3]
    assert pa.record_batch(given).num_rows == 3
    assert "title" in given
    assert "other" not in given


def test_rows_cannot_be_changed() -> None:
    given = rows()
    with pytest.raises(ft.Error) as caught:
        given.title = pa.array(["x", "y", "z"])
    assert caught.value.code == "FT0311"
    frame = given.to_pandas()
    frame.loc[:, "n"] = 0
    assert given.n.to_pylist() == [1, 2, 3]


def test_a_column_of_rows_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="no column 'titel'"):
        rows()["titel"]
    with pytest.raises(AttributeError, match="no column 'titel'"):
        _ = rows().titel
    with pytest.raises(IndexError):
        rows()[3]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([NOON], pa.timestamp("us", "UTC")),
        pa.array([NOON], pa.timestamp("ns", "America/New_York")),
        pa.array([NOON.replace(tzinfo=None)], pa.timestamp("s")),
        pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ns")),
    ],
    ids=lambda column: str(column.type),
)
def test_timestamps_are_aware_and_in_utc(column: pa.Array) -> None:
    lists = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), column)
    nested = pa.StructArray.from_arrays([column, lists], ["a", "b"])
    row = ft.Rows(pa.RecordBatch.from_arrays([column, nested], ["at", "nested"]))[0]
    for found in (row.at, row.nested["a"], row.nested["b"][0]):
        assert type(found) is dt.datetime
        assert found == NOON
        assert found.utcoffset() == dt.timedelta(0)


def test_skip_is_returned_or_raised() -> None:
    assert ft.skip("no title").reason == "no title"
    with pytest.raises(Skip, match="no title"):
        raise ft.skip("no title")


def test_join_text_of_scalars_leaves_nothing_out_but_nothing() -> None:
    assert ft.join_text("a", None, "b") == "a b"
    assert ft.join_text("a", "", float("nan"), pd.NA, pd.NaT, 3, 2.5) == "a 3 2.5"
    assert ft.join_text(None, None) == ""
    assert ft.join_text() == ""
    assert ft.join_text("a", "b", sep=" | ") == "a | b"


COLUMN = ["a", None, "", "d"]


@pytest.mark.parametrize(
    ("make", "back"),
    [
        (pa.array, lambda made: made.to_pylist() if isinstance(made, pa.StringArray) else made),
        (lambda v: pa.chunked_array([v[:1], v[1:]]), lambda made: made.to_pylist()),
        (lambda v: pd.Series(v, index=[5, 6, 7, 8]), lambda made: made.to_list()),
        (pl.Series, lambda made: made.to_list()),
        (list, lambda made: made),
        (tuple, lambda made: made),
        (lambda v: np.array(v, object), lambda made: made),
    ],
    ids=["arrow", "chunked", "pandas", "polars", "list", "tuple", "numpy"],
)
def test_join_text_of_columns_equals_that_of_their_elements(make, back) -> None:  # type: ignore[no-untyped-def]
    joined = ft.join_text(make(COLUMN), make(["1", None, "3", "4"]), "end")
    assert back(joined) == ["a 1 end", "end", "3 end", "d 4 end"]


def test_join_text_of_a_series_keeps_its_index() -> None:
    joined = ft.join_text(pd.Series(["a", None], index=["x", "y"]), "b")
    assert joined.to_dict() == {"x": "a b", "y": "b"}


def test_join_text_refuses_columns_of_two_lengths() -> None:
    with pytest.raises(ft.Error) as caught:
        ft.join_text(["a", "b"], ["c"])
    assert caught.value.code == "FT0302"
