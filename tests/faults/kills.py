"""A process that is killed before each of its calls that touch files, one call per run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness import (
    Place,
    Row,
    Server,
    State,
    Traced,
    drive,
    each,
    injected,
    require_driver,
    require_strace,
    timed,
    trace,
    workspace,
)
from scenarios import SCENARIOS, Scenario


def begin(scenario: Scenario, folder: Path) -> tuple[Path, State, State, Traced]:
    """The folder that each run begins with, the states before and after an undisturbed run, its calls."""
    server = Server()
    template = folder / "template"
    template.mkdir()
    scenario.prepare(server, template)
    place = Place(folder, server)
    now = place.fresh(template)
    old = scenario.look(server, now)
    traced = trace(scenario.words(now), now)
    new = scenario.look(server, now)
    assert old != new, scenario.name
    assert scenario.judge(new, old, new, "new") is None, scenario.judge(new, old, new, "new")
    wrong = scenario.again(server, now)
    assert wrong is None, wrong
    server.close()
    return template, old, new, traced


def killed(scenario: Scenario, short: bool) -> Row:
    row = Row(
        f"{scenario.name}: killed before each of its system calls",
        "strace, signal=KILL at every (call, n)",
        "make faults ONLY=kills",
    )
    with timed(row), workspace() as folder:
        template, old, new, traced = begin(scenario, folder)
        points = traced.points()
        if scenario.name == "first save":
            points = points[:: 60 if short else 4]  # hundreds of alike creates of the probe
        elif short:
            points = points[::11]

        ends: Counter[str] = Counter()

        def kill(place: Place, point: tuple[str, int]) -> str | None:
            now = place.fresh(template)
            log = place.folder / "trace"
            ended = drive(scenario.words(now), before=injected(*point, "signal=KILL", log))
            if ended.code not in (0, 137, -9):
                return f"the process ended with {ended.code}: {ended.answer}"
            ends["ended"] += ended.code == 0
            seen = scenario.look(place.server, now)
            ends["old" if seen == old else "new" if seen == new else "between"] += 1
            outcome = "new" if ended.code == 0 else ""
            return scenario.judge(seen, old, new, outcome) or scenario.again(place.server, now)

        each(points, kill, row)
        if ends["ended"] > 0 and scenario.name != "first save":
            row.bad.append(f"{ends['ended']} runs were not killed")
        row.note = ", ".join(f"{count} {state}" for state, count in sorted(ends.items()) if count)
    return row


def run(short: bool) -> Iterator[Row]:
    require_driver()
    require_strace()
    for scenario in SCENARIOS.values():
        yield killed(scenario, short)
