"""Every form that predictions may be returned in, and what it becomes."""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

import foretell as ft

DATA = pa.table({"n": [0, 1, 2]})
LISTS = [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
MATRIX = np.array(LISTS)
Pair = namedtuple("Pair", "label score")


def predict(value: Any, output: Any = None, **attributes: Any) -> list[Any]:
    """What a predict_bulk that returns (its rows of) ``value`` gives for a table and, the same, for dicts."""

    def call(self: Any, rows: Any) -> Any:
        numbers = rows["n"].to_pylist()
        return value(numbers) if callable(value) else value[numbers[0] : numbers[0] + len(numbers)]

    predictor = type(
        "P", (ft.Predictor,), {"output": output, "keep": [], "predict_bulk": call, **attributes}
    )()
    frame = predictor.predict(DATA)
    assert frame["_error"].null_count == 3
    rows = [
        {k: v for k, v in row.items() if k not in ("_error", "model_version")} for row in frame.to_pylist()
    ]
    assert [predictor.predict({"n": n}) for n in range(3)] == rows
    return rows


ONE_LIST = {
    "list": LISTS,
    "tuples": [tuple(row) for row in LISTS],
    "generator": lambda numbers: (LISTS[n] for n in numbers),
    "map": lambda numbers: map(LISTS.__getitem__, numbers),
    "numpy": MATRIX,
    "numpy-fortran": np.asfortranarray(MATRIX),
    "numpy-float32": MATRIX.astype(np.float32),
    "numpy-int": MATRIX.astype(np.int64),
    "numpy-rows": list(MATRIX),
    "numpy-object": MATRIX.astype(object),
    "numpy-matrix": np.asmatrix(MATRIX),
    "csr": sp.csr_matrix(MATRIX),
    "csc-array": lambda numbers: sp.csc_array(MATRIX[numbers]),
    "pandas": pd.DataFrame(MATRIX),
    "pandas-series": pd.Series(LISTS),
    "polars": pl.DataFrame(MATRIX, schema=["a", "b"], orient="row"),
    "polars-series": pl.Series("p", LISTS),
    "arrow": pa.array(LISTS),
    "arrow-chunked": pa.chunked_array([LISTS[:1], LISTS[1:]]),
    "arrow-fixed": pa.array(LISTS, pa.list_(pa.float64(), 2)),
    "arrow-large": pa.array(LISTS, pa.large_list(pa.float32())),
    "arrow-table": lambda numbers: pa.table({"p": [LISTS[n] for n in numbers]}),
    "dicts": [{"p": row} for row in LISTS],
    "columns": lambda numbers: {"p": [LISTS[n] for n in numbers]},
}


@pytest.mark.parametrize("form", ONE_LIST)
@pytest.mark.parametrize(
    "kind", ["list<double>", "list<float>", "large_list<double>", "fixed_size_list<double, 2>"]
)
def test_a_list_per_row_in_every_form(form: str, kind: str) -> None:
    assert predict(ONE_LIST[form], ft.schema(p=kind)) == [{"p": row} for row in LISTS]


ONE_NUMBER = {
    "list": [0.5, 1.5, 2.5],
    "generator": lambda numbers: (n + 0.5 for n in numbers),
    "numpy": np.array([0.5, 1.5, 2.5]),
    "numpy-column": np.array([[0.5], [1.5], [2.5]]),
    "numpy-scalars": [np.float64(0.5), np.float32(1.5), np.float16(2.5)],
    "one-element-arrays": [np.array([0.5]), np.array([1.5]), np.array([2.5])],
    "pandas": pd.Series([0.5, 1.5, 2.5], index=[7, 8, 9]),
    "pandas-frame": pd.DataFrame({"anything": [0.5, 1.5, 2.5]}),
    "pandas-nullable": pd.Series([0.5, 1.5, 2.5], dtype="Float64"),
    "polars": pl.Series([0.5, 1.5, 2.5]),
    "arrow": pa.array([0.5, 1.5, 2.5]),
}


@pytest.mark.parametrize("form", ONE_NUMBER)
@pytest.mark.parametrize("output", [ft.schema(p="double"), ft.schema(p="float")], ids=["double", "float"])
def test_a_number_per_row_in_every_form(form: str, output: Any) -> None:
    assert predict(ONE_NUMBER[form], output) == [{"p": 0.5}, {"p": 1.5}, {"p": 2.5}]


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "c"],
        np.array(["a", "b", "c"]),
        np.array(["a", "b", "c"], object),
        pd.Series(["a", "b", "c"]),
        pd.Series(["a", "b", "c"], dtype="category"),
        pl.Series(["a", "b", "c"], dtype=pl.Categorical),
        pa.array(["a", "b", "c"], pa.large_string()),
        pa.array(["a", "b", "c"]).dictionary_encode(),
    ],
    ids=["list", "numpy", "object", "pandas", "category", "categorical", "large", "dictionary"],
)
def test_a_text_per_row_in_every_form(labels: Any) -> None:
    assert predict(labels, ft.schema(p="string")) == [{"p": "a"}, {"p": "b"}, {"p": "c"}]


SEVERAL = {
    "dicts": [{"label": "a", "score": 1.0}, {"score": 2, "label": "b"}, {"label": "c", "score": 3.0}],
    "tuples": [("a", 1.0), ("b", 2.0), ("c", 3.0)],
    "named": [Pair("a", 1.0), Pair("b", 2.0), Pair("c", 3.0)],
    "lists": [["a", 1.0], ["b", 2.0], ["c", 3.0]],
    "pandas": pd.DataFrame({"score": [1.0, 2.0, 3.0], "label": ["a", "b", "c"]}),
    "polars": pl.DataFrame({"label": ["a", "b", "c"], "score": [1, 2, 3]}),
    "arrow": pa.table({"label": ["a", "b", "c"], "score": [1.0, 2.0, 3.0]}),
    "numpy-object": np.array([("a", 1.0), ("b", 2.0), ("c", 3.0)], object),
    "columns": lambda numbers: {
        "label": ["abc"[n] for n in numbers],
        "score": np.array([n + 1 for n in numbers]),
    },
}


@pytest.mark.parametrize("form", SEVERAL)
def test_several_outputs_in_every_form(form: str) -> None:
    found = predict(SEVERAL[form], ft.schema(label=str, score=float))
    assert found == [{"label": "a", "score": 1.0}, {"label": "b", "score": 2.0}, {"label": "c", "score": 3.0}]


def test_an_array_of_columns_gives_several_outputs() -> None:
    assert predict(MATRIX, ft.schema(a=float, b=float))[2] == {"a": 2.0, "b": 3.0}


@pytest.mark.parametrize("form", ["dicts", "pandas", "polars", "arrow"])
def test_several_outputs_that_are_not_declared_have_the_names_returned(form: str) -> None:
    found = predict(SEVERAL[form])
    assert found[0] == {"label": "a", "score": 1}


@pytest.mark.parametrize("form", ["list", "numpy", "generator", "csr", "arrow"])
def test_a_single_output_that_is_not_declared_is_called_prediction(form: str) -> None:
    assert predict(ONE_LIST[form]) == [{"prediction": row} for row in LISTS]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, 3], "double", [1.0, 2.0, 3.0]),
        ([1, 2, 3], "int8", [1, 2, 3]),
        ([True, False, True], "bool", [True, False, True]),
        ([np.bool_(True), False, True], "bool", [True, False, True]),
        ([[], [1.0], [1.0, 2.0]], "list<double>", [[], [1.0], [1.0, 2.0]]),
        ([{"x": 1, "y": "a"}] * 3, "struct<x: double, y: string>", [{"x": 1.0, "y": "a"}] * 3),
        ([[{"x": 1.5}]] * 3, "list<struct<x: double>>", [[{"x": 1.5}]] * 3),
        ([dt.date(2026, 5, 1)] * 3, "date32", [dt.date(2026, 5, 1)] * 3),
        ([b"\x00\xff"] * 3, "binary", [b"\x00\xff"] * 3),
        (
            [dt.datetime(2026, 5, 1, 12)] * 3,
            "timestamp[us, UTC]",
            [dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)] * 3,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_of_other_types(values: list[Any], kind: str, expected: list[Any]) -> None:
    found = [row["p"] for row in predict(values, ft.schema(p=kind))]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.5, "int64"), (1.0, "int64"), ("1", "int64"), (True, "int64"), (True, "double"), (1, "bool"),
        (1, "string"), ("a", "list<string>"), ([1.5], "list<int64>"), (300, "int8"), (2**53 + 1, "double"),
        (1, "timestamp[us, UTC]"), ([1.0], "double"), (1.0, "list<double>"), ({"x": 1}, "double"),
        ([1.0, 2.0, 3.0], "fixed_size_list<double, 2>"), (b"a", "string"), ("a", "binary"),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_of_another_type_is_refused_alike_alone_and_in_a_batch(value: Any, kind: str) -> None:
    class Fixed(ft.Predictor):
        output = ft.schema(p=kind)

        def predict_item(self, row: Any) -> Any:
            return value

    class FixedBulk(ft.Predictor):
        output = ft.schema(p=kind)

        def predict_bulk(self, rows: Any) -> Any:
            return [value] * len(rows)

    for predictor in (Fixed(), FixedBulk()):
        for data in (DATA, {"n": 1}):
            with pytest.raises(ft.Error) as caught:
                predictor.predict(data)
            assert caught.value.code == "FT0303", caught.value


@pytest.mark.parametrize("values", [[1, "a", 2], [[1.0], 2.0, 3.0]], ids=["texts", "lists"])
def test_undeclared_predictions_of_two_types_ask_for_a_declaration(values: list[Any]) -> None:
    class Mixed(ft.Predictor):
        def predict_bulk(self, rows: Any) -> Any:
            return [values[n] for n in rows["n"].to_pylist()]

    with pytest.raises(ft.Error) as caught:
        Mixed().predict(DATA)
    assert caught.value.code == "FT0303"


@pytest.mark.parametrize(
    "answer",
    [{"label": "a"}, {"label": "a", "score": 1.0, "more": 1}, ("a",), ("a", 1.0, 2), "ab", 7],
    ids=str,
)
def test_an_answer_that_lacks_an_output_is_refused(answer: Any) -> None:
    class Several(ft.Predictor):
        output = ft.schema(label=str, score=float)

        def predict_item(self, row: Any) -> Any:
            return answer

    for data in (DATA, {"n": 1}):
        with pytest.raises(ft.Error) as caught:
            Several().predict(data)
        assert caught.value.code == "FT0303"


def test_an_undeclared_output_that_changes_says_which_line_to_paste() -> None:
    class Changes(ft.Predictor):
        keep = []

        def predict_bulk(self, rows: Any) -> Any:
            numbers = rows["n"].to_pylist()
            return {"half": [n / 2 if n >= 2 else n for n in numbers], "text": [str(n) for n in numbers]}

    predictor = Changes()
    rows = pa.table({"n": [1] * 20_000 + [3] * 20_000})
    with pytest.raises(ft.Error) as caught:
        predictor.predict(rows)
    line = 'output = ft.schema(half="double", text="string")'
    assert caught.value.code == "FT0303"
    assert line in caught.value.message
    assert "add the line to the class" in caught.value.hint
    exec(f"Changes.{line}")
    assert Changes().predict(rows)["half"].to_pylist() == [1.0] * 20_000 + [1.5] * 20_000
