from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Environment = Callable[..., dict[str, str]]


def write(path: str, *titles: str) -> None:
    rows = [json.dumps({"id": number, "title": title}) for number, title in enumerate(titles)]
    Path(path).write_text("".join(row + "\n" for row in rows))


def scored(folder: str) -> list[dict[str, Any]]:
    files = sorted(Path(folder).glob("part-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_run_writes_rows_and_says_what_to_do_next(foretell_process: Command, topics: Path) -> None:
    write("rows.jsonl", "a", "bb", "ccc")
    answer = foretell_process(
        "run", "Topics@production", "--input", "rows.jsonl", "--output", "out", "--format", "jsonl"
    )
    assert answer.status == 0, answer.err
    assert "3 rows by Topics@1" in answer.out
    assert "next: foretell runs out" in answer.out
    assert [(row["id"], row["length"], row["model_version"]) for row in scored("out")] == [
        (0, 1, 1),
        (1, 2, 1),
        (2, 3, 1),
    ]
    listed = foretell_process("runs", "out")
    assert listed.status == 0
    assert "Topics@1" in listed.out
    again = foretell_process(
        "run", "Topics@production", "--input", "rows.jsonl", "--output", "out", "--format", "jsonl"
    )
    assert again.status == 0, again.err
    assert "finished before" in again.out
    assert len(scored("out")) == 3


def test_incremental_rounds_take_what_is_new(foretell_process: Command, topics: Path) -> None:
    run = [
        "run",
        "Topics@production",
        "--input",
        "in/*.jsonl",
        "--output",
        "out",
        "--incremental",
        "--format",
        "jsonl",
    ]
    Path("in").mkdir()
    write("in/1.jsonl", "a")
    assert foretell_process(*run, "--json").json["rows"] == 1
    moved = foretell_process("promote", "Topics@2", "production", "--unchecked", "--why", "no example here")
    assert moved.status == 0, moved.err
    write("in/2.jsonl", "b", "c")
    assert foretell_process(*run, "--json").json["rows"] == 2
    assert sorted((row["length"], row["model_version"]) for row in scored("out")) == [
        (1, 1),
        (10, 2),
        (10, 2),
    ]
    write("in/1.jsonl", "changed")
    answer = foretell_process(*run)
    assert answer.status == 5
    assert answer.err.splitlines()[0].startswith("error[FT0604]: ")


def test_json_is_alone_on_standard_output_and_quiet_is_quiet(foretell_process: Command, topics: Path) -> None:
    write("rows.jsonl", "a", "raise")
    answer = foretell_process("run", "Topics@1", "--input", "rows.jsonl", "--output", "out", "--json")
    assert answer.status == 0, answer.err
    assert (answer.json["rows"], answer.json["bad"]) == (2, 1)
    quiet = foretell_process("run", "Topics@1", "--input", "rows.jsonl", "--output", "out2", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def test_bad_rows_are_quarantined_and_can_be_run_again(foretell_process: Command, topics: Path) -> None:
    write("rows.jsonl", "a", "raise")
    answer = foretell_process("run", "Topics@1", "--input", "rows.jsonl", "--output", "out")
    assert "the bad rows, by another version: foretell run Topics --input out/_quarantine" in answer.out
    again = foretell_process("run", "Topics@2", "--input", "out/_quarantine", "--output", "again", "--json")
    assert again.status == 0, again.err
    assert again.json["rows"] == 1


def test_too_many_bad_rows_end_with_one_after_all_is_in_place(
    foretell_process: Command, topics: Path
) -> None:
    write("rows.jsonl", *["raise", "a"] * 30)
    command = ("run", "Topics@1", "--input", "rows.jsonl", "--output", "out", "--format", "jsonl")
    answer = foretell_process(*command)
    assert answer.status == 1
    assert "error[FT0605]: " in answer.err
    assert len(scored("out")) == 30
    assert "60 rows by Topics@1, 30 bad" in answer.out
    machine = foretell_process(*command, "--json")
    assert (machine.status, machine.json["units"][0]["bad"]) == (1, 30)


def test_on_error_fail_stops_and_publishes_nothing(foretell_process: Command, topics: Path) -> None:
    write("rows.jsonl", "a", "raise")
    answer = foretell_process(
        "run", "Topics@1", "--input", "rows.jsonl", "--output", "out", "--on-error", "fail"
    )
    assert answer.status == 5
    assert "error[FT0301]: " in answer.err
    assert not list(Path("out").glob("part-*"))


@pytest.mark.parametrize(
    ("arguments", "status", "found"),
    [
        (["Topics@9", "--input", "rows.jsonl"], 3, "did you mean Topics@2?"),
        (["Topics@1", "--input", "missing.jsonl"], 6, "error[FT070"),
        (["Topics@1"], 6, "error[FT0707]"),
        (["Topics@1", "--input", "rows.jsonl", "--max-bad-ratio", "2"], 2, "error[FT0101]"),
    ],
)
def test_a_run_that_cannot_begin(
    foretell_process: Command, topics: Path, arguments: list[str], status: int, found: str
) -> None:
    write("rows.jsonl", "a")
    answer = foretell_process("run", *arguments, "--output", "out")
    assert answer.status == status, answer.err
    assert found in answer.err
    assert "Traceback" not in answer.err


SLOW = """
import time
import foretell as ft


class Slow(ft.Predictor):
    input = ft.schema(id="int64")
    output = ft.schema(same="int64")

    def predict_item(self, row):
        time.sleep(0.05)
        return row.id
"""


def test_an_interrupted_run_says_how_to_go_on_and_does(
    foretell_process: Command, here: Path, environment: Environment
) -> None:
    Path("slow.py").write_text(SLOW)
    import pickle

    Path("m.pkl").write_bytes(pickle.dumps(None))
    assert foretell_process("save", "slow:Slow", "--model", "m.pkl").status == 0
    write("rows.jsonl", *["x"] * 60)
    run = ["run", "Slow@1", "--input", "rows.jsonl", "--output", "out", "--format", "jsonl", "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "foretell", *run], stderr=subprocess.PIPE, text=True, env=environment()
    )
    deadline = time.monotonic() + 30
    while not list(Path("out").glob("_foretell/units/*/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "the same command again finishes the rest" in err
    assert "Traceback" not in err
    done = foretell_process(*run)
    assert done.status == 0, done.err
    assert sorted(row["id"] for row in scored("out")) == list(range(60))
