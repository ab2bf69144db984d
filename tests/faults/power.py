"""The power is cut at any moment: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import disk
from harness import Row, Server, State, drive, require_driver, require_strace, timed, workspace
from scenarios import NAME, failed, judge_unit, model, output_state, save_again, store_state


@dataclass
class Kind:
    """What is run, step after step, and how a state is looked at and judged."""

    name: str
    begin: Callable[[Server, Path], object]
    words: Callable[[random.Random, Path, int], list[object]]
    look: Callable[[Server, Path], State]
    judge: Callable[[State, list[State]], str | None]
    again: Callable[[Server, Path], str | None]


def store_words(chance: random.Random, folder: Path, step: int) -> list[object]:
    if step < 2 or chance.random() < 0.6:
        return ["save", folder / "store", NAME, model(folder, b"%d" % chance.randrange(3))]
    if step < 5 or chance.random() < 0.7:
        return ["promote", folder / "store", NAME, "production", chance.randint(1, 2)]
    return ["rollback", folder / "store", NAME, "production"]


def judge_store(seen: State, allowed: list[State]) -> str | None:
    if "error" in seen:
        return f"it cannot be read: {failed(seen)}"
    if seen in allowed:
        return None
    return f"not a state from the last acknowledged one on: {seen}; there were {allowed}"


def judge_output(seen: State, allowed: list[State]) -> str | None:
    if found := judge_unit(seen, {}, {}, ""):
        return found
    lost = allowed[0]["visible"].items() - seen["visible"].items()
    return f"acknowledged rows are lost: {lost}" if lost else None


def finish_units(server: Server, folder: Path) -> str | None:
    """The next driver takes the output on, to the end."""
    state = output_state(server, folder)
    visible = state["visible"]
    if found := failed(server.ask("unit", folder / "out", 4, 2, 2)):
        return f"the next driver failed: {found}"
    state = output_state(server, folder)
    rows: dict[str, str] = {}
    for unit in state["units"]:
        rows |= unit["files"]
    whole = len(state["units"]) == 4 and state["visible"] == rows and not state["staging"]
    kept = visible.items() <= rows.items()
    return None if whole and kept else f"after the next driver: {state}"


STORE = Kind(
    "the store",
    lambda server, folder: server.ask("save", folder / "store", NAME, model(folder, b"0")),
    store_words,
    store_state,
    judge_store,
    save_again,
)
UNITS = Kind(
    "units of work",
    lambda server, folder: server.ask("unit", folder / "out", 1, 1, 1),
    lambda chance, folder, step: ["unit", folder / "out", min(4, step // 2 + 2), 2, 1],
    output_state,
    judge_output,
    finish_units,
)

# Where a process is killed before the next one starts: what it made may not be durable yet.
KILLED_AT = ["fsync", "renameat2", "renameat", "mkdirat", "openat"]


@dataclass
class Step:
    log: Path
    state: State  # as readers saw it after the step
    acknowledged: bool


def record(kind: Kind, seed: int, folder: Path, server: Server) -> tuple[disk.Disk, State, list[Step]]:
    """Real processes, one after the other, some of them killed; the disk as it was before them."""
    chance = random.Random(seed)
    now = folder / "now"
    shutil.rmtree(now, ignore_errors=True)
    now.mkdir()
    for extra in range(3):
        model(now, b"%d" % extra)
    from_nothing = seed % 10 == 9  # with the probe of the storage
    if not from_nothing:
        kind.begin(server, now)
    before = disk.Disk(now)
    first = kind.look(server, now)
    steps: list[Step] = []
    for number in range(6):
        words = kind.words(chance, now, number)
        for kill in [True, False] if chance.random() < 0.5 or (from_nothing and not number) else [False]:
            log = folder / f"log-{len(steps)}"
            traced = ["strace", "-f", "-qq", "-xx", "-s", "1000000", "-o", str(log)]
            traced += ["-e", f"trace={disk.CALLS}"]
            if kill and from_nothing and not steps:
                call = "fsync"  # of the folder above the root, which is made and not durable
                when = len((now / "root").parts)  # those above it were looked after first
                traced += ["-e", f"inject={call}:signal=KILL:when={when}"]
            elif kill:
                call = chance.choice(KILLED_AT)
                when = chance.randint(8, 60) if call == "openat" else chance.randint(1, 14)
                traced += ["-e", f"inject={call}:signal=KILL:when={when}"]
            ended = drive(words, before=traced)
            refused = ended.error.get("code") == "FT0411"  # nothing to roll back to
            assert kill or ended.code == 0 or refused, ended
            steps.append(Step(log, kind.look(server, now), ended.code == 0))
    return before, first, steps


def cut(kind: Kind, number: int, seeds: int, row: Row, figures: Counter[str]) -> None:
    server = Server()
    with workspace() as folder:
        before, first, steps = record(kind, number, folder, server)
        real = folder / "now"
        calls = [(at, call) for at, step in enumerate(steps) for call in disk.calls(step.log)]
        chance = random.Random(number)
        ends = [sum(at <= step for at, _ in calls) for step in range(-1, len(steps))]
        cuts: Counter[int] = Counter()
        for _ in range(seeds):
            step = chance.randrange(len(steps))
            cuts[chance.randint(ends[step], ends[step + 1])] += 1
        states = [first, *(step.state for step in steps)]
        acknowledged = 0  # the state that must not be lost, by its place in `states`
        for place in range(len(calls) + 1):
            for again in range(cuts[place]):
                at = calls[place - 1][0] if place else 0
                shutil.rmtree(real, ignore_errors=True)
                real.mkdir()
                for path, content in before.left(random.Random(f"{number} {place} {again}")).items():
                    if content is None:
                        (real / path).mkdir()
                    else:
                        (real / path).write_bytes(content)
                seen = kind.look(server, real)
                found = kind.judge(seen, states[acknowledged : at + 2]) or kind.again(server, real)
                row.add(f"script {number}, cut after call {place}: {found}" if found else None)
                figures["state kept" if seen == states[at + 1] else "operation undone"] += 1
            if place < len(calls):
                at, call = calls[place]
                if at != calls[place - 1][0]:
                    before.handles.clear()
                if disk.apply(before, *call) and steps[at].acknowledged:
                    acknowledged = at + 1
    server.close()


def run(short: bool) -> Iterator[Row]:
    require_driver()
    require_strace()
    for kind in (STORE, UNITS):
        row = Row(
            f"power cut, {kind.name}: what was not synced is lost or torn",
            "the calls of real processes replayed on a disk that keeps what was synced, and of the rest anything",
            "make faults ONLY=power",
        )
        figures: Counter[str] = Counter()
        scripts, seeds = ([0, 9], 75) if short else (range(40), 250)
        with timed(row):
            for number in scripts:
                cut(kind, number, seeds, row, figures)
        row.note = ", ".join(f"{count} {what}" for what, count in sorted(figures.items()))
        yield row
