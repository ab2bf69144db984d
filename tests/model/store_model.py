"""The protocol of the store, explored state by state.

Savers, a promoter, a retirer, a person who restores, and a collector of garbage follow the steps of
src/store; the world lets time pass, delays their creates and loses the answers. (A kill is a pause
without end.) All of them want the same: savers save the same bytes; version 1, which is there from the
beginning, is promoted, retired, restored and collected. Every reachable state is visited, breadth first:

* a visible version that is not purged has its blob;
* a save that was acknowledged keeps its number, and has one number only;
* what an alias names is not retired, and a purged version has no alias.

A create is one step of the storage: between sending it and its effect an actor may be paused, and that
is what a delayed create is. Time passes in ticks. A save that is a tick old fails itself before its
create, and so does a promotion before its alias entry; a create arrives within one tick or never. An
in-use keeps a retirement away for two ticks; an unnamed blob is garbage after two; a retired version is
purged after three. So the ticks stand for the limits of the code, whose order is what counts.

Each shortcut that one might take instead is a flag; with any one of them on, a violation is found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

OLDEST = 3  # ticks; ages of entries are not told apart from here on
BEGINNING = -1  # the attempt that made version 1


@dataclass(frozen=True)
class Blob:
    attempt: int
    age: int = 0
    there: bool = True


@dataclass(frozen=True)
class Entry:
    """Of a version's log."""

    kind: str  # in-use, retired, restored, purged
    age: int = 0


@dataclass(frozen=True)
class Actor:
    kind: str
    step: str
    age: int = 0  # since it began, or since its in-use
    flight: int = 0  # since its create was sent
    blob: int = -1
    number: int = 0  # what it read: a version, or the length of a log
    top: int = 0  # the length of the alias's log, as it read it
    named: frozenset[int] = frozenset()
    candidates: tuple[int, ...] = ()
    done: int = -1  # the version that was acknowledged


@dataclass(frozen=True)
class World:
    blobs: tuple[Blob, ...] = (Blob(BEGINNING, 2),)
    versions: tuple[tuple[int, int], ...] = ((BEGINNING, 0),)  # attempt and blob
    log: tuple[Entry, ...] = ()  # of version 1
    alias: tuple[int, ...] = ()  # the versions that it was moved to
    actors: tuple[Actor, ...] = ()
    ticks: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Rules:
    actors: tuple[str, ...] = ("saver", "saver", "collector")
    ticks: int = 4
    lost: int = 1  # answers
    # shortcuts, each of which must be found out
    manifest_before_blob: bool = False
    overwrite_version: bool = False  # a put instead of a create
    equal_content_is_ours: bool = False  # a version like mine is mine
    lost_answer_is_failure: bool = False  # the next number is tried at once
    reuse_any_blob: bool = False  # also one that no version names
    reuse_retired: bool = False  # also one that only a retired version names
    save_for_ever: bool = False  # no check of the save's age
    collect_young: bool = False  # what is unnamed is garbage at once
    look_once: bool = False  # a collector with an old list of names and the clock of now
    purge_at_once: bool = False
    promote_without_in_use: bool = False
    promote_for_ever: bool = False  # no check of the time since the in-use
    retire_in_spite_of_in_use: bool = False
    retire_after_the_end: bool = False  # at whatever number is free, not at the one after what was read
    aliases_before_log: bool = False
    purge_in_spite_of_restore: bool = False  # at whatever number is free


NEEDS = {
    "reuse_any_blob": ("saver", "saver", "collector"),
    "reuse_retired": ("saver", "retirer", "collector"),
    "purge_at_once": ("saver", "retirer", "collector"),
    "promote_without_in_use": ("promoter", "retirer"),
    "promote_for_ever": ("promoter", "retirer"),
    "retire_in_spite_of_in_use": ("promoter", "retirer"),
    "retire_after_the_end": ("promoter", "retirer"),
    "aliases_before_log": ("promoter", "retirer"),
    "purge_in_spite_of_restore": ("retirer", "restorer", "collector"),
}


def put(items: tuple, index: int, value: object) -> tuple:
    return (*items[:index], value, *items[index + 1 :])


def state_of(log: tuple[Entry, ...]) -> str:
    """retired, purged, or "" for a version that may be used."""
    kind = log[-1].kind if log else ""
    return kind if kind in ("retired", "purged") else ""


def named(world: World) -> frozenset[int]:
    """The blobs that unpurged versions name."""
    gone = state_of(world.log) == "purged"
    return frozenset(blob for number, (_, blob) in enumerate(world.versions) if not (gone and number == 0))


def steps(world: World, at: int, rules: Rules) -> Iterator[tuple[str, World]]:
    actor = world.actors[at]

    def go(step: str, to: World | None = None, **changes: object) -> World:
        to = to or world
        if step == "end":  # what it remembers is of no use any more
            changed = Actor(actor.kind, step, done=changes.get("done", actor.done))
        else:
            changed = replace(actor, step=step, **changes)
        return replace(to, actors=put(to.actors, at, changed))

    def append(length: int, kind: str, any_number: bool = False) -> World | None:
        """A create in the log of version 1, after `length` entries; None when something is there."""
        if len(world.log) != length and not any_number:
            return None
        return replace(world, log=(*world.log, Entry(kind)))

    if actor.kind == "saver":
        yield from saver(world, at, rules, go)
    elif actor.kind == "promoter":
        if actor.step == "read":
            if not state_of(world.log):
                step = "check" if rules.promote_without_in_use else "in_use"
                yield "read", go(step, number=len(world.log), top=len(world.alias))
            else:
                yield "refused", go("end")
        elif actor.step == "in_use":
            made = append(actor.number, "in-use")
            yield ("in_use", go("check", made, age=0)) if made else ("conflict", go("read"))
        elif actor.step == "check":
            if actor.age == 0 or rules.promote_for_ever:
                yield "check", go("alias", flight=0)
            else:
                yield "too slow", go("end")
        elif actor.step == "alias" and actor.flight <= 1:
            if len(world.alias) == actor.top:
                yield "alias", go("end", replace(world, alias=(*world.alias, 1)), done=1)
            else:
                yield "conflict", go("end")
    elif actor.kind == "retirer":
        if actor.step == ("aliases" if rules.aliases_before_log else "log"):
            yield from look(world, actor, rules, go, first=True)
        elif actor.step == ("log" if rules.aliases_before_log else "aliases"):
            yield from look(world, actor, rules, go, first=False)
        elif actor.step == "create":
            made = append(actor.number, "retired", rules.retire_after_the_end)
            yield ("retire", go("end", made)) if made else ("conflict", go("log"))
    elif actor.kind == "restorer":
        if actor.step == "log" and state_of(world.log) == "retired":
            yield "read", go("create", number=len(world.log))
        elif actor.step == "create":
            made = append(actor.number, "restored")
            yield ("restore", go("end", made, done=1)) if made else ("conflict", go("end"))
    else:
        yield from collector(world, at, rules, go, append)


def look(world: World, actor: Actor, rules: Rules, go, first: bool) -> Iterator[tuple[str, World]]:
    """The two looks of a retirement: at the version's log, and at the alias."""
    after = ("log" if rules.aliases_before_log else "aliases") if first else "create"
    if actor.step == "log":
        young = any(entry.kind == "in-use" and entry.age < 2 for entry in world.log)
        if state_of(world.log) or (young and not rules.retire_in_spite_of_in_use):
            yield "refused", go("end")
        else:
            yield "read the log", go(after, number=len(world.log))
    elif world.alias and world.alias[-1] == 1:
        yield "refused", go("end")
    else:
        yield "read the alias", go(after)


def saver(world: World, at: int, rules: Rules, go) -> Iterator[tuple[str, World]]:
    actor = world.actors[at]
    if actor.step == "look":
        first = "number" if rules.manifest_before_blob else "upload"
        yield "look", go(first, age=0)
        retired = state_of(world.log)
        usable = {
            blob
            for number, (_, blob) in enumerate(world.versions)
            if number > 0 or not retired or (rules.reuse_retired and retired == "retired")
        }
        if rules.reuse_any_blob:
            usable = set(range(len(world.blobs)))
        for blob in usable:
            if world.blobs[blob].there:
                yield "reuse", go("number", blob=blob, age=0)
    elif actor.step == "upload":
        blobs = (*world.blobs, Blob(at))
        if rules.manifest_before_blob and actor.blob >= 0:
            yield "upload", go("end", replace(world, blobs=put(world.blobs, actor.blob, Blob(at))))
        else:
            yield "upload", go("number", replace(world, blobs=blobs), blob=len(world.blobs))
    elif actor.step == "number":
        if actor.blob < 0:  # shortcut: the manifest names a blob that is still to come
            blobs = (*world.blobs, Blob(at, 0, False))
            yield (
                "number",
                go("check", replace(world, blobs=blobs), blob=len(world.blobs), number=len(world.versions)),
            )
        else:
            yield "number", go("check", number=len(world.versions))
    elif actor.step == "check":
        if actor.age == 0 or rules.save_for_ever:
            yield "check", go("create", flight=0)
        else:
            yield "too slow", go("end")
    elif actor.step == "create" and actor.flight <= 1:
        after = "upload" if rules.manifest_before_blob and not world.blobs[actor.blob].there else "end"
        mine = (at, actor.blob)
        free = len(world.versions) == actor.number
        if free or rules.overwrite_version:
            versions = (*world.versions, mine) if free else put(world.versions, actor.number, mine)
            made = replace(world, versions=versions)
            yield "create", go(after, made, done=actor.number)
            if world.lost < rules.lost:
                lost = replace(made, lost=world.lost + 1)
                step = "number" if rules.lost_answer_is_failure else "read_back"
                yield "create, its answer lost", go(step, lost)
        elif rules.equal_content_is_ours:
            yield "taken for ours", go("end", done=actor.number)
        else:
            yield "conflict", go("number")
    elif actor.step == "read_back":
        ours = world.versions[actor.number][0] == at
        yield ("read back", go("end", done=actor.number)) if ours else ("read back", go("number"))


def collector(world: World, at: int, rules: Rules, go, append) -> Iterator[tuple[str, World]]:
    actor = world.actors[at]
    if actor.step == "read":
        yield "read", go("log", named=named(world))
    elif actor.step == "log":
        retired = state_of(world.log) == "retired"
        due = retired and (world.log[-1].age >= OLDEST or rules.purge_at_once)
        if due and not (world.alias and world.alias[-1] == 1):
            yield "read the log", go("purge", number=len(world.log))
        else:
            yield "read the log", go("list")
    elif actor.step == "purge":
        made = append(actor.number, "purged", rules.purge_in_spite_of_restore)
        if made:
            yield "purge", go("list", made, named=named(made) if not rules.look_once else actor.named)
        else:
            yield "conflict", go("log")
    elif actor.step == "list":
        old = tuple(
            number
            for number, blob in enumerate(world.blobs)
            if blob.there and number not in actor.named and (blob.age >= 2 or rules.collect_young)
        )
        if old:
            yield "list", go("again", candidates=old)
        elif rules.look_once:
            return  # it waits with what it has read
        else:
            yield "nothing", go("end")
    elif actor.step == "again":
        # Read once more just before; names are only ever added to what is not purged.
        now_named = actor.named if rules.look_once else named(world)
        yield "read again", go("delete", named=now_named)
    elif actor.step == "delete":
        blob, rest = actor.candidates[0], actor.candidates[1:]
        step = "delete" if rest else "end"
        if blob in actor.named:
            yield "keep", go(step, candidates=rest)
        else:
            gone = replace(world.blobs[blob], there=False)
            yield "delete", go(step, replace(world, blobs=put(world.blobs, blob, gone)), candidates=rest)


def moves(world: World, rules: Rules) -> Iterator[tuple[str, World]]:
    for at, actor in enumerate(world.actors):
        for name, after in steps(world, at, rules):
            yield f"{actor.kind} {at}: {name}", after
    if world.ticks < rules.ticks:
        actors = tuple(
            replace(
                one,
                age=min(1, one.age + 1) if one.step != "look" else 0,
                flight=min(2, one.flight + 1) if one.step in ("create", "alias") else 0,
            )
            if one.step != "end"
            else one
            for one in world.actors
        )
        yield (
            "a tick",
            replace(
                world,
                ticks=world.ticks + 1,
                blobs=tuple(replace(one, age=min(2, one.age + 1)) for one in world.blobs),
                log=tuple(replace(one, age=min(OLDEST, one.age + 1)) for one in world.log),
                actors=actors,
            ),
        )


def violation(world: World) -> str:
    for blob in named(world):
        if not world.blobs[blob].there:
            return "a version names a blob that is not there"
    attempts = [attempt for attempt, _ in world.versions]
    if len(set(attempts)) < len(attempts):
        return "a save made two versions"
    for at, actor in enumerate(world.actors):
        if actor.kind == "saver" and actor.done >= 0 and world.versions[actor.done][0] != at:
            return "a save that was acknowledged is lost"
    kinds = [entry.kind for entry in world.log]
    if "purged" in kinds and kinds[-1] != "purged":
        return "something follows a purge"
    if "purged" in kinds and kinds[kinds.index("purged") - 1] != "retired":
        return "a version is purged that is not retired"
    if state_of(world.log) and world.alias and world.alias[-1] == 1:
        return "an alias names a version that is retired"
    return ""


BEGINS = {"saver": "look", "promoter": "read", "retirer": "log", "restorer": "log", "collector": "read"}


def explore(rules: Rules, limit: int = 5_000_000) -> tuple[int, str, list[str]]:
    """The number of states, the first violation ("" for none) and the shortest way to it."""
    begins = {**BEGINS, "retirer": "aliases" if rules.aliases_before_log else "log"}
    first = World(actors=tuple(Actor(kind, begins[kind]) for kind in rules.actors))
    came: dict[World, tuple[World, str] | None] = {first: None}
    queue = deque([first])
    finished = False
    while queue:
        world = queue.popleft()
        if found := violation(world):
            way = []
            at = came[world]
            while at is not None:
                way.append(at[1])
                at = came[at[0]]
            return len(came), found, way[::-1]
        finished = finished or all(actor.step == "end" for actor in world.actors)
        for name, after in moves(world, rules):
            if after not in came:
                came[after] = (world, name)
                queue.append(after)
        if len(came) > limit:
            raise RuntimeError(f"more than {limit} states")
    return len(came), "" if finished else "nobody ever finishes", []
