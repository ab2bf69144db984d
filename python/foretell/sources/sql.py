"""`ft.sql`: the rows of a query over other sources.

    source = ft.sql(
        "select e.*, v.city from events e join venues v on e.venue = v.id",
        events=ft.files("events/*.parquet"),
        venues=venues,                               # any source: files, Arrow, pandas, polars
        cursor="updated_at",
        key="id",
    )

This says what is asked: text, tables, cursor, key. An engine answers it; on one machine that is DuckDB
(``duckdb_engine.py``). A run asks once per unit and keeps the answer until the unit is published (``answer.py``).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.nearest import nearest
from foretell.sources.objects import as_source
from foretell.sources.source import InputFile, Source, pick_columns

if TYPE_CHECKING:
    import pyarrow as pa

OWN_NAMES = "_foretell"  # how names begin that foretell gives to its own tables


def sql(
    query: str, *, cursor: str | None = None, key: str | Sequence[str] | None = None, **tables: Any
) -> Sql:
    """The rows of a query as a source: `ft.sql("select * from events", events=ft.files("events/*.parquet"))`.

    ``tables`` are what the query names: `ft.files`, Arrow, pandas or polars objects, anything that can be
    predicted on. The query is one SELECT statement, here in DuckDB's dialect (``pip install
    'foretell[sql]'``).

    ``cursor`` and ``key`` are needed by rounds (``--incremental``, ``--follow``). The cursor is a column of
    the result that grows as rows arrive or are updated: each round takes the rows beyond the largest value
    that was there in the round before, and those at that value which are new by their key. ``key`` is one
    column, or several, that tell rows of one cursor value apart. A row that arrives later with a smaller
    cursor value is not seen; a row that was updated is scored once more.

    FT0101 when a table's name or an argument is not valid; nothing is read before it is needed. Thread-safe.
    """
    if not isinstance(query, str) or not query.strip():
        raise error("FT0101", "ft.sql needs a query, as text", 'ft.sql("select * from events", events=…)')
    keys = [key] if isinstance(key, str) else list(key or ())
    named = [("cursor", cursor), *(("key", one) for one in keys)]
    for what, name in named:
        if name is not None and (not isinstance(name, str) or not name):
            raise error("FT0101", f"{what}={name!r} is not the name of a column")
    if len(set(keys)) < len(keys):
        raise error("FT0101", f"key={keys} names a column twice")
    seen: dict[str, str] = {}
    for name in tables:
        if not name.isidentifier() or name.lower().startswith(OWN_NAMES):
            raise error(
                "FT0101",
                f'"{name}" cannot be the name of a table',
                "table names are letters, digits and _, and begin with no digit",
            )
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise error("FT0101", f'the tables "{other}" and "{name}" are one name to SQL', "rename one")
    return Sql(query, {name: as_source(data) for name, data in tables.items()}, cursor, keys)


class Sql(Source):
    """See `sql`."""

    def __init__(self, query: str, tables: dict[str, Source], cursor: str | None, key: Sequence[str]) -> None:
        self.query = query
        self.tables = dict(tables)
        self.cursor = cursor
        self.key = list(key)
        self.repeatable = bool(tables) and all(source.repeatable for source in tables.values())

    def describe(self) -> str:
        tables = [f"{name} ({source.describe()})" for name, source in self.tables.items()]
        return "a query over " + ", ".join(tables) if tables else "a query"

    def options(self) -> dict[str, Any]:
        """What is asked, as JSON."""
        tables = {name: source.options() for name, source in self.tables.items()}
        return {"query": self.query, "cursor": self.cursor, "key": self.key, "tables": tables}

    def __repr__(self) -> str:
        return f"ft.sql({self.describe()})"

    def with_base(self, folder: str | os.PathLike[str]) -> Sql:
        tables = {name: source.with_base(os.fspath(folder)) for name, source in self.tables.items()}
        return Sql(self.query, tables, self.cursor, self.key)

    def list_files(self) -> list[InputFile]:
        """The files of its tables as they are now. FT0707 when a table lies in memory."""
        found: dict[str, InputFile] = {}
        for source in self.tables.values():
            found.update((file.path, file) for file in source.list_files())
        return [found[path] for path in sorted(found)]

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """Of the result. FT0709 when the query is not valid; FT0202 for a type that foretell does not read."""
        from foretell.sources.duckdb_engine import Engine

        with Engine(self) as engine:
            return pick_columns(engine.schema, columns, "the query")

    def read(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pa.RecordBatchReader:
        """The rows in the order in which the engine gives them; the query runs as they are asked for.

        FT0709 when it fails, FT0604 when a file changed meanwhile.
        """
        import pyarrow as pa

        from foretell.sources.duckdb_engine import Engine, quoted

        engine = Engine(self)
        try:
            schema = pick_columns(engine.schema, columns, "the query")
            names = ", ".join(quoted(name) for name in schema.names)
            end = "" if limit is None else f" limit {max(0, int(limit))}"
            batches = engine.select(f"select {names} from {engine.rows}{end}")
        except BaseException:
            engine.close()
            raise

        def all_batches() -> Any:
            with closing(engine):
                yield from batches

        return pa.RecordBatchReader.from_batches(schema, all_batches())

    def sample(self, n: int, seed: int = 0) -> pa.Table:
        """``n`` rows from across the result, drawn uniformly. The query runs twice: rows are counted first."""
        import pyarrow as pa

        from foretell.sources.duckdb_engine import Engine
        from foretell.sources.sampling import sample_positions, take_rows, within

        with Engine(self) as engine:
            count = next(engine.select(f"select count(*) from {engine.rows}")).column(0)[0].as_py()
            positions = sample_positions(count, n, seed)
            found, first = [], 0
            for batch in engine.select(f"select * from {engine.rows}") if positions else ():
                if wanted := within(positions, first, batch.num_rows):
                    found.append(take_rows(pa.Table.from_batches([batch]), wanted))
                first += batch.num_rows
                if first > positions[-1]:
                    break
            return pa.concat_tables(found) if found else engine.schema.empty_table()


def missing_column(name: str, schema: pa.Schema) -> str:
    """A hint for a column that the result lacks."""
    near = nearest(name, schema.names)
    return f'did you mean "{near}"?' if near else "its columns are " + ", ".join(schema.names)
