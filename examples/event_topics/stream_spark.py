"""The demo's versions in a stream of Spark's: files arrive, the alias moves and is rolled back, nothing is restarted.

    make demo && .venv/bin/python examples/event_topics/stream_spark.py

Reads what the demo left (two versions and its events), and writes the stream's rows beside them. Kill it and run it
again: it goes on, each event once.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.dataset
from on_spark import demo_on_spark

import foretell as ft
from foretell.local.summary import UnitSummary


def main() -> None:
    root, spark = demo_on_spark(__doc__)
    store = ft.Store(root / "models")
    arriving = root / "arriving"
    arriving.mkdir(exist_ok=True)

    def tell(unit: UnitSummary) -> None:
        print(
            f"  micro-batch {unit.unit}: {unit.rows:,} events by EventTopics@{unit.version}, {unit.bad} bad"
        )

    files = sorted((root / "events").glob("*.parquet"))
    frame = spark.readStream.schema(spark.read.parquet(str(files[0])).schema).parquet(str(arriving))
    predictor = ft.load("EventTopics@production", store=store)
    output = root / "topics-stream"
    with predictor.spark.start(
        frame=frame, output=output, trigger="1 second", on_unit=tell, max_bad_ratio=0.05
    ) as stream:
        for at, file in enumerate(files):
            if at == 1:
                print("  production is rolled back to version 1")
                store.rollback("EventTopics", "production", why="the example")
            if at == 3:
                print("  production is version 2 again")
                store.promote("EventTopics@2", "production", why="the example", unchecked=True)
            arrive(file, arriving)
            stream.query.processAllAvailable()
    for version, count in sorted(Counter(versions(output)).items()):
        print(f"{count:,} rows by EventTopics@{version}")
    spark.stop()


def arrive(file: Path, folder: Path) -> None:
    """A file appears whole: Spark reads it once it is there."""
    shutil.copyfile(file, folder / f"_{file.name}")
    (folder / f"_{file.name}").rename(folder / file.name)


def versions(output: Path) -> list[Any]:
    table = pyarrow.dataset.dataset(output, format="parquet").to_table(columns=["model_version"])
    return table.column("model_version").to_pylist()


if __name__ == "__main__":
    main()
