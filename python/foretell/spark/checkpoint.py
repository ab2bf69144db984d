"""Spark's checkpoint of a stream, and the output that it belongs to.

    <checkpoint>/offsets/<batch>     Spark's: what a micro-batch reads
    <checkpoint>/metadata            Spark's: the name of the query
    <checkpoint>/foretell.json       ours: {"lineage", "first_unit"}

Read and written through Hadoop's file systems, as Spark does: a checkpoint may lie wherever Spark can keep one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from foretell.error import error

_OURS = "foretell.json"


@dataclass(frozen=True)
class Lineage:
    """``id``: the output's. Micro-batch 0 is its unit ``first_unit``."""

    id: str
    first_unit: int


class Checkpoint:
    """``path``: a folder or a URL that Spark knows. Used by one thread at a time."""

    def __init__(self, session: Any, path: str) -> None:
        self.path = path
        jvm = session.sparkContext._jvm
        self._utils = jvm.org.apache.commons.io.IOUtils
        self._path = jvm.org.apache.hadoop.fs.Path
        self._charset = jvm.java.nio.charset.StandardCharsets.UTF_8
        root = self._path(path)
        self._files = root.getFileSystem(session.sparkContext._jsc.hadoopConfiguration())

    def lineage(self) -> Lineage | None:
        """What was created here; FT0603 for a file that is not ours."""
        text = self._read(_OURS)
        if text is None:
            return None
        try:
            found = json.loads(text)
            return Lineage(str(found["lineage"]), int(found["first_unit"]))
        except (ValueError, KeyError, TypeError) as problem:
            raise error(
                "FT0603", f"{self.path}/{_OURS} is damaged: {problem}", "give the stream another checkpoint"
            ) from problem

    def write(self, lineage: Lineage) -> None:
        """Whoever does holds the output that it names, and so is alone."""
        text = json.dumps({"lineage": lineage.id, "first_unit": lineage.first_unit})
        target, partial = self._path(self.path, _OURS), self._path(self.path, f".{_OURS}.{lineage.id}")
        self._files.mkdirs(self._path(self.path))
        stream = self._files.create(partial, True)
        try:
            self._utils.write(text, stream, self._charset)
        finally:
            stream.close()
        self._files.delete(target, False)
        if not self._files.rename(partial, target):
            raise error(
                "FT0706", f"{self.path}/{_OURS} cannot be written", "is it a folder that you may write to?"
            )

    @property
    def query(self) -> str:
        """Spark's name for the query that goes on here."""
        text = self._read("metadata")
        return "" if text is None else str(json.loads(text)["id"])

    @property
    def used(self) -> bool:
        """Whether a query has begun here."""
        folder = self._path(self.path, "offsets")
        return bool(self._files.exists(folder)) and len(list(self._files.listStatus(folder))) > 0

    def offsets(self, batch: int) -> list[Any]:
        """What each source of the query reads in a micro-batch, up to where; FT0607 when it is not there."""
        text = self._read(f"offsets/{batch}")
        if text is None:
            raise error(
                "FT0607",
                f"{self.path}/offsets/{batch} is not there, and a unit is pinned to what it says",
                "was the checkpoint changed by hand?",
            )
        # "v1", the batch's own settings, then a line for each source
        return [None if line == "-" else json.loads(line) for line in text.rstrip("\n").split("\n")[2:]]

    def _read(self, name: str) -> str | None:
        path = self._path(self.path, name)
        if not self._files.exists(path):
            return None
        stream = self._files.open(path)
        try:
            return str(self._utils.toString(stream, self._charset))
        finally:
            stream.close()
