"""Spark Connect: frames, column functions and SQL work; RDDs and streams are refused by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import foretell as ft


@pytest.fixture
def seen(java: None, project: Any) -> dict[str, Any]:
    """What a client in another process saw."""
    project.save()
    project.save("Repeat", "")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("connect_client.py"), project.store],
        capture_output=True,
        text=True,
        timeout=400,
        env=environment,
        cwd=project.root,
    )
    assert ended.returncode == 0, ended.stderr[-5000:]
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_frames_and_columns_work_and_the_rest_is_refused(seen: dict[str, Any], project: Any) -> None:
    assert seen["module"] == "pyspark.sql.connect.session"
    rows = [{"id": at, "text": text} for at, text in enumerate(["one", "bad", None, "skip"], start=1)]
    expected = ft.load("Length@1", store=project.store).predict(rows, on_error="null")
    assert seen["frame"] == [{**row, "_error": row.get("_error")} for row in expected]
    assert [row["length"] for row in seen["column"]] == [
        3,
        3,
        0,
        4,
    ]  # in upper case none is bad, none skipped
    assert [row["p"]["repeated"] for row in seen["two columns"]] == ["oneone", "badbad", "", "skipskip"]
    assert [row["length"] for row in seen["sql"]] == [3, None, 0, None]
    assert seen["empty"] == []
    assert seen["rdd"] == seen["frame for an rdd"] == "FT1004"
    assert seen["stream"] == "FT1003"
    assert (seen["missing"], seen["other type"]) == ("FT0203", "FT0205")
    assert "FT0205: column 'text' is int64, expected string" in seen["type of an argument"]
