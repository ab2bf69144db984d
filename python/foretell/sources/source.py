"""What every source offers, and the plan: the JSON-able list of files and splits that a run pins.

A plan is a dict of JSON values:

    {"format": "jsonl",
     "files": [{"path": …, "size": …, "mtime_ns": …, "etag": null}, …],
     "schema": [["title", "string"], …],          one for all splits, in foretell's spelling of types
     "reading": {…},                              how text is read: delimiter, quote …
     "splits": [{"number": 0, "file": 0, "path": …, "kind": "jsonl", "first_row": 0, "rows": 20000,
                 "offset": 0, "length": 8312004, "line": 1}, …]}

``number`` counts the plan's splits from 0, ``file`` is an index into ``files``, ``first_row`` counts
the rows of that file from 0. What follows says where the rows lie: ``row_groups`` and ``skip``
(Parquet), ``batches`` (Arrow), ``offset``, ``length`` and ``line`` (text; the offset counts
decompressed bytes).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from foretell.error import error

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from foretell.sources.decode import Decode

Plan: TypeAlias = dict[str, Any]
Split: TypeAlias = dict[str, Any]

TARGET_ROWS = 20_000
TARGET_BYTES = 32 << 20


@dataclass(frozen=True)
class InputFile:
    """One file as it was listed. ``etag`` is None where the file system tells none."""

    path: str
    size: int
    mtime_ns: int
    etag: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "mtime_ns": self.mtime_ns, "etag": self.etag}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> InputFile:
        return InputFile(value["path"], value["size"], value["mtime_ns"], value.get("etag"))


class Source(ABC):
    """Rows to predict. Reading is thread-safe unless a source says otherwise."""

    #: Whether `list_files` and `options` say all about its rows, so that what was read may be kept by them.
    repeatable = False

    @abstractmethod
    def describe(self) -> str:
        """One line for people: what is read."""

    @abstractmethod
    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """The columns, without reading all rows. FT0203 when one of ``columns`` is not there."""

    @abstractmethod
    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        """All rows in order, at most ``limit``."""

    @abstractmethod
    def sample(self, n: int, seed: int = 0) -> pa.Table:
        """``n`` rows in source order (all of them when there are fewer); the same for the same seed."""

    def with_base(self, folder: str | Path) -> Source:
        """The same source; its relative paths start at ``folder``, unless they start somewhere already."""
        return self

    def typed(self, types: Mapping[str, str]) -> Source:
        """The same source; where its columns are of text, those of ``types`` are read in these types."""
        return self

    def options(self) -> dict[str, Any]:
        """How it is read, as JSON."""
        return {}

    def list_files(self) -> list[InputFile]:
        """The files as they are now, sorted by path. FT0707 for a source that is not made of files."""
        raise self._not_plannable()

    def plan(
        self,
        target_rows: int = TARGET_ROWS,
        target_bytes: int = TARGET_BYTES,
        min_splits: int = 1,
        declared: pa.Schema | None = None,
        files: Sequence[InputFile] | None = None,
    ) -> Plan:
        """What a run pins. FT0707 for a source that is not made of files."""
        raise self._not_plannable()

    def read_split(
        self, plan: Plan, split: Split, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows of one split, in batches of the plan's schema, in constant memory.

        FT0604 when the file is not the plan's, before the first row or after the last byte; FT0702
        when it cannot be read; FT0704 naming the line of a row that cannot be.
        """
        raise self._not_plannable()

    def check_unchanged(self, plan: Plan) -> None:
        """FT0604, naming the file, when one differs from the plan."""
        raise self._not_plannable()

    def read_frame(self, spark: Any) -> Any:
        """All rows as a Spark frame. FT0707 for a source that Spark cannot read."""
        raise self._not_for_spark()

    def read_stream(self, spark: Any) -> Any:
        """The rows, and those to come, as a streaming frame of Spark. FT0707 for a source that it cannot read."""
        raise self._not_for_spark()

    def decoder(self) -> Decode | None:
        """Makes rows of what its frames hold, in any process; None where they hold rows."""
        return None

    def _not_plannable(self) -> Exception:
        return error(
            "FT0707",
            f"{self.describe()} lies in the memory of this process, and a run reads files",
            'write it to files first, and name them: --input "events/*.parquet"',
        )

    def _not_for_spark(self) -> Exception:
        return error(
            "FT0707",
            f"{self.describe()} is not a source that Spark reads",
            "sources for Spark are ft.files, ft.kafka and ft.table; or define load_input_dataframe and"
            " load_input_stream on the class",
        )


class SparkOnly(Source):
    """A source that only Spark reads. Here it is refused by name."""

    def bounds(self, spark: Any) -> dict[str, Any]:
        """What a batch that begins now reads, as JSON, so that another attempt reads the same; nothing where the
        source cannot tell."""
        return {}

    def read_within(self, spark: Any, bounds: Mapping[str, Any]) -> Any:
        """The frame of a batch, by what `bounds` gave when it began."""
        return self.read_frame(spark)

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        raise self._not_plannable()

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        raise self._not_plannable()

    def _not_plannable(self) -> Exception:
        return error(
            "FT0707",
            f"{self.describe()} is read by Spark alone",
            "run on Spark: --engine spark; for rows on this machine keep some in files: --input, with_source(…)",
        )


def plan_schema(plan: Plan) -> pa.Schema:
    """The one schema that every split of a plan is read with."""
    import pyarrow as pa

    from foretell.sources.types import parse_type

    return pa.schema([(name, parse_type(text)) for name, text in plan["schema"]])


def pick_columns(schema: pa.Schema, columns: Sequence[str] | None, what: str) -> pa.Schema:
    """The chosen columns in the order asked for. FT0203 naming the first one that is absent."""
    if columns is None:
        return schema
    import pyarrow as pa

    for name in columns:
        if name not in schema.names:
            raise error(
                "FT0203",
                f'{what} has no column "{name}"',
                "its columns are " + ", ".join(schema.names) if schema.names else "it has no columns",
            )
    return pa.schema([schema.field(name) for name in columns])
