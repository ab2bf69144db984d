"""The recipe of docs/spark.md: an archive of a virtual environment, shipped to a standalone cluster's executors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from .environments import environment


def copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("tests", "include", "__pycache__"))
    else:
        shutil.copy(source, target)


def test_an_archived_environment_runs_it_where_nothing_is_installed(
    cluster: Any, project: Any, tmp_path: Path
) -> None:
    project.save()
    environment(tmp_path / "environment", place=copied)
    subprocess.run(
        "tar -czf environment.tar.gz -C environment .",
        shell=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "GZIP": "-1"},
        stderr=subprocess.DEVNULL,
    )
    before = cluster.state()
    ended = cluster.submit(
        "--archives",
        f"{tmp_path}/environment.tar.gz#environment",
        Path(__file__).with_name("shipped_app.py"),
        project.store,
        python="./environment/bin/python",
    )
    assert ended.returncode == 0, ended.stderr[-5000:]
    seen = json.loads(ended.stdout.splitlines()[-1])
    assert [(row["id"], row["length"], row["_error"]) for row in seen["rows"]] == [
        (at, at, None) for at in range(1000)
    ]
    assert seen["column"] == seen["rdd"] == sum(range(1000))
    assert seen["session"] is True  # the one that spark-submit prepared
    after = cluster.state()
    assert len(after["completedapps"]) == len(before["completedapps"]) + 1  # and no second one
    assert after["activeapps"] == []
    assert {row["foretell"].partition("/environment/")[0] for row in seen["where"]} == {
        row["python"].partition("/environment/")[0] for row in seen["where"]
    }
    assert all(row["foretell"].startswith(f"{cluster.folder}/worker-") for row in seen["where"])
