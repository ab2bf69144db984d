"""`ft.files`: files of one format as a source, planned into splits that any process can read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.format import Format, Reading
from foretell.sources.formats import format_named, format_of, one_format
from foretell.sources.listing import check_file, hadoop_pattern, list_path
from foretell.sources.source import (
    TARGET_BYTES,
    TARGET_ROWS,
    InputFile,
    Plan,
    Source,
    Split,
    pick_columns,
    plan_schema,
)

if TYPE_CHECKING:
    import pyarrow as pa

    Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def files(
    paths: Paths,
    format: str | None = None,
    *,
    types: Mapping[str, str] | None = None,
    delimiter: str | None = None,
    quote: str | None = '"',
    column_names: Sequence[str] | None = None,
    null_values: Sequence[str] = ("",),
) -> Files:
    """Files as a source: `ft.files("events/*.parquet")`.

    ``paths`` is a path, a glob (``**`` crosses folders), a folder (with all below it), a URL that
    pyarrow reads (``file://``, ``s3://``, ``gs://``, ``hdfs://`` …), or a list of these. Names that begin
    with ``_`` or ``.`` are left out below the folder that was named. The format is Parquet, CSV, TSV,
    JSON Lines or Arrow, by the name's end unless ``format`` says it; text may be compressed (.gz .zst
    .bz2 .lz4 .xz).

    Text: columns that a predictor declares are read in the declared type; ``types`` ({"price":
    "double"}) declares further ones (any format); the rest is inferred once, from up to 20,000 rows or
    8 MB of the first file that has rows: booleans, int64, double, string, and in JSON lists and
    structs. Nulls only, dates and times are strings unless declared. Columns that the first file (JSON:
    the inferred rows) lacks are left out. Bytes are base64; times without a zone are UTC.

    CSV: ``delimiter``; ``quote`` (None: quotes are text); ``column_names`` for files without a header;
    ``null_values``, the unquoted texts that are null.

    Nothing is looked at before it is read. Thread-safe.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    named = [os.fspath(path) for path in paths]
    if not named or not all(isinstance(path, str) and path for path in named):
        raise error("FT0101", "ft.files needs at least one path, as text", 'ft.files("events/*.parquet")')
    for what, sign in (("delimiter", delimiter), ("quote", quote)):
        if sign is not None and (len(sign) != 1 or not sign.isascii() or sign in "\r\n"):
            raise error("FT0101", f"{what} must be one ASCII character, not {sign!r}")
    reading = Reading(
        dict(types or {}),
        delimiter,
        quote,
        None if column_names is None else list(column_names),
        list(null_values),
    )
    reading.declared(None)
    return Files(named, None if format is None else format_named(format), reading)


class Files(Source):
    """See `files`."""

    repeatable = True

    def __init__(
        self,
        paths: Sequence[str],
        format: Format | None,
        reading: Reading,
        base: str | None = None,
        listed: Sequence[InputFile] | None = None,
    ) -> None:
        self._paths = list(paths)
        self._format = format
        self._reading = reading
        self._base = base
        self._listed = listed

    def describe(self) -> str:
        return ", ".join(self._paths) + (f" ({self._format.name})" if self._format else "")

    def options(self) -> dict[str, Any]:
        """How the files are read, as JSON."""
        return {"types": self._reading.types, **self._reading.to_json()}

    def __repr__(self) -> str:
        return f"ft.files({self.describe()})"

    def with_base(self, folder: str | os.PathLike[str]) -> Files:
        """The same source; its relative paths start at ``folder``, unless they start somewhere already."""
        return Files(self._paths, self._format, self._reading, self._base or os.fspath(folder))

    @property
    def is_text(self) -> bool:
        """Whether the files are of text: CSV, JSON Lines."""
        return self._format_of(self.list_files()).is_text

    def typed(self, types: Mapping[str, str]) -> Files:
        """The same files, columns of text being read in these types where ``types=`` says nothing of them."""
        if not self.is_text:
            return self
        reading = replace(self._reading, types={**types, **self._reading.types})
        return Files(self._paths, self._format, reading, self._base, self._listed)

    def list_files(self) -> list[InputFile]:
        """The files as they are now, each once, sorted by path.

        FT0701 when a path names none. In a folder, files whose names tell no format are passed over.
        """
        if self._listed is not None:
            return list(self._listed)
        found: dict[str, InputFile] = {}
        for path in self._paths:
            listed, folder = list_path(path, self._base)
            if folder:
                listed = [file for file in listed if self._in_folder(file)]
                if not listed:
                    raise error(
                        "FT0701", f"the folder {path} holds no data files", "name the files, or format="
                    )
            found.update((file.path, file) for file in listed)
        return [found[path] for path in sorted(found)]

    def at(self, listed: Sequence[InputFile]) -> Files:
        """The same source, as made of these files."""
        return Files(self._paths, self._format, self._reading, self._base, listed)

    def format_name(self, listed: Sequence[InputFile]) -> str:
        """ "parquet", "csv" …: the one format of these files. FT0703 when there is none."""
        return self._format_of(listed).name

    def _in_folder(self, file: InputFile) -> bool:
        format = format_of(file.path)
        return format is not None if self._format is None else format in (None, self._format)

    def _format_of(self, listed: Sequence[InputFile]) -> Format:
        return self._format or one_format(listed)

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """From metadata, or inferred as `files` says. FT0705 names two files that do not agree."""
        listed = self.list_files()
        found = self._format_of(listed).schema(listed, self._reading, None)
        return pick_columns(found, columns, self.describe())

    def plan(
        self,
        target_rows: int = TARGET_ROWS,
        target_bytes: int = TARGET_BYTES,
        min_splits: int = 1,
        declared: pa.Schema | None = None,
        files: Sequence[InputFile] | None = None,
    ) -> Plan:
        """Files, one schema, and splits of about ``target_rows`` rows or ``target_bytes`` bytes.

        There are at least ``min_splits`` splits where there are as many rows. Text columns in
        ``declared`` are read in that type. ``files`` are some of `list_files`; default: all of them.
        Text is scanned once (twice when ``min_splits`` asks for smaller splits).
        """
        listed = list(self.list_files() if files is None else files)
        if not listed:
            raise error("FT0701", f"there is no file to read in {self.describe()}")
        format = self._format_of(listed)
        schema = format.schema(listed, self._reading, declared)
        target_rows, target_bytes = max(1, target_rows), max(1, target_bytes)
        splits = self._splits(format, listed, [target_rows] * len(listed), target_bytes)
        if len(splits) < min_splits:
            even = evenly(splits, len(listed), min_splits)
            splits = self._splits(format, listed, even, target_bytes)
        return self._plan(format, schema, listed, splits)

    def _plan(
        self, format: Format, schema: pa.Schema, listed: Sequence[InputFile], splits: list[Split]
    ) -> Plan:
        from foretell.sources.types import type_text

        return {
            "format": format.name,
            "files": [file.to_json() for file in listed],
            "schema": [[column.name, type_text(column.type)] for column in schema],
            "reading": self._reading.to_json(),
            "splits": splits,
        }

    def _splits(
        self, format: Format, listed: Sequence[InputFile], rows: Sequence[int | Fraction], size: int
    ) -> list[Split]:
        splits: list[Split] = []
        for index, file in enumerate(listed):
            for where in format.splits(file, rows[index], size, self._reading):
                head = {"number": len(splits), "file": index, "path": file.path, "kind": format.name}
                splits.append(head | where)
        return splits

    def read_split(
        self, plan: Plan, split: Split, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        return read_split(plan, split, columns)

    def check_unchanged(self, plan: Plan) -> None:
        check_unchanged(plan)

    def read_frame(self, spark: Any) -> Any:
        """The rows as a Spark frame: tasks read splits of the files as they are now, as a local run does.

        What `plan` raises; in tasks what `read_split` raises.
        """
        from foretell.spark.files import frame_of_splits

        return frame_of_splits(spark, self.plan())

    def read_stream(self, spark: Any, files_per_trigger: int | None = None) -> Any:
        """Rows of the files that are there and of those that come, as a streaming frame: Spark finds each file once,
        by its path, and tasks read it whole, as a local run does. ``files_per_trigger``: at most so many at a time.

        One path, pattern or folder of this machine, where a file is, so that its columns are known: FT0101, FT0701,
        FT0904. In tasks what `read_file` raises.
        """
        from foretell.spark.files import ReadFiles, stream_of_files

        if len(self._paths) != 1 or self._listed is not None:
            raise error(
                "FT0101",
                f"a stream reads one path, pattern or folder, and this is {self.describe()}",
                "name the folder that holds them, or a pattern",
            )
        if files_per_trigger is not None and files_per_trigger < 1:
            raise error("FT0101", f"files_per_trigger={files_per_trigger} reads no file")
        listed = self.list_files()
        format = self._format_of(listed)
        pattern, names = hadoop_pattern(self._paths[0], self._base)
        plan = self._plan(format, format.schema(listed, self._reading, None), [], [])
        folder = list_path(self._paths[0], self._base)[1]
        read = ReadFiles(plan, wanted=self._format is not None, folder=folder)
        return stream_of_files(spark, pattern, names, read, files_per_trigger)

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        """All rows in order, at most ``limit``, read as they are asked for in constant memory."""
        import pyarrow as pa

        listed = self.list_files()
        format = self._format_of(listed)
        schema = pick_columns(format.schema(listed, self._reading, None), columns, self.describe())

        def batches() -> Iterator[pa.RecordBatch]:
            left = limit
            for file in listed:
                for batch in format.read(file, None, schema, self._reading):
                    if left is not None:
                        batch = batch.slice(0, left)
                        left -= batch.num_rows
                    yield batch
                    if left == 0:
                        return

        return pa.RecordBatchReader.from_batches(schema, iter(()) if limit == 0 else batches())

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        """``n`` rows from across files and row groups, in source order; see `sampling`."""
        from foretell.sources.sampling import sample_files

        return sample_files(self, n, seed)


def evenly(splits: Sequence[Split], files: int, wanted: int) -> list[int | Fraction]:
    """How many rows a split of each file gets, so that there are ``wanted`` or a few more, alike in size; never
    fewer than the ``splits`` that there are."""
    rows, counts = [0] * files, [0] * files
    for split in splits:
        rows[split["file"]] += split["rows"]
        counts[split["file"]] += 1
    wanted = min(wanted, sum(rows))
    return [
        Fraction(held, max(count, ceil(Fraction(held * wanted, sum(rows))))) if held else 1
        for held, count in zip(rows, counts, strict=True)
    ]


def read_split(plan: Plan, split: Split, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of one split in batches of the plan's schema, in constant memory, in any process.

    The columns are all, or ``columns`` in their order. FT0604 when the file is not what it was when
    planned, before the first row or after the last byte; FT0702 when it cannot be read; FT0704 with
    the line of a row that cannot be.
    """
    file = InputFile.from_json(plan["files"][split["file"]])
    yield from _read(plan, file, split, pick_columns(plan_schema(plan), columns, "the plan"))


def read_file(plan: Plan, file: InputFile) -> Iterator[pa.RecordBatch]:
    """All rows of a file, read as the plan says, though it is not one of the plan's. Raises as `read_split`."""
    yield from _read(plan, file, None, plan_schema(plan))


def _read(plan: Plan, file: InputFile, split: Split | None, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    reading = Reading(**plan["reading"])
    check_file(file)
    try:
        yield from format_named(plan["format"]).read(file, split, schema, reading)
    except Exception:
        # A file that changed under the reader shows as damage; say what it is.
        check_file(file)
        raise
    check_file(file)


def check_unchanged(plan: Plan) -> None:
    """FT0604, naming the first file that is not what it was when planned."""
    for file in plan["files"]:
        check_file(InputFile.from_json(file))


def declared_schema(signature: Mapping[str, Any] | None) -> pa.Schema | None:
    """The input schema in a version's manifest, for `Files.plan`; None when none is declared.

    ``signature["input"]`` is text ("title: string, start: timestamp"), a mapping of names to types, or a
    list of [name, type] or of {"name", "type"}.
    """
    import pyarrow as pa

    from foretell.sources.types import parse_type

    found = (signature or {}).get("input")
    if found is None:
        return None
    if isinstance(found, str):
        return pa.schema(list(parse_type(f"struct<{found}>")))
    if isinstance(found, Mapping):
        pairs = list(found.items())
    else:
        pairs = [(c["name"], c["type"]) if isinstance(c, Mapping) else tuple(c) for c in found]
    return pa.schema([(name, parse_type(text)) for name, text in pairs])
