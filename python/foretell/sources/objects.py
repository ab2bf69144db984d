"""Arrow, pandas and polars objects, and plain dicts, as sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.files import files
from foretell.sources.source import Source, pick_columns

if TYPE_CHECKING:
    import pyarrow as pa


def as_source(data: Any) -> Source:
    """Anything that holds rows, as a source.

    A source itself; a path, glob, folder or URL, or a list of them (`ft.files`); a pyarrow Table,
    RecordBatch, RecordBatchReader or dataset; a pandas or polars frame; a dict (one row), a list of
    dicts; any object with ``__arrow_c_stream__``. A RecordBatchReader is read once: a second read is
    FT0702. In pandas, NaN is null; levels of the index that have a name become columns, others are
    left out. FT0707 for anything else.
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, (str, os.PathLike)):
        return files(data)
    if isinstance(data, (list, tuple)) and data and all(isinstance(one, (str, os.PathLike)) for one in data):
        return files(data)
    kind = _module(data)
    name = type(data).__name__
    if kind == "pyspark":
        raise error(
            "FT0707", "a Spark frame is not a local source", "predict on it: predictor.predict(frame)"
        )
    if isinstance(data, Mapping):
        return Rows(lambda: _from_dicts([data]), "a dict")
    if isinstance(data, (list, tuple)) and all(isinstance(one, Mapping) for one in data):
        return Rows(lambda: _from_dicts(data), f"a list of {len(data):,} dicts")
    if kind == "pandas" and name == "DataFrame":
        return Rows(lambda: from_pandas(data), f"a pandas frame of {len(data):,} rows")
    if kind == "polars" and name == "LazyFrame":
        return Rows(lambda: as_table(data.collect()), "a polars LazyFrame")
    if kind == "pyarrow" and name == "RecordBatchReader":
        return _Once(data)
    if kind == "pyarrow" and hasattr(data, "scanner"):
        return _Dataset(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return Rows(lambda: as_table(data), f"a {kind} {name}")
    raise error(
        "FT0707",
        f"a {type(data).__module__}.{name} is not a source of rows",
        "pass a path, a pandas, polars or Arrow frame, a dict, or a list of dicts",
    )


def _module(data: Any) -> str:
    return type(data).__module__.split(".")[0]


class Rows(Source):
    """Rows in memory; made an Arrow table at the first use. Thread-safe as long as nobody changes them."""

    def __init__(self, make: Callable[[], pa.Table], what: str) -> None:
        self._make = make
        self._what = what
        self._table: pa.Table | None = None

    def table(self) -> pa.Table:
        if self._table is None:
            self._table = self._make()
        return self._table

    def describe(self) -> str:
        return self._what

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        return pick_columns(self.table().schema, columns, self._what)

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        names = self.schema(columns).names
        table = self.table() if columns is None else self.table().select(names)
        return (table if limit is None else table.slice(0, limit)).to_reader(max_chunksize=8192)

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        from foretell.sources.sampling import sample_positions, take_rows

        return take_rows(self.table(), sample_positions(self.table().num_rows, n, seed))


class _Dataset(Source):
    """A pyarrow dataset, read batch by batch."""

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def describe(self) -> str:
        return f"a pyarrow {type(self._dataset).__name__}"

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        return pick_columns(self._dataset.schema.remove_metadata(), columns, self.describe())

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        schema = self.schema(columns)
        reader = self._dataset.scanner(columns=schema.names, batch_size=8192).to_reader()
        return limited(reader, schema, limit)

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        import pyarrow as pa

        from foretell.sources.sampling import sample_positions

        positions = sample_positions(self._dataset.count_rows(), n, seed)
        return self._dataset.take(pa.array(positions, pa.int64()))


class _Once(Source):
    """A stream that can be read once."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self._reader = reader
        self._read = False

    def describe(self) -> str:
        return "a pyarrow RecordBatchReader"

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        return pick_columns(self._reader.schema.remove_metadata(), columns, self.describe())

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        if self._read:
            raise error(
                "FT0702",
                "the RecordBatchReader was read before, and it gives its rows once",
                "keep its rows: reader.read_all()",
            )
        self._read = True
        return limited(self._reader, self.schema(columns), limit)

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        raise error(
            "FT0707",
            "a RecordBatchReader gives its rows once, so a sample would use them up",
            "sample a table: reader.read_all()",
        )


def limited(reader: pa.RecordBatchReader, schema: pa.Schema, limit: int | None) -> pa.RecordBatchReader:
    """At most ``limit`` rows of the columns of ``schema``."""
    import pyarrow as pa

    def batches() -> Iterator[pa.RecordBatch]:
        left = limit
        while left is None or left > 0:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            batch = batch.select(schema.names).replace_schema_metadata(None)
            if left is not None:
                batch = batch.slice(0, left)
                left -= batch.num_rows
            yield batch

    return pa.RecordBatchReader.from_batches(schema, batches())


def as_table(data: Any) -> pa.Table:
    """Any object that speaks the Arrow C interfaces. FT0202, FT0207 when its data is not a table's."""
    import pyarrow as pa

    try:
        if isinstance(data, pa.Table):
            return data.replace_schema_metadata(None)
        if isinstance(data, pa.RecordBatch):
            return pa.Table.from_batches([data]).replace_schema_metadata(None)
        if hasattr(data, "__arrow_c_stream__"):
            return pa.RecordBatchReader.from_stream(data).read_all().replace_schema_metadata(None)
        return pa.Table.from_batches([pa.record_batch(data)]).replace_schema_metadata(None)
    except (pa.ArrowException, ValueError, TypeError) as raised:
        raise error(
            "FT0207",
            f"a {_module(data)} {type(data).__name__} cannot be read as rows: {raised}",
            "pass a frame with named columns",
        ) from raised


def from_pandas(frame: Any) -> pa.Table:
    """A pandas frame as a table: NaN is null, named levels of the index are columns.

    FT0204 when two columns have one name, FT0205 naming a column whose values have no common type.
    """
    import pyarrow as pa

    named = [level for level in frame.index.names if level is not None]
    if named:
        unnamed = [i for i, level in enumerate(frame.index.names) if level is None]
        kept = frame.reset_index(level=unnamed, drop=True) if unnamed else frame
        clash = [name for name in named if name in frame.columns]
        if clash:
            raise error(
                "FT0204",
                f'the pandas frame has "{clash[0]}" as a column and as a level of its index',
                "rename one, or drop the index: frame.reset_index(drop=True)",
            )
        frame = kept.reset_index()
    names = [str(name) for name in frame.columns]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise error("FT0204", f'the pandas frame has two columns named "{name}"', "rename one of them")
    columns = []
    for i, name in enumerate(names):
        try:
            columns.append(pa.array(frame.iloc[:, i], from_pandas=True))
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as raised:
            raise _no_type(name, raised) from raised
    if not columns:
        return pa.table({})
    return pa.table(columns, names=names)


def _from_dicts(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as columns; a key that a row lacks is null. FT0205 naming a column without a common type."""
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = []
    for name in names:
        try:
            columns.append(pa.array([row.get(name) for row in rows]))
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as raised:
            raise _no_type(str(name), raised) from raised
    return pa.table(columns, names=[str(name) for name in names]) if names else pa.table({})


def _no_type(name: str, raised: Exception) -> Exception:
    text = str(raised).splitlines()[0] if str(raised) else type(raised).__name__
    return error(
        "FT0205",
        f'the values of column "{name}" have no common type: {text}',
        "make them of one type: text, or numbers, or times",
    )
