"""Ways to run the command, and things for it to work on, made by the real core."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import foretell as foretell_package

pytest.importorskip("typer")
pytest.importorskip("rich")

PACKAGE = Path(foretell_package.__file__).parents[1]


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no setting of this machine's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORETELL_CACHE", str(tmp_path / "cache"))
    for name in ("FORETELL_STORE", "FORETELL_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def foretell(here: Path) -> Command:
    """The command inside this process: quick."""
    from typer.testing import CliRunner

    from foretell.cli.app import app

    def call(*arguments: str, input: str | bytes | None = None) -> Answer:
        result = CliRunner().invoke(app, list(arguments), input=input, prog_name="foretell")
        return Answer(result.exit_code, result.stdout, result.stderr)

    return call


def process_environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **more}


@pytest.fixture
def environment() -> Callable[..., dict[str, str]]:
    """This process's environment, with the package to be found in it, and more."""
    return process_environment


@pytest.fixture
def foretell_process(here: Path, environment: Callable[..., dict[str, str]]) -> Command:
    """The command as a process of its own: as a user has it."""

    def call(*arguments: str, input: str | None = None, **more: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "foretell", *arguments],
            input=input,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            env=environment(**more),
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return call


def unit_plan(version: int, *files: str) -> dict[str, Any]:
    """The pin of a unit, as a run makes it."""
    plan = {"files": [{"path": path, "size": 9, "mtime_ns": 1, "etag": None} for path in files], "splits": []}
    return {
        "version": version,
        "manifest_sha256": f"{version}" * 64,
        "plan": json.dumps(plan),
        "environment": "{}",
        "who": "ana",
        "why": "run of Topics@production",
    }


@pytest.fixture
def output(here: Path) -> Path:
    """An output with a published unit and an unfinished one, of Topics@1 and Topics@2."""
    from foretell import _core

    path = here / "scored"
    target = _core.Output.open(str(path), predictor="Topics", store=str(here / "models"), mode="incremental")
    unit = target.unit(1, lambda: unit_plan(1, "a.jsonl", "b.jsonl"))
    attempt = unit.start()
    assert attempt.staging_path is not None
    staging = Path(attempt.staging_path)
    staging.mkdir(parents=True, exist_ok=True)
    (staging / "part-000001-00000.jsonl").write_text('{"id": 1}\n')
    attempt.finish_part(
        {
            "split": 1,
            "files": ["part-000001-00000.jsonl"],
            "sizes": [10],
            "counts": {"rows": 12, "predicted": 9, "bad": 2, "skipped": 1, "unstable": 0},
            "details": "{}",
        }
    )
    assert unit.commit_attempt(attempt)
    unit.publish()
    target.unit(2, lambda: unit_plan(2, "c.jsonl"))
    return path


TOPICS = '''
import foretell as ft


class Topics(ft.Predictor):
    """The length of a title, times what the model says."""

    input = ft.schema(id="int64", title="string")
    output = ft.schema(length="int64")
    keep = ["id"]

    def prepare(self, row):
        return ft.skip("told to") if row.title == "skip" else row

    def predict_item(self, row):
        if row.title == "raise":
            raise ValueError("told to")
        return len(row.title) * self.model["factor"]


class NoPredictor:
    pass
'''


@pytest.fixture
def bare_topics(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in ./models with Topics@1 (production) and Topics@2, of one file each: no code, no model."""
    from foretell.store import Store

    monkeypatch.setenv("FORETELL_STORE", "models")
    store = Store("models")
    for number in (1, 2):
        (here / "file").write_bytes(bytes([number]) * 2048)
        store.save("Topics", {"model/weights": here / "file"}, metadata={"trained": f"2026-11-0{number}"})
    store.promote("Topics@1", "production")
    return here / "models"


@pytest.fixture
def topics(here: Path, saved_topics: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in ./models with Topics@1 (production) and Topics@2, made by ``foretell save``."""
    monkeypatch.setenv("FORETELL_STORE", "models")
    shutil.copytree(saved_topics, here, dirs_exist_ok=True)
    return here / "models"


@pytest.fixture(scope="session")
def saved_topics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``topics`` copies: topics.py, model.pkl, models."""
    folder = tmp_path_factory.mktemp("topics")
    (folder / "topics.py").write_text(TOPICS)
    for factor in (1, 10):
        (folder / "model.pkl").write_bytes(pickle.dumps({"factor": factor}))
        more = (
            ["--alias", "production", "--unchecked", "--why", "a test", "--metadata", "trained=2026-11-01"]
            if factor == 1
            else []
        )
        command = [sys.executable, "-m", "foretell", "save", "topics:Topics", "--model", "model.pkl", *more]
        done = subprocess.run(
            command,
            cwd=folder,
            env=process_environment(FORETELL_STORE="models"),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return folder
