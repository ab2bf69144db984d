"""The demo's version on Spark: a frame, a column in SQL, and a run; the same numbers as without it.

    make demo && .venv/bin/python examples/event_topics/batch_spark.py

Reads what the demo left (its models and its events), and writes the run's rows beside them. Under spark-submit, or with
another session, that session is used.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.dataset
from on_spark import demo_on_spark

import foretell as ft


def main() -> None:
    root, spark = demo_on_spark(__doc__)
    predictor = ft.load("EventTopics@production", store=root / "models")

    print("1. A frame in, a frame out")
    events = spark.read.parquet(str(root / "events"))
    topics = predictor.predict(events)
    topics.printSchema()
    topics.where("_error is null").groupBy("topic").count().orderBy("count", ascending=False).show(5)

    print("2. A function of SQL")
    predictor.spark.register(spark, "topics")
    events.createOrReplaceTempView("events")
    spark.sql("select title, topics(title, description).topic as topic from events limit 5").show(truncate=60)

    print("3. A run: pinned, resumable, its bad rows in a quarantine")
    job = {"input": root / "events", "store": root / "models", "max_bad_ratio": 0.05}
    print(ft.run("EventTopics@production", output=root / "topics-spark", engine="spark", **job))
    ft.run("EventTopics@production", output=root / "topics-local", **job)
    same = rows(root / "topics-spark").equals(rows(root / "topics-local"))
    print(f"row by row and bit by bit the rows of a run without Spark: {same}")
    spark.stop()


def rows(folder: Path) -> pyarrow.Table:
    return pyarrow.dataset.dataset(folder, format="parquet").to_table().sort_by("id").combine_chunks()


if __name__ == "__main__":
    main()
