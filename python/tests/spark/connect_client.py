"""A client of Spark Connect, in a process of its own: usage `connect_client.py STORE`; prints what it saw as JSON.

``remote("local[2]")`` starts a Connect server on the loopback address; all that goes on between is gRPC.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import foretell as ft


def main(store: str) -> None:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    builder = SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false")
    spark: Any = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    predictor, repeat = ft.load("Length@1", store=store), ft.load("Repeat@1", store=store)
    frame = spark.createDataFrame([(1, "one"), (2, "bad"), (3, None), (4, "skip")], "id long, text string")
    column = predictor.spark.column(text=F.upper("text"))
    predictor.spark.register(spark, "length_of")
    frame.createOrReplaceTempView("events")
    stream = spark.readStream.format("rate").load().selectExpr("value as id", "'a' as text")
    seen = {
        "module": type(spark).__module__,
        "frame": rows(predictor.predict(frame)),
        "column": rows(frame.select("id", column.alias("p")).select("id", "p.*")),
        "two columns": rows(frame.select("id", repeat.spark.column("text", F.lit(2)).alias("p"))),
        "sql": rows(spark.sql("select id, length_of(text).length as length from events")),
        "empty": rows(predictor.predict(frame.where("id = 0"))),
        "rdd": refused(lambda: predictor.spark.map_rdd([{"id": 1, "text": "a"}])),
        "frame for an rdd": refused(lambda: predictor.spark.map_rdd(frame)),
        "stream": refused(lambda: predictor.predict(stream)),
        "missing": refused(lambda: predictor.predict(frame.drop("text"))),
        "other type": refused(lambda: predictor.predict(frame.select("id", F.col("id").alias("text")))),
        "type of an argument": told(lambda: frame.select(predictor.spark.column("id")).collect()),
    }
    print(json.dumps(seen))
    spark.stop()


def rows(frame: Any) -> list[dict[str, Any]]:
    return sorted((row.asDict(recursive=True) for row in frame.collect()), key=lambda row: row["id"])


def refused(call: Callable[[], Any]) -> str:
    try:
        return f"not refused: {call()!r}"
    except ft.Error as problem:
        return problem.code


def told(call: Callable[[], Any]) -> str:
    try:
        return f"not refused: {call()!r}"
    except Exception as raised:
        return str(raised)


if __name__ == "__main__":
    main(sys.argv[1])
