"""Every byte of a small store flipped, every file cut off at every length, and every file removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Place, Row, State, each, require_driver, timed

SAMPLE = ROOT / "tests" / "formats" / "store-1"
NAME = "team/EventTopics"
OPENED = [f"{NAME}@1", f"{NAME}@2", f"{NAME}@3", f"{NAME}@production", NAME, "Other@1"]
FOLDED = "team__eventtopics"


def number(value: int) -> str:
    return f"{value:012}.json"


def needs(sound: State) -> dict[str, list[str]]:
    """What cannot be opened when a file is damaged."""
    found: dict[str, list[str]] = {"store.json": OPENED}
    loads = sound["loads"]
    for name in OPENED:
        version = loads[name]["version"] if isinstance(loads[name], dict) else 0
        found.setdefault(f"versions/{FOLDED if name != 'Other@1' else 'other'}/{number(version)}", []).append(
            name
        )
    aliases = sorted((SAMPLE / "aliases" / FOLDED / "production").iterdir())
    found[str(aliases[-1].relative_to(SAMPLE))] = [f"{NAME}@production"]
    return found


def newest_of_a_log(path: str) -> bool:
    """Without it the log is an older one that is sound; there is nothing by which to miss it, and the
    formats' page says so."""
    folder = (SAMPLE / path).parent
    return folder.parts[-1] == "other" or (
        path.startswith(("aliases/", "retired/", "reports/", "versions/"))
        and sorted(folder.iterdir())[-1].name == Path(path).name
    )


def ask(place: Place) -> State:
    return place.server.ask("everything", place.folder / "now", place.folder / "cache", *OPENED)


def run(short: bool) -> Iterator[Row]:
    require_driver()
    files = sorted(str(path.relative_to(SAMPLE)) for path in SAMPLE.rglob("*") if path.is_file())
    row = Row(
        "each byte of a store flipped, each file cut off at each length, each file removed",
        "on the sample of the format: verify finds it, loading refuses or is not concerned",
        "make faults ONLY=metadata",
    )
    step = 97 if short else 1
    masks = [0x01, 0x20, 0x80] if short else [1 << bit for bit in range(8)]
    jobs: list[tuple[str, str, int, int]] = []
    for path in files:
        size = (SAMPLE / path).stat().st_size
        jobs += [(path, "flip", at, mask) for mask in masks for at in range(mask % step, size, step)]
        jobs += [(path, "cut", at, 0) for at in range(0, size, step)]
        jobs += [(path, "remove", 0, 0)]
    known: dict[str, State] = {}

    def damage(place: Place, job: tuple[str, str, int, int]) -> str | None:
        now = place.folder / "now"
        if not now.exists():
            shutil.copytree(SAMPLE, now)
            known[str(now)] = ask(place)
        sound = known[str(now)]
        assert sound["findings"] == [], sound
        path, kind, at, mask = job
        content = (now / path).read_bytes()
        if kind == "remove":
            (now / path).unlink()
        elif kind == "cut":
            (now / path).write_bytes(content[:at])
        else:
            (now / path).write_bytes(content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :])
        seen = ask(place)
        (now / path).write_bytes(content)
        if kind == "remove" and newest_of_a_log(path):
            whole = [load for load in sound["loads"].values() if isinstance(load, dict)]
            mixed = [load for load in seen["loads"].values() if isinstance(load, dict) and load not in whole]
            return f"{mixed} is no version" if mixed else None
        if not seen["findings"]:
            return "verify finds nothing"
        for name in OPENED:
            refused = isinstance(seen["loads"][name], str)
            concerned = name in needs(sound).get(path, [])
            if concerned and not refused and isinstance(sound["loads"][name], dict):
                return f"{name} is opened"
            if not refused and seen["loads"][name] != sound["loads"][name]:
                return f"{name} is opened as {seen['loads'][name]}, not {sound['loads'][name]}"
        return None

    with timed(row):
        each(jobs, damage, row)
    row.note = f"{len(files)} files"
    yield row
