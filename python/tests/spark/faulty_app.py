"""Frames on a cluster whose processes die: usage `faulty_app.py STORE FOLDER NUMBER…`; prints what it saw as JSON.

Each version of ``Faulty`` does what its model says at row 50 of 100, which lies in the second of four partitions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import foretell as ft


def main(store: str, folder: str, *numbers: str) -> None:
    from pyspark.sql import SparkSession

    spark: Any = SparkSession.builder.getOrCreate()
    frame = spark.range(0, 100, 1, 4).selectExpr("id", "if(id = 50, 'now', 'text') as text")
    seen = {}
    for number in numbers:
        predictor = ft.load(f"Faulty@{number}", store=store)
        output = f"{folder}/{number}"
        try:
            predictor.predict(frame).write.parquet(output)
        except Exception as raised:
            seen[number] = {"told": str(raised)}
        else:
            rows = spark.read.parquet(output).orderBy("id").collect()
            seen[number] = {"rows": [(row.id, row.length, row.model_version) for row in rows]}
        noted = Path(predictor.model["file"])
        seen[number]["attempts"] = len(noted.read_text().split())
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
