"""What a file format offers to `Files`, and how the schemas of several files become one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sources.source import InputFile

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 8192
BATCH_BYTES = 8 << 20


@dataclass(frozen=True)
class Reading:
    """The options of `ft.files`. ``types`` are part of a plan's schema, the rest is its ``reading``."""

    types: dict[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    quote: str | None = '"'
    column_names: list[str] | None = None
    null_values: list[str] = field(default_factory=lambda: [""])

    def to_json(self) -> dict[str, Any]:
        return {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "column_names": self.column_names,
            "null_values": self.null_values,
        }

    def declared(self, declared: pa.Schema | None) -> dict[str, pa.DataType]:
        """Column types by name: what the caller declared, and over it the option ``types``."""
        from foretell.sources.types import parse_type

        found = {} if declared is None else {column.name: column.type for column in declared}
        return found | {name: parse_type(text) for name, text in self.types.items()}


class Format(ABC):
    """Stateless: one object serves all files and threads."""

    name: str
    suffixes: tuple[str, ...]
    is_text = False

    @abstractmethod
    def schema(self, files: Sequence[InputFile], reading: Reading, declared: pa.Schema | None) -> pa.Schema:
        """The one schema of the files. FT0705 naming two that do not agree."""

    @abstractmethod
    def splits(
        self, file: InputFile, rows: int | Fraction, size: int, reading: Reading
    ) -> Iterator[dict[str, Any]]:
        """``first_row``, ``rows`` and where they lie, in order; no split without rows, none of few beside others.

        About ``rows`` rows or ``size`` bytes each: a fraction of 53 rows and 8 splits gives eight of 6 or 7.
        """

    @abstractmethod
    def read(
        self, file: InputFile, split: dict[str, Any] | None, schema: pa.Schema, reading: Reading
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a split, or of the whole file, as batches of ``schema``."""


def merge_schemas(found: Sequence[tuple[InputFile, pa.Schema]], types: dict[str, pa.DataType]) -> pa.Schema:
    """The first file's columns, which every other file must have, in types that hold all of them.

    A column of nulls takes the type that another file has, else string. Columns that only later files
    have are left out. FT0705 names two files that do not agree; FT0203 a column of ``types`` that is
    in no file; FT0204 a file that has a name twice.
    """
    import pyarrow as pa

    for file, schema in found:
        check_names(schema.names, file)
    if not found:
        return pa.schema([])
    first, base = found[0]
    for name in types:
        if name not in base.names:
            raise error("FT0203", f'{first.path} has no column "{name}", which types= names', _columns(base))
    columns = []
    for column in base:
        origin, kind = first, column.type
        for file, schema in found[1:]:
            if column.name not in schema.names:
                raise error(
                    "FT0705",
                    f'{file.path} has no column "{column.name}", but {first.path} has',
                    "read files of one kind at a time, or add the column",
                )
            other = schema.field(column.name).type
            if column.name not in types and not fits(other, kind):
                if not pa.types.is_null(kind):
                    raise _disagree(column.name, origin, kind, file, other)
                origin, kind = file, other
        kind = types.get(column.name, kind)
        columns.append(pa.field(column.name, pa.string() if pa.types.is_null(kind) else kind))
    return pa.schema(columns)


def check_names(names: Sequence[str], file: InputFile) -> None:
    """FT0204 when a file has two columns of one name."""
    for i, name in enumerate(names):
        if name in names[:i]:
            raise error("FT0204", f'{file.path} has two columns named "{name}"', "rename one of them")


def fits(kind: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value of ``kind`` is one of ``wanted``, up to its encoding."""
    import pyarrow as pa

    is_ = pa.types
    if kind.equals(wanted) or is_.is_null(kind):
        return True
    if is_.is_dictionary(kind):
        return fits(kind.value_type, wanted)
    if is_.is_dictionary(wanted):
        return fits(kind, wanted.value_type)

    def text(t: pa.DataType) -> bool:
        return bool(is_.is_string(t) or is_.is_large_string(t) or is_.is_string_view(t))

    def raw(t: pa.DataType) -> bool:
        return bool(is_.is_binary(t) or is_.is_large_binary(t) or is_.is_binary_view(t))

    def items(t: pa.DataType) -> bool:
        return bool(is_.is_list(t) or is_.is_large_list(t))

    if (text(kind) and text(wanted)) or (raw(kind) and raw(wanted)):
        return True
    if items(kind) and items(wanted):
        return fits(kind.value_type, wanted.value_type)
    if is_.is_integer(kind) and is_.is_integer(wanted):
        signed = is_.is_signed_integer(kind) == is_.is_signed_integer(wanted)
        return bool(kind.bit_width < wanted.bit_width and (signed or is_.is_unsigned_integer(kind)))
    if is_.is_floating(kind) and is_.is_floating(wanted):
        return bool(kind.bit_width < wanted.bit_width)
    return False


def cast_batch(batch: pa.RecordBatch, schema: pa.Schema, file: InputFile) -> pa.RecordBatch:
    """A batch in the plan's types. FT0704 naming the column whose values they cannot hold."""
    import pyarrow as pa

    if batch.schema.equals(schema):
        return batch.replace_schema_metadata(None) if batch.schema.metadata else batch
    arrays = []
    for column in schema:
        array = batch.column(column.name)
        if not array.type.equals(column.type):
            try:
                array = array.cast(column.type)
            except (pa.ArrowException, ValueError) as raised:
                raise error(
                    "FT0704",
                    f'{file.path}: column "{column.name}" cannot be read as {column.type}: {raised}',
                    f'declare another type: ft.files(…, types={{"{column.name}": "{array.type}"}})',
                ) from raised
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of about ``BATCH_ROWS`` rows and ``BATCH_BYTES`` bytes; nothing is copied."""
    rows = rows_a_batch(batch.num_rows, batch.nbytes)
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def packed(
    blocks: Iterable[tuple[int, int]],
    rows: int | Fraction,
    size: int,
    key: str,
    most_pieces: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Splits of a file made of ``blocks``, each given by its rows and bytes: small ones a few together up to
    ``rows`` and ``size``, a larger one cut into ranges of its rows, at most ``most_pieces``. ``key`` names the
    list of the blocks' numbers in a split.
    """
    first = 0
    together: list[int] = []
    held = held_bytes = 0
    for number, (count, weight) in enumerate(blocks):
        if together and (held + count > rows or held_bytes + weight > size):
            yield {"first_row": first - held, "rows": held, key: together, "skip": 0}
            together, held, held_bytes = [], 0, 0
        if count == 0:
            continue
        pieces = min(most_pieces or count, max(-(-count // rows), -(-weight // size)), count)
        if pieces > 1:
            for piece in range(pieces):
                start, stop = count * piece // pieces, count * (piece + 1) // pieces
                yield {"first_row": first + start, "rows": stop - start, key: [number], "skip": start}
        else:
            together, held, held_bytes = [*together, number], held + count, held_bytes + weight
        first += count
    if together:
        yield {"first_row": first - held, "rows": held, key: together, "skip": 0}


def rows_a_batch(rows: int, size: int) -> int:
    return max(1, min(BATCH_ROWS, BATCH_BYTES * rows // max(1, size)))


def _columns(schema: pa.Schema) -> str:
    return "its columns are " + ", ".join(schema.names)


def _disagree(
    name: str, first: InputFile, kind: pa.DataType, second: InputFile, other: pa.DataType
) -> Exception:
    return error(
        "FT0705",
        f'column "{name}" is {kind} in {first.path} and {other} in {second.path}',
        f'declare one type for both: ft.files(…, types={{"{name}": "string"}})',
    )
