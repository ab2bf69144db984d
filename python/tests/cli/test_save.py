from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def test_a_saved_version_is_told_and_can_be_shown(foretell_process: Command, topics: Path) -> None:
    answer = foretell_process(
        "save",
        "topics:Topics",
        "--model",
        "model.pkl",
        "--alias",
        "a",
        "--alias",
        "b",
        "--unchecked",
        "--why",
        "a test",
    )
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Topics@3 saved, a, b: ")
    assert "next: foretell show Topics@3" in answer.out
    assert foretell_process("predict", "Topics@b", '{"id": 1, "title": "x"}').json["length"] == 10


def test_name_metadata_and_json(foretell_process: Command, topics: Path) -> None:
    answer = foretell_process(
        "save",
        "topics:Topics",
        "--model",
        "model.pkl",
        "--name",
        "team/topics",
        "--metadata",
        "query=a=b",
        "--json",
    )
    assert answer.status == 0, answer.err
    assert (answer.json["name"], answer.json["version"], answer.json["aliases"]) == ("team/topics", 1, [])
    listed = foretell_process("versions", "team/topics", "--json").json
    assert listed[0]["metadata"] == {"query": "a=b"}


def test_a_joblib_file_is_read_whatever_its_name(foretell_process: Command, topics: Path) -> None:
    joblib = pytest.importorskip("joblib")
    numpy = pytest.importorskip("numpy")
    for name in ("m.joblib", "m.pkl"):
        joblib.dump({"factor": 3, "array": numpy.arange(10_000)}, name)
        assert foretell_process("save", "topics:Topics", "--model", name).status == 0
        assert foretell_process("predict", "Topics", '{"id": 1, "title": "ab"}').json["length"] == 6


def test_a_skops_file_with_unknown_types_is_refused(foretell_process: Command, topics: Path) -> None:
    skops = pytest.importorskip("skops.io")
    skops.dump({"factor": 4}, "m.skops")
    assert foretell_process("save", "topics:Topics", "--model", "m.skops").status == 0
    import fractions

    skops.dump({"factor": fractions.Fraction(1, 2)}, "m.skops")
    answer = foretell_process("save", "topics:Topics", "--model", "m.skops")
    assert answer.status == 4
    assert answer.err.startswith("error[FT0503]: m.skops holds types")
    assert "fractions.Fraction" in answer.err


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("topics", "error[FT0101]: a class is named MODULE:CLASS, but 'topics' was given"),
        ("topics.py:Topics", "hint: write topics:Topics"),
        ("topics:Topic", "hint: did you mean Topics? its predictors: Topics"),
        ("topics:NoPredictor", "error[FT0101]: topics:NoPredictor is not a foretell.Predictor"),
        ("no_such_module:Topics", "module no_such_module cannot be imported: ModuleNotFoundError"),
        ("broken:Topics", "module broken cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_a_class_that_is_not_there(foretell_process: Command, topics: Path, named: str, found: str) -> None:
    Path("broken.py").write_text("1 / 0\n")
    answer = foretell_process("save", named, "--model", "model.pkl")
    assert answer.status == 2
    assert found in answer.err


@pytest.mark.parametrize(
    ("options", "status", "found"),
    [
        (["--model", "missing.pkl"], 8, "error[FT0901]: missing.pkl: no such file or directory"),
        (["--model", "topics.py"], 2, "error[FT0101]: topics.py is no model file that can be read"),
        (["--model", "damaged.pkl"], 4, "error[FT0502]: damaged.pkl cannot be read"),
        (["--model", "damaged.joblib"], 4, "error[FT0502]: damaged.joblib cannot be read"),
        (["--model", "empty.pkl"], 4, "error[FT0502]: empty.pkl cannot be read: EOFError"),
        (["--model", "model.pkl", "--metadata", "x"], 2, "--metadata is KEY=VALUE, but 'x' was given"),
        (
            ["--model", "model.pkl", "--metadata", "a=1", "--metadata", "a=2"],
            2,
            "--metadata a is given twice",
        ),
        (["--model", "model.pkl", "--name", "no name"], 2, "error[FT010"),
        (["--model", "model.pkl", "--alias", "7"], 2, "error[FT0103]"),
        (["--model", "model.pkl", "--alias", "good", "--alias", "latest"], 2, "error[FT0103]"),
    ],
)
def test_what_cannot_be_saved_leaves_no_version(
    foretell_process: Command, topics: Path, options: list[str], status: int, found: str
) -> None:
    Path("damaged.pkl").write_bytes(pickle.dumps({"factor": 1})[:-4])
    Path("damaged.joblib").write_bytes(b"nothing of the kind")
    Path("empty.pkl").write_bytes(b"")
    answer = foretell_process("save", "topics:Topics", *options)
    assert answer.status == status, answer.err
    assert found in answer.err
    assert len(foretell_process("versions", "Topics", "--json").json) == 2


def test_new_code_with_an_old_versions_model(foretell_process: Command, topics: Path, here: Path) -> None:
    code = (here / "topics.py").read_text()
    (here / "topics.py").write_text(code.replace('self.model["factor"]', 'self.model["factor"] + 500'))
    answer = foretell_process("save", "topics:Topics", "--model-from", "Topics@production")
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Topics@3 saved: ")
    row = '{"id": 1, "title": "ab"}'
    assert foretell_process("predict", "Topics@3", row).json["length"] == 502
    assert foretell_process("predict", "Topics@1", row).json["length"] == 2
    assert "model of   Topics@1" in foretell_process("show", "Topics@3").out
    for options, found in (
        ([], "save needs either --model FILE or --model-from NAME@VERSION"),
        (["--model", "model.pkl", "--model-from", "Topics@1"], "save needs either"),
        (["--model-from", "Topic@1"], "did you mean Topics@1?"),
    ):
        refused = foretell_process("save", "topics:Topics", *options)
        assert refused.status in (2, 3)
        assert found in refused.err
