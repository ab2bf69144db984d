"""Spark: the same predictor over frames, as a column, over RDDs, in runs and in streams.

Reading order: ``session.py``; ``descriptor.py`` (what an executor is told of a version); ``executors.py`` (whether
it can run it); ``types.py`` and ``contract.py`` (what goes in and out); ``frames.py`` (a frame in, a frame out);
``accessor.py`` (``predictor.spark``), ``column.py`` (a column function), ``rdd.py``.
"""
