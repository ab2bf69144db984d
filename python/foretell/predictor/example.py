"""The example that a version keeps: rows that `foretell check` predicts in every mode.

Given with ``example=``, they are kept as they are. Else they are drawn from a local source, and three hard
rows are added: one of nulls, one of empty values, one with a megabyte of text.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.error import Error, error
from foretell.predictor.contract import Contract

FILE = "example.arrow"
"""The rows within a version: an Arrow file, compressed."""

NEEDED = 100
"""Distinct rows of a complete check, unless the source has fewer."""

_DRAWN = 1_000
_HARD_BYTES = 1 << 20
_LARGEST_TEXT = (
    1 << 30
)  # bytes of text files that are scanned for a sample; of larger ones the beginning is read


@dataclass(frozen=True)
class Example:
    """``needed``: the distinct rows of a complete check; ``origin``: "given" or "source"."""

    rows: Any
    origin: str
    needed: int = NEEDED
    hard: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows.num_rows,
            "hard": self.hard,
            "origin": self.origin,
            "needed": self.needed,
        }

    def write(self, path: Path) -> None:
        import pyarrow as pa

        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_file(path, self.rows.schema, options=options) as writer:
            writer.write_table(self.rows)


def given(example: Any) -> Example:
    """The rows that a user gave as ``example=``; FT0101 when there is none."""
    import pyarrow as pa

    from foretell.predictor.pieces import batch_of
    from foretell.predictor.rows import Row
    from foretell.predictor.scorer import own

    if isinstance(example, Mapping):
        example = [example]
    if isinstance(example, (list, tuple)):
        rows = [Row({name: own(value) for name, value in dict(row).items()}) for row in example]
        table = pa.Table.from_batches([batch_of(rows, {}, "example's").to_arrow()])
    elif type(example).__module__.partition(".")[0] == "pandas":
        table = pa.Table.from_pandas(example, preserve_index=False).replace_schema_metadata(None)
    else:
        table = pa.table(example)
    if not table.num_rows:
        raise error("FT0101", "the example has no row", "give a row or a few that the predictor can predict")
    return Example(table, "given")


def drawn(predictor: Any, contract: Contract) -> Example | None:
    """Rows from across the source, and hard ones; None, with a warning, where it cannot be read here."""
    if predictor.source is None:
        return None
    try:
        table, needed = of_source(predictor, contract)
    except Error as problem:
        warnings.warn(
            f"no example of {predictor.name} could be drawn from its source ({problem.code}: "
            f"{problem.message}), so `foretell check` will need --rows; or give example=",
            stacklevel=4,
        )
        return None
    if not table.num_rows:
        return None
    hard = _hard_rows(table)
    return Example(_stacked([table, hard]), "source", needed, hard.num_rows)


def of_source(predictor: Any, contract: Contract) -> tuple[Any, int]:
    """Distinct rows from across a predictor's source, 100 at most, as a table; and how many of the source's a
    complete check needs: 100, or all when it has fewer. Raises what reading the source does."""
    from foretell import _core
    from foretell.predictor.declared import declared_source

    table = _columns(_draw(declared_source(predictor.source), contract), contract)
    read = table.column_names if contract.input is None else list(contract.input)
    read = [name for name in read if name in table.column_names]
    every = table.num_rows < _DRAWN
    table = _some_distinct(table, read, NEEDED)
    return table, min(NEEDED, _core.count_distinct(table.select(read))) if every else NEEDED


def _draw(source: Any, contract: Contract) -> Any:
    from foretell.sources import Files

    if not isinstance(source, Files):
        return source.sample(_DRAWN)
    listed = source.list_files()
    source = source.at(listed)
    if contract.input is not None:
        source = source.typed(contract.input)
    if source.is_text and sum(file.size for file in listed) > _LARGEST_TEXT:
        return source.read(limit=_DRAWN).read_all()
    return source.sample(_DRAWN)


def _columns(table: Any, contract: Contract) -> Any:
    """The columns that are read and kept; all where either is not declared."""
    if contract.input is None or contract.keep is None:
        return table
    wanted = [*contract.input, *(name for name in contract.keep if name not in contract.input)]
    return table.select([name for name in wanted if name in table.column_names])


def _some_distinct(table: Any, read: list[str], most: int) -> Any:
    """Up to ``most`` rows that differ from one another in the columns ``read``, from all over the table."""

    first: dict[str, int] = {}
    for at, row in enumerate(table.select(read).to_pylist()):
        first.setdefault(repr(row), at)
    places = list(first.values())
    chosen = [places[i * len(places) // most] for i in range(most)] if len(places) > most else places
    from foretell.sources.sampling import take_rows

    return take_rows(table, chosen)


def _hard_rows(table: Any) -> Any:
    """A row of nulls, a row of empty values, a row whose texts have a megabyte together; of its schema."""
    import pyarrow as pa

    def bare(field: Any) -> Any:
        return pa.field(field.name, field.type)

    schema = pa.schema([bare(field) for field in table.schema])
    texts = [field.name for field in schema if _is_text(field.type)] or [""]
    length = _HARD_BYTES // len(texts)
    nulls = [pa.nulls(1, field.type) for field in schema]
    empty = [_one(_empty(field.type), field.type) for field in schema]
    long = [
        _one(_long(table.column(field.name), length), field.type)
        if field.name in texts
        else table.column(field.name).combine_chunks().slice(0, 1)
        for field in schema
    ]
    rows = [nulls, empty, long] if texts != [""] else [nulls, empty]
    return _stacked([pa.table(columns, names=schema.names).cast(schema) for columns in rows])


def _stacked(tables: list[Any]) -> Any:
    import pyarrow as pa

    first = tables[0].replace_schema_metadata(None)
    return pa.concat_tables([table.replace_schema_metadata(None).cast(first.schema) for table in tables])


def _is_text(kind: Any) -> bool:
    import pyarrow.types as is_

    return bool(is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind))


def _one(value: Any, kind: Any) -> Any:
    """An array of one value; null where the type cannot hold it."""
    import pyarrow as pa

    try:
        return pa.array([value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.nulls(1, kind)


def _empty(kind: Any) -> Any:
    import pyarrow.types as is_

    if _is_text(kind):
        return ""
    if is_.is_binary(kind) or is_.is_large_binary(kind):
        return b""
    if is_.is_boolean(kind):
        return False
    if is_.is_integer(kind):
        return 0
    if is_.is_floating(kind):
        return 0.0
    if is_.is_list(kind) or is_.is_large_list(kind):
        return []
    if is_.is_struct(kind):
        return {kind.field(i).name: _empty(kind.field(i).type) for i in range(kind.num_fields)}
    return None


def _long(column: Any, length: int) -> str:
    """Text of ``length`` bytes at most, made of the column's own values over and over."""
    words = " ".join(str(value) for value in column.slice(0, 20).to_pylist() if value) or "text"
    unit = f"{words} "
    repeated = unit * (length // len(unit.encode()) + 1)
    return repeated.encode()[:length].decode(errors="ignore")
