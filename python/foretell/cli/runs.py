"""``foretell runs``: the units of work of an output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from foretell.cli.options import JsonOption, OutputArgument
from foretell.cli.printing import print_json, print_table, when_text

if TYPE_CHECKING:
    from foretell import _core


def runs(output: OutputArgument, as_json: JsonOption = False) -> None:
    """List the units of work of an output: which version scored which rows, when, and for whom."""
    from foretell import _core

    read = _core.Output.read(output)
    units = [_describe(read, number) for number in read.unit_numbers()]
    if as_json:
        print_json({"output": output, **read.lineage, "units": units})
        return
    print_table(
        ["UNIT", "VERSION", "ROWS", "BAD", "SKIPPED", "COMMITTED", "PINNED BY", "STATE", "FILES"],
        [
            [
                unit["unit"],
                f"{read.lineage['predictor']}@{unit['version']}",
                unit["rows"],
                unit["bad"],
                unit["skipped"],
                when_text(unit["committed"] or ""),
                unit["pinned_by"],
                unit["state"],
                len(unit["files"]),
            ]
            for unit in units
        ],
        right=[0, 2, 3, 4, 8],
    )


def _describe(output: _core.Output, number: int) -> dict[str, Any]:
    """One unit, as JSON-able values; counts of a unit that is not committed are None."""
    unit = output.read_unit(number)
    commit: Any = unit.commit or {}
    counts = commit.get("counts", {})
    return {
        "unit": number,
        "version": unit.pin["version"],
        "rows": counts.get("rows"),
        "predicted": counts.get("predicted"),
        "bad": counts.get("bad"),
        "skipped": counts.get("skipped"),
        "unstable": counts.get("unstable"),
        "committed": commit.get("when"),
        "pinned_by": unit.pin["who"],
        "pinned": unit.pin["when"],
        "why": unit.pin["why"],
        "state": "published" if unit.published else "committed" if unit.committed else "unfinished",
        "input": input_files(unit.pin),
        "files": [name for part in commit.get("parts", []) for name in part["files"]],
    }


def input_files(pin: dict[str, Any]) -> list[str]:
    """The paths of a pin's plan."""
    return [file["path"] for file in json.loads(pin["plan"]).get("files", [])]
