"""What a stream over all that is there gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def streamed(frame: Any, checkpoint: Path, after: Callable[[int], object] = lambda batch: None) -> list[Any]:
    """The rows of a streaming frame, from where the checkpoint is; ``after`` is told each micro-batch that is in."""
    found: list[Any] = []

    def take(rows: Any, batch: int) -> None:
        found.extend(rows.collect())
        after(batch)

    query = (
        frame.writeStream.foreachBatch(take)
        .option("checkpointLocation", str(checkpoint))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination(240)
    assert not query.isActive
    return found
