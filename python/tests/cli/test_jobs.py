from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

JOBS = """
store = "models"

[jobs.nightly]
predictor = "Topics@production"
input = "in/*.jsonl"
output = "out"
format = "jsonl"
incremental = true
workers = 1

[jobs.broken]
predictor = "Topics"
output = "out"
worker = 3
"""


@pytest.fixture
def project(topics: Path, here: Path) -> Path:
    (here / "foretell.toml").write_text(JOBS)
    (here / "in").mkdir()
    (here / "sub").mkdir()
    write(here / "in" / "a.jsonl", "a", "bb")
    return here


def write(path: Path, *titles: str) -> None:
    rows = [json.dumps({"id": number, "title": title}) for number, title in enumerate(titles)]
    path.write_text("".join(row + "\n" for row in rows))


def scored(folder: Path) -> list[tuple[int, int]]:
    rows = [json.loads(line) for file in sorted(folder.glob("part-*")) for line in file.open()]
    return [(row["length"], row["model_version"]) for row in rows]


def test_a_job_runs_from_any_folder_of_its_project(
    foretell_process: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = foretell_process("run", "--job", "nightly")
    assert first.status == 0, first.err
    assert "unit 1: 2 rows by Topics@1" in first.out
    assert "next: foretell runs out" in first.out
    write(project / "in" / "b.jsonl", "ccc")
    monkeypatch.chdir(project / "sub")
    monkeypatch.delenv("FORETELL_STORE")
    second = foretell_process("run", "--job", "nightly")
    assert second.status == 0, second.err
    assert "unit 2: 1 rows by Topics@1" in second.out
    assert scored(project / "out") == [(1, 1), (2, 1), (3, 1)]


def test_what_is_given_on_the_command_line_wins(foretell_process: Command, project: Path) -> None:
    answer = foretell_process(
        "run",
        "Topics@2",
        "--job",
        "nightly",
        "--output",
        "other",
        "--no-incremental",
        "--batch-rows",
        "1",
        "--json",
    )
    assert answer.status == 0, answer.err
    assert scored(project / "other") == [(10, 2), (20, 2)]
    assert not (project / "out").exists()


def test_a_job_and_the_command_line_name_the_columns_to_keep(
    foretell_process: Command, project: Path
) -> None:
    (project / "foretell.toml").write_text(JOBS.replace("workers = 1", 'workers = 1\nkeep = ["title"]'))
    kept = foretell_process("run", "--job", "nightly")
    assert kept.status == 0, kept.err
    given = foretell_process(
        "run", "--job", "nightly", "--keep", "id", "--keep", "title", "--output", "other"
    )
    assert given.status == 0, given.err
    columns = [
        list(json.loads((project / folder).glob("part-*").__next__().open().readline()))
        for folder in ("out", "other")
    ]
    assert columns == [["title", "length", "model_version"], ["id", "title", "length", "model_version"]]


def test_jobs_are_listed(foretell: Command, project: Path) -> None:
    (project / "foretell.toml").write_text(JOBS[: JOBS.index("[jobs.broken]")])
    lines = foretell("jobs").out.splitlines()
    assert lines[0].split() == ["JOB", "PREDICTOR", "ENGINE", "INPUT", "OUTPUT", "MORE"]
    assert lines[1].split()[:6] == [
        "nightly",
        "Topics@production",
        "local",
        "in/*.jsonl",
        "out",
        "format=jsonl,",
    ]
    assert foretell("jobs", "--json").json[0]["incremental"] is True
    (project / "foretell.toml").write_text("")
    assert "names no job; write [jobs.NAME]" in foretell("jobs").out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["run", "--job", "nighty"], "hint: did you mean nightly?"),
        (["run", "--job", "broken"], "hint: did you mean workers?"),
        (["jobs"], "foretell.toml: 'jobs.broken.worker' is not known"),
        (["run"], "error[FT0101]: run needs a version, or a job"),
        (["run", "Topics"], "error[FT0101]: run needs a folder for its rows"),
    ],
)
def test_a_job_that_cannot_run(foretell: Command, project: Path, arguments: list[str], found: str) -> None:
    answer = foretell(*arguments)
    assert answer.status == 2
    assert found in answer.err


@pytest.mark.parametrize("arguments", [["run", "--job", "a"], ["jobs"]])
def test_no_project(foretell: Command, here: Path, arguments: list[str]) -> None:
    answer = foretell(*arguments)
    assert answer.status == 2
    assert "error[FT0106]: there is no foretell.toml in" in answer.err
    assert "foretell init" in answer.err


def test_a_file_with_a_syntax_error_stops_every_command(foretell: Command, here: Path) -> None:
    (here / "foretell.toml").write_text("store = \n")
    for arguments in (["versions"], ["jobs"], ["run", "--job", "a"]):
        answer = foretell(*arguments)
        assert answer.status == 2
        assert "foretell.toml is not valid TOML" in answer.err
        assert "line 1" in answer.err
