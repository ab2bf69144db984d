"""What the examples for Spark begin with: the demo's folder, and a session."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession


def demo_on_spark(description: str) -> tuple[Path, Any]:
    """What the demo left, and the session that is active or one that is made here."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--demo", default="demo-output", help="what the demo wrote (default: %(default)s)")
    root = Path(parser.parse_args().demo).absolute()
    if not (root / "models").exists():
        sys.exit(f"{root} holds no models; run the demo first: make demo")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.appName("event topics").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return root, spark
