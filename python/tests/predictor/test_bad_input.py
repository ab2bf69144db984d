"""Rows and predictors that go wrong, each named; the others go on."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import foretell as ft

TABLE = pa.table({"n": list(range(10))})
OUTPUT = ft.schema(p="list<double>")


def item(call: Any, **attributes: Any) -> ft.Predictor:
    return type(
        "Item", (ft.Predictor,), {"output": OUTPUT, "predict_item": lambda self, row: call(row), **attributes}
    )()


def bulk(call: Any, **attributes: Any) -> ft.Predictor:
    return type(
        "Bulk",
        (ft.Predictor,),
        {"output": OUTPUT, "predict_bulk": lambda self, rows: call(rows), **attributes},
    )()


def numbers(rows: Any) -> list[list[float]]:
    return [[float(v), 1.0] for v in rows["n"].to_pylist()]


def at_three(bad: Any) -> Any:
    """A bulk call whose row with n = 3 is ``bad``."""
    return lambda rows: [bad if v == 3 else [float(v)] for v in rows["n"].to_pylist()]


def bad_rows(predictor: ft.Predictor) -> dict[int, str]:
    """Number of each bad row → code, by the frame and by single rows, which must agree; the rest is whole."""
    answer = predictor.predict(TABLE, on_error="null").to_pylist()
    found = {row["n"]: row["_error"]["code"] for row in answer if row["_error"]}
    assert all((row["p"] is None) == (row["n"] in found) for row in answer)
    for n in range(10):
        single = predictor.predict({"n": n}, on_error="null")
        assert single.get("_error", {}).get("code") == found.get(n)
    for n, code in found.items():
        with pytest.raises(ft.Error) as caught:
            predictor.predict({"n": n})
        assert caught.value.code == code
    if found:
        with pytest.raises(ft.Error) as caught:
            predictor.predict(TABLE)
        assert caught.value.code == found[min(found)]
    return found


def raise_at_three(row: Any) -> Any:
    if row.n == 3:
        raise ValueError("three is too many")
    return [float(row.n)]


def raise_over_three(rows: Any) -> Any:
    if 3 in rows["n"].to_pylist():
        raise ValueError("three is too many")
    return numbers(rows)


@pytest.mark.parametrize("predictor", [item(raise_at_three), bulk(raise_over_three)], ids=["item", "bulk"])
def test_a_row_that_raises_is_named_with_the_line(predictor: ft.Predictor) -> None:
    assert bad_rows(predictor) == {3: "FT0301"}
    message = predictor.predict(TABLE, on_error="null")["_error"].to_pylist()[3]["message"]
    assert message.startswith("ValueError: three is too many (test_bad_input.py:")
    assert " in raise_" in message
    for data in (TABLE, {"n": 3}, TABLE.to_pandas(), TABLE.to_pylist()):
        with pytest.raises(ft.Error, match="three is too many") as caught:
            predictor.predict(data)
        assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (None, "FT0304"),
        ([1.0, None], "FT0304"),
        ([1.0, float("nan")], "FT0305"),
        ("text", "FT0303"),
        (1.0, "FT0303"),
        ([1.0, [2.0]], "FT0303"),
        ([1.0, "x"], "FT0303"),
        (object(), "FT0303"),
        ({"other": [1.0]}, "FT0303"),
    ],
    ids=["none", "none-within", "nan", "text", "scalar", "ragged", "mixed", "object", "dict"],
)
def test_a_prediction_that_is_none_is_one_bad_row(bad: Any, code: str) -> None:
    assert bad_rows(bulk(at_three(bad))) == {3: code}
    assert bad_rows(item(lambda row: bad if row.n == 3 else [float(row.n)])) == {3: code}


def test_null_and_nan_are_predictions_where_they_are_allowed() -> None:
    assert bad_rows_allowed(None, allow_null=True) == {}
    assert bad_rows_allowed([float("nan")], allow_nan=True) == {}


def bad_rows_allowed(value: Any, **allowed: Any) -> dict[int, str]:
    predictor = item(lambda row: value if row.n == 3 else [1.0], **allowed)
    answer = predictor.predict(TABLE).to_pylist()
    single = predictor.predict({"n": 3})
    assert repr(answer[3]["p"]) == repr(single["p"]) == repr(value)
    return {row["n"]: row["_error"] for row in answer if row["_error"]}


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda rows: numbers(rows)[:-1], "FT0302"),
        (lambda rows: [*numbers(rows), [1.0]], "FT0302"),
        (lambda rows: [], "FT0302"),
        (lambda rows: iter(numbers(rows)[1:]), "FT0302"),
        (lambda rows: (v for v in iter(lambda: [1.0], None)), "FT0302"),
        (lambda rows: None, "FT0303"),
        (lambda rows: "x" * len(rows), "FT0303"),
        (lambda rows: 7, "FT0303"),
        (lambda rows: np.ones(len(rows)), "FT0303"),
        (lambda rows: pd.DataFrame({"a": ["x"] * len(rows), "b": ["y"] * len(rows)}), "FT0303"),
    ],
    ids=["few", "many", "none", "few-generated", "endless", "None", "text", "number", "scalars", "texts"],
)
def test_a_call_that_answers_wrongly_is_told_so(call: Any, code: str) -> None:
    predictor = bulk(call)
    for data in (TABLE, {"n": 1}, TABLE.to_pandas(), TABLE.to_pylist()):
        with pytest.raises(ft.Error) as caught:
            predictor.predict(data)
        assert caught.value.code == code, caught.value
    assert set(bad_rows(predictor).values()) == {code}


def test_a_length_that_is_wrong_says_both_numbers() -> None:
    with pytest.raises(ft.Error, match="predict_bulk returned 0 predictions for 1 rows"):
        bulk(lambda rows: []).predict({"n": 1})
    extract = {"extract_features_bulk": lambda self, rows: [1, 2, 3]}
    with pytest.raises(
        ft.Error, match="extract_features_bulk returned features of 3 rows for 1 rows"
    ) as caught:
        item(lambda row: [1.0], **extract).predict({"n": 1})
    assert caught.value.code == "FT0302"


def test_a_predictor_that_fails_on_every_row_is_broken() -> None:
    table = pa.table({"n": list(range(500))})
    for predictor in (item(lambda row: row.missing), bulk(lambda rows: rows.missing)):
        with pytest.raises(ft.Error, match="no column 'missing'") as caught:
            predictor.predict(table, on_error="null")
        assert caught.value.code == "FT0307"


def test_prepare_that_forgets_to_return_is_told_so() -> None:
    predictor = item(lambda row: [1.0], prepare=lambda self, row: None)
    with pytest.raises(ft.Error, match=r"prepare returned NoneType None.*return row") as caught:
        predictor.predict({"n": 1})
    assert caught.value.code == "FT0303"


def spoil(row: Any) -> list[float]:
    row.clear() if isinstance(row, dict) else None
    return [1.0]


def test_the_callers_data_is_never_changed() -> None:
    def spoil_nested(row: Any) -> list[float]:
        row["tags"].append("spoilt")
        row["deep"]["x"].clear()
        row["n"] = None
        return [1.0]

    data = {"n": 1, "tags": ["a"], "deep": {"x": [1, 2]}}
    for attributes in (
        {},
        {"input": ft.schema(n="int64", tags="list<string>", deep="struct<x: list<int64>>")},
    ):
        predictor = item(spoil_nested, **attributes)
        given = copy.deepcopy(data)
        predictor.predict(given)
        assert given == data
        many = [copy.deepcopy(data)]
        predictor.predict(many)
        assert many == [data]
        frame = pd.DataFrame([copy.deepcopy(data)])
        predictor.predict(frame)
        assert frame.to_dict("records") == [data]


def test_a_bulk_method_cannot_write_into_the_batch() -> None:
    def spoil_arrow(rows: Any) -> Any:
        values = rows["n"].to_numpy()
        with pytest.raises(ValueError, match="read-only"):
            values[:] = 0
        frame = rows.to_pandas()
        frame.loc[:, "n"] = 0
        return numbers(rows)

    table = pa.table({"n": [1, 2, 3]})
    answer = bulk(spoil_arrow).predict(table)
    assert answer["n"].to_pylist() == [1, 2, 3]
    assert [p[0] for p in answer["p"].to_pylist()] == [1, 2, 3]


def test_a_buffer_that_the_model_writes_again_does_not_change_earlier_predictions() -> None:
    buffer = np.zeros((10, 2))

    def reuse(rows: Any) -> Any:
        part = buffer[: len(rows)]
        part[:] = rows["n"].to_numpy()[:, None]
        return part

    predictor = bulk(reuse)
    first = predictor.predict(TABLE)
    predictor.predict(pa.table({"n": [7] * 10}))
    assert first["p"].to_pylist() == [[float(n)] * 2 for n in range(10)]


def test_what_a_predictor_prints_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    predictor = item(lambda row: print("row", row.n) or [1.0])
    predictor.predict(TABLE)
    predictor.predict({"n": 42})
    assert capsys.readouterr().out.split("\n")[:-1] == [f"row {n}" for n in [*range(10), 42]]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_is_no_failure_passes_through(stop: type[BaseException]) -> None:
    def interrupted(row: Any) -> Any:
        raise stop

    for predictor in (item(interrupted), bulk(interrupted)):
        for data in (TABLE, {"n": 1}):
            with pytest.raises(stop):
                predictor.predict(data, on_error="null")


def test_input_that_does_not_fit_is_named() -> None:
    predictor = item(lambda row: [row.x], input=ft.schema(x="double"))
    assert predictor.predict({"x": 3})["p"] == [3.0]
    for data in ({"y": 1.0}, [{"y": 1.0}], pa.table({"y": [1.0]}), pd.DataFrame({"y": [1.0]})):
        with pytest.raises(ft.Error, match="'x'") as caught:
            predictor.predict(data, on_error="null")
        assert caught.value.code == "FT0203"
    for data in ({"x": "1"}, [{"x": "1"}], pa.table({"x": ["1"]}), pd.DataFrame({"x": ["1"]})):
        with pytest.raises(ft.Error, match="'x'") as caught:
            predictor.predict(data, on_error="null")
        assert caught.value.code == "FT0205"


def test_columns_that_clash_or_are_missing_are_named() -> None:
    frames = ({"p": 1}, [{"p": 1}], pa.table({"p": [1]}), pd.DataFrame({"p": [1]}))
    for data in frames:
        with pytest.raises(ft.Error, match="two columns 'p'") as caught:
            item(lambda row: [1.0]).predict(data)
        assert caught.value.code == "FT0210"
        with pytest.raises(ft.Error, match="'id'") as caught:
            item(lambda row: [1.0], keep=["id"]).predict(data)
        assert caught.value.code == "FT0203"


@pytest.mark.parametrize("data", ["text", 3, None, [1], {1, 2}])
def test_what_is_no_data_is_refused(data: Any) -> None:
    with pytest.raises(ft.Error) as caught:
        item(lambda row: [1.0]).predict(data)
    assert caught.value.code == "FT0101"


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ft.Error, match='expected "fail" or "null"') as caught:
        item(lambda row: [1.0]).predict({"n": 1}, on_error="ignore")  # type: ignore[arg-type]
    assert caught.value.code == "FT0101"
