"""Parquet files: splits are row groups, a few together; a large one is cut into ranges of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.sources.format import Format, Reading, cast_batch, merge_schemas, packed, rows_a_batch
from foretell.sources.listing import file_system, unreadable
from foretell.sources.source import InputFile

if TYPE_CHECKING:
    import pyarrow as pa

# A range of rows in a row group is reached by decoding what lies before it, so the pieces of one row
# group cost (pieces + 1) / 2 times its decoding: at most 4.5 times.
_MOST_PIECES = 8


class Parquet(Format):
    name = "parquet"
    suffixes = (".parquet", ".parq", ".pq")

    def schema(self, files: Sequence[InputFile], reading: Reading, declared: pa.Schema | None) -> pa.Schema:
        found = []
        for file in files:
            with _opened(file) as parquet:
                found.append((file, parquet.schema_arrow.remove_metadata()))
        return merge_schemas(found, reading.declared(None))

    def splits(
        self, file: InputFile, rows: int | Fraction, size: int, reading: Reading
    ) -> Iterator[dict[str, Any]]:
        with _opened(file) as parquet:
            metadata = parquet.metadata
            groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        blocks = ((group.num_rows, group.total_byte_size) for group in groups)
        yield from packed(blocks, rows, size, "row_groups", _MOST_PIECES)

    def read(
        self, file: InputFile, split: dict[str, Any] | None, schema: pa.Schema, reading: Reading
    ) -> Iterator[pa.RecordBatch]:
        with _opened(file) as parquet:
            metadata = parquet.metadata
            groups = range(metadata.num_row_groups) if split is None else split["row_groups"]
            left = metadata.num_rows if split is None else split["rows"]
            skip = 0 if split is None else split["skip"]
            if left == 0:
                return
            for name in schema.names:
                if name not in parquet.schema_arrow.names:
                    raise error("FT0203", f'{file.path} has no column "{name}"')
            weight = sum(metadata.row_group(i).total_byte_size for i in groups)
            held = sum(metadata.row_group(i).num_rows for i in groups)
            batches = parquet.iter_batches(
                batch_size=rows_a_batch(held, weight), row_groups=list(groups), columns=schema.names
            )
            for batch in batches:
                if skip >= batch.num_rows:
                    skip -= batch.num_rows
                    continue
                piece = batch.slice(skip, left)
                skip = 0
                left -= piece.num_rows
                yield cast_batch(piece.select(schema.names), schema, file)
                if left == 0:
                    return
            raise error("FT0702", f"{file.path} ends {left} rows before its metadata says")


@contextmanager
def _opened(file: InputFile) -> Iterator[Any]:
    """A pyarrow ParquetFile; whatever pyarrow raises inside becomes FT0702 naming the file."""
    import pyarrow as pa
    from pyarrow import parquet

    if file.size == 0:
        raise error(
            "FT0702", f"{file.path} is empty: it has 0 bytes, and Parquet needs a footer", "remove the file"
        )
    try:
        fs, inner = file_system(file.path)
        with fs.open_input_file(inner) as stream:
            yield parquet.ParquetFile(stream)
    except Error:
        raise
    except (pa.ArrowException, OSError, ValueError) as raised:
        raise unreadable(file.path, raised, "it may be truncated: compare it with its origin") from raised
