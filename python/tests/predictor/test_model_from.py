from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import foretell as ft

CODE = """
import foretell as ft


class Weights:
    def __init__(self, array):
        self.array = array


class Scaled(ft.Predictor):
    input = ft.schema(x="double")
    output = ft.schema(y="double")

    def predict_item(self, row):
        return float(self.model.array[0] * row.x) {more}
"""


@pytest.fixture
def scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The class of the project's module, whose code ends as it is told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORETELL_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "foretell.toml").write_text('store = "models"\n')

    def write(more: str, text: str = CODE) -> Any:
        (tmp_path / "scaled.py").write_text(text.format(more=more))
        sys.modules.pop("scaled", None)
        importlib.invalidate_caches()
        return importlib.import_module("scaled")

    yield write
    sys.modules.pop("scaled", None)


def blobs(root: Path) -> dict[str, int]:
    return {
        path.name: path.stat().st_size
        for path in (root / "models").rglob("*")
        if path.stat().st_size > 50_000
    }


def model_of(version: ft.Version) -> list[tuple[str, str]]:
    return [(f["path"], f["sha256"]) for f in version.manifest["files"] if f["path"].startswith("model/")]


def test_new_code_answers_with_the_old_models_bytes_kept_once(
    scaled: Callable[..., Any], tmp_path: Path
) -> None:
    first = scaled("+ 1")
    array = np.arange(100_000.0) + 3
    one = first.Scaled().save_model(first.Weights(array), example={"x": 1.0})
    two = first.Scaled().save_model(first.Weights(array * 2), example={"x": 1.0}, metadata={"b": 1})
    before = blobs(tmp_path)
    assert len(before) == 2
    second = scaled("+ 1000  # other code")
    three = second.Scaled().save_model(model_from=1, alias="new", unchecked=True, why="test")
    assert (three.version, three.metadata) == (3, {})
    assert model_of(three) == model_of(one) != model_of(two)
    assert blobs(tmp_path) == before
    assert three.manifest["model_from"] == {"version": "Scaled@1", "sha256": one.sha256}
    assert three.manifest["example"] == one.manifest["example"]  # the class has no source
    assert ft.load("Scaled@new").predict({"x": 2.0})["y"] == 1006.0
    assert ft.load("Scaled@1").predict({"x": 2.0})["y"] == 7.0
    four = second.Scaled().save_model(model_from="Scaled@2", model_key="other/scaled")
    assert four.reference == "other/scaled@1"
    assert model_of(four) == model_of(two)


def test_a_model_that_the_new_code_cannot_read_is_refused(scaled: Callable[..., Any]) -> None:
    first = scaled("")
    first.Scaled().save_model(first.Weights(np.arange(3.0)))
    second = scaled("", CODE.replace("class Weights:", "class Renamed:"))
    with pytest.raises(ft.Error, match="the model of Scaled@1 cannot be read with this code") as caught:
        second.Scaled().save_model(model_from="latest")
    assert caught.value.code == "FT0502"
    assert len(second.Scaled().list_versions()) == 1


@pytest.mark.parametrize(
    ("arguments", "options", "code"),
    [
        ((), {}, "FT0101"),
        ((1,), {"model_from": 1}, "FT0101"),
        ((), {"model_from": 1, "loader": "skops"}, "FT0101"),
        ((), {"model_from": 9}, "FT0402"),
        ((), {"model_from": "nobody"}, "FT0403"),
        ((), {"model_from": "Other@1"}, "FT0401"),
    ],
)
def test_no_model_two_models_or_an_unknown_one(
    scaled: Callable[..., Any], arguments: Any, options: Any, code: str
) -> None:
    module = scaled("")
    module.Scaled().save_model(module.Weights(np.arange(3.0)))
    with pytest.raises(ft.Error) as caught:
        module.Scaled().save_model(*arguments, **options)
    assert caught.value.code == code
    assert len(module.Scaled().list_versions()) == 1
