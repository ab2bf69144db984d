"""A local run is killed again and again, while the alias moves and files arrive; so are its workers."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from harness import Row, State, drive, timed, workspace
from project import Project, not_once, rows

MODELS = [2, 3, 5, 7]
ROWS = 60  # a file


def workers_of(session: int) -> list[int]:
    """The processes of a run besides its driver."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            of = int((path / "stat").read_text().rpartition(")")[2].split()[3])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if of == session and int(path.name) != session:
            found.append(int(path.name))
    return found


def strike(chance: random.Random, process, figures: Counter[str]) -> None:
    """Kills the driver, all of the run, or some workers and then the driver."""
    what = chance.choice(["the driver", "the whole run", "a worker"])
    figures[what] += 1
    if what == "a worker":
        workers = workers_of(process.pid)
        if workers:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
        time.sleep(chance.uniform(0, 0.5))
    workers = workers_of(process.pid) if what == "the whole run" else []
    process.kill()
    for worker in workers:
        with suppress(ProcessLookupError):  # it ended with its driver
            os.kill(worker, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def judged(project: Project, output: Path, files: int) -> str | None:
    """Each row once, by the one version that its unit is pinned to."""
    if found := not_once(output, files * ROWS):
        return found
    seen = rows(output)
    for row in seen:
        if row["length"] != len(f"slow {row['id']}") * MODELS[row["model_version"] - 1]:
            return f"{row} was not made by its version"
    by_unit: dict[int, set[int]] = {}
    for row in seen:
        by_unit.setdefault(row["unit"], set()).add(row["model_version"])
    if mixed := [unit for unit, versions in by_unit.items() if len(versions) > 1]:
        return f"units {mixed} hold rows of several versions"
    return None


def run(short: bool) -> Iterator[Row]:
    kills = 6 if short else 200
    row = Row(
        "a local run killed at random moments, its workers too, while the alias moves and files arrive",
        "SIGKILL; `foretell run --incremental` again; each row once, a version a unit",
        "make faults ONLY=killed_runs",
    )
    chance = random.Random(kills)
    figures: Counter[str] = Counter()
    with timed(row), workspace() as folder:
        project = Project(folder / "project")
        output = folder / "out"
        project.save(*MODELS)
        files = 0
        while row.injections < kills:
            project.promote(chance.randint(1, len(MODELS)))
            if files < 3 or chance.random() < 0.3:
                project.write(
                    f"{files}.parquet", files * ROWS, [f"slow {files * ROWS + i}" for i in range(ROWS)]
                )
                files += 1
            process = project.start(output, "--incremental", "--workers", "2")
            end = time.monotonic() + chance.uniform(0.2, 3.0 if files < 3 else 2.0)
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            if process.poll() is None:
                strike(chance, process, figures)
                state: State = drive(["output", output]).answer
                visible = [name for name in state.get("visible", {}) if name.startswith("part-")]
                row.add(f"{len(visible)} files" if len(visible) != len(set(visible)) else None)
            elif process.returncode != 0:
                row.bad.append(f"a run ended with {process.returncode}: {process.stderr.read()}")
                break
        project.run(output, "--incremental")
        if found := judged(project, output, files):
            row.bad.append(found)
        units = {line["unit"] for line in rows(output)}
        row.note = f"{files * ROWS} rows, {len(units)} units; killed: " + ", ".join(
            f"{count} × {what}" for what, count in sorted(figures.items())
        )
    yield row
