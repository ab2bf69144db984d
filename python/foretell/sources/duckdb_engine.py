"""DuckDB answers `ft.sql` on one machine: tables become views, batches stream out in bounded memory.

Local Parquet files are read by DuckDB itself, which skips columns and row groups that a query does not need; every
other table is a stream of its source's batches.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error, missing_extra
from foretell.sources.files import Files
from foretell.sources.format import BATCH_ROWS
from foretell.sources.listing import check_file, has_wildcards, is_url
from foretell.sources.objects import Rows
from foretell.sources.source import InputFile, Source

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.sources.sql import Sql

_SETTINGS = {
    "python_enable_replacements": "false",  # a name that is no table is an error, not a variable of ours
    "autoinstall_known_extensions": "false",  # nothing is fetched from elsewhere
}
_QUERY = "_foretell_query"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Engine:
    """One connection with a query's tables in it, at one state of their files. For one thread."""

    def __init__(self, source: Sql) -> None:
        """FT0107 without DuckDB; FT0709 when the query is not valid."""
        try:
            import duckdb
        except ImportError:
            raise missing_extra("duckdb", "sql") from None
        self._source = source
        self._files: list[InputFile] = []
        self._streams: list[Stream] = []
        self._scratch = tempfile.TemporaryDirectory(prefix="foretell-sql-")
        self._errors: tuple[type[Exception], ...] = (duckdb.Error, OSError, RuntimeError, ValueError)
        self._connection = duckdb.connect(config={**_SETTINGS, "temp_directory": self._scratch.name})
        try:
            self._connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
            for name, table in source.tables.items():
                self.add(name, table)
            self._add_query()
            #: What a FROM clause takes: the user's query.
            self.rows = f"{_QUERY} as q"
            #: The columns of the result.
            self.schema = self._schema()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        self._scratch.cleanup()

    def add(self, name: str, table: Source) -> None:
        """Makes ``table`` known to queries. FT0701 when its files are not there."""
        if isinstance(table, Files):
            listed = table.list_files()
            self._files += listed
            table = table.at(listed)
            if _reads_itself(table, listed):
                paths = ", ".join(text_literal(file.path) for file in listed)
                view = f"create view {quoted(name)} as select * from read_parquet([{paths}], hive_partitioning=false)"
                self._call(lambda: self._connection.execute(view))
                return
        if isinstance(table, Rows):
            self._connection.register(name, table.table())
            return
        self.add_stream(name, Stream(table))

    def add_stream(self, name: str, stream: Stream) -> None:
        self._streams.append(stream)
        self._call(lambda: self._connection.register(name, stream))

    def types(self) -> dict[str, str]:
        """The result's columns in the engine's own types."""
        described = self._call(
            lambda: self._connection.execute(f"describe select * from {self.rows}").fetchall()
        )
        return {row[0]: row[1] for row in described}

    def select(self, query: str, parameters: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """The batches of a query of ours. FT0709 when it fails; FT0604 when a file changed meanwhile.

        Ctrl-C ends the query: DuckDB works in another thread, and is told.
        """
        with ThreadPoolExecutor(1, "foretell-sql") as worker:

            def waited(task: Future[Any]) -> Any:
                try:
                    return task.result()
                except self._errors as raised:
                    self._raise(raised)
                except BaseException:
                    self._connection.interrupt()
                    raise

            def begin() -> pa.RecordBatchReader:
                answer = self._connection.sql(query, params=list(parameters) or None)
                return answer.to_arrow_reader(BATCH_ROWS)

            reader = waited(worker.submit(begin))
            try:
                while (batch := waited(worker.submit(next, reader, None))) is not None:
                    if batch.num_rows:
                        yield batch
            except GeneratorExit:
                self._connection.interrupt()
                raise
            finally:
                del reader
        for file in self._files:
            check_file(file)

    def _add_query(self) -> None:
        """Makes the user's query a view. FT0709 unless it is one SELECT that can be bound."""
        text = self._source.query
        statements = self._call(lambda: self._connection.extract_statements(text))
        if len(statements) != 1 or statements[0].type.name != "SELECT":
            kinds = ", ".join(one.type.name for one in statements) or "nothing"
            raise error(
                "FT0709", f"the query is {kinds}, and has to be one SELECT", "use `with … select …` for steps"
            )
        if statements[0].named_parameters:
            raise error(
                "FT0709", "the query has parameters, and no values for them", "write the values into it"
            )
        # Bound as it was written: the places in the engine's messages are the user's.
        names = self._call(lambda: self._connection.sql(text).columns)
        for i, name in enumerate(names):  # inside another query, DuckDB would rename the second one
            if name in names[:i]:
                raise error("FT0204", f'the query has two columns named "{name}"', "rename one: … as …")
        self._call(lambda: self._connection.execute(f"create temp view {_QUERY} as {text}"))

    def _schema(self) -> pa.Schema:

        from foretell.sources.types import type_text

        def ask() -> pa.Schema:
            return self._connection.sql(f"select * from {self.rows} limit 0").to_arrow_reader(1).schema

        schema: pa.Schema = self._call(ask)
        for column in schema:
            try:
                type_text(column.type)
            except Error as refused:
                raise error(
                    refused.code,
                    f'column "{column.name}" of the query is {column.type}, which is not supported',
                    f"cast it in the query: cast({column.name} as varchar) as {column.name}",
                ) from None
        return schema.remove_metadata()

    def _call(self, what: Any) -> Any:
        try:
            return what()
        except self._errors as raised:
            self._raise(raised)

    def _raise(self, raised: Exception) -> Any:
        if isinstance(raised, Error):
            raise raised
        for stream in self._streams:  # what its source raised; the engine only passes the text on
            if stream.error is not None:
                raise stream.error from None
        for file in self._files:
            check_file(file)
        first, *rest = [line for line in str(raised).splitlines() if line.strip()] or [type(raised).__name__]
        near = [line for line in rest if line.startswith(("Did you mean", "Candidate"))]
        tables = ", ".join(self._source.tables) or "none"
        raise error(
            "FT0709",
            f"the query cannot be run: {first[:1].lower()}{first[1:].replace(' Error: ', ' error: ', 1).rstrip('.!')}",
            "; ".join([*near, f"the query's tables are {tables}"]),
        ) from raised


class Stream:
    """A source as an Arrow stream that can be opened again: a query may read a table twice."""

    def __init__(self, source: Source, columns: Sequence[str] | None = None) -> None:
        self._source = source
        self._columns = columns
        self.error: Exception | None = None

    def __arrow_c_schema__(self) -> object:
        try:
            return self._source.schema(self._columns).__arrow_c_schema__()
        except Exception as raised:
            self.error = raised
            raise

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        import pyarrow as pa

        try:
            reader = self._source.read(self._columns)
        except Exception as raised:
            self.error = raised
            raise

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from reader
            except Exception as raised:
                self.error = raised
                raise

        return pa.RecordBatchReader.from_batches(reader.schema, batches()).__arrow_c_stream__(
            requested_schema
        )


def _reads_itself(source: Files, listed: Sequence[InputFile]) -> bool:
    """Whether DuckDB reads these files as `ft.files` would."""
    import pyarrow as pa

    if source.options()["types"] or any(is_url(file.path) or has_wildcards(file.path) for file in listed):
        return False
    if source.format_name(listed) != "parquet":
        return False
    source.schema()  # FT0705 when they do not agree
    from pyarrow import parquet

    first = parquet.read_schema(os.fspath(listed[0].path))
    return not any(pa.types.is_null(column.type) for column in first)
