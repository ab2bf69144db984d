"""Whatever forms a class is written in, the predictions are the same, in every mode."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foretell as ft


class PrepareItem:
    def prepare(self, row: Any) -> Any:
        if row.title == "skip":
            return ft.skip("asked for")
        return {"title": (row.title or "").upper(), "double": None if row.n is None else row.n * 2}


class PrepareBulk:
    def prepare_bulk(self, rows: Any) -> Any:
        return {
            "title": pc.utf8_upper(pc.fill_null(rows.title, "")),
            "double": pc.multiply(rows["n"], 2),
            "_skip": pc.if_else(pc.equal(rows.title, "skip"), "asked for", None),
        }


class PrepareRows:
    def prepare_bulk(self, rows: Any) -> Any:
        return [PrepareItem().prepare(row) for row in rows]


class PrepareFrame:
    def prepare_bulk(self, rows: Any) -> Any:
        frame = rows.to_pandas()
        frame["double"] = frame["n"] * 2
        frame["_skip"] = np.where(frame["title"] == "skip", "asked for", None)
        frame["title"] = frame["title"].fillna("").str.upper()
        return frame


class ExtractItem:
    def extract_features(self, row: Any) -> Any:
        return [float(len(row.title)), float("nan") if row.double is None else float(row.double)]


class ExtractBulk:
    def extract_features_bulk(self, rows: Any) -> Any:
        lengths = [len(title) for title in rows.title.to_pylist()]
        doubles = [float("nan") if v is None else v for v in rows["double"].to_pylist()]
        return np.array([lengths, doubles], dtype=float).T


class PredictItem:
    def predict_item(self, features: Any) -> Any:
        length, double = features
        return [length + 1, 0.0 if double != double else float(double) / 3]


class PredictBulk:
    def predict_bulk(self, features: Any) -> Any:
        matrix = np.asarray(features, dtype=float)
        return np.column_stack([matrix[:, 0] + 1, np.nan_to_num(matrix[:, 1]) / 3])


class PredictBoth(PredictItem, PredictBulk):
    pass


PREPARES = [PrepareItem, PrepareBulk, PrepareRows, PrepareFrame]
EXTRACTS = [ExtractItem, ExtractBulk]
PREDICTS = [PredictItem, PredictBulk, PredictBoth]
CLASSES = [
    type("".join(part.__name__ for part in parts), (*parts, ft.Predictor), {
        "input": ft.schema(title="string", n="int64"), "output": ft.schema(p="list<double>"), "keep": ["id"],
    })
    for parts in itertools.product(PREPARES, EXTRACTS, PREDICTS)
]  # fmt: skip

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 99),
            "title": st.one_of(st.none(), st.just("skip"), st.text("abcé", max_size=5)),
            "n": st.one_of(st.none(), st.integers(-1000, 1000)),
        }
    ),
    max_size=8,
)
SCHEMA = pa.schema([("id", pa.int64()), ("title", pa.string()), ("n", pa.int64())])


def expected(row: dict[str, Any]) -> dict[str, Any]:
    if row["title"] == "skip":
        return {"id": row["id"], "p": None, "_error": {"code": "FT0306", "message": "asked for"}}
    return {
        "id": row["id"],
        "p": [len((row["title"] or "").upper()) + 1.0, (row["n"] or 0) * 2 / 3],
        "_error": None,
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@settings(max_examples=15, deadline=None)
@given(rows=ROWS)
def test_every_combination_of_forms_predicts_alike(
    kind: type[ft.Predictor], rows: list[dict[str, Any]]
) -> None:
    predictor = kind()
    wanted = [expected(row) for row in rows]
    table = pa.Table.from_pylist(rows, SCHEMA)
    found = predictor.predict(table).drop_columns("model_version").to_pylist()
    assert found == wanted
    short = [{k: v for k, v in row.items() if k != "_error" or v is not None} for row in wanted]
    assert predictor.predict(rows) == short
    assert [predictor.predict(row) for row in rows] == short


def test_a_frame_and_its_rows_predict_alike_without_features_and_schemas() -> None:
    class Bare(ft.Predictor):
        def predict_item(self, row: Any) -> Any:
            return row["n"] + 0.5

    class BareBulk(ft.Predictor):
        def predict_bulk(self, rows: Any) -> Any:
            return (value + 0.5 for value in rows["n"].to_pylist())

    frame = pd.DataFrame({"n": [1, 2]})
    for predictor in (Bare(), BareBulk()):
        assert predictor.predict(frame)["prediction"].tolist() == [1.5, 2.5]
        assert predictor.predict({"n": 1}) == {"n": 1, "prediction": 1.5}


def test_overriding_the_item_form_leaves_the_base_bulk_form_out() -> None:
    class Base(ft.Predictor):
        output = ft.schema(p="int64")

        def predict_bulk(self, rows: Any) -> Any:
            return [1] * len(rows)

    class Derived(Base):
        def predict_item(self, row: Any) -> Any:
            return 2

    assert Derived().predict({"a": 1})["p"] == 2
    assert Derived().predict(pa.table({"a": [1, 2]}))["p"].to_pylist() == [2, 2]


def test_calling_the_form_that_was_not_written_derives_it() -> None:
    class Item(ft.Predictor):
        def extract_features(self, row: Any) -> Any:
            return row.n * 2

        def predict_item(self, features: Any) -> Any:
            return features + 1

    class Bulk(ft.Predictor):
        def predict_bulk(self, features: Any) -> Any:
            return np.asarray(features) + 1

    rows = ft.Rows(pa.record_batch({"n": [1, 2]}))
    assert Item().extract_features_bulk(rows) == [2, 4]
    assert Item().predict_bulk([1, 2]) == [2, 3]
    assert Bulk().predict_item(1) == 2
    assert Bulk().prepare_bulk(rows) is rows


def test_a_class_that_cannot_predict_is_told_what_to_add() -> None:
    class Half(ft.Predictor):
        def extract_features(self, row: Any) -> Any:
            return row

    class Whole(Half):
        def predict_item(self, row: Any) -> Any:
            return 1

    for call in (lambda: Half().predict({"a": 1}), lambda: Half().predict_item(1)):
        with pytest.raises(ft.Error, match="neither predict_item nor predict_bulk") as caught:
            call()
        assert caught.value.code == "FT0309"
        assert "def predict_item(self, features)" in caught.value.hint
    assert Whole().predict({"a": 1})["prediction"] == 1


def test_setup_runs_once_for_a_model_and_again_for_another() -> None:
    class WithTable(ft.Predictor):
        calls = 0

        def setup(self) -> None:
            self.calls += 1
            self.table = {"a": self.model}

        def predict_item(self, row: Any) -> Any:
            return self.table["a"]

    predictor = WithTable(1)
    assert [predictor.predict({})["prediction"] for _ in range(3)] == [1, 1, 1]
    assert predictor.calls == 1
    predictor.model = 2
    assert predictor.predict({})["prediction"] == 2
    assert predictor.calls == 2


def test_without_a_model_the_code_that_wants_one_is_stopped() -> None:
    class Wants(ft.Predictor):
        def predict_item(self, row: Any) -> Any:
            return self.model.predict(row)

    class WantsBulk(ft.Predictor):
        def predict_bulk(self, rows: Any) -> Any:
            return self.model.predict(rows)

    for kind in (Wants, WantsBulk):
        for data in ({"a": 1}, [{"a": 1}], pa.table({"a": [1] * 100})):
            with pytest.raises(ft.Error) as caught:
                kind().predict(data, on_error="null")
            assert caught.value.code == "FT0310"
        assert not hasattr(kind(), "model")
