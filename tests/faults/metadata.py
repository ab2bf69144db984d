"""Every byte of a small store and of a run's own files flipped, every file cut off at every length, and removed."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Place, Row, Server, State, each, require_driver, timed, workspace

SAMPLE = ROOT / "tests" / "formats" / "store-1"
NAME = "team/EventTopics"
OPENED = [f"{NAME}@1", f"{NAME}@2", f"{NAME}@3", f"{NAME}@production", NAME, "Other@1"]
FOLDED = "team__eventtopics"


Damage = tuple[str, str, int, int]
"""A file, what is done to it, where, and to which bits."""

BITS = [1 << bit for bit in range(8)]


def damages(sample: Path, files: list[str], step: int, masks: list[int]) -> list[Damage]:
    jobs: list[Damage] = []
    for path in files:
        size = (sample / path).stat().st_size
        jobs += [(path, "flip", at, mask) for mask in masks for at in range(mask % step, size, step)]
        jobs += [(path, "cut", at, 0) for at in range(0, size, step)]
        jobs += [(path, "remove", 0, 0)]
    return jobs


def inflict(folder: Path, damage: Damage) -> bytes:
    """What the file held before."""
    path, kind, at, mask = damage
    content = (folder / path).read_bytes()
    if kind == "remove":
        (folder / path).unlink()
    elif kind == "cut":
        (folder / path).write_bytes(content[:at])
    else:
        (folder / path).write_bytes(content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :])
    return content


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


def of_store(short: bool) -> Row:
    files = sorted(str(path.relative_to(SAMPLE)) for path in SAMPLE.rglob("*") if path.is_file())
    row = Row(
        "each byte of a store flipped, each file cut off at each length, each file removed",
        "on the sample of the format: verify finds it, loading refuses or is not concerned",
        "make faults ONLY=metadata",
    )
    jobs = damages(SAMPLE, files, 97 if short else 1, [0x01, 0x20, 0x80] if short else BITS)
    known: dict[str, State] = {}

    def damage(place: Place, job: Damage) -> str | None:
        now = place.folder / "now"
        if not now.exists():
            shutil.copytree(SAMPLE, now)
            known[str(now)] = ask(place)
        sound = known[str(now)]
        assert sound["findings"] == [], sound
        path, kind = job[:2]
        content = inflict(now, job)
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
    return row


# A run's own files


REFUSED = {"FT0601", "FT0603", "FT0607", "FT0407"}
"""Of an output that is no output, of another's, or that is damaged; of a newer release's."""


def rows(unit: int, version: int) -> State:
    return {
        f"part-{unit}-{split}.txt": f"row of unit {unit} split {split} by version {version}\n"
        for split in range(2)
    }


def of_run(short: bool) -> Row:
    """The next driver, of version 9, finds one unit published by version 2, and one begun by version 3."""
    row = Row(
        "each byte of a run's own files flipped, each file cut off at each length, each file removed",
        "the next driver refuses and changes no row, or ends with the rows of an undisturbed run",
        "make faults ONLY=metadata",
    )
    with timed(row), workspace() as folder:
        template = folder / "template"
        server = Server()
        begun = server.ask("begin", template)
        server.close()
        assert "error" not in begun, begun
        files = sorted(str(path.relative_to(template)) for path in template.rglob("_foretell/**/*.json"))
        assert len(files) == 10, files
        jobs = damages(
            template, files, 29 if short else 1, [0x01, 0x20] if short else [0x01, 0x08, 0x20, 0x80]
        )
        figures: Counter[str] = Counter()

        def damage(place: Place, job: Damage) -> str | None:
            now = place.fresh(template)
            inflict(now, job)
            answer = place.server.ask("unit", now, 2, 2, 9)
            visible = {
                str(path.relative_to(now)): path.read_text()
                for path in now.rglob("*")
                if path.is_file() and "_foretell" not in path.parts
            }
            if "error" in answer:
                figures["refused"] += 1
                if answer["error"]["code"] not in REFUSED:
                    return f"the next driver ended with {answer}"
                return None if visible == rows(1, 2) else f"it refused, but the rows are {visible}"
            figures["went on"] += 1
            # Without its only pin the second unit was never begun, and is the next driver's.
            version = 9 if job[:2] == ("_foretell/units/000000000002/000000000001.json", "remove") else 3
            if visible != rows(1, 2) | rows(2, version):
                return f"the next driver ended with the rows {visible}"
            return None

        each(jobs, damage, row)
    row.note = f"{len(files)} files; " + ", ".join(
        f"{count:,} {what}" for what, count in sorted(figures.items())
    )
    return row


def run(short: bool) -> Iterator[Row]:
    require_driver()
    yield of_store(short)
    yield of_run(short)
