"""The other process of a check: python -m foretell.parity.worker REFERENCE STORE ROWS PREDICTIONS"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from foretell.ending import end_process
from foretell.error import Error


def main(reference: str, store: str, rows: str, out: str) -> int:
    """Exit status 0 with the predictions in ``out``; 1 with the error beside it, as JSON."""
    import pyarrow as pa

    from foretell import _core
    from foretell.loading import load
    from foretell.parity.process import write_table
    from foretell.parity.subject import BULK_ROWS, Subject

    try:
        # Whether the store is trusted was decided by the process that started this one.
        subject = Subject(load(reference, store, trust_store=True, warn=False))
        with pa.memory_map(rows) as file:
            table = pa.ipc.open_file(file).read_all()
            made = subject.bulk(iter(table.to_batches()), table.schema, BULK_ROWS, _core.MapMetrics())
        write_table(made, Path(out))
    except Error as problem:
        told = {"code": problem.code, "message": problem.message, "hint": problem.hint}
        Path(out).with_suffix(".json").write_text(json.dumps(told))
        return 1
    return 0


if __name__ == "__main__":
    if status := main(*sys.argv[1:]):
        sys.exit(status)
    end_process()
