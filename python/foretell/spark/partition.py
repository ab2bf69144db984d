"""A partition of a frame into one part of a unit: what the tasks of ``mapInArrow`` do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.local.excluded import Excluded
from foretell.spark.contract import renamed
from foretell.spark.scoring import Record, Scoring, tried_before

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.local.part import PartWriter
    from foretell.sources.decode import Decode


@dataclass(frozen=True)
class PartitionTask:
    """``columns``: the frame's own names. ``named``: what a quarantine says of where a row is from. ``decode``: makes
    rows of what the frame holds, and tells the faults among them."""

    scoring: Scoring
    columns: tuple[str, ...]
    named: str
    decode: Decode | None = None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One record; none of a partition without rows, for which nothing is loaded."""
        import pyarrow as pa
        from pyspark import TaskContext

        given = renamed((batch for batch in batches if batch.num_rows), self.columns)
        first = next(given, None)
        if first is None:
            return
        task = TaskContext.get()
        assert task is not None
        number = task.partitionId()
        split = {"number": number, "path": f"{self.named}, partition {number}", "first_row": 0}
        fail = self.scoring.opening["on_error"] == "fail"
        rows = PartitionRows(chain([first], given), first.schema, self.decode, fail)
        record = self.scoring.recorded(split, lambda: self._score(rows, split))
        for _ in given:  # what an error left: Spark is still sending it
            pass
        yield pa.RecordBatch.from_pydict({"record": [json.dumps(record)]})

    def _score(self, rows: PartitionRows, split: dict[str, Any]) -> Record:
        if not (self.scoring.isolate or tried_before()):
            return self.scoring.write(rows.without_faults, split, rows.faults.place)
        return self._isolated(rows, split)

    def _isolated(self, rows: PartitionRows, split: dict[str, Any]) -> Record:
        """The rows go through a file, so that a process that has to start again finds them."""
        import pyarrow as pa

        from foretell.sources import files

        with tempfile.TemporaryDirectory(prefix="foretell-") as folder:
            path = Path(folder) / "rows.arrow"
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
                for batch in rows.all():
                    writer.write_batch(batch)
            plan = files(path).plan(1 << 62, 1 << 62)
            (whole,) = plan["splits"]
            return self.scoring.isolated(plan, {**whole, **split}, rows.faults.why)


class PartitionRows:
    """The rows of a partition, read once."""

    def __init__(
        self, batches: Iterator[pa.RecordBatch], schema: pa.Schema, decode: Decode | None, fail: bool
    ) -> None:
        """``fail``: the first fault that is no row to be skipped is raised."""
        self._batches = batches
        self._fail = fail
        self._decode = decode
        self.schema = schema if decode is None else decode.schema()
        self.faults = Excluded({})
        """Of the rows that were read."""

    def all(self) -> Iterator[pa.RecordBatch]:
        """Every row, the faulty ones too."""
        start = 0
        for batch in self._batches:
            rows, faults = (batch, []) if self._decode is None else self._decode(batch)
            for row, code, message in faults:
                if self._fail and code != "FT0306":
                    raise error(code, message)
                self.faults.add(start + row, code, message)
            start += rows.num_rows
            yield rows

    def without_faults(self, writer: PartWriter) -> pa.RecordBatchReader:
        """The rows that can be given to a predictor; the writer gets the others."""
        import pyarrow as pa

        return pa.RecordBatchReader.from_batches(
            self.schema, self.faults.leave_out(self.all(), writer.quarantine_excluded)
        )
