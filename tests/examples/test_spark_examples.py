"""The examples for Spark, after a demo of few events: they run, and tell what they should."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "event_topics"


def run(script: str, *arguments: str, cwd: Path) -> str:
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / script), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_a_batch_and_a_stream_of_the_demo(tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: make setup installs it")
    run("demo.py", cwd=tmp_path)
    batch = run("batch_spark.py", cwd=tmp_path)
    assert "row by row and bit by bit the rows of a run without Spark: True" in batch
    stream = run("stream_spark.py", cwd=tmp_path)
    assert "production is rolled back to version 1" in stream
    assert "rows by EventTopics@1" in stream
    assert "rows by EventTopics@2" in stream
