"""A query's rows, as a run keeps them: asked for once, written to a file, pinned by its digest.

A query cannot be asked for the same rows twice: its tables change, and rows may come in any order. So the
driver asks once, before the pin is made, and all attempts and workers read the file. It lies in the unit's
staging and goes with it when the unit is published.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.cursor import Cursor
from foretell.sources.files import evenly, files
from foretell.sources.format import Reading, packed
from foretell.sources.listing import local_file
from foretell.sources.source import TARGET_BYTES, TARGET_ROWS, Plan, Split
from foretell.sources.sql import OWN_NAMES, Sql
from foretell.sources.types import type_text

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.sources.duckdb_engine import Engine

FILE_NAME = "rows.arrow"
PLACE = "the query's rows"  # where a row lies, in messages and quarantines


class Answer:
    """The rows of one unit, in a file of its own."""

    def __init__(
        self, folder: Path, schema: pa.Schema, blocks: list[tuple[int, int]], about: dict[str, Any]
    ) -> None:
        self._folder = folder
        self._schema = schema
        self._blocks = blocks
        self._about = about
        from foretell.sinks.sink import sync_folder

        path = folder / FILE_NAME
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        for parent in folder.parents[:3]:  # what a pin will name must be there after a power cut
            sync_folder(parent)
        self._file = {
            "path": f"{folder.name}/{FILE_NAME}",  # in the unit's staging: an output may be moved
            "size": os.path.getsize(path),
            "mtime_ns": 0,
            "etag": None,
            "sha256": digest,
        }

    def plan(
        self,
        target_rows: int = TARGET_ROWS,
        target_bytes: int = TARGET_BYTES,
        min_splits: int = 1,
        declared: pa.Schema | None = None,
    ) -> Plan:
        """As `Source.plan`; ``query`` says what was asked, and which range of the cursor this is."""
        splits = self._splits(target_rows, target_bytes)
        if len(splits) < min_splits:
            splits = self._splits(evenly(splits, 1, min_splits)[0], target_bytes)
        return {
            "format": "arrow",
            "files": [self._file],
            "schema": [[column.name, type_text(column.type)] for column in self._schema],
            "reading": Reading().to_json(),
            "query": self._about,
            "splits": splits,
        }

    def _splits(self, rows: int | Fraction, size: int) -> list[Split]:
        head = {"file": 0, "path": PLACE, "kind": "arrow"}
        cut = packed(self._blocks, rows, size, "batches")
        return [{"number": number, **head, **split} for number, split in enumerate(cut)]

    def discard(self) -> None:
        """Removes the file: no pin names it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def ask(source: Sql, folder: Path, rounds: bool, before: Mapping[str, Any] | None = None) -> Answer | None:
    """Runs a query into ``folder``. In ``rounds``: the rows that are new since ``before``, what the last plan
    said as ``query``; None when there are none.

    FT0101 without cursor and key; FT0709 to FT0711; FT0604 when a table's file changed meanwhile. What raises
    leaves nothing in the folder.
    """
    from foretell.sources.duckdb_engine import Engine

    lacking = " and ".join(
        what for what, given in (("cursor=", source.cursor), ("key=", source.key)) if not given
    )
    if rounds and lacking:
        raise error(
            "FT0101",
            f"rounds of a query need to know what is new, and it has no {lacking}",
            'ft.sql(…, cursor="updated_at", key="id")',
        )
    try:
        with Engine(source) as engine:
            cursor = None
            if rounds and source.cursor is not None:
                cursor = Cursor(source.cursor, source.key, engine.schema, (before or {}).get("cursor"))
            blocks = _write(engine, cursor, folder / FILE_NAME)
            if rounds and not blocks:
                shutil.rmtree(folder, ignore_errors=True)
                return None
            if cursor is not None:
                _check_distinct(engine, cursor, folder / FILE_NAME)
            about = {
                "text": source.query,
                "tables": {name: table.describe() for name, table in source.tables.items()},
                "rows": sum(count for count, _ in blocks),
                "cursor": None if cursor is None else cursor.to_json(),
            }
            return Answer(folder, engine.schema, blocks, about)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write(engine: Engine, cursor: Cursor | None, path: Path) -> list[tuple[int, int]]:
    """The rows of this round into a file; rows and bytes of each batch. No file for a round without rows."""
    from foretell.sinks.arrow_ipc import ArrowSink

    blocks: list[tuple[int, int]] = []
    with closing(_rows(engine, cursor)) as batches:
        first = list(islice(batches, 1))
        if cursor is not None and not first:
            return blocks
        with ArrowSink(path, engine.schema) as sink:
            for batch in chain(first, batches):
                if cursor is not None:
                    cursor.take(batch)
                sink.write(batch)
                blocks.append((batch.num_rows, batch.nbytes))
    return blocks


def _rows(engine: Engine, cursor: Cursor | None) -> Any:
    from foretell.sources.duckdb_engine import quoted

    seen = None if cursor is None else cursor.seen()
    if cursor is None or seen is None:
        return engine.select(f"select * from {engine.rows}")
    from foretell.sources.objects import Rows

    table = f"{OWN_NAMES}_seen"
    engine.add(table, Rows(lambda: seen, "keys"))
    types = engine.types()
    column = f"q.{quoted(cursor.column)}"
    since = f"cast(? as {types[cursor.column]})"
    same = " and ".join(f"s.{quoted(name)}::{types[name]} = q.{quoted(name)}" for name in cursor.key)
    # Nulls come along, to be told. The first condition says no more than the second: it is what an engine
    # looks at before it reads.
    return engine.select(
        f"select * from {engine.rows} where ({column} >= {since} or {column} is null) and"
        f" ({column} > {since} or {column} is null"
        f" or not exists (select 1 from {quoted(table)} s where {same}))",
        [cursor.since_text] * 2,
    )


def _check_distinct(engine: Engine, cursor: Cursor, path: Path) -> None:
    """FT0711 when two rows of the file have one cursor value and one key."""
    from foretell.sources.duckdb_engine import Stream, quoted

    table = f"{OWN_NAMES}_rows"
    columns = [*cursor.key, *([] if cursor.column in cursor.key else [cursor.column])]
    engine.add_stream(table, Stream(files(path, "arrow"), columns))
    names = ", ".join(quoted(name) for name in columns)
    twice = next(
        engine.select(
            f"select {names}, count(*) as n from {quoted(table)} group by {names} having count(*) > 1 limit 1"
        ),
        None,
    )
    if twice is not None:
        *values, count = (column[0].as_py() for column in twice.columns)
        which = ", ".join(f"{name} = {value}" for name, value in zip(columns, values, strict=True))
        raise error(
            "FT0711",
            f"the key does not tell rows apart: {count} rows of the query have {which}",
            "name more columns: key=[…], or make the rows distinct in the query",
        )


def located(plan: Plan, staging: Path) -> Plan:
    """A pinned plan as it is read on this machine: a query's rows are looked up in ``staging``, and verified.

    FT0604 when they are gone, or not the pinned ones.
    """
    if "query" not in plan:
        return plan
    pinned = plan["files"][0]
    path = staging / pinned["path"]
    digest = None
    with suppress(FileNotFoundError), open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != pinned["sha256"]:
        what = "are gone" if digest is None else "are damaged"
        raise error(
            "FT0604",
            f"the rows of the query that this unit was pinned to {what}: {path}",
            "put the file back from a copy, or run into a new output",
        )
    # The workers need not know what was seen.
    read = {name: value for name, value in plan.items() if name != "query"}
    return {**read, "files": [local_file(os.fspath(path)).to_json()]}
