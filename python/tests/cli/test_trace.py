from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def write(path: str, *titles: str) -> None:
    rows = [json.dumps({"id": number, "title": title}) for number, title in enumerate(titles)]
    Path(path).write_text("".join(row + "\n" for row in rows))


def test_a_quarantined_row_is_shown_step_by_step_to_the_users_line(
    foretell_process: Command, topics: Path
) -> None:
    write("rows.jsonl", "a", "raise", "ccc")
    run = foretell_process("run", "Topics@1", "--input", "rows.jsonl", "--output", "out", "--workers", "1")
    assert run.status == 0, run.err
    command = run.out.splitlines()[-1].partition("step by step: ")[2].split()
    assert command[:2] == ["foretell", "predict"]
    answer = foretell_process(*command[1:])
    assert answer.status == 1
    lines = answer.out.splitlines()
    assert lines[0] == "input    Row {'id': 1, 'title': 'raise'}"
    assert lines[1] == "prepare  Row {'id': 1, 'title': 'raise'}"
    assert lines[2].startswith("predict  failed: ValueError: told to (topics.py:")
    assert lines[-2:] == ['    raise ValueError("told to")', "ValueError: told to"]
    assert "foretell/predictor" not in answer.out
    assert (
        f"quarantined, by version 1, row 1 of {Path.cwd()}/rows.jsonl: FT0301 ValueError: told to"
        in answer.err
    )


def test_one_row_of_a_file(foretell: Command, topics: Path) -> None:
    write("rows.jsonl", "a", "skip", "ccc")
    answer = foretell("predict", "Topics@2", "--row", "rows.jsonl:2")
    assert answer.json == {"id": 2, "length": 30, "model_version": 2}
    traced = foretell("predict", "Topics@2", "--row", "rows.jsonl:2", "--trace")
    assert traced.status == 0
    assert traced.out.splitlines()[-1] == "output   dict {'length': 30}"
    skipped = foretell("predict", "Topics@2", "--row", "rows.jsonl:1", "--trace")
    assert (skipped.status, skipped.out.splitlines()[-1].split()) == (0, ["skipped", "told", "to"])


def test_a_trace_as_json(foretell: Command, topics: Path) -> None:
    good = foretell("predict", "Topics@1", '{"id": 1, "title": "abc"}', "--trace", "--json").json
    assert good["steps"][-1] == {"step": "output", "value": "dict {'length': 3}"}
    assert (good["output"], good["error"], good["row"]) == ({"length": 3}, None, {"id": 1, "title": "abc"})
    bad = foretell("predict", "Topics@1", '{"id": 1, "title": "raise"}', "--trace", "--json")
    assert bad.status == 1
    assert bad.json["error"]["code"] == "FT0301"
    assert bad.json["error"]["traceback"].endswith("ValueError: told to")
    assert bad.json["steps"][-1]["value"].startswith("failed: ValueError: told to")


@pytest.mark.parametrize(
    ("arguments", "status", "found"),
    [
        (["--row", "rows.jsonl"], 2, "error[FT0101]: a row is named PATH:N, but 'rows.jsonl' was given"),
        (["--row", "rows.jsonl:x"], 2, "a row is named PATH:N"),
        (["--row", "rows.jsonl:-1"], 2, "a row is named PATH:N"),
        (["--row", ":1"], 2, "a row is named PATH:N"),
        (["--row", "rows.jsonl:2"], 2, "error[FT0101]: rows.jsonl has 2 rows, and no row 2"),
        (["--row", "none.jsonl:0"], 6, "error[FT0701]: none.jsonl does not exist"),
        (["--row", "rows.jsonl:0", "{}"], 2, "one row is predicted"),
        (["--trace"], 2, "error[FT0101]: --trace shows one row"),
    ],
)
def test_a_row_that_is_not_there(
    foretell: Command, topics: Path, arguments: list[str], status: int, found: str
) -> None:
    write("rows.jsonl", "a", "b")
    answer = foretell("predict", "Topics@1", *arguments)
    assert answer.status == status
    assert found in answer.err
