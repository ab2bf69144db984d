"""``foretell check``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def write_rows(path: Path, count: int) -> str:
    rows = [{"id": i, "title": "skip" if i % 50 == 7 else f"title {i}"} for i in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_a_version_without_an_example_needs_rows(foretell: Command, topics: Path) -> None:
    answer = foretell("check", "Topics@2")
    assert answer.status == 6
    assert answer.err.startswith("error[FT0701]: Topics@2 keeps no example")
    assert "--rows PATH" in answer.err


def test_modes_are_tried_over_the_rows_that_are_named(foretell: Command, topics: Path, here: Path) -> None:
    answer = foretell("check", "Topics@2", "--rows", write_rows(here / "rows.jsonl", 120))
    assert answer.status == 0, answer.out + answer.err
    lines = answer.out.splitlines()
    assert lines[0] == "Topics@2: parity in every mode over 120 rows (120 distinct)"
    assert [line.split("  ")[0] for line in lines[3:12]] == [
        "bulk", "item", "batches of 1", "batches of 7", "one batch", "shuffled", "sliced", "twice", "process",
    ]  # fmt: skip
    assert "3 rows are bad or skipped" in answer.out


def test_few_rows_make_an_incomplete_check(foretell: Command, topics: Path, here: Path) -> None:
    answer = foretell("check", "Topics@2", "--rows", write_rows(here / "rows.jsonl", 20), "--json")
    assert answer.status == 1
    report = answer.json
    assert report["passed"] is True
    assert report["complete"] is False
    assert report["lacking"] == ["20 distinct rows, and 100 are needed: add some with --rows PATH"]
    assert {mode["mode"] for mode in report["modes"]} >= {"bulk", "item", "process"}


def test_rows_that_do_not_fit_are_refused(foretell: Command, topics: Path, here: Path) -> None:
    (here / "rows.jsonl").write_text('{"id": 1}\n')
    for rows, code in (("rows.jsonl", "FT0203"), ("nowhere.jsonl", "FT0701")):
        answer = foretell("check", "Topics@2", "--rows", rows)
        assert answer.status == 6
        assert answer.err.startswith(f"error[{code}]"), answer.err


def test_an_unknown_version_comes_with_the_nearest(foretell: Command, topics: Path) -> None:
    answer = foretell("check", "Topcis@2")
    assert answer.status == 3
    assert "did you mean Topics@2?" in answer.err


def test_promote_asks_for_a_check(foretell: Command, topics: Path, here: Path) -> None:
    rows = write_rows(here / "rows.jsonl", 120)
    answer = foretell("promote", "Topics@2", "production")
    assert answer.status == 3
    assert answer.err.startswith("error[FT0421]: production cannot move to Topics@2: it has not been checked")
    assert "foretell check Topics@2" in answer.err
    assert foretell("check", "Topics@2", "--rows", rows).status == 0
    answer = foretell("promote", "Topics@2", "production")
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Topics@production: version 1 → 2 (entry 2)")


def test_an_unchecked_promotion_needs_a_reason_and_is_shown(foretell: Command, topics: Path) -> None:
    answer = foretell("promote", "Topics@2", "production", "--unchecked")
    assert answer.status == 2
    assert answer.err.startswith("error[FT0101]: an unchecked promotion needs a reason")
    answer = foretell("promote", "Topics@2", "production", "--unchecked", "--why", "the old one is down")
    assert answer.status == 0, answer.err
    entries = foretell("history", "Topics", "production", "--json").json
    assert [(entry["unchecked"], entry["why"]) for entry in entries] == [
        (True, "a test"), (True, "the old one is down"),
    ]  # fmt: skip
    assert "promote, unchecked" in foretell("history", "Topics").out


def test_save_keeps_an_example_and_checks_it_before_an_alias_moves(
    foretell_process: Command, topics: Path, here: Path
) -> None:
    rows = write_rows(here / "rows.jsonl", 120)
    save = ("save", "topics:Topics", "--model", "model.pkl")
    answer = foretell_process(*save, "--alias", "canary")
    assert answer.status == 3
    assert answer.err.startswith(
        "error[FT0421]: Topics@3 is saved, but canary was not moved to it: there is no row"
    )
    (here / "good.jsonl").write_text("".join(
        line + "\n" for line in Path(rows).read_text().splitlines() if "skip" not in line
    ))  # fmt: skip
    answer = foretell_process(*save, "--alias", "canary", "--example", "good.jsonl")
    assert answer.status == 0, answer.err
    assert answer.out.startswith("Topics@4 saved, canary: ")
    answer = foretell_process(*save, "--example", "good.jsonl")
    assert "next: foretell check Topics@5" in answer.out
