"""``foretell run --engine spark`` as a process of its own, with a session that it makes and ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

PREPARED = (
    '[jobs.nightly]\npredictor = "Length@production"\ninput = "in"\noutput = "nightly"\nengine = "spark"\n'
)


def command(project: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "foretell", *arguments],
        cwd=project.root,
        capture_output=True,
        text=True,
        env={**os.environ, "FORETELL_STORE": str(project.store), "SPARK_LOCAL_IP": "127.0.0.1"},
    )


def write(folder: Path) -> None:
    folder.mkdir()
    texts = ["one", "bad", None, "skip"]
    pq.write_table(pa.table({"id": [1, 2, 3, 4], "text": texts}), folder / "a.parquet")


def test_runs_a_job_by_a_session_of_its_own(spark: Any, project: Any) -> None:
    project.save(alias="production")
    write(project.root / "in")
    settings = 'master = "local[1]"\n[jobs.nightly.settings]\nspark.ui.enabled = false\n'
    (project.root / "foretell.toml").write_text(PREPARED + settings)
    done = command(project, "run", "--job", "nightly", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["bad"], told["skipped"], told["workers"]) == (4, 1, 1, 1)
    table = pyarrow.dataset.dataset(project.root / "nightly", format="parquet").to_table().sort_by("id")
    assert table.to_pylist() == [
        {"id": 1, "length": 3, "model_version": 1},
        {"id": 3, "length": 0, "model_version": 1},
    ]
    again = command(
        project, "run", "Length@production", "--engine", "spark", "--input", "in", "--output", "nightly"
    )
    assert again.returncode == 0, again.stderr
    assert "already finished" in again.stderr  # which needs no Spark


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["--master", "local[1]"], "FT0101", 2),
        (["--engine", "spark", "--conf", "no setting"], "FT1006", 9),
        (["--engine", "spark", "--workers", "2"], "FT0101", 2),
        (["--engine", "spark", "--master", "nonsense"], "FT1001", 9),
    ],
)
def test_refuses(spark: Any, project: Any, arguments: list[str], code: str, status: int) -> None:
    project.save(alias="production")
    write(project.root / "in")
    done = command(project, "run", "Length@production", "--input", "in", "--output", "out", *arguments)
    assert done.returncode == status
    assert f"error[{code}]" in done.stderr
