"""Sources as frames of Spark's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    from foretell.sources import Source


def batch_frame(source: Source, spark: Any) -> Any:
    """All rows of a source, read by Spark."""
    if hasattr(source, "read_frame"):
        return source.read_frame(spark)
    return spark.createDataFrame(source.read().read_all())


def stream_frame(source: Source, spark: Any) -> Any:
    """A source as a streaming frame; FT0707 for one that is none."""
    if hasattr(source, "read_stream"):
        return source.read_stream(spark)
    raise error(
        "FT0707",
        f"{source.describe()} is no stream",
        "declare ft.files(…) or ft.kafka(…), or write load_input_stream(self, spark)",
    )
