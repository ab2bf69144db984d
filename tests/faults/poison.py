"""Rows that throw, crash, exit, leak or hang: exactly these are in quarantine, and what that costs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from harness import Row, timed, workspace
from project import Project, quarantined, rows

KINDS = {
    "throw": {"FT0301"},
    "crash": {"FT0314"},
    "exit": {"FT0314"},
    "leak": {"FT0314", "FT0313"},  # whichever is there first, the end of memory or the deadline
    "hang": {"FT0313"},
}
SHORTEST = 5.0  # seconds


def run(short: bool) -> Iterator[Row]:
    total, apart = (10_000, 2_000) if short else (200_000, 10_000)
    row = Row(
        f"poison rows, 1 in {apart:,}: " + ", ".join(KINDS),
        f"in {total:,} rows; `foretell run --deadline {SHORTEST:g}`, more on a busy machine",
        "make faults ONLY=poison",
    )
    poison = dict(zip(range(apart // 2, total, apart), list(KINDS) * total, strict=False))
    with timed(row), workspace() as folder:
        project = Project(folder / "project")
        project.save(2)
        project.promote(1)
        project.write("rows.parquet", 0, [f"text {at}" for at in range(1_000)])
        began = time.monotonic()
        project.run(folder / "sound")
        # No sound call misses a quarter of it, which the pieces of a slow call get: starting the processes is nearly
        # all of this run.
        deadline = max(SHORTEST, time.monotonic() - began)
        options = ("--deadline", f"{deadline:g}", "--workers", "2")
        taken = []
        for name, bad in (("clean", {}), ("poisoned", poison)):
            project.write("rows.parquet", 0, [bad.get(at, f"text {at}") for at in range(total)])
            output = folder / name
            began = time.monotonic()
            project.run(output, *options)
            taken.append(time.monotonic() - began)
            seen = rows(output)
            expected = [at for at in range(total) if at not in bad]
            found = None
            if [line["id"] for line in seen] != expected:
                found = f"{len(seen)} rows are in the output, {len(expected)} expected"
            elif any(line["length"] != 2 * len(f"text {line['id']}") for line in seen):
                found = "a row has another row's prediction"
            codes = {line["id"]: line["_error"]["code"] for line in quarantined(output)}
            if codes.keys() != bad.keys() or any(codes[at] not in KINDS[bad[at]] for at in bad):
                found = f"in quarantine: {codes}, expected {bad}"
            if bad:
                row.injections = len(bad)
            if found:
                row.bad.append(f"{name}: {found}")
        row.note = f"{taken[1]:.1f} s, {taken[0]:.1f} s without these rows; deadline {deadline:.3g} s"
    yield row
