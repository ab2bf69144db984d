"""Arrow IPC files (.arrow, .feather version 2) and streams (.arrows): splits are record batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.sources.format import Format, Reading, cast_batch, merge_schemas, packed, slices
from foretell.sources.listing import file_system, unreadable
from foretell.sources.source import InputFile

if TYPE_CHECKING:
    import pyarrow as pa


class ArrowIpc(Format):
    name = "arrow"
    suffixes = (".arrow", ".feather", ".arrows", ".ipc")

    def schema(self, files: Sequence[InputFile], reading: Reading, declared: pa.Schema | None) -> pa.Schema:
        found = []
        for file in files:
            with _opened(file) as batches:
                found.append((file, batches.schema.remove_metadata()))
        return merge_schemas(found, reading.declared(None))

    def splits(
        self, file: InputFile, rows: int | Fraction, size: int, reading: Reading
    ) -> Iterator[dict[str, Any]]:
        with _opened(file) as batches:
            blocks = ((batch.num_rows, batch.nbytes) for batch in batches.all())
            yield from packed(blocks, rows, size, "batches")

    def read(
        self, file: InputFile, split: dict[str, Any] | None, schema: pa.Schema, reading: Reading
    ) -> Iterator[pa.RecordBatch]:
        with _opened(file) as batches:
            for name in schema.names:
                if name not in batches.schema.names:
                    raise error("FT0203", f'{file.path} has no column "{name}"')
            chosen = batches.all() if split is None else batches.some(split["batches"])
            skip, left = (0, None) if split is None else (split["skip"], split["rows"])
            for batch in chosen:
                piece = batch.select(schema.names)
                piece = piece.slice(skip) if left is None else piece.slice(skip, left)
                skip = 0
                if left is not None:
                    left -= piece.num_rows
                for part in slices(piece):
                    yield cast_batch(part, schema, file)
            if left:
                raise error("FT0702", f"{file.path} ends {left} rows before its plan says")


class _Batches:
    """The record batches of a file or of a stream, by number."""

    def __init__(self, source: pa.NativeFile) -> None:
        import pyarrow as pa

        self._file: Any = None
        try:
            self._file = pa.ipc.open_file(source)
        except pa.ArrowInvalid:
            source.seek(0)
            self._stream = pa.ipc.open_stream(source)
        self.schema: pa.Schema = (self._file or self._stream).schema

    def all(self) -> Iterator[pa.RecordBatch]:
        if self._file is None:
            yield from self._stream
        else:
            for i in range(self._file.num_record_batches):
                yield self._file.get_batch(i)

    def some(self, numbers: Sequence[int]) -> Iterator[pa.RecordBatch]:
        if self._file is not None:
            for i in numbers:
                yield self._file.get_batch(i)
            return
        for i, batch in enumerate(self._stream):
            if i > numbers[-1]:
                return
            if i in numbers:
                yield batch


@contextmanager
def _opened(file: InputFile) -> Iterator[_Batches]:
    import pyarrow as pa

    if file.size == 0:
        raise error("FT0702", f"{file.path} is empty: it has 0 bytes, and no schema", "remove the file")
    try:
        fs, inner = file_system(file.path)
        with fs.open_input_file(inner) as source:
            yield _Batches(source)
    except Error:
        raise
    except (pa.ArrowException, OSError, ValueError) as raised:
        raise unreadable(file.path, raised, "it may be truncated: compare it with its origin") from raised
