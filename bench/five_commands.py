"""From nothing to scored rows: the five commands of a new project, each in a process of its own.

python bench/five_commands.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import machine

LIMIT = 60.0  # seconds for all of them
PACKAGE = Path(__file__).resolve().parent.parent / "python"
COMMANDS = (
    "init events",
    "train EventTopics",
    "check EventTopics@1",
    "promote EventTopics@1 production",
    "run --job nightly",
)


def main() -> int:
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path, "FORETELL_CACHE": str(place / "cache")}
        environment.pop("FORETELL_STORE", None)
        total = 0.0
        for command in COMMANDS:
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "foretell", *command.split()],
                cwd=place,
                env=environment,
                capture_output=True,
                text=True,
            )
            took = time.perf_counter() - began
            total += took
            print(f"{took:6.1f} s  foretell {command}")
            if done.returncode != 0:
                print(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
                return 1
            if command.startswith("init"):
                place = place / "events"
    print(f"{total:6.1f} s  all of them; at most {LIMIT:.0f} s")
    return int(total > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
