"""Files as Spark frames: Spark hands out splits, or finds new files; what is in them is read by foretell's own
readers, within the tasks. So a row is the same row as in a local run, whatever the format and its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.files import read_file, read_split
from foretell.sources.formats import format_named, format_of
from foretell.sources.listing import local_file
from foretell.sources.source import InputFile, Plan, plan_schema
from foretell.spark.types import as_spark_takes, fit, spark_of_arrow

if TYPE_CHECKING:
    import pyarrow as pa

# Spark's source of files: of each new one we take the name alone. What `binaryFile` would hold of it is never read.
_FOUND = "path string, modificationTime timestamp, length long, content binary"
# Spark would pass over a file that is older than the newest one by this much, and forget the names of files
# that are. Its log of names is compacted, never thinned out.
NOTHING_FORGOTTEN = {"maxFileAge": "36500d", "latestFirst": "false"}
_LISTING = {
    **NOTHING_FORGOTTEN,
    "recursiveFileLookup": "true",  # and no columns from the names of folders
    "cleanSource": "off",
}


def frame_of_splits(spark: Any, plan: Plan) -> Any:
    """The rows of a plan, in its types as Spark has them; a task for each split."""
    schema = spark_schema(plan)
    numbers = spark.range(0, len(plan["splits"]), 1, max(1, len(plan["splits"])))
    return numbers.mapInArrow(ReadSplits(plan, schema), spark_of_arrow(schema))


def stream_of_files(spark: Any, pattern: str, names: str | None, read: ReadFiles, most: int | None) -> Any:
    """The rows of files that Spark finds by a pattern of Hadoop's, ``most`` files at a time."""
    reader = spark.readStream.format("binaryFile").schema(_FOUND).options(**_LISTING)
    if names is not None:
        reader = reader.option("pathGlobFilter", names)
    if most is not None:
        reader = reader.option("maxFilesPerTrigger", str(most))
    found = reader.load(pattern).selectExpr("path", "length", "unix_millis(modificationTime)")
    return found.mapInArrow(read, spark_of_arrow(spark_schema(read.plan)))


def spark_schema(plan: Plan) -> pa.Schema:
    """The plan's columns in the types that Spark takes."""
    import pyarrow as pa

    return pa.schema(
        [(column.name, as_spark_takes(column.type, column.name)) for column in plan_schema(plan)]
    )


@dataclass(frozen=True)
class ReadSplits:
    """What a task does that is given numbers of splits."""

    plan: Plan
    schema: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for rows in read_split(self.plan, self.plan["splits"][number]):
                    yield fit(rows, self.schema)


@dataclass(frozen=True)
class ReadFiles:
    """What a task does that is given files. ``plan`` says how they are read; ``wanted``: its format was asked for,
    not told by names; ``folder``: files lie in a folder that was named, and others may be among them."""

    plan: Plan
    wanted: bool
    folder: bool

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        schema = spark_schema(self.plan)
        for batch in batches:
            for path, size, modified in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                path = path.removeprefix("file:")
                if self._is_of_format(path):
                    for rows in read_file(self.plan, _as_found(path, size, modified)):
                        yield fit(rows, schema)

    def _is_of_format(self, path: str) -> bool:
        """As a listing decides it, which is about files that are there. FT0703, FT0705."""
        format, told = format_named(self.plan["format"]), format_of(path)
        if self.wanted:
            return not self.folder or told in (None, format)
        if told is None and not self.folder:
            raise error("FT0703", f"the name of {path} does not tell its format", "say it: format=")
        if told not in (None, format):
            raise error(
                "FT0705", f"{path} is not {format.name}, as the files before it", "keep formats apart"
            )
        return told is not None


def _as_found(path: str, size: int, modified: int) -> InputFile:
    """The file; FT0604 when it is not what it was when Spark found it (``modified``: milliseconds since 1970)."""
    now = local_file(path)
    if (now.size, now.mtime_ns // 1_000_000) == (size, modified):
        return now
    raise error(
        "FT0604",
        f"{path} has changed since Spark found it: {size} bytes then, {now.size} now",
        "write files elsewhere on the same disk, and move them in when they are complete",
    )
