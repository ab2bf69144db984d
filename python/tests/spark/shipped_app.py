"""What a user gives to ``spark-submit``: usage `shipped_app.py STORE`; prints what it saw as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import foretell as ft


def where(batches: Iterator[Any]) -> Iterator[Any]:
    import pyarrow as pa

    for _ in batches:
        pass
    yield pa.RecordBatch.from_pydict({"python": [sys.executable], "foretell": [ft.__file__]})


def main(store: str) -> None:
    from pyspark.sql import SparkSession

    from foretell.spark.session import session

    spark: Any = SparkSession.builder.getOrCreate()
    predictor = ft.load("Length@1", store=store)
    frame = spark.range(1000).selectExpr("id", "repeat('x', int(id)) as text").repartition(4)
    found = spark.range(0, 4, 1, 4).mapInArrow(where, "python string, foretell string").distinct().collect()
    seen = {
        "rows": [row.asDict(recursive=True) for row in predictor.predict(frame).orderBy("id").collect()],
        "column": frame.select(predictor.spark.column().length.alias("n")).groupBy().sum("n").collect()[0][0],
        "rdd": predictor.spark.map_rdd(frame.rdd).map(lambda row: row.length).sum(),
        "session": session() == (spark, False),
        "where": [row.asDict() for row in found],
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1])
