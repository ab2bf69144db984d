"""Parquet files, in row groups of 65,536 rows or 64 MB of memory."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.sinks.sink import Output, Sink

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 65_536
GROUP_BYTES = 64 << 20


class ParquetSink(Sink):
    """The Arrow schema is kept, so that a reader gets the same types; other metadata is not."""

    def __init__(self, path: Path, schema: pa.Schema, compression: str = "zstd") -> None:
        self._compression = compression
        self._held: list[pa.RecordBatch] = []
        self._held_rows = self._held_bytes = 0
        self._writer: Any = None
        super().__init__(path, schema)

    def _open(self, output: Output) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(
            pa.PythonFile(output, "w"),
            self.schema.remove_metadata(),
            compression=self._compression,
            write_statistics=True,
        )

    def _write(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch.replace_schema_metadata(None))
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        if self._held_rows >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._held:
            table = pa.Table.from_batches(self._held)
            self._held, self._held_rows, self._held_bytes = [], 0, 0
            self._writer.write_table(table, row_group_size=table.num_rows)

    def _finish(self) -> None:
        self._flush()
        self._writer.close()

    def abort(self) -> None:
        self._held = []
        super().abort()
        if self._writer is not None:
            # Else pyarrow closes it when it is collected, and tells of what fails then.
            with contextlib.suppress(Exception):
                self._writer.close()
