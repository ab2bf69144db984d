from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import foretell as ft
from foretell.local.progress import Silent

ROWS = [{"text": f"{'ab'[i % 2]}{i}", "kind": f"k{i % 2}"} for i in range(60)]


class Base(ft.Predictor):
    name = "Kinds"
    input = ft.schema(text="string")
    output = ft.schema(kind="string")

    def predict_item(self, row: Any) -> str:
        return str(self.model)


def refused(predictor: ft.Predictor, input: Any = ROWS, **options: Any) -> ft.Error:
    with pytest.raises(ft.Error) as caught:
        predictor.train_model(input=input, progress=Silent(), **options)
    assert predictor.list_versions() == []
    return caught.value


def test_a_class_without_train(store: Path) -> None:
    problem = refused(Base(store=store))
    assert problem.code == "FT0309"
    assert "Base has no method train" in problem.message
    assert "def train(self, features, rows)" in problem.hint


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (None, "train returned None, expected a model or (model, metrics)"),
        ((1, 2), "train returned a tuple of 2, expected a model or (model, metrics)"),
        ((1, {}, 3), "train returned a tuple of 3"),
        ((None, {}), "train returned None"),
        ((1, {"a": object()}), "the metric 'a' of train is object"),
    ],
)
def test_what_is_no_model(store: Path, result: Any, found: str) -> None:
    class Wrong(Base):
        def train(self, features: Any, rows: Any) -> Any:
            return result

    problem = refused(Wrong(store=store))
    assert problem.code == "FT0303"
    assert found in problem.message


def test_what_train_and_evaluate_raise_is_told_with_the_users_line(store: Path) -> None:
    class Raises(Base):
        def train(self, features: Any, rows: Any) -> Any:
            return rows["label"]

    problem = refused(Raises(store=store))
    assert problem.code == "FT0301"
    assert "train raised KeyError: the rows have no column 'label'; its columns are 'text', 'kind'" in str(
        problem
    )
    assert "test_bad_training.py:" in problem.message
    assert isinstance(problem.__cause__, KeyError)


def test_a_model_is_not_lost_when_its_evaluation_fails(store: Path) -> None:
    class Unfair(Base):
        def train(self, features: Any, rows: Any) -> Any:
            return 1

        def evaluate(self, features: Any, rows: Any) -> Any:
            return 1 / 0 if len(rows) else None

    with pytest.raises(ft.Error) as caught:
        Unfair(store=store).train_model(
            input=ROWS, progress=Silent(), alias="production", unchecked=True, why="in a hurry"
        )
    assert caught.value.code == "FT0301"
    assert caught.value.message.startswith(
        "Kinds@1 is saved, but without an evaluation: evaluate raised ZeroDivisionError"
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    (version,) = ft.Store(store).versions("Kinds")
    assert version.metrics == {}
    assert version.aliases == ()
    assert ft.load("Kinds@1", store).model == 1

    class Quiet(Unfair):
        def evaluate(self, features: Any, rows: Any) -> Any:
            return 0.9

    with pytest.raises(ft.Error, match=r"evaluate returned float 0.9, expected a dict of metrics") as told:
        Quiet(store=store).train_model(input=ROWS, progress=Silent())
    assert "--model-from Kinds@2" in (told.value.hint or "")


class Trains(Base):
    def prepare(self, row: Any) -> Any:
        if row.text == "skip":
            return ft.skip("told to")
        return {"text": row.text.upper()}

    def train(self, features: Any, rows: Any) -> Any:
        return len(rows)


@pytest.mark.parametrize(
    ("input", "options", "code", "found"),
    [
        ([], {}, "FT0708", "has no row to train on"),
        ("empty.jsonl", {}, "FT0708", "empty.jsonl has no row to train on"),
        ("missing/*.jsonl", {}, "FT0701", "missing"),
        ([{"text": None}] * 50, {}, "FT0307", "AttributeError: 'NoneType' object has no attribute 'upper'"),
        ([{"text": None}] * 3, {}, "FT0307", "none of 3 rows became features: 3 × FT0301 AttributeError"),
        (
            [{"text": "skip"}] * 3,
            {},
            "FT0708",
            "all 3 rows of a list of 3 dicts were skipped: 3 × FT0306 told to",
        ),
        ([{"other": "a"}], {}, "FT0203", "'text'"),
        (ROWS, {"sample": 0}, "FT0101", "a sample of 0 rows"),
        (ROWS, {"sample": -5}, "FT0101", "a sample of -5 rows"),
        (ROWS, {"test_share": 1.0}, "FT0101", "test_share is 1.0"),
        (ROWS, {"alias": "latest"}, "FT0103", "latest"),
        (ROWS, {"metadata": {"a": object()}}, "FT0101", "metadata"),
        (ROWS, {"compare": "production"}, "FT0410", "there is no store"),
        (None, {}, "FT0707", "declares no source"),
    ],
)
def test_nothing_to_train_on_or_with(
    store: Path, tmp_path: Path, input: Any, options: Any, code: str, found: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    problem = refused(Trains(store=store), input, **options)
    assert problem.code == code, problem
    assert found in problem.message


def test_an_alias_to_compare_with_that_is_not_there_is_told_before_training(store: Path) -> None:
    class Never(Trains):
        def train(self, features: Any, rows: Any) -> Any:
            pytest.fail("trained")

    Trains(store=store).train_model(input=ROWS, progress=Silent())
    with pytest.raises(ft.Error) as caught:
        Never(store=store).train_model(input=ROWS, compare="production", progress=Silent())
    assert caught.value.code == "FT0403"


def test_a_file_that_changes_meanwhile_is_told(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\na\n" * 3)

    class Writes(Trains):
        pass

    from foretell.sources import Files, files

    class Touched(Files):
        def read(self, *arguments: Any, **options: Any) -> Any:
            found = super().read(*arguments, **options).read_all().to_reader()
            (tmp_path / "a.csv").write_text("text\nbb\n" * 4)
            return found

        def typed(self, types: Any) -> Files:
            return self

    plain = files("a.csv")
    problem = refused(Writes(store=store), Touched(plain._paths, plain._format, plain._reading))
    assert problem.code == "FT0604"
    assert "a.csv changed while it was read for training" in problem.message
