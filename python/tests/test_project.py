from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from foretell.error import Error
from foretell.local import run
from foretell.predictor.declared import declared_source
from foretell.project import Project, find_project
from foretell.sources import files


def test_the_nearest_file_wins_over_the_git_root(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / ".git").mkdir()
    found = find_project(inner)
    assert found is not None
    assert (found.root, dict(found.config), found.store) == (tmp_path / "outer", {}, None)
    (tmp_path / "foretell.toml").write_text('store = "m"\n')
    found = find_project(inner)
    assert found is not None
    assert found.root == tmp_path
    assert found.store == str(tmp_path / "m")
    (inner / "foretell.toml").write_text("[jobs.a]\nx = 1\n")
    found = find_project(inner)
    assert found is not None
    assert found.config["jobs"]["a"]["x"] == 1
    assert found.store is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"store = \n", "line 1"),
        (b"a = 1\nb = ]\n", "line 2"),
        (b"\xff", "cannot be read"),
        (b"store = 3", "store"),
        (b'store = ""', "store"),
        (b"[store]\nurl = 3", "store"),
        (b'[store]\nuri = "x"', "store.uri"),
    ],
)
def test_a_bad_file_is_named_with_its_place(tmp_path: Path, text: bytes, named: str) -> None:
    (tmp_path / "foretell.toml").write_bytes(text)
    with pytest.raises(Error, match=r"foretell\.toml") as caught:
        _ = (find_project(tmp_path) or pytest.fail("not found")).store
    assert caught.value.code == "FT0106"
    assert named in caught.value.message


NIGHTLY = """
[jobs.nightly]
predictor = "EventTopics@production"
engine = "local"
input = ["data/a.jsonl", "/srv/b.jsonl"]
output = "scored"
incremental = true
trigger = "10m"
on_error = "null"
max_bad_ratio = 0
deadline = 2.5
workers = 3
"""


def project_of(folder: Path, text: str) -> Project:
    (folder / "foretell.toml").write_text(text)
    return find_project(folder) or pytest.fail("not found")


def test_a_job_is_arguments_of_a_run_below_the_projects_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = project_of(tmp_path, NIGHTLY).job("nightly")
    assert (job.predictor, job.engine, job.trigger) == ("EventTopics@production", "local", 600.0)
    assert job.options["max_bad_ratio"] == 0
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text('{"x": 1}\n')
    (tmp_path / "inner").mkdir()
    for folder, output in ((tmp_path, "scored"), (tmp_path / "inner", str(tmp_path / "scored"))):
        monkeypatch.chdir(folder)
        given = job.arguments()
        assert given.pop("output") == output
        with pytest.raises(Error, match=r"/srv/b\.jsonl does not exist"):
            given.pop("input").list_files()
        assert given == {
            "incremental": True,
            "on_error": "null",
            "max_bad_ratio": 0,
            "deadline": 2.5,
            "workers": 3,
        }
        assert inspect.signature(run).bind("x", output=output, **given)


@pytest.mark.parametrize(
    ("line", "found", "hint"),
    [
        ("worker = 2", "'jobs.nightly.worker' is not known; a job has predictor, engine", "mean workers?"),
        ('workers = "two"', 'jobs.nightly.workers is the text "two", expected a number of processes', ""),
        (
            "workers = 0",
            "jobs.nightly.workers is the number 0, expected a number of processes, 1 or more",
            "",
        ),
        ('keep = "id"', 'jobs.nightly.keep is the text "id", expected a list of input columns', ""),
        ('keep = ["id", "id"]', "jobs.nightly.keep is a list", ""),
        ("keep = [1]", "jobs.nightly.keep is a list", ""),
        ("workers = true", "jobs.nightly.workers is true, expected", ""),
        ("workers = 1.5", "jobs.nightly.workers is the number 1.5, expected", ""),
        (
            'engine = "locl"',
            'engine is the text "locl", expected one of "local", "spark"',
            "did you mean local?",
        ),
        ('master = "local[2]"', "jobs.nightly.master is about Spark", 'add engine = "spark"'),
        ("settings = 3", "settings is the number 3, expected a table: with engine", ""),
        ("settings = {a = [1]}", "settings is a table", ""),
        (
            'on_error = "quarantin"',
            'expected one of "quarantine", "null", "fail"',
            "did you mean quarantine?",
        ),
        ("max_bad_ratio = 1.1", "is the number 1.1, expected a share of the rows, from 0 to 1", ""),
        ("incremental = 1", "is the number 1, expected true or false", ""),
        ('trigger = "ten"', 'is the text "ten", expected the time between two rounds: seconds, or "30s"', ""),
        ("trigger = 0", "is the number 0, expected the time between two rounds", ""),
        ("deadline = inf", "is the number inf, expected for one call", ""),
        ("input = []", "jobs.nightly.input is a list ([]), expected text: a path", ""),
        ("input = [1]", "jobs.nightly.input is a list ([1]), expected text: a path", ""),
        ("output = 3", "jobs.nightly.output is the number 3, expected text: the folder for the rows", ""),
        ("format = {a = 1}", "jobs.nightly.format is a table", ""),
        ('predictor = "a b"', "jobs.nightly.predictor is 'a b': ", ""),
    ],
)
def test_what_is_wrong_in_a_job_is_named(tmp_path: Path, line: str, found: str, hint: str) -> None:
    key = line.partition(" ")[0]
    kept = [other for other in NIGHTLY.splitlines() if not other.startswith(f"{key} =")]
    project = project_of(tmp_path, "\n".join([*kept, line]))
    with pytest.raises(Error) as caught:
        project.job("nightly")
    assert caught.value.code == "FT0106"
    assert caught.value.message.startswith(f"{tmp_path}/foretell.toml: ")
    assert found in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        ("jobs = 3", "'jobs' is 3, expected a table", "write [jobs]"),
        ("[jobs]\nnightly = 3", "jobs.nightly is 3, expected a table", "write [jobs.nightly]"),
        ("[jobs.nightly]\npredictor = 'A'", "jobs.nightly has no output: text: the folder", ""),
        ("[jobs.nightly]\noutput = 'a'", "jobs.nightly has no predictor: text: the version", ""),
        ("[jobs.nighty]\n", "there is no job 'nightly'; its jobs: nighty", "did you mean nighty?"),
        ("", "there is no job 'nightly'; its jobs: none", ""),
    ],
)
def test_a_job_that_is_not_there_or_not_whole(tmp_path: Path, text: str, found: str, hint: str) -> None:
    project = project_of(tmp_path, text)
    with pytest.raises(Error) as caught:
        project.job("nightly")
    assert found in caught.value.message
    assert hint in caught.value.hint


def test_an_unknown_table_is_told_before_anything_else_is_done(tmp_path: Path) -> None:
    with pytest.raises(Error, match="'sotre' is not known; the file has store, predictors") as caught:
        project_of(tmp_path, "sotre = 'x'")
    assert caught.value.hint == "did you mean store?"


@pytest.mark.parametrize("value", ["3", "'predictor'", "':A'", "'a:b:c'"])
def test_a_predictor_is_a_module_and_a_class(tmp_path: Path, value: str) -> None:
    project = project_of(tmp_path, f"[predictors]\nA = {value}\nB = 'm:B'")
    with pytest.raises(Error, match=r'predictors.A is .*, expected "module:Class"'):
        _ = project.predictors


def test_a_declared_source_starts_at_the_projects_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    for folder in (tmp_path, tmp_path / "inner"):
        (folder / "rows.jsonl").write_text(json.dumps({"where": folder.name}) + "\n")
    monkeypatch.chdir(tmp_path / "inner")

    def where(source: Any) -> str:
        return str(declared_source(source).read().read_all()["where"][0])

    assert where("rows.jsonl") == "inner"
    (tmp_path / "foretell.toml").touch()
    assert where("rows.jsonl") == tmp_path.name
    assert where(files("rows.jsonl").with_base(tmp_path / "inner")) == "inner"


def test_a_job_of_spark_has_settings(tmp_path: Path) -> None:
    (tmp_path / "foretell.toml").write_text(
        '[jobs.nightly]\npredictor = "A@production"\noutput = "out"\nengine = "spark"\nmaster = "local[2]"\n'
        'isolate = true\n[jobs.nightly.settings]\nspark.executor.memory = "4g"\n"spark.speculation" = true\n'
    )
    project = find_project(tmp_path)
    assert project is not None
    job = project.job("nightly")
    assert job.engine == "spark"
    assert job.spark == {
        "master": "local[2]",
        "isolate": True,
        "settings": {"spark.executor.memory": "4g", "spark.speculation": "true"},
    }
    assert "master" not in job.arguments()
