"""What a comparison of two versions says, and how it looks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell import _core

Save = Callable[..., ft.Version]


@pytest.fixture
def versions(save: Save) -> tuple[str, str]:
    """Mixed@1 and Mixed@2: see ``faults.txt``."""
    save("Mixed", 1)
    save("Mixed", 2)
    return "Mixed@1", "Mixed@2"


def test_each_output_has_the_distribution_of_its_change(versions: tuple[str, str], project: Any) -> None:
    report = ft.compare(*versions, project.ROWS)
    assert (report.rows, report.origin) == (400, "a pyarrow Table")
    changes = {change.output: change for change in report.outputs}
    assert {name: change.kind for name, change in changes.items()} == {
        "y": "number", "parts": "vector", "label": "label", "place.city": "label", "place.n": "number",
        "same": "number", "when": "other",
    }  # fmt: skip
    x = np.array([0.5 + i * i % 101 for i in range(400)])
    y = changes["y"]
    assert y.changed == 400
    assert y.quantiles == pytest.approx(np.quantile(x, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]))
    assert y.histogram is not None
    assert sum(y.histogram.counts) == 400
    assert y.histogram.edges[0] == 0.0
    assert y.histogram.edges[-1] == pytest.approx(x.max())
    parts = changes["parts"]
    assert parts.changed == 400
    assert parts.quantiles[-1] == pytest.approx(x.max())
    assert parts.apart == 0
    same = changes["same"]
    assert (same.changed, same.share, same.histogram) == (0, 0.0, None)
    assert report.changed == 400
    assert report.share == 1.0


def test_labels_have_a_table_of_transitions(versions: tuple[str, str], project: Any) -> None:
    report = ft.compare(*versions, project.ROWS)
    label = next(change for change in report.outputs if change.output == "label")
    told = {(a, b): count for a, b, count in label.transitions}
    # version 1 calls multiples of 2 even; version 2 multiples of 4
    assert told == {("even", "odd"): 100}
    assert label.changed == 100
    assert label.more_transitions == 0


def test_the_rows_that_changed_most_come_first_with_their_values(
    versions: tuple[str, str], project: Any
) -> None:
    report = ft.compare(*versions, project.ROWS)
    assert len(report.most) == 20
    weights = [row.weight for row in report.most]
    assert weights == sorted(weights, reverse=True)
    first = report.most[0]
    assert f"'x': {0.5 + first.row * first.row % 101}" in first.input
    changes = {name: (a, b) for name, a, b in first.changes}
    assert "same" not in changes
    assert changes["label"] == ("even", "odd")
    assert changes["parts"][1].startswith("item 1: ")


def test_rows_that_only_one_version_predicts_are_changed(save: Save, project: Any) -> None:
    save("Mixed", 1)
    save("Mixed", 3)
    report = ft.compare("Mixed@1", "Mixed@2", project.ROWS)
    assert (report.bad_in_old, report.bad_in_new, report.bad_in_both) == (0, 4, 0)
    assert {row.row for row in report.most if row.changes[0][0] == "_error"} == {0, 100, 200, 300}
    failed = next(row for row in report.most if row.row == 100)
    assert failed.changes[0][1] == "predicted"
    assert failed.changes[0][2].startswith("FT0301: ValueError: no hundreds")
    assert "bad or skipped rows: 0 in Mixed@1 only, 4 in Mixed@2 only" in "\n".join(report.notes())


def test_the_same_version_changes_nothing(save: Save, project: Any) -> None:
    save("Mixed", 1)
    report = ft.compare("Mixed@1", "Mixed@1", project.ROWS)
    assert (report.changed, report.most) == (0, ())
    assert all(change.changed == 0 for change in report.outputs)
    assert "0 of 400 rows change (0.0%)" in report.to_html()


def test_by_default_the_example_is_compared_without_its_hard_rows(versions: tuple[str, str]) -> None:
    report = ft.compare(*versions)
    assert (report.rows, report.origin) == (100, "the example of Mixed@2")
    (kept,) = ft.Store().reports("Mixed@2")
    assert kept.report["kind"] == "compare"
    assert kept.report == json.loads(json.dumps(report.to_json()))
    assert ft.Store().reports("Mixed@1") == []
    # a comparison is no check
    with pytest.raises(ft.Error) as caught:
        ft.Store().promote("Mixed@2", "production")
    assert caught.value.code == "FT0421"


def test_versions_with_other_outputs_are_compared_where_they_meet(save: Save, project: Any) -> None:
    save("Mixed", 1)
    save("Well")
    report = ft.compare("Mixed@1", "Well@1", project.ROWS)
    assert report.only_in_old == ("place.city", "place.n", "same", "when")
    assert report.only_in_new == ("day",)
    assert [change.output for change in report.outputs] == ["y", "parts", "label"]


def test_changes_without_a_size_are_told(versions: tuple[str, str]) -> None:
    report = ft.compare(*versions, keep=False)
    assert not any("no size" in note for note in report.notes())
    parts = next(at for at, change in enumerate(report.outputs) if change.output == "parts")
    outputs = list(report.outputs)
    outputs[parts] = replace(outputs[parts], apart=5)
    told = replace(report, outputs=tuple(outputs)).notes()
    assert "parts: 5 changes have no size: lists of other lengths, null or NaN" in told


def test_lists_of_other_lengths_nulls_and_nan_are_told_apart(project: Any) -> None:
    from foretell.parity.changes import measure

    def measured(old: list[Any], new: list[Any], kind: str, changed: list[int]) -> Any:
        arrays = [pa.chunked_array([pa.array(each, pa.type_for_alias(kind) if kind == "double" else None)])
                  for each in (old, new)]  # fmt: skip
        return measure("v", arrays[0], arrays[1], changed, np.ones(len(old), bool)).change

    vector = measured([[1.0, 2.0], [1.0], None, []], [[1.0, 3.5], [1.0, 2.0], [1.0], []], "", [0, 1, 2])
    assert (vector.kind, vector.changed, vector.apart) == ("vector", 3, 2)
    assert vector.quantiles[-1] == 1.5
    number = measured([1.0, math.nan, None, math.inf], [1.5, math.nan, 2.0, math.inf], "double", [0, 2])
    assert (number.kind, number.changed, number.apart) == ("number", 2, 1)
    assert number.quantiles[0] == 0.0
    extreme = measured([0.0, -1e308], [5e-324, 1e308], "double", [0, 1])
    assert extreme.histogram is None or len(extreme.histogram.counts) == 40


class _Page(HTMLParser):
    """Collects what a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [f"{k}={v}" for k, v in attrs if k in ("src", "href") or k.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_else_and_runs_nothing_of_the_data(
    versions: tuple[str, str], project: Any, tmp_path: Path
) -> None:
    bad = "</title></svg><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    rows = project.ROWS.set_column(1, "title", pa.array([bad] * 400))
    pq.write_table(rows, tmp_path / "rows.parquet")
    report = ft.compare(*versions, tmp_path / "rows.parquet")
    for text in (report.to_html(), report._repr_html_()):
        page = _Page()
        page.feed(text)
        assert page.loaded == []
        assert not {"script", "img", "iframe", "link", "object"} & set(page.tags)
        assert page.tags.count("svg") == sum(change.histogram is not None for change in report.outputs) >= 2
        assert bad[:20] in page.text
        assert "http" not in text
    assert "<script" not in ft.check("Mixed@2", rows, keep=False)._repr_html_()


def test_rows_that_cannot_be_used_are_refused(versions: tuple[str, str], save: Save, project: Any) -> None:
    for rows, code in (
        ("nowhere.parquet", "FT0701"),
        (project.ROWS.slice(0, 0), "FT0701"),
        (project.ROWS.drop_columns(["x"]), "FT0203"),
        (7, "FT0707"),
    ):
        with pytest.raises(ft.Error) as caught:
            ft.compare(*versions, rows)
        assert caught.value.code == code
    save("Bare", 2)
    with pytest.raises(ft.Error) as caught:
        ft.compare("Bare@1", "Bare@1")
    assert caught.value.code == "FT0701"


@pytest.mark.parametrize("ids", [[0], [0, 1, 2]])
def test_too_few_or_surplus_ids_are_refused_and_nothing_is_added(ids: list[int]) -> None:
    rows = pa.table({"y": [1.0, 2.0]})
    comparison = _core.Comparison(rows)
    with pytest.raises(ft.Error) as refused:
        comparison.add(rows, ids)
    assert refused.value.code == "FT0302"
    assert f"2 rows came with {len(ids)} ids" in refused.value.message
    comparison.add(rows, [0, 1])
    assert comparison.finish().matches
