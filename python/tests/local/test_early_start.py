"""Worker processes load a version while its unit is planned, before it is pinned; none outlives a run that stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import foretell as ft
from foretell.local import process

RUN = """
import sys
import foretell as ft
ft.run("Length@production", input=sys.argv[1], output=sys.argv[2], store=sys.argv[3], workers=2)
"""


@pytest.fixture
def started(monkeypatch) -> list[int]:
    """The process numbers of the workers that this process starts."""
    pids = []

    class Popen(subprocess.Popen):
        def __init__(self, command, *args, **options):
            super().__init__(command, *args, **options)
            if "foretell.local.worker" in command:
                pids.append(self.pid)

    monkeypatch.setattr(process.subprocess, "Popen", Popen)
    return pids


def noting(project, then: str = "pass") -> Path:
    """A predictor that notes the process that loads it in a folder, and goes on with ``then``."""
    notes = project.root / "notes"
    notes.mkdir(exist_ok=True)
    project.code(
        project.job.replace(
            "    keep = [",
            f'    def setup(self):\n        open(f"{notes}/{{os.getpid()}}", "w").close()\n        {then}\n\n'
            "    keep = [",
        )
    )
    project.save()
    for note in notes.iterdir():  # saving loads it, too
        note.unlink()
    return notes


def test_the_driver_itself_loads_nothing(project, started, alive):
    notes = noting(project)
    for name in ("a.parquet", "b.parquet"):
        project.write(name, ["ab"] * 10)
    project.run(workers=2)
    loaded = {int(path.name) for path in notes.iterdir()}
    assert loaded
    assert loaded <= set(started)
    assert len(started) == 2
    assert not any(map(alive, started))


def test_no_more_processes_start_than_there_are_splits_and_none_for_nothing(project, started):
    project.save()
    project.write("a.parquet", ["ab"])
    project.run(workers=2, incremental=True)
    assert len(started) == 1
    assert not project.run(workers=2, incremental=True).units
    assert len(started) == 1


def test_a_plan_that_fails_ends_the_process_that_is_loading(project, started, alive):
    notes = noting(project, "time.sleep(600)")
    path = project.write("a.parquet", ["ab"])
    pq.write_table(pq.read_table(path).drop_columns("text"), path)
    with pytest.raises(ft.Error) as refused:
        project.run(workers=2)
    assert refused.value.code == "FT0203"
    assert len(started) == 1
    assert not any(map(alive, started))
    assert not list(project.output.glob("_foretell/units/*/*.json"))
    assert len(list(notes.iterdir())) <= 1


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_a_driver_stopped_before_its_pin_leaves_no_process_and_no_pin(project, signum, alive, wait_until):
    notes = noting(project, "time.sleep(600 if os.environ.get('FORETELL_TEST_LOAD') else 0)")
    for name in ("a.parquet", "b.parquet"):
        project.write(name, ["ab"] * 10)
    driver = subprocess.Popen(
        [sys.executable, "-c", RUN, project.input, project.output, project.store],
        env={**os.environ, "FORETELL_TEST_LOAD": "hang"},
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: len(list(notes.iterdir())) == 2), "both load while nothing is pinned"
    workers = [int(path.name) for path in notes.iterdir()]
    assert driver.pid not in workers
    assert not list(project.output.glob("_foretell/units/*/*.json"))
    driver.send_signal(signum)
    assert driver.wait(timeout=30) != 0
    assert wait_until(lambda: not any(map(alive, workers)), 5)
    assert not list(project.output.glob("_foretell/units/*/*.json"))
    project.save(model=3)
    assert project.run().units[0].version == 2, "nothing bound the next run to the version of the stopped one"


def test_a_version_whose_process_dies_at_load_leaves_the_one_before_it_in_place(
    project, monkeypatch, started, alive
):
    project.save(model=1)
    project.write("a.parquet", ["ab"] * 3)
    project.run(incremental=True)
    project.save("DiesAtLoad")
    monkeypatch.setenv("FORETELL_TEST_LOAD", "die")
    project.write("b.parquet", ["ab"] * 2, first=3)
    with pytest.raises(ft.Error) as refused:
        project.run(incremental=True, strict=True)
    assert refused.value.code == "FT0502"
    assert "status 9 while it loaded Length@2" in refused.value.message
    assert "foretell rollback Length production" in refused.value.hint
    assert project.run(incremental=True).units[0].version == 1
    assert {row["model_version"] for row in project.rows()} == {1}
    assert not any(map(alive, started))
