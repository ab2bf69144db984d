"""Kafka messages into rows: the value's JSON in the columns of a schema, the message's own columns behind them.

    decode = source.decoder()             # small and picklable: it goes to where the messages are
    rows, faults = decode(batch)          # a row for each message, in order

The rules of JSON are those of `ft.files` for JSON Lines, a message being a line; here it may also be spread over
several lines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from foretell.sources.format import Reading, rows_a_batch
from foretell.sources.jsonl import JsonLines
from foretell.sources.text_format import BOM, Start
from foretell.sources.text_types import json_type
from foretell.sources.types import parse_type

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

Fault: TypeAlias = tuple[int, str, str]

MESSAGE = {
    "key": "binary",
    "topic": "string",
    "partition": "int32",
    "offset": "int64",
    "timestamp": "timestamp[us, UTC]",
    "value": "binary",
}
"""What every message has, in the order of the rows' columns."""

_FORMAT, _START, _READING = JsonLines(), Start(), Reading()


@dataclass(frozen=True)
class Decode:
    """``columns``: names and types that are read from the value's JSON; None: the value stays as it is.
    ``prefix``: how the names of the message's own columns begin in the rows. Thread-safe."""

    columns: tuple[tuple[str, str], ...] | None
    max_bytes: int | None = None
    prefix: str = ""

    def schema(self) -> pa.Schema:
        """Of the rows. FT0202 for a type that JSON cannot be read as."""
        import pyarrow as pa

        message = [pa.field(self.prefix + name, parse_type(kind)) for name, kind in MESSAGE.items()]
        return pa.schema([*self._wanted(), *message])

    def __call__(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[Fault]]:
        """Rows of `schema`, one for each message of ``batch``, whose columns are named as in `MESSAGE` (others are
        passed over); and the faults: row number, code, what is wrong.

        FT0704: a value that is no JSON object, or not of the declared types, or longer than ``max_bytes``;
        FT0306: a tombstone, where JSON is read. Such rows have nulls in the columns that are read, and their
        value. Nothing is raised for what a message holds.
        """
        import pyarrow as pa

        message = [batch.column(name).cast(parse_type(kind)) for name, kind in MESSAGE.items()]
        faults = self._too_long(message[-1])
        read = [] if self.columns is None else _read(message[-1], self._wanted(), faults)
        rows = pa.RecordBatch.from_arrays([*read, *message], schema=self.schema())
        topics, partitions, offsets = message[1:4]
        told = [
            (row, code, f"{topics[row]}/{partitions[row]}, offset {offsets[row]}: {text}")
            for row, (code, text) in sorted(faults.items())
        ]
        return rows, told

    def _wanted(self) -> pa.Schema:
        import pyarrow as pa

        wanted = pa.schema([(name, parse_type(kind)) for name, kind in self.columns or ()])
        for column in wanted:
            json_type(column.type, column.name)
        return wanted

    def _too_long(self, values: pa.Array) -> dict[int, tuple[str, str]]:
        import numpy as np
        import pyarrow.compute as pc

        if self.max_bytes is None or values.nbytes <= self.max_bytes:
            return {}
        sizes = pc.binary_length(values).fill_null(0).to_numpy()
        return {
            int(row): ("FT0704", f"the message has {sizes[row]:,} bytes, and max_bytes is {self.max_bytes:,}")
            for row in np.flatnonzero(sizes > self.max_bytes)
        }


def _read(values: pa.Array, wanted: pa.Schema, faults: dict[int, tuple[str, str]]) -> list[pa.Array]:
    """The columns of the values' JSON, null where a value has a fault; the faults that are found are added."""
    import numpy as np
    import pyarrow as pa

    from foretell.sources.sampling import take_rows

    absent = values.is_null().to_numpy(zero_copy_only=False)
    faults.update((int(row), ("FT0306", "a tombstone")) for row in np.flatnonzero(absent))
    passed: list[npt.NDArray[np.int64]] = []
    tables = [wanted.empty_table()]
    left = _blocks(values, np.setdiff1d(np.arange(len(values)), np.array([*faults], np.int64)))
    while left:
        block = left.pop()
        try:
            tables.append(_parsed(block.values, wanted))
            passed.append(block.rows)
        except (pa.ArrowException, ValueError, OverflowError) as failure:
            if not block.sorted:
                left += block.sort()
            elif len(block.rows) > 1:
                left += block.halves()
            else:
                faults[int(block.rows[0])] = "FT0704", _reason(block.values[0].as_py(), wanted, failure)
    table = pa.concat_tables(tables)
    order = np.concatenate(passed) if passed else np.empty(0, np.int64)
    if len(order) < len(values) or (np.diff(order) < 0).any():
        place: list[int | None] = [None] * len(values)
        for at, row in enumerate(order.tolist()):
            place[row] = at
        table = take_rows(table, place)
    return [_one_array(column) for column in table.columns]


@dataclass(frozen=True)
class _Block:
    """Some values and their row numbers. ``sorted``: those that are surely no rows are in blocks of their own, the
    others on a line each."""

    rows: npt.NDArray[np.int64]
    values: pa.Array
    sorted: bool = False

    def sort(self) -> list[_Block]:
        """What Python's `json` takes for an object in one block, anything else alone: what is a row is for pyarrow
        to say, as it does where nothing fails."""
        import numpy as np
        import pyarrow as pa

        objects: list[tuple[int, bytes]] = []
        others = []
        for row, value in zip(self.rows.tolist(), self.values.to_pylist(), strict=True):
            value = value.removeprefix(BOM)
            try:
                is_object = isinstance(json.loads(value.decode()), dict)
            except (ValueError, RecursionError):
                is_object = False
            if is_object:  # and so its line ends lie between tokens
                objects.append((row, value.replace(b"\n", b" ")))
            else:
                others.append((row, value))
        groups = [objects] * bool(objects) + [[other] for other in others]
        return [
            _Block(
                np.array([row for row, _ in group], np.int64),
                pa.array([value for _, value in group], pa.binary()),
                True,
            )
            for group in groups
        ]

    def halves(self) -> list[_Block]:
        middle = len(self.rows) // 2
        return [
            _Block(self.rows[part], self.values[part], True)
            for part in (slice(middle, None), slice(None, middle))
        ]


def _blocks(values: pa.Array, rows: npt.NDArray[np.int64]) -> list[_Block]:
    """The values of these rows in blocks of a size for the reader, the last one first."""
    import pyarrow as pa

    if len(rows) < len(values):
        values = values.take(pa.array(rows))
    step = rows_a_batch(len(values), values.nbytes)
    return [
        _Block(rows[at : at + step], values[at : at + step]) for at in reversed(range(0, len(values), step))
    ]


def _parsed(values: pa.Array, wanted: pa.Schema) -> pa.Table:
    """The rows of values that are objects on a line each; ValueError, or what pyarrow raises, for others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    together = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    data = pc.binary_join(together, b"\n")[0].as_py()
    if data.lstrip().startswith(b"{") and data.count(b"\n") == len(values) - 1:
        table = _FORMAT.parse(data, _START, wanted, _READING)
        if table.num_rows == len(values):
            return table
    raise ValueError("the message is not one whole JSON object")


def _reason(value: bytes, wanted: pa.Schema, failure: Exception) -> str:
    """What is wrong with a value that cannot be read."""
    try:
        found = json.loads(value.decode())
    except UnicodeDecodeError:
        pass
    except (ValueError, RecursionError) as raised:
        return f"not JSON: {raised}"
    else:
        if not isinstance(found, dict):
            return f"JSON, but no object: {_KINDS[type(found)]}"
    return _FORMAT.bad_row("", value, _START, wanted, _READING, failure).message.removeprefix(": ")


_KINDS = {
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
