"""The mode "process": the same rows predicted by another process (``worker.py``), which opens the version for
itself. It has another time zone and another seed of hashes, as another machine may have.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.store import Store
    from foretell.version import Version

_ZONES = ("FTL-05:45", "FTM+03:30")  # POSIX names: no table of zones is needed


class OtherProcess:
    """Begins at once, while this process goes on; ``predictions`` waits for it."""

    def __init__(self, reference: str, store: str, rows: pa.Table, folder: Path) -> None:
        self._out = folder / "predictions.arrow"
        self._log = folder / "process.log"
        write_table(rows, folder / "rows.arrow")
        zone = next(zone for zone in _ZONES if zone != os.environ.get("TZ"))
        seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "foretell.parity.worker"),
                    *(reference, store, str(folder / "rows.arrow"), str(self._out)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
            )

    def predictions(self) -> pa.Table:
        """FT0314 when it died; else what it raised."""
        import pyarrow as pa

        status = self._process.wait()
        if status == 0:
            with pa.OSFile(str(self._out)) as file:
                return pa.ipc.open_file(file).read_all()
        failed = self._out.with_suffix(".json")
        if failed.exists():
            told = json.loads(failed.read_text())
            raise error(told["code"], told["message"], told["hint"])
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        lines = self._log.read_text(errors="replace").strip().splitlines()
        raise error("FT0314", f"the process {how}" + (f": {lines[-1][:300]}" if lines else ""))

    def end(self) -> None:
        """Kills it, and what its code has started, unless it has ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def within_reach(store: Store, version: Version, folder: Path) -> str:
    """Where another process opens the version: its store, or, of one in memory, a copy of the version there."""
    if not store.url.startswith("memory:"):
        return store.url
    from foretell.store import Store

    copy = Store(folder / "store")
    for _ in range(version.version - 1):
        copy.save(version.name, {})  # the number stays as it is: the version's code may look at it
    own = ("format", "name", "version", "attempt_id", "created", "files", "body_sha256")
    fields = {name: value for name, value in version.manifest.items() if name not in own}
    copy.save(version.name, store.open_files(version), fields)
    return copy.url


def write_table(table: Any, path: Path) -> None:
    """As an Arrow file."""
    import pyarrow as pa

    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
