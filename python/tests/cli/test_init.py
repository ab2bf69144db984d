from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Environment = Callable[..., dict[str, str]]


def test_a_new_project_is_trained_promoted_scored_and_tested(
    foretell_process: Command, here: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    made = foretell_process("init", "events", "--name", "Talks")
    assert made.status == 0, made.err
    commands = made.out[made.out.index("next:\n") :].splitlines()[1:]
    assert commands[0].strip() == "cd events"
    monkeypatch.chdir(here / "events")
    answers = []
    for command in commands[1:]:
        answers.append(foretell_process(*command.split()[1:]))
        assert answers[-1].status == 0, answers[-1].err
    assert answers[0].out.startswith("Talks@1 trained and saved\n400 rows of data: ")
    assert any(line.split()[:1] == ["purity"] for line in answers[0].out.splitlines())
    assert answers[1].out.startswith("Talks@1: parity in every mode over 103 rows (102 distinct)")
    assert "400 rows by Talks@1, 3 skipped" in answers[-1].out
    assert list((here / "events" / "scored").glob("part-*.parquet"))
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout
    again = foretell_process("init")
    assert again.status == 2
    assert "foretell.toml is there: this is a project already" in again.err


def test_the_made_up_data_is_always_the_same(foretell: Command, here: Path) -> None:
    for folder in ("a", "b/c"):
        assert foretell("init", folder).status == 0
    data = [(here / folder / "data" / "events.jsonl").read_bytes() for folder in ("a", "b/c")]
    assert data[0] == data[1]
    assert data[0].count(b"\n") == 400
    (here / "with_git" / ".git").mkdir(parents=True)
    assert foretell("init", "with_git").status == 0


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["full"], "error[FT0101]: full is not empty: it holds mine.txt"),
        (["project"], "error[FT0101]: project/foretell.toml is there"),
        (["full/mine.txt"], "error[FT0101]: full/mine.txt is no folder"),
        (["new", "--name", "event topics"], "'event topics' cannot be the name of a class"),
        (["new", "--name", "class"], "'class' cannot be the name of a class"),
        (["new", "--name", "_Topics"], "error[FT0102]"),
        (["new", "--name", "Counter"], "'Counter' means something else in the predictor's module"),
    ],
)
def test_nothing_that_is_there_is_touched(
    foretell: Command, here: Path, arguments: list[str], found: str
) -> None:
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine")
    (here / "project").mkdir()
    (here / "project" / "foretell.toml").write_text("")
    before = sorted(here.rglob("*"))
    answer = foretell("init", *arguments)
    assert answer.status == 2
    assert found in answer.err
    assert sorted(here.rglob("*")) == before
    assert (here / "full" / "mine.txt").read_text() == "mine"


def test_a_failure_leaves_nothing_behind(
    foretell: Command, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foretell.starter import project

    real = Path.open

    def fail(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.name == "events.jsonl":
            raise OSError(28, "No space left on device", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(project.Path, "open", fail)
    answer = foretell("init", "new/inner")
    assert answer.status == 8
    assert "FT0902" in answer.err
    assert sorted(here.iterdir()) == []
