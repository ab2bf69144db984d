"""A Spark frame in, a Spark frame out: `Map` within ``mapInArrow``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.spark.contract import FrameContract, frame_contract, renamed, selected
from foretell.spark.descriptor import Descriptor, saved_version
from foretell.spark.executors import check_executors
from foretell.spark.types import fit, spark_of_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.predictor import Predictor


def predict_frame(predictor: Predictor, frame: Any) -> Any:
    """The frame's predictions, as lazy as the frame: kept columns, predictions, ``model_version``, ``_error``.

    Bad and skipped rows have null predictions and an ``_error``; nothing raises within a task for them.
    FT0203, FT0205, FT0210 for a frame that does not fit, FT0308 for a version of unknown output, FT1002 for
    executors that cannot run it, FT1003 for a streaming frame.
    """
    if frame.isStreaming:
        raise error(
            "FT1003",
            "a streaming frame was given to predict(), which has no place to pin a version before rows are scored",
            "start a stream: predictor.spark.start(frame=frame, output=…)",
        )
    descriptor = saved_version(predictor)
    contract = predictor._ready().contract
    settled = frame_contract(contract, frame.schema, descriptor.reference, contract.keep, "model_version")
    check_executors(frame.sparkSession, descriptor, predictor.version)
    return selected(frame, settled.columns).mapInArrow(
        MapTask(descriptor, contract.keep, settled), spark_of_arrow(settled.output)
    )


@dataclass(frozen=True)
class MapTask:
    """What a task does with the batches of its partition."""

    descriptor: Descriptor
    keep: tuple[str, ...] | None
    settled: FrameContract
    version_column: str = "model_version"

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        from foretell import _core

        batches = renamed(batches, self.settled.columns)
        first = next(batches, None)
        if first is None:  # an empty partition: nothing is loaded for it
            return
        stream = _core.map(
            pa.RecordBatchReader.from_batches(first.schema, chain([first], batches)),
            self.descriptor.open(),
            on_error="null",
            version=self.descriptor.version,
            version_column=self.version_column,
            keep=None if self.keep is None else list(self.keep),
            throw_broken=False,
        )
        while (batch := stream.read_next()) is not None:
            yield fit(pa.record_batch(batch), self.settled.output)
