"""The rows that a model is trained on, and a digest that tells whether two trainings had the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.predictor.schema import Schema
    from foretell.sources import InputFile, Source

MOST_FILES = 1_000
"""Files that a version names with their digests; of more it keeps the number and one digest."""


def read_rows(
    source: Source, declared: Schema | None, sample: int | None, seed: int
) -> tuple[pa.Table, dict[str, Any]]:
    """The rows, and what a version keeps of where they came from.

    ``declared``: text columns are read in these types. FT0604 when a file changed meanwhile, FT0708 when
    there is no row.
    """
    from foretell.sources import Files

    if isinstance(source, Files) and declared is not None:
        source = source.typed(declared)
    before = _files(source)
    table = source.read().read_all() if sample is None else source.sample(sample, seed)
    if not table.num_rows:
        raise error("FT0708", f"{source.describe()} has no row to train on", "is it the right path?")
    data: dict[str, Any] = {
        "source": source.describe(),
        "rows": table.num_rows,
        "sample": sample,
        "sha256": table_digest(table),
    }
    if before is not None:
        data |= _told(before, with_digests=sample is None)
        _check_unchanged(before, _files(source) or [])
    return table, data


def table_digest(table: pa.Table) -> str:
    """SHA-256 of columns and values, however the table is cut into chunks."""
    import pyarrow as pa

    digest = hashlib.sha256()
    plain = table.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(pa.PythonFile(_Hashing(digest), "w"), plain.schema) as writer:
        writer.write_table(plain)
    return digest.hexdigest()


class _Hashing:
    """A file that keeps nothing of what is written but its digest."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self._digest = digest
        self._written = 0

    def write(self, data: Any) -> int:
        self._digest.update(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None: ...

    def close(self) -> None: ...


def _files(source: Source) -> list[InputFile] | None:
    """The source's files; None where it has none."""
    try:
        return source.list_files()
    except Error as problem:
        if problem.code == "FT0707":
            return None
        raise


def _told(files: list[InputFile], with_digests: bool) -> dict[str, Any]:
    """Path and size of each file, and the digest of its bytes where all of them were read."""
    told = []
    for file in files:
        one: dict[str, Any] = {"path": file.path, "size": file.size}
        if with_digests:
            one["sha256"] = _file_digest(file)
        told.append(one)
    if len(told) <= MOST_FILES:
        return {"files": told}
    every = hashlib.sha256(repr([sorted(one.items()) for one in told]).encode()).hexdigest()
    return {"files": None, "files_count": len(told), "files_sha256": every}


def _file_digest(file: InputFile) -> str:
    from foretell.sources.listing import file_system, unreadable

    opened, path = file_system(file.path)
    digest = hashlib.sha256()
    try:
        with opened.open_input_stream(path, compression=None) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as raised:
        raise unreadable(file.path, raised) from raised
    return digest.hexdigest()


def _check_unchanged(before: list[InputFile], after: list[InputFile]) -> None:
    if before == after:
        return
    changed = next(file.path for file in [*before, *after] if file not in before or file not in after)
    raise error("FT0604", f"{changed} changed while it was read for training", "train again")
