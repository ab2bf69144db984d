"""Arrow IPC files, each batch compressed by LZ4: what a run keeps for itself, quick to write and to read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from foretell.sinks.sink import Output, Sink

if TYPE_CHECKING:
    import pyarrow as pa


class ArrowSink(Sink):
    """Types are kept exactly; metadata is not."""

    _writer: Any = None

    def _open(self, output: Output) -> None:
        import pyarrow as pa

        self._writer = pa.ipc.new_file(
            pa.PythonFile(output, "w"),
            self.schema,
            options=pa.ipc.IpcWriteOptions(compression="lz4" if pa.Codec.is_available("lz4") else None),
        )

    def _write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def _finish(self) -> None:
        self._writer.close()

    def abort(self) -> None:
        super().abort()
        if self._writer is not None:
            with contextlib.suppress(Exception):
                self._writer.close()
