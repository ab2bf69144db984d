from __future__ import annotations

import datetime
import pickle

import pyarrow as pa
import pytest

import foretell as ft


def test_types_have_one_spelling() -> None:
    made = ft.schema(title="utf8", score="float64", tags="list<string>")
    assert dict(made) == {"title": "string", "score": "double", "tags": "list<string>"}


def test_python_types_are_types() -> None:
    made = ft.schema(
        a=str,
        b=int,
        c=float,
        d=bool,
        e=bytes,
        f=datetime.datetime,
        g=datetime.date,
        h=list[float],
        i=str | None,
    )
    assert dict(made) == {
        "a": "string", "b": "int64", "c": "double", "d": "bool", "e": "binary",
        "f": "timestamp[us, UTC]", "g": "date32", "h": "list<double>", "i": "string",
    }  # fmt: skip


def test_an_arrow_schema_and_arrow_types_are_taken() -> None:
    arrow = pa.schema([("a", pa.list_(pa.float32())), ("b", pa.timestamp("ms", "Europe/Berlin"))])
    assert dict(ft.schema(arrow)) == {"a": "list<float>", "b": "timestamp[ms, Europe/Berlin]"}
    assert dict(ft.schema(a=pa.int8())) == {"a": "int8"}
    assert ft.schema(arrow).to_arrow() == arrow


def test_names_that_are_no_python_names() -> None:
    made = ft.schema({"topic share": float}, n=int)
    assert list(made) == ["topic share", "n"]
    assert eval(repr(made), {"ft": ft}) == made
    assert eval(repr(ft.schema(n=int)), {"ft": ft}) == ft.schema(n=int)


@pytest.mark.parametrize("kind", ["strang", "list<", set, 3, dict])
def test_an_unknown_type_is_refused(kind: object) -> None:
    with pytest.raises(ft.Error) as caught:
        ft.schema(title=kind)
    assert caught.value.code == "FT0201"


def test_a_column_given_twice_is_refused() -> None:
    with pytest.raises(ft.Error) as caught:
        ft.schema([("a", "string"), ("a", "int64")])
    assert caught.value.code == "FT0204"


def test_a_schema_survives_pickling() -> None:
    made = ft.schema(a="list<struct<x: double>>")
    assert pickle.loads(pickle.dumps(made)) == made
