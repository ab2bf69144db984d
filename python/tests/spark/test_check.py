"""``foretell.check`` with ``engine="spark"``: its frames, columns and streams beside the usual modes."""

from __future__ import annotations

from typing import Any

import pytest

import foretell as ft

ROWS = [
    {"id": at, "text": ["one", None, "bad", "skip", "fünf"][at % 5] if at < 20 else f"row {at}"}
    for at in range(120)
]
MODES = ("spark batch", "spark column", "spark stream")


def results(project: Any, kind: str, model: Any = 1, **options: Any) -> dict[str, Any]:
    version = project.save(kind, model)
    report = ft.check(version.reference, ROWS, store=project.store, engine="spark", **options)
    return {result.title: result for result in report.modes if result.mode.startswith("spark")}


def test_modes_of_spark_give_what_bulk_gives(spark: Any, project: Any) -> None:
    found = results(project, "Length")
    assert tuple(found) == MODES
    for result in found.values():
        assert result.passed, result
        assert result.rows > 100
    assert found["spark stream"].rows == 120 - 4  # skipped rows are in no output
    assert spark.range(2).count() == 2  # the session that was there is left


def test_what_other_neighbours_change_is_found(spark: Any, project: Any) -> None:
    found = results(project, "Neighbours")
    assert found["spark batch"].mismatches > 0
    assert not found["spark stream"].passed


def test_a_predictor_without_declared_input_has_no_column(spark: Any, project: Any) -> None:
    found = results(project, "Anything")
    assert "not declared" in found["spark column"].note
    assert found["spark batch"].passed


def test_an_engine_that_is_none_is_refused(project: Any) -> None:
    version = project.save()
    with pytest.raises(ft.Error) as raised:
        ft.check(version.reference, ROWS, store=project.store, engine="flink")
    assert raised.value.code == "FT0101"
