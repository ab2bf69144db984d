from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def test_runs_lists_the_units_of_an_output(foretell: Command, output: Path) -> None:
    answer = foretell("runs", str(output))
    assert answer.status == 0, answer.err
    heading, first, second = answer.out.splitlines()
    assert heading.split()[:5] == ["UNIT", "VERSION", "ROWS", "BAD", "SKIPPED"]
    assert first.split()[:5] == ["1", "Topics@1", "12", "2", "1"]
    assert "published" in first
    assert "ana" in first
    assert second.split()[:2] == ["2", "Topics@2"]
    assert "unfinished" in second


def test_runs_as_json_names_files_and_input(foretell: Command, output: Path) -> None:
    found = foretell("runs", str(output), "--json").json
    assert found["predictor"] == "Topics"
    first, second = found["units"]
    assert first["files"] == ["part-000001-00000.jsonl"]
    assert first["input"] == ["a.jsonl", "b.jsonl"]
    assert first["pinned_by"] == "ana"
    assert first["committed"].startswith("20")
    assert (second["state"], second["rows"], second["committed"]) == ("unfinished", None, None)


@pytest.mark.parametrize("where", ["nowhere", "."])
def test_runs_of_a_folder_without_runs_is_refused(foretell: Command, where: str) -> None:
    answer = foretell("runs", where)
    assert answer.status == 5
    assert answer.err.startswith("error[FT0610]: ")


def test_pin_show_lists_who_decided_and_why(foretell: Command, output: Path) -> None:
    answer = foretell("pin", "show", str(output))
    assert answer.status == 0, answer.err
    _, first, second = answer.out.splitlines()
    assert first.split()[:3] == ["1", "1", "Topics@1"]
    assert "run of Topics@production" in second
    only = foretell("pin", "show", str(output), "2", "--json").json
    assert [(pin["unit"], pin["version"], pin["input"]) for pin in only] == [(2, 2, ["c.jsonl"])]


def test_pin_show_of_an_unknown_unit_names_those_that_are_there(foretell: Command, output: Path) -> None:
    answer = foretell("pin", "show", str(output), "7")
    assert answer.status == 5
    assert answer.err.startswith("error[FT0610]: there is no unit 7; the units are 1, 2\n")


def test_pin_set_pins_an_unfinished_unit_to_another_version(
    foretell: Command, bare_topics: Path, output: Path
) -> None:
    for version in ("1", "Topics@1", "Topics@production"):
        answer = foretell("pin", "set", str(output), "2", version, "--why", "2 is broken")
        assert answer.status == 0, answer.err
    assert answer.out == (
        f"unit 2 of {output}: version 1 → 1, with the same input\nnext: the run's own command again\n"
    )
    pins = foretell("pin", "show", str(output), "2", "--json").json
    assert [pin["version"] for pin in pins] == [2, 1, 1, 1]
    assert pins[-1]["why"] == "2 is broken"
    assert pins[-1]["input"] == pins[0]["input"]


@pytest.mark.parametrize(
    ("unit", "version", "status", "code"),
    [
        ("2", "9", 3, "FT0402"),
        ("2", "prodcution", 3, "FT0403"),
        ("2", "Other@1", 2, "FT0105"),
        ("3", "1", 5, "FT0610"),
        ("1", "2", 5, "FT0608"),
    ],
)
def test_pin_set_refuses_what_cannot_be_pinned(
    foretell: Command, bare_topics: Path, output: Path, unit: str, version: str, status: int, code: str
) -> None:
    answer = foretell("pin", "set", str(output), unit, version, "--why", "x")
    assert answer.status == status, answer.err
    assert answer.err.startswith(f"error[{code}]")
    assert len(foretell("pin", "show", str(output), "--json").json) == 2


def test_pin_set_asks_why(foretell: Command, output: Path) -> None:
    answer = foretell("pin", "set", str(output), "2", "1")
    assert answer.status == 2
    assert "--why" in answer.err
