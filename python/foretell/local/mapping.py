"""One split through `Map` into its part, in whichever process that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell import _core
    from foretell.local.part import PartWriter


def map_split(
    batches: pa.RecordBatchReader,
    native: _core.Predictor,
    options: dict[str, Any],
    writer: PartWriter | None,
    place: Callable[[int], int],
    *,
    before_call: Callable[[int, int], None] | None = None,
    before_batch: Callable[[], None] | None = None,
    wrote: Callable[[int], None] | None = None,
) -> _core.MapMetrics:
    """Predicts ``batches`` by the options of a unit, and writes what comes out; without a writer nothing is kept.

    ``place``: where a row of the stream stands in its split. ``before_batch`` is called when an answer is there,
    before it is written; ``wrote`` is told its rows.
    """
    from foretell import _core

    metrics = _core.MapMetrics()
    stream = _core.map(
        batches,
        native,
        on_error="fail" if options["on_error"] == "fail" else "quarantine",
        quarantine=None if writer is None else lambda batch: writer.quarantine(batch, place),
        version=options["version"],
        version_column=options["version_column"],
        keep=options.get("keep"),  # pins of earlier releases have none
        batch_rows=options["batch_rows"],
        before_call=before_call,
        metrics=metrics,
    )
    if writer is not None:
        writer.begin(stream)
    while (batch := stream.read_next()) is not None:
        if before_batch is not None:
            before_batch()
        if writer is not None:
            writer.write(batch)
            if wrote is not None:
                wrote(batch.rows)
    return metrics
