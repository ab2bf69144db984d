"""A partition of a frame into one part of a unit: what the tasks of ``mapInArrow`` do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.spark.contract import renamed
from foretell.spark.scoring import Record, Scoring, tried_before

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class PartitionTask:
    """``columns``: the frame's own names. ``named``: what a quarantine says of where a row is from."""

    scoring: Scoring
    columns: tuple[str, ...]
    named: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One record; none of a partition without rows, for which nothing is loaded."""
        import pyarrow as pa
        from pyspark import TaskContext

        rows = renamed((batch for batch in batches if batch.num_rows), self.columns)
        first = next(rows, None)
        if first is None:
            return
        task = TaskContext.get()
        assert task is not None
        number = task.partitionId()
        split = {"number": number, "path": f"{self.named}, partition {number}", "first_row": 0}
        reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], rows))
        record = self.scoring.recorded(split, lambda: self._score(reader, split))
        for _ in rows:  # what an error left: Spark is still sending it
            pass
        yield pa.RecordBatch.from_pydict({"record": [json.dumps(record)]})

    def _score(self, rows: pa.RecordBatchReader, split: dict[str, Any]) -> Record:
        if not (self.scoring.isolate or tried_before()):
            return self.scoring.write(rows, split)
        return self._isolated(rows, split)

    def _isolated(self, rows: pa.RecordBatchReader, split: dict[str, Any]) -> Record:
        """The rows go through a file, so that a process that has to start again finds them."""
        import pyarrow as pa

        from foretell.sources import files

        with tempfile.TemporaryDirectory(prefix="foretell-") as folder:
            path = Path(folder) / "rows.arrow"
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
                for batch in rows:
                    writer.write_batch(batch)
            plan = files(path).plan(1 << 62, 1 << 62)
            (whole,) = plan["splits"]
            return self.scoring.isolated(plan, {**whole, **split})
