"""Makes the sample `store-1-life`: python tests/formats/make_store_life.py FOLDER

The sample in this folder is frozen: it was made once, and every release must read it. Run this for a new
format only, into a folder of another name.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from foretell.store import Store


def main(folder: str) -> None:
    store = Store(folder)
    with tempfile.TemporaryDirectory() as elsewhere:
        model = Path(elsewhere) / "model"
        for number in range(1, 6):
            model.write_text(f"model {number}\n")
            store.save("team/Topics", {"model": model})
    check = {"kind": "check", "passed": True, "complete": True, "modes": ["item", "bulk"], "largest": 0.25}
    store.append_report("team/Topics@2", check, who="ana")
    store.append_report("team/Topics@2", {"kind": "compare", "with": 1, "größe": None}, who="ben")
    store.promote("team/Topics@1", "production", who="ana", unchecked=True, why="the first")
    store.promote("team/Topics@2", "production", who="ana", expect=1)
    store.retire("team/Topics@3", who="ana", why="wrong labels")
    store.restore("team/Topics@3", who="ben", why="they were right")
    store.retire("team/Topics@4", who="ana", why="wrong labels")
    for file in Path(folder).rglob("*"):
        if file.is_file():
            then = file.stat().st_mtime - 31 * 24 * 3600
            os.utime(file, (then, then))
    store.collect_garbage(delete=True, who="nightly", why="every night")
    store.retire("team/Topics@5", who="ana", why="overtaken")
    assert store.verify() == []


if __name__ == "__main__":
    main(*sys.argv[1:])
