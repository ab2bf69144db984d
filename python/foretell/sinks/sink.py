"""A file that is written under another name, made durable, and only then given its own name."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from foretell.error import Error, error

if TYPE_CHECKING:
    import pyarrow as pa

#: What `open_sink` takes, and how the names of its files end.
FORMATS = {"parquet": ".parquet", "csv": ".csv", "jsonl": ".jsonl"}


def open_sink(format: str, path: str | os.PathLike[str], schema: pa.Schema, **options: Any) -> Sink:
    """A file of ``format`` (parquet, csv, jsonl) at ``path``, whose folder exists.

    Text is compressed when the path ends with .gz or .zst. ``options``: ``compression`` of Parquet
    ("zstd", "snappy", "none"). FT0703 for another format, FT0706 when the path cannot be written or a
    type cannot be kept in the format, FT0902 when the disk is full. Not thread-safe.
    """
    from foretell.sinks.parquet import ParquetSink
    from foretell.sinks.text import CsvSink, JsonLinesSink

    sinks: dict[str, type[Sink]] = {"parquet": ParquetSink, "csv": CsvSink, "jsonl": JsonLinesSink}
    if format not in sinks:
        raise error("FT0703", f'"{format}" is not a format of output', "formats are " + ", ".join(sinks))
    if "://" in os.fspath(path):
        raise error("FT0706", f"{os.fspath(path)} is a URL, and outputs are local files", "give a local path")
    return sinks[format](Path(path), schema, **options)


class Output:
    """What pyarrow's writers write to. It cannot close the file, which has to be flushed to the disk first;
    and once the file is given up, what a writer still has to say is dropped.
    """

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file: IO[bytes] | None = file

    def write(self, data: bytes) -> int:
        return len(data) if self._file is None else self._file.write(data)

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None: ...

    def drop(self) -> None:
        self._file = None


class Sink(ABC):
    """Writes batches of one schema to one file.

    The file appears at its path by `close`, whole and durable (file and folder are flushed to the
    disk), replacing what was there. `abort`, an exception in a ``with`` block, or a failed call leave
    nothing of it, and what was at the path stays. A killed process leaves a name that begins with
    ``.`` and ends with ``.tmp``.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._temporary = path.parent / f".{path.name}.{uuid.uuid4().hex[:12]}.tmp"
        self._file: IO[bytes] | None = None
        self._size: int | None = None
        try:
            # The sink closes it: by `close` or by `abort`.
            self._file = open(self._temporary, "xb")  # noqa: SIM115
            self._output = Output(self._file)
            self._open(self._output)
        except BaseException as raised:
            self.abort()
            raise self._failed(raised) from raised

    @abstractmethod
    def _open(self, output: Output) -> None: ...

    @abstractmethod
    def _write(self, batch: pa.RecordBatch) -> None: ...

    @abstractmethod
    def _finish(self) -> None: ...

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends a batch of the sink's schema. FT0207 when it has another one."""
        if self._file is None:
            raise error("FT0706", f"{self.path} is closed, and a batch was to be written to it")
        try:
            if not batch.schema.equals(self.schema):
                raise error(
                    "FT0207",
                    f"a batch for {self.path} has the columns {_columns(batch.schema)}, "
                    f"and the file has {_columns(self.schema)}",
                )
            if batch.num_rows:
                self._write(batch)
                self.rows += batch.num_rows
        except BaseException as raised:
            self.abort()
            raise self._failed(raised) from raised

    def close(self) -> int:
        """Makes the file whole, durable and visible; its size in bytes. A second call does nothing more."""
        if self._size is not None:
            return self._size
        if self._file is None:
            raise error("FT0706", f"{self.path} was given up, and cannot be closed")
        try:
            self._finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            size = os.fstat(self._file.fileno()).st_size
            self._file.close()
            os.replace(self._temporary, self.path)
            sync_folder(self.path.parent)
        except BaseException as raised:
            self.abort()
            raise self._failed(raised) from raised
        self._file = None
        self._size = size
        return size

    def abort(self) -> None:
        """Gives the file up; nothing of it stays. After `close` it does nothing."""
        file, self._file = self._file, None
        if file is None:
            return
        self._output.drop()
        with contextlib.suppress(OSError):  # A full disk fails the last flush; the file goes away anyway.
            file.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if raised is None:
            self.close()
        else:
            self.abort()

    def _failed(self, raised: BaseException) -> BaseException:
        import pyarrow as pa

        if isinstance(raised, Error) or not isinstance(raised, (OSError, ValueError, pa.ArrowException)):
            return raised
        number = getattr(raised, "errno", None)
        if number in (errno.ENOSPC, errno.EDQUOT):
            return error(
                "FT0902", f"the disk is full: {self.path} cannot be written", "make room, and run again"
            )
        if isinstance(raised, OSError):
            reason = os.strerror(number).lower() if number else str(raised).splitlines()[0]
            return error(
                "FT0706", f"{self.path} cannot be written: {reason}", "check the folder and its permissions"
            )
        return error("FT0706", f"{self.path} cannot be written: {str(raised).splitlines()[0]}")


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{column.name}: {column.type}" for column in schema)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
