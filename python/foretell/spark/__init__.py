"""Spark: the same predictor over frames, as a column, over RDDs, in runs and in streams.

Reading order: ``session.py``; ``descriptor.py`` (what an executor is told of a version); ``executors.py`` (whether
it can run it); ``types.py`` and ``contract.py`` (what goes in and out); ``frames.py`` (a frame in, a frame out);
``accessor.py`` (``predictor.spark``), ``column.py`` (a column function), ``rdd.py``.

Runs: ``engine.py`` (Spark in the place of worker processes), ``jobs.py`` (one job, its records as they come),
``scoring.py`` and ``partition.py`` (what a task does), ``frame_source.py`` (a frame as a source).

Streams: ``stream.py`` (one, from its start to its end), ``checkpoint.py`` (where Spark notes what it has read),
``micro_batches.py`` (a unit of work for each).

Where rows come from and go: ``files.py`` (files as frames and streams), ``broker.py`` (what Kafka is asked before rows
flow), ``kafka_sink.py`` (frames as messages).
"""

from foretell.spark.engine import Spark
from foretell.spark.stream import Stream, stream

__all__ = ["Spark", "Stream", "stream"]
