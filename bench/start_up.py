"""Time to import foretell and to print its help, against the same interpreter doing nothing.

.venv/bin/python bench/start_up.py              targets: import at most 60 ms, --help at most 400 ms
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from measure import announce, seconds

TRIES = 15


def command(*arguments: str) -> float:
    run = lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: E731
    run()
    return statistics.median(seconds(run) for _ in range(TRIES))


def main() -> None:
    announce("start-up")
    nothing = command("-c", "pass")
    bare = command("-c", "import pyarrow, numpy")
    ours = command("-c", "import foretell")
    help_text = command("-m", "foretell", "--help")
    print(f"  python -c pass                 {nothing * 1e3:7.1f} ms")
    print(f"  import pyarrow, numpy          {(bare - nothing) * 1e3:7.1f} ms above it")
    print(f"  import foretell                {(ours - nothing) * 1e3:7.1f} ms above it")
    print(f"  foretell --help                {help_text * 1e3:7.1f} ms in all")


if __name__ == "__main__":
    main()
