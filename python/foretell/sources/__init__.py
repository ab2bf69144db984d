"""Where rows come from: files in every common format, Arrow, pandas and polars objects in memory, queries, and
topics of Kafka and tables of a catalog, which Spark reads.

    source = ft.files("events/*.parquet")
    plan = source.plan(declared=input_schema)         # JSON-able: what a run's pin keeps
    for split in plan["splits"]:
        for batch in read_split(plan, split): ...     # in any process: the plan says it all

Importing this loads neither numpy nor pyarrow.
"""

from foretell.sources.files import Files, check_unchanged, declared_schema, files, read_split
from foretell.sources.kafka import Kafka, kafka
from foretell.sources.objects import as_source
from foretell.sources.sampling import sample_frame
from foretell.sources.source import InputFile, Plan, Source, Split, plan_schema
from foretell.sources.sql import Sql, sql
from foretell.sources.table import Table, table

__all__ = [
    "Files",
    "InputFile",
    "Kafka",
    "Plan",
    "Source",
    "Split",
    "Sql",
    "Table",
    "as_source",
    "check_unchanged",
    "declared_schema",
    "files",
    "kafka",
    "plan_schema",
    "read_split",
    "sample_frame",
    "sql",
    "table",
]
