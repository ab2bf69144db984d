"""``foretell compare``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.fixture
def rows(here: Path) -> str:
    path = here / "rows.jsonl"
    titles = ["skip", "raise", "<b>bold</b>" + "x" * 40, *("x" * (i % 30) for i in range(60))]
    path.write_text("".join(json.dumps({"id": i, "title": t}) + "\n" for i, t in enumerate(titles)))
    return str(path)


def test_what_changes_is_a_table_and_a_page(foretell: Command, topics: Path, here: Path, rows: str) -> None:
    answer = foretell("compare", "Topics@1", "Topics@production", "--rows", rows)
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Topics@1 → Topics@1: 0 of 63 rows change (0.0%)\n")
    answer = foretell("compare", "Topics@1", "Topics@2", "--rows", rows, "--html", "page.html")
    assert answer.status == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0] == "Topics@1 → Topics@2: 59 of 63 rows change (93.7%)"
    assert "0 in Topics@1 only, 0 in Topics@2 only, 2 in both" in answer.out
    assert any(line.split()[:4] == ["length", "number", "59", "96.7%"] for line in lines)
    assert lines[-1] == "the page: page.html"
    page = (here / "page.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


def test_json_is_the_report_that_is_kept(foretell: Command, topics: Path, rows: str) -> None:
    answer = foretell("compare", "Topics@1", "Topics@2", "--rows", rows, "--json")
    assert answer.status == 0, answer.err
    assert (answer.json["kind"], answer.json["rows"], answer.json["changed"]) == ("compare", 63, 59)
    assert len(answer.json["most"]) == 20


def test_what_is_wrong_is_told_like_elsewhere(foretell: Command, topics: Path, rows: str) -> None:
    answer = foretell("compare", "Topics@1", "Topcis@2", "--rows", rows)
    assert answer.status == 3
    assert "did you mean Topics@2?" in answer.err
    answer = foretell("compare", "Topics@1", "Topics@2")
    assert answer.status == 6
    assert answer.err.startswith("error[FT0701]: Topics@1 and Topics@2 keep no example")
    answer = foretell("compare", "Topics@1", "Topics@2", "--rows", rows, "--html", "nowhere/page.html")
    assert answer.status == 8
    assert answer.err.startswith("error[FT0901]")
