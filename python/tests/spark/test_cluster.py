"""Frames on a standalone cluster whose Python workers and executors die, or are slow: each row once, or a clear end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .environments import environment

APP = Path(__file__).with_name("faulty_app.py")


@pytest.fixture
def submitted(cluster: Any, project: Any, tmp_path: Path) -> Any:
    """What the application saw of a version of ``Faulty`` for each of these models."""

    def submit(*models: tuple[str, int], **options: str) -> list[dict[str, Any]]:
        numbers = []
        for at, (does, times) in enumerate(models):
            model = {"does": does, "times": times, "file": str(tmp_path / f"noted-{at}")}
            numbers.append(str(project.save("Faulty", model).version))
        python = environment(tmp_path / "environment")
        ended = cluster.submit(
            APP,
            project.store,
            tmp_path / "out",
            *numbers,
            python=str(python),
            options={
                "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",
                **{name.replace("_", "."): value for name, value in options.items()},
            },
        )
        assert ended.returncode == 0, ended.stderr[-5000:]
        seen = json.loads(ended.stdout.splitlines()[-1])
        return [seen[number] for number in numbers]

    return submit


def test_what_dies_once_is_run_again_and_what_dies_always_is_told(submitted: Any) -> None:
    killed, executor, segfault, always = submitted(
        ("kill", 1), ("executor", 1), ("segfault", 1), ("segfault", 9)
    )
    for number, found in enumerate((killed, executor, segfault), start=1):
        assert found["rows"] == [[at, 3 if at == 50 else 4, number] for at in range(100)]
        assert found["attempts"] == 2
    assert always["attempts"] == 4
    assert "Python worker exited unexpectedly (crashed)" in always["told"]
    assert "failed 4 times" in always["told"]
    assert "in predict_item" in always["told"]


def test_rows_of_a_task_that_ran_twice_at_once_are_there_once(submitted: Any) -> None:
    (found,) = submitted(
        ("wait", 1),  # for minutes, or until the other attempt has won
        spark_speculation="true",
        spark_speculation_interval="200ms",
        spark_speculation_quantile="0.5",
        spark_speculation_multiplier="1.1",
        spark_speculation_minTaskRuntime="1s",
    )
    assert found["rows"] == [[at, 3 if at == 50 else 4, 1] for at in range(100)]
    assert found["attempts"] == 2
