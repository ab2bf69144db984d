"""The protocol of units of work, explored state by state.

Two drivers follow the steps of src/run (open, pin, start, adopt, finish_part, commit, publish_move,
publish_record, remove_staging); the world moves the alias, kills and pauses drivers, delays their
creates, and a person pins anew (repin). Every reachable state is visited, breadth first, and checked:

* a visible row is the row that its unit's commit names, by the version of the pin that it follows;
* no row is visible twice, and none that is not committed;
* from ``published`` on every row of the unit is visible, and a unit is pinned only after the units
  before it are published;
* a unit has one commit, and nothing follows it.

A create is one step of the storage: between sending it and its effect a driver may be paused for as
long as you like, which is what a delayed create and a zombie are.

Each shortcut that one might take instead is a flag; with any one of them on, a violation is found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

# A file's content names who made it, by which version, and whether it is whole.
File = tuple[int, int, bool]  # attempt, version, whole


@dataclass(frozen=True)
class Attempt:
    """A staging folder. ``pin`` is the sequence it was scored under; -1: removed."""

    unit: int
    pin: int
    file: File | None = None
    recorded: bool = False


@dataclass(frozen=True)
class Driver:
    step: str = "open"
    unit: int = 0
    version: int = 0  # resolved from the alias, before the pin
    pin: tuple[int, int] = (0, 0)  # sequence and version that it read
    attempt: int = -1
    in_place: int = -1  # shortcut: the folder of another attempt, adopted as it is
    commit: int = -1  # the attempt of the commit that it read


@dataclass(frozen=True)
class World:
    alias: int = 1
    # per unit: entries ("pin", version) or ("commit", attempt)
    logs: tuple[tuple[tuple[str, int], ...], ...] = ()
    published: tuple[bool, ...] = ()
    visible: tuple[tuple[File, ...], ...] = ()  # per unit: files under its final name(s)
    attempts: tuple[Attempt, ...] = ()
    drivers: tuple[Driver, ...] = ()
    crashes: int = 0
    moves: int = 0
    repins: int = 0


@dataclass(frozen=True)
class Rules:
    units: int = 2
    drivers: int = 2
    attempts: int = 2
    crashes: int = 1
    alias_moves: int = 1
    repins: int = 1
    # shortcuts, each of which must be found out
    adopt_in_place: bool = False  # commit another attempt's folder instead of one's own copy
    commit_without_pin_sequence: bool = False  # commit at the end of the log, whatever was pinned
    go_on_before_published: bool = False  # pin the next unit when this one is committed
    equal_content_is_ours: bool = False  # a commit like mine is mine: publish my own folder
    pin_by_overwrite: bool = False  # the alias as it is now wins over the pin that exists
    publish_before_commit: bool = False  # write to the final name, then commit
    resolve_again_on_retry: bool = False  # a new attempt takes the alias, not the pin
    loser_removes_all_staging: bool = False  # without having read another's commit
    adopt_unfinished: bool = False  # files without a record
    adopt_other_pin: bool = False  # parts that another version scored
    record_before_moves: bool = False  # published.json first, files after


def put(items: tuple, index: int, value: object) -> tuple:
    return (*items[:index], value, *items[index + 1 :])


def pin_of(log: tuple[tuple[str, int], ...]) -> tuple[int, int]:
    """Sequence (from 1) and version of the last pin."""
    pins = [(at + 1, value) for at, (kind, value) in enumerate(log) if kind == "pin"]
    return pins[-1] if pins else (0, 0)


def commit_of(log: tuple[tuple[str, int], ...]) -> int:
    return next((value for kind, value in log if kind == "commit"), -1)


def create(world: World, unit: int, sequence: int, entry: tuple[str, int]) -> tuple[World, bool]:
    """Create-if-absent of an entry. Sequences have no gaps, or the create is refused as a conflict."""
    log = world.logs[unit]
    if len(log) + 1 != sequence:
        return world, False
    return replace(world, logs=put(world.logs, unit, (*log, entry))), True


def steps(world: World, number: int, rules: Rules) -> Iterator[tuple[str, World]]:
    """What driver `number` may do next; each is one operation on the storage."""
    driver = world.drivers[number]
    unit = driver.unit

    def go(step: str, to: World | None = None, **changes: object) -> World:
        to = to or world
        return replace(to, drivers=put(to.drivers, number, replace(driver, step=step, **changes)))

    def read_log() -> World:
        """Reads the unit's log and goes where it says."""
        log = world.logs[unit]
        if commit_of(log) >= 0:
            return go("publish_move", commit=commit_of(log), pin=pin_of(log))
        return go("start", pin=pin_of(log), attempt=-1, in_place=-1)

    if driver.step == "open":
        if (world.logs[unit] and not rules.pin_by_overwrite) or commit_of(world.logs[unit]) >= 0:
            yield "read", read_log()
        else:
            yield "resolve", go("pin", version=world.alias)
    elif driver.step == "pin":
        before = unit - 1
        if before >= 0 and not world.published[before] and not rules.go_on_before_published:
            yield "wait", go("open", unit=before)
            return
        if rules.pin_by_overwrite and world.logs[unit] and commit_of(world.logs[unit]) < 0:
            logs = put(world.logs, unit, (("pin", driver.version), *world.logs[unit][1:]))
            yield "pin", go("read", replace(world, logs=logs))
        else:
            yield "pin", go("read", create(world, unit, 1, ("pin", driver.version))[0])
    elif driver.step == "read":
        yield "read", read_log()
    elif driver.step == "start":
        if sum(attempt.unit == unit for attempt in world.attempts) < rules.attempts:
            version = world.alias if rules.resolve_again_on_retry else driver.pin[1]
            attempts = (*world.attempts, Attempt(unit, driver.pin[0]))
            changed = replace(world, attempts=attempts)
            yield "start", go("adopt", changed, attempt=len(world.attempts), version=version)
    elif driver.step == "adopt":
        yield "adopt nothing", go("score")
        for other, attempt in enumerate(world.attempts):
            if other == driver.attempt or attempt.unit != unit or attempt.file is None:
                continue
            if not attempt.recorded and not rules.adopt_unfinished:
                continue
            if attempt.pin != driver.pin[0] and not rules.adopt_other_pin:
                continue
            if rules.adopt_in_place:
                yield "adopt", go("commit", in_place=other)
            else:
                own = replace(world.attempts[driver.attempt], file=attempt.file, recorded=True)
                yield "adopt", go("commit", replace(world, attempts=put(world.attempts, driver.attempt, own)))
    elif driver.step == "score":
        own = world.attempts[driver.attempt]
        if own.pin < 0:  # its staging was removed: finish_part is refused
            yield "refused", go("end")
            return
        half = replace(own, file=(driver.attempt, driver.version, False))
        yield "score", go("finish_part", replace(world, attempts=put(world.attempts, driver.attempt, half)))
    elif driver.step == "finish_part":
        own = world.attempts[driver.attempt]
        if own.pin < 0:
            yield "refused", go("end")
            return
        whole = replace(own, file=(driver.attempt, driver.version, True), recorded=True)
        changed = replace(world, attempts=put(world.attempts, driver.attempt, whole))
        if rules.publish_before_commit:
            changed = replace(
                changed, visible=put(changed.visible, unit, (*changed.visible[unit], whole.file))
            )
        yield "finish_part", go("commit", changed)
    elif driver.step == "commit":
        mine = driver.in_place if driver.in_place >= 0 else driver.attempt
        sequence = driver.pin[0] + 1
        if rules.commit_without_pin_sequence and commit_of(world.logs[unit]) < 0:
            sequence = len(world.logs[unit]) + 1
        changed, won = create(world, unit, sequence, ("commit", mine))
        if won:
            yield "commit", go("publish_move", changed, commit=mine)
        elif rules.equal_content_is_ours and commit_of(world.logs[unit]) >= 0:
            yield "commit", go("publish_move", commit=mine)
        else:
            yield "lose", go("lost")
    elif driver.step == "lost":
        log = world.logs[unit]
        attempts = world.attempts
        if rules.loser_removes_all_staging:
            for at, attempt in enumerate(attempts):
                if attempt.unit == unit:
                    attempts = put(attempts, at, Attempt(unit, -1))
        elif commit_of(log) >= 0:
            attempts = put(attempts, driver.attempt, Attempt(unit, -1))
        if commit_of(log) >= 0:
            yield "remove own", go("publish_move", replace(world, attempts=attempts), commit=commit_of(log))
        else:
            yield (
                "read again",
                go("start", replace(world, attempts=attempts), pin=pin_of(log), attempt=-1, in_place=-1),
            )
    elif driver.step == "publish_move":
        source = world.attempts[driver.commit].file
        if rules.record_before_moves and not world.published[unit]:
            yield (
                "publish_record",
                go("publish_move", replace(world, published=put(world.published, unit, True))),
            )
        elif world.published[unit] and not (rules.record_before_moves and source):
            yield "published", go("remove_staging")
        elif source is not None and world.attempts[driver.commit].pin >= 0:
            # a move to a free name: where the target is there already, nothing is overwritten
            gone = replace(world.attempts[driver.commit], file=None)
            visible = world.visible[unit]
            if source not in visible:
                visible = (*visible, source)
            changed = replace(world, visible=put(world.visible, unit, visible))
            changed = replace(changed, attempts=put(changed.attempts, driver.commit, gone))
            yield "publish_move", go("publish_record", changed)
        elif world.visible[unit]:
            yield "publish_move", go("publish_record")
        else:
            yield "FT0607", go("FT0607")
    elif driver.step == "publish_record":
        yield (
            "publish_record",
            go("remove_staging", replace(world, published=put(world.published, unit, True))),
        )
    elif driver.step == "remove_staging":
        attempts = tuple(Attempt(unit, -1) if one.unit == unit else one for one in world.attempts)
        changed = replace(world, attempts=attempts)
        done = unit + 1 == rules.units
        yield "remove_staging", go("end" if done else "open", changed, unit=unit if done else unit + 1)
    if driver.step == "publish_move" and rules.go_on_before_published and unit + 1 < rules.units:
        yield "go on", go("open", unit=unit + 1)


def moves(world: World, rules: Rules) -> Iterator[tuple[str, World]]:
    for number, driver in enumerate(world.drivers):
        for name, after in steps(world, number, rules):
            yield f"driver {number}: {name}", after
        if world.crashes < rules.crashes and driver.step != "open":
            fresh = put(world.drivers, number, Driver())
            yield f"driver {number}: crash", replace(world, drivers=fresh, crashes=world.crashes + 1)
    if world.moves < rules.alias_moves:
        yield "alias", replace(world, alias=world.alias + 1, moves=world.moves + 1)
    if world.repins < rules.repins:
        for unit, log in enumerate(world.logs):
            if log and commit_of(log) < 0:  # read; its create is at the next sequence, or loses
                entry = ("pin", 10 + world.repins)
                changed, _ = create(world, unit, pin_of(log)[0] + 1, entry)
                yield f"repin {unit + 1}", replace(changed, repins=world.repins + 1)


def violation(world: World) -> str:
    for unit, log in enumerate(world.logs):
        kinds = [kind for kind, _ in log]
        if kinds.count("commit") > 1 or ("commit" in kinds and kinds[-1] != "commit"):
            return "something follows a commit"
        if log and unit and not world.published[unit - 1]:
            return "a unit is pinned before the one before it is published"
        visible = world.visible[unit]
        if len(visible) > 1:
            return "a row is visible twice"
        if visible and "commit" not in kinds:
            return "a row is visible that is not committed"
        if visible and visible[0][1] != pin_of(log)[1]:
            return "a row is of another version than its unit's pin"
        if visible and not visible[0][2]:
            return "half a file is visible"
        if world.published[unit] and not visible:
            return "a published unit lacks its row"
    if any(driver.step == "FT0607" for driver in world.drivers):
        return "a committed file is nowhere"
    return ""


def explore(rules: Rules, limit: int = 5_000_000) -> tuple[int, str, list[str]]:
    """The number of states, the first violation ("" for none) and the shortest way to it."""
    first = World(
        logs=((),) * rules.units,
        published=(False,) * rules.units,
        visible=((),) * rules.units,
        drivers=(Driver(),) * rules.drivers,
    )
    came: dict[World, tuple[World, str] | None] = {first: None}
    queue = deque([first])
    finished = 0
    while queue:
        world = queue.popleft()
        found = violation(world)
        if found:
            way = []
            at = came[world]
            while at is not None:
                way.append(at[1])
                at = came[at[0]]
            return len(came), found, way[::-1]
        finished += all(world.published)
        for name, after in moves(world, rules):
            if after not in came:
                came[after] = (world, name)
                queue.append(after)
        if len(came) > limit:
            raise RuntimeError(f"more than {limit} states")
    if not finished:
        return len(came), "no run ever finishes", []
    return len(came), "", []
