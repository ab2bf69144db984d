"""Half the path, and one row step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import foretell as ft


class Words(ft.Predictor):
    input = ft.schema(title="string", n="double")
    output = ft.schema(p="list<double>")
    keep = ()

    def prepare(self, row: Any) -> Any:
        if row.title == "skip":
            return ft.skip("asked for")
        row.title = (row.title or "").upper()
        return row

    def extract_features(self, row: Any) -> Any:
        return ft.join_text(row.title, row.n)

    def predict_bulk(self, texts: Any) -> Any:
        return np.array([[len(text), 1 / (len(text) - 5)] for text in texts])


class Item(Words):
    def predict_item(self, text: Any) -> Any:
        return [len(text), 1 / (len(text) - 5)]


PREDICTORS = [Words(), Item()]


@pytest.mark.parametrize("predictor", PREDICTORS, ids=["bulk", "item"])
def test_features_and_their_predictions_are_the_two_halves(predictor: ft.Predictor) -> None:
    row = {"title": "a", "n": 1}
    assert predictor.features(row) == "A 1.0"
    rows = [row, {"title": "skip", "n": None}, {"title": None, "n": 2.0}]
    frame = pd.DataFrame(rows)
    for data in (rows, frame, pa.Table.from_pandas(frame)):
        assert predictor.features(data) == ["A 1.0", "2.0"]
    assert predictor.predict_features("AB 1.0") == predictor.predict({"title": "ab", "n": 1.0})
    assert predictor.predict_features(["abcd", ""]) == [{"p": [4.0, -1.0]}, {"p": [0.0, -0.2]}]


def test_half_the_path_raises_for_the_first_bad_row() -> None:
    class Fails(Item):
        def extract_features(self, row: Any) -> Any:
            return {}[row.title]

    with pytest.raises(ft.Error, match="row 1: KeyError: A") as caught:
        Fails().features([{"title": "skip", "n": 0}, {"title": "a", "n": 0}])
    assert caught.value.code == "FT0301"
    with pytest.raises(ft.Error, match="row 1: ZeroDivisionError"):
        Item().predict_features(["a", "12345"])
    with pytest.raises(ft.Error, match="ZeroDivisionError"):
        Item().predict_features("12345")


@pytest.mark.parametrize("predictor", PREDICTORS, ids=["bulk", "item"])
def test_a_trace_shows_what_each_step_made(predictor: ft.Predictor) -> None:
    trace = predictor.trace({"title": "abc", "n": 3, "other": 1})
    assert trace.error is None
    assert trace.row == {"title": "abc", "n": 3.0}
    assert trace.prepared == {"title": "ABC", "n": 3.0}
    assert trace.features == "ABC 3.0"
    assert trace.output == {"p": [7.0, 0.5]}
    lines = repr(trace).splitlines()
    assert [line.split()[0] for line in lines] == [
        "input",
        "prepare",
        "extract_features",
        "predict",
        "output",
    ]
    assert "'ABC 3.0'" in lines[2]
    assert "<code>str &#x27;ABC 3.0&#x27;</code>" in trace._repr_html_()


def test_a_trace_shows_the_users_own_lines_where_it_fails() -> None:
    trace = Item().trace({"title": "a", "n": 3})
    assert isinstance(trace.error, ZeroDivisionError)
    text = repr(trace)
    assert "predict           failed: ZeroDivisionError: " in text
    assert "in predict_item\n    return [len(text), 1 / (len(text) - 5)]" in text
    assert "foretell/predictor" not in text
    assert "<pre>Traceback" in trace._repr_html_()
    assert trace.features == "A 3.0"
    assert trace.prediction is None


def test_a_trace_of_a_skipped_row_and_of_bad_input() -> None:
    skipped = Item().trace({"title": "skip", "n": 1})
    assert skipped.skipped == "asked for"
    assert repr(skipped).splitlines()[-1].split() == ["skipped", "asked", "for"]
    bad = Item().trace({"title": 3, "n": 1})
    assert isinstance(bad.error, ft.Error)
    assert bad.row is None
    assert "input  failed: FT0205" in repr(bad)


def test_a_sample_comes_from_the_source() -> None:
    predictor = Item().with_source(pd.DataFrame({"title": list("abcdefgh"), "n": range(10, 18)}))
    sample = predictor.sample(3, seed=1)
    assert isinstance(sample, pd.DataFrame)
    assert len(sample) == 3
    assert set(sample["title"]) <= set("abcdefgh")
    pd.testing.assert_frame_equal(predictor.sample(3, seed=1), sample)
    assert len(predictor.predict(sample)) == 3
    with pytest.raises(ft.Error, match=r"add source = ft\.files") as caught:
        Item().sample(3)
    assert caught.value.code == "FT0707"


def test_another_source_leaves_the_predictor_as_it_is() -> None:
    predictor = Item(model="m")
    other = predictor.with_source([1])
    assert (other.source, other.model, predictor.source) == ([1], "m", None)


@pytest.mark.parametrize("method", ["load_input_dataframe", "load_input_stream"])
def test_frames_of_spark_come_from_a_source(method: str) -> None:
    with pytest.raises(ft.Error, match="declares no source") as caught:
        getattr(Item(), method)(None)
    assert caught.value.code == "FT0707"
    with pytest.raises(ft.Error, match="not a source that Spark reads") as caught:
        getattr(Item().with_source([{"x": 1}]), method)(None)
    assert caught.value.code == "FT0707"
