"""The operations that are killed, starved and cut: how each begins, runs, is looked at and is repeated."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness import Server, State, drive, injected

NAME = "EventTopics"
MODEL = b"the bytes of a model\n" * 40


@dataclass
class Scenario:
    """`words`, run on a copy of what `prepare` makes, is disturbed. `look` says what is seen then;
    `judge(seen, old, new, outcome)` what is wrong with that; `again` runs the next operation and says
    what is wrong after it. `outcome`: "old" or "new" where one of them must hold, "" where both may."""

    name: str
    prepare: Callable[[Server, Path], None]
    words: Callable[[Path], list[object]]
    look: Callable[[Server, Path], State]
    judge: Callable[[State, State, State, str], str | None]
    again: Callable[[Server, Path], str | None]


def failed(answer: State) -> str | None:
    return f"{answer['error']['code']} {answer['error']['message']}" if "error" in answer else None


def either(seen: State, old: State, new: State, outcome: str) -> str | None:
    """The old state or the new one, whole."""
    if "error" in seen:
        return f"it cannot be read: {failed(seen)}"
    if outcome == "old" and seen != old:
        return f"the operation failed, but the state is not the old one: {seen}"
    if outcome == "new" and seen != new:
        return f"the operation succeeded, but the state is not the new one: {seen}"
    return None if seen in (old, new) else f"neither the old state nor the new one: {seen}"


def model(folder: Path, extra: bytes = b"") -> Path:
    path = folder / f"model-{hashlib.sha256(extra).hexdigest()[:8]}"
    path.write_bytes(MODEL + extra)
    return path


def checked(server: Server, *words: object) -> State:
    answer = server.ask(*words)
    assert "error" not in answer, (words, answer)
    return answer


# The store


def store_state(server: Server, folder: Path) -> State:
    """What a reader sees. A store that has only been begun has nothing to read."""
    state = server.ask("store", folder / "store")
    if state.get("names") == {} and not state.get("findings"):
        return {"names": {}}
    return state


def prepare_store(server: Server, folder: Path) -> None:
    model(folder, b"new")
    for extra in (b"1", b"2"):
        checked(server, "save", folder / "store", NAME, model(folder, extra))
    checked(server, "promote", folder / "store", NAME, "production", 1)


def prepare_nothing(server: Server, folder: Path) -> None:
    model(folder, b"new")


def save_words(folder: Path) -> list[object]:
    return ["save", folder / "store", NAME, model(folder, b"new")]


def save_again(server: Server, folder: Path) -> str | None:
    before = store_state(server, folder)["names"].get(NAME, {}).get("versions", {})
    if found := failed(server.ask(*save_words(folder))):
        return f"the next save failed: {found}"
    after = store_state(server, folder)
    versions = after["names"][NAME]["versions"]
    digest = hashlib.sha256(MODEL + b"new").hexdigest()
    expected = {**before, str(len(before) + 1): [digest]}
    return None if versions == expected and not after["findings"] else f"after the next save: {after}"


def move_again(*words: object) -> Callable[[Server, Path], str | None]:
    """The next move of the alias: to version 2, and then on to 1."""

    def again(server: Server, folder: Path) -> str | None:
        for version in (2, 1):
            answer = server.ask("promote", folder / "store", NAME, "production", version)
            if found := failed(answer):
                return f"the next promotion failed: {found}"
        state = store_state(server, folder)
        log = state["names"][NAME]["aliases"]["production"]
        sequences = [entry[0] for entry in log]
        well = sequences == list(range(1, len(log) + 1)) and log[-1][2] == 1 and not state["findings"]
        return None if well else f"after the next promotion: {state}"

    return again


def prepare_two_promotions(server: Server, folder: Path) -> None:
    prepare_store(server, folder)
    checked(server, "promote", folder / "store", NAME, "production", 2)


def retire_again(server: Server, folder: Path) -> str | None:
    if found := failed(server.ask("retire", folder / "store", NAME, 2)):
        return f"the next retirement failed: {found}"
    state = store_state(server, folder)
    well = state["names"][NAME]["retired"] == {"2": "retired"} and not state["findings"]
    return None if well else f"after the next retirement: {state}"


def prepare_retired(server: Server, folder: Path) -> None:
    prepare_store(server, folder)
    checked(server, "retire", folder / "store", NAME, 2)


def restore_again(server: Server, folder: Path) -> str | None:
    if found := failed(server.ask("restore", folder / "store", NAME, 2)):
        return f"the next restoration failed: {found}"
    if found := failed(server.ask("promote", folder / "store", NAME, "production", 2)):
        return f"a restored version takes no alias: {found}"
    state = store_state(server, folder)
    well = state["names"][NAME]["retired"] == {} and not state["findings"]
    return None if well else f"after the next restoration: {state}"


def prepare_garbage(server: Server, folder: Path) -> None:
    """Two versions to be purged, one of which shares its bytes with a version that stays; a killed save."""
    prepare_store(server, folder)
    store = folder / "store"
    for extra in (b"3", b"2"):
        checked(server, "save", store, NAME, model(folder, extra))
    for version in (2, 3):
        checked(server, "retire", store, NAME, version)
    (blob,) = (path for path in store.glob("blobs/*/*/*") if path.read_bytes() == MODEL + b"1")
    blob.with_name(blob.name.partition(".")[0] + "." + "0" * 32).write_bytes(MODEL + b"1")
    blob.with_name(f".{'0' * 24}.tmp").write_bytes(b"half")
    for path in store.rglob("*"):
        if path.is_file():
            then = path.stat().st_mtime - 31 * 24 * 3600
            os.utime(path, (then, then))


def garbage_state(server: Server, folder: Path) -> State:
    state = store_state(server, folder)
    state["blobs"] = sorted(path.name for path in (folder / "store").glob("blobs/*/*/*"))
    return state


def judge_garbage(seen: State, old: State, new: State, outcome: str) -> str | None:
    """Anywhere between the old state and the new one, in which nothing is missed."""
    if "error" in seen:
        return f"it cannot be read: {failed(seen)}"
    if outcome == "new" and seen != new:
        return f"the collection succeeded, but the state is not the new one: {seen}"
    names, was = seen["names"][NAME], old["names"][NAME]
    well = (
        not seen["findings"]
        and (names["versions"], names["aliases"]) == (was["versions"], was["aliases"])
        and set(new["blobs"]) <= set(seen["blobs"]) <= set(old["blobs"])
        and (seen["blobs"] == old["blobs"] or set(names["retired"].values()) == {"purged"})
    )
    return None if well else f"not between the old state and the new one: {seen}"


def collect_again(server: Server, folder: Path) -> str | None:
    if found := failed(server.ask("collect", folder / "store")):
        return f"the next collection failed: {found}"
    state = garbage_state(server, folder)
    kept = state["names"][NAME]
    digests = sorted(digest for digests in kept["versions"].values() for digest in digests)
    well = (
        set(kept["retired"].values()) == {"purged"}
        and sorted(blob.partition(".")[0] for blob in state["blobs"]) == digests
        and not state["findings"]
    )
    return None if well else f"after the next collection: {state}"


# The cache


def prepare_fetch(server: Server, folder: Path) -> None:
    prepare_store(server, folder)


def fetch_words(folder: Path) -> list[object]:
    return ["fetch", folder / "store", folder / "cache", NAME, 1]


def cache_state(server: Server, folder: Path) -> State:
    """Whether every file that has its final name is whole."""
    names = {}
    for path in (folder / "cache").glob("files/*/*"):
        if path.suffix != ".tmp":
            names[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"whole": {name: digest == name for name, digest in names.items()}}


def judge_cache(seen: State, old: State, new: State, outcome: str) -> str | None:
    if outcome == "old":
        outcome = ""  # a file is in place before its record is: the new state, which the next fetch takes
    return either(seen, old, new, outcome)


def fetch_again(server: Server, folder: Path) -> str | None:
    answer = server.ask(*fetch_words(folder))
    digest = hashlib.sha256(MODEL + b"1").hexdigest()
    if "error" in answer or answer["files"]["model.bin"]["sha256"] != digest:
        return f"the next fetch: {answer}"
    left = sorted(path.name for path in (folder / "cache").glob("files/*/*.tmp"))
    return f"the next fetch left {left}" if left else None


# Units of work


def prepare_unit(server: Server, folder: Path) -> None:
    checked(server, "unit", folder / "out", 1, 2, 1)


def prepare_resumed(server: Server, folder: Path) -> None:
    """Unit 2 was pinned, and an attempt at it died after it had finished a part."""
    prepare_unit(server, folder)
    template = folder.with_name("resumed-template")
    shutil.rmtree(template, ignore_errors=True)
    folder.rename(template)
    for number in range(1, 100):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        drive(
            unit_words(folder), before=injected("renameat2", number, "signal=KILL", folder.with_name("trace"))
        )
        state = server.ask("output", folder / "out")
        if any("/parts/" in key for key in state["staging"]) and not state["units"][-1]["committed"]:
            shutil.rmtree(template)
            return
    raise AssertionError("no attempt died between its first part and its commit")


def unit_words(folder: Path) -> list[object]:
    return ["unit", folder / "out", 2, 2, 1]


def output_state(server: Server, folder: Path) -> State:
    return server.ask("output", folder / "out")


def judge_unit(seen: State, old: State, new: State, outcome: str) -> str | None:
    """Nothing is visible that is not committed, nothing twice; all is once its unit is published."""
    if "error" in seen:
        return f"it cannot be read: {failed(seen)}"
    committed: dict[str, str] = {}
    needed: set[str] = set()
    for unit in seen["units"]:
        if committed.keys() & unit["files"].keys():
            return "a file belongs to two units"
        committed |= unit["files"]
        if unit["published"]:
            needed |= unit["files"].keys()
    for name, content in seen["visible"].items():
        if committed.get(name) != content:
            return f"{name} is visible with {content!r}, committed is {committed.get(name)!r}"
    if missing := needed - seen["visible"].keys():
        return f"{missing} of a published unit is not there"
    if outcome == "new" and seen["visible"] != new["visible"]:
        return f"the run ended, but the output is not the whole one: {seen}"
    return None


def unit_again(server: Server, folder: Path) -> str | None:
    """The next driver, by another version: a unit that was pinned stays with its own."""
    before = output_state(server, folder)
    pinned = {unit["number"]: unit["version"] for unit in before["units"]}
    if found := failed(server.ask("unit", folder / "out", 2, 2, 2)):
        return f"the next driver failed: {found}"
    state = output_state(server, folder)
    rows: dict[str, str] = {}
    for unit in state["units"]:
        if unit["version"] != pinned.get(unit["number"], 2) or not unit["published"]:
            return f"unit {unit['number']} after the next driver: {unit}"
        rows |= unit["files"]
    well = len(state["units"]) == 2 and len(rows) == 4 and state["visible"] == rows and not state["staging"]
    return None if well else f"after the next driver: {state}"


SCENARIOS = {
    "save": Scenario("save", prepare_store, save_words, store_state, either, save_again),
    "promote": Scenario(
        "promote",
        prepare_store,
        lambda folder: ["promote", folder / "store", NAME, "production", 2],
        store_state,
        either,
        move_again(),
    ),
    "rollback": Scenario(
        "rollback",
        prepare_two_promotions,
        lambda folder: ["rollback", folder / "store", NAME, "production"],
        store_state,
        either,
        move_again(),
    ),
    "retire": Scenario(
        "retire",
        prepare_store,
        lambda folder: ["retire", folder / "store", NAME, 2],
        store_state,
        either,
        retire_again,
    ),
    "restore": Scenario(
        "restore",
        prepare_retired,
        lambda folder: ["restore", folder / "store", NAME, 2],
        store_state,
        either,
        restore_again,
    ),
    "collect garbage": Scenario(
        "collect garbage",
        prepare_garbage,
        lambda folder: ["collect", folder / "store"],
        garbage_state,
        judge_garbage,
        collect_again,
    ),
    "fill the cache": Scenario(
        "fill the cache", prepare_fetch, fetch_words, cache_state, judge_cache, fetch_again
    ),
    "commit and publish": Scenario(
        "commit and publish", prepare_unit, unit_words, output_state, judge_unit, unit_again
    ),
    "resume, commit, publish": Scenario(
        "resume, commit, publish", prepare_resumed, unit_words, output_state, judge_unit, unit_again
    ),
    "first save": Scenario("first save", prepare_nothing, save_words, store_state, either, save_again),
}
