"""The driver of a stream is killed at each step of a micro-batch, Python, the JVM or both, while the alias moves."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness import Row, Skipped, timed, workspace
from killed_runs import workers_of
from project import Project, not_once, rows
from stream_driver import STEPS

MODELS = [2, 3, 5, 7]
ROWS = 20  # a file; two files are a micro-batch
LONGEST = 240.0  # seconds for one driver


def drive_stream(
    project: Project, output: Path, step: str = "", count: int = 1, what: str = "both"
) -> tuple[int, str]:
    """Runs a driver to its end, or to its death: its status, and what it said last."""
    script = Path(__file__).with_name("stream_driver.py")
    with (project.root / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, str(script), str(project.input), str(output), step, str(count), what],
            cwd=project.root,
            env={**project.environment, "SPARK_LOCAL_IP": "127.0.0.1"},
            start_new_session=True,
            stdout=said,
            stderr=said,
        )
        try:
            status = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            status = -1000
        for pid in workers_of(process.pid):  # a JVM that outlives its Python, and what it has started
            subprocess.run(["kill", "-9", str(pid)], check=False, stderr=subprocess.DEVNULL)
        process.kill()
        process.wait()
        said.seek(0)
        return status, said.read()[-2000:]


def judged(output: Path, files: int) -> str | None:
    """Each row once, by the version that its unit is pinned to; a unit is one micro-batch."""
    from foretell import _core

    if found := not_once(output, files * ROWS):
        return found
    pinned = {unit.number: unit.pin["version"] for unit in _core.Output.read(str(output)).read_units()}
    for row in rows(output):
        if row["model_version"] != pinned[row["unit"]]:
            return f"{row} is not by the version {pinned[row['unit']]} that its unit is pinned to"
        if row["length"] != len(f"row {row['id']}") * MODELS[row["model_version"] - 1]:
            return f"{row} was not made by its version"
    return None


def run(short: bool) -> Iterator[Row]:
    if shutil.which("java") is None:
        raise Skipped("Java is not installed")
    kills = 3 if short else 200
    row = Row(
        "the driver of a stream killed at each step of a micro-batch, while the alias moves and files arrive",
        "SIGKILL of Python, the JVM, both; the same stream again; each row once, by the version pinned for its batch",
        "make soak ONLY=stream_kills",
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
            for _ in range(chance.randint(2, 6)):
                project.write(
                    f"{files}.parquet", files * ROWS, [f"row {files * ROWS + at}" for at in range(ROWS)]
                )
                files += 1
            step = STEPS[row.injections % len(STEPS)]
            what = chance.choice(["python", "jvm", "both"])
            began = time.monotonic()
            status, said = drive_stream(project, output, step, 1, what)
            if status == 0:
                row.bad.append(f"a driver was not killed at {step!r}: {said}")
                break
            if status == -1000:
                row.bad.append(
                    f"a driver hung for {time.monotonic() - began:.0f} s at {step!r} ({what}): {said}"
                )
                break
            figures[step] += 1
            row.add(None)
        status, said = drive_stream(project, output)
        if status != 0:
            row.bad.append(f"the last stream ended with {status}: {said}")
        elif found := judged(output, files):
            row.bad.append(found)
        row.note = f"{files * ROWS} rows; killed at: " + ", ".join(
            f"{count} × {step}" for step, count in figures.items()
        )
    yield row
