from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

KINDS = """
import foretell as ft


class Kinds(ft.Predictor):
    source = ft.files("rows.jsonl")
    input = ft.schema(text="string")
    output = ft.schema(kind="string")

    def extract_features(self, row):
        return row.text[0]

    def predict_item(self, letter):
        return self.model[letter]

    def train(self, letters, rows, seed):
        return dict(zip(letters, rows["kind"].to_pylist())), {"letters": len(set(letters))}

    def evaluate(self, letters, rows):
        return {"accuracy": sum(self.model[a] == k for a, k in zip(letters, rows["kind"].to_pylist())) / len(rows)}


class Broken(Kinds):
    def train(self, letters, rows):
        return {}["no such key"]
"""


@pytest.fixture
def project(here: Path) -> Path:
    (here / "kinds.py").write_text(KINDS)
    (here / "foretell.toml").write_text(
        'store = "models"\n[predictors]\nKinds = "kinds:Kinds"\nBroken = "kinds:Broken"\n'
    )
    rows = [json.dumps({"text": f"{'ab'[i % 2]}{i}", "kind": f"k{i % 2}"}) for i in range(100)]
    (here / "rows.jsonl").write_text("\n".join(rows) + "\n")
    (here / "sub").mkdir()
    return here


def test_training_by_name_and_by_class_and_comparing(
    foretell_process: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = foretell_process("train", "Kinds", "--alias", "production", "--metadata", "by=ana")
    assert first.status == 0, first.err
    lines = first.out.splitlines()
    assert lines[0] == "Kinds@1 trained and saved, production"
    assert [line.split() for line in lines[3:6]] == [
        ["METRIC", "Kinds@1"],
        ["letters", "2"],
        ["accuracy", "1"],
    ]
    assert lines[-1] == "next: foretell show Kinds@1"
    assert "training on" in first.err
    monkeypatch.chdir(project / "sub")
    options = ["--sample", "40", "--seed", "3", "--compare", "production"]
    second = foretell_process("train", "Kinds", *options)
    assert second.status == 0, second.err
    assert "40 rows of rows.jsonl" in second.out
    assert ["METRIC", "Kinds@2", "Kinds@1", "CHANGE"] in [line.split() for line in second.out.splitlines()]
    assert second.out.splitlines()[-1] == "next: foretell check Kinds@2"
    monkeypatch.chdir(project)
    third = foretell_process(
        "train", "kinds:Kinds", "--input", "rows.jsonl", "--name", "team/kinds", "--json"
    )
    assert third.status == 0, third.err
    assert third.err == ""
    assert (third.json["name"], third.json["version"], third.json["rows"]["read"]) == ("team/kinds", 1, 100)
    assert third.json["metrics"]["accuracy"] == 1.0
    shown = foretell_process("show", "Kinds@1").out
    assert "accuracy = 1" in shown
    assert "of rows.jsonl, sha256 " in shown
    assert "accuracy=1, letters=2" in foretell_process("versions", "Kinds").out


@pytest.mark.parametrize(
    ("arguments", "status", "found"),
    [
        (["Kind"], 2, "hint: did you mean Kinds? or name a class: MODULE:CLASS"),
        (["kinds:Kind"], 2, "hint: did you mean Kinds?"),
        (["Kinds", "--sample", "0"], 2, "error[FT0101]"),
        (["Kinds", "--sample", "-3"], 2, "error[FT0101]"),
        (["Kinds", "--input", "none.jsonl"], 6, "error[FT0701]: none.jsonl does not exist"),
        (["Kinds", "--input", "empty.jsonl"], 6, "error[FT0708]: empty.jsonl has no row to train on"),
        (["Kinds", "--alias", "7"], 2, "error[FT0103]"),
        (["Kinds", "--metadata", "x"], 2, "--metadata is KEY=VALUE"),
    ],
)
def test_what_cannot_be_trained(
    foretell_process: Command, project: Path, arguments: list[str], status: int, found: str
) -> None:
    (project / "empty.jsonl").touch()
    answer = foretell_process("train", *arguments)
    assert answer.status == status, answer.err
    assert found in answer.err
    assert not (project / "models").exists()


def test_an_exception_of_train_is_shown_with_the_users_own_lines(
    foretell_process: Command, project: Path
) -> None:
    answer = foretell_process("train", "Broken")
    assert answer.status == 5
    assert 'kinds.py", line 25, in train\n    return {}["no such key"]' in answer.err
    assert "foretell/training" not in answer.err
    assert "error[FT0301]: train raised KeyError: no such key (kinds.py:25 in train)" in answer.err


@pytest.mark.parametrize("text", [None, "", "[predictors]\n"])
def test_a_name_without_a_project_that_has_it(
    foretell_process: Command, project: Path, text: str | None
) -> None:
    (project / "foretell.toml").unlink()
    if text is not None:
        (project / "foretell.toml").write_text(text)
    answer = foretell_process("train", "Kinds")
    assert answer.status == 2
    assert "a class is named MODULE:CLASS, but 'Kinds' was given" in answer.err
    assert '[predictors] Kinds = "MODULE:Kinds"' in answer.err
