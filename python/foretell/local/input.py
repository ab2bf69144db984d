"""What a new unit reads: all of a source, or what no unit of its output has planned yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from foretell.error import error
from foretell.sources import InputFile, Sql
from foretell.sources.answer import Answer, ask

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from foretell import _core
    from foretell.sources import Plan, Source


class Planner(Protocol):
    """What a new unit reads, before its pin says so."""

    def plan(
        self, target_rows: int, target_bytes: int, min_splits: int, declared: pa.Schema | None
    ) -> Plan: ...

    def discard(self) -> None:
        """The unit was not pinned: nothing that was made for it stays."""


class FilesPlanner:
    """Files of a source: ``files``, or all of them."""

    def __init__(self, source: Source, files: list[InputFile] | None = None) -> None:
        self._source = source
        self._files = files

    def plan(self, target_rows: int, target_bytes: int, min_splits: int, declared: pa.Schema | None) -> Plan:
        return self._source.plan(target_rows, target_bytes, min_splits, declared, self._files)

    def discard(self) -> None: ...


class QueryPlanner:
    """All rows of a query, asked for when they are planned."""

    def __init__(self, source: Sql, folder: Callable[[], Path]) -> None:
        self._source = source
        self._folder = folder
        self._answer: Answer | None = None

    def plan(self, target_rows: int, target_bytes: int, min_splits: int, declared: pa.Schema | None) -> Plan:
        if self._answer is None:
            self._answer = ask(self._source, self._folder(), rounds=False)
        assert self._answer is not None
        return self._answer.plan(target_rows, target_bytes, min_splits, declared)

    def discard(self) -> None:
        if self._answer is not None:
            self._answer.discard()


def whole_input(source: Source, folder: Callable[[], Path]) -> Planner:
    """All that a source holds. ``folder`` makes one for rows that cannot be asked for twice."""
    return QueryPlanner(source, folder) if isinstance(source, Sql) else FilesPlanner(source)


class Past:
    """What the units of an output have planned, and so what is new to it."""

    def __init__(self, units: Iterable[_core.Unit]) -> None:
        self._seen: dict[str, dict[str, Any]] = {}
        self._query: dict[str, Any] | None = None
        self._kind = ""
        for unit in units:
            self.add(unit)

    def add(self, unit: _core.Unit) -> None:
        plan = json.loads(unit.pin["plan"])
        self._query = plan.get("query")
        self._kind = "files" if self._query is None else "a query"
        if self._query is None:  # the newest plan of a file wins
            self._seen.update((file["path"], file) for file in plan["files"])

    def new_input(
        self, source: Source, rescore_changed: bool, folder: Callable[[], Path], settling: Settling | None
    ) -> Planner | None:
        """What no unit has planned yet; None when there is nothing, or nothing that has settled.

        FT0601 when the units read files and this is a query, or the other way round; FT0604 for a file
        that changed since it was planned, unless it may be rescored.
        """
        now = "a query" if isinstance(source, Sql) else "files"
        if self._kind not in ("", now):
            raise error(
                "FT0601",
                f"the rounds so far read {self._kind}, and this one would read {now}",
                "run into a new output",
            )
        if isinstance(source, Sql):
            if settling is not None and not settling.has_settled(source):
                return None
            return ask(source, folder(), rounds=True, before=self._query)
        listed = source.list_files()
        if settling is not None:
            listed = settling.settled(listed)
        files = self._new_files(listed, rescore_changed)
        return FilesPlanner(source, files) if files else None

    def _new_files(self, listed: Iterable[InputFile], rescore_changed: bool) -> list[InputFile]:
        found = []
        for file in listed:
            before = self._seen.get(file.path)
            if before is None:
                found.append(file)
            elif file != InputFile.from_json(before):
                if not rescore_changed:
                    raise error(
                        "FT0604",
                        f"{file.path} changed since it was scored: {before['size']} bytes then, {file.size} now",
                        "give changed data a new file name, or pass --rescore-changed to score the whole file"
                        " again",
                    )
                found.append(file)
        return found


class Settling:
    """Which files have stopped changing: those that looked the same in the last ``times`` listings."""

    def __init__(self, times: int) -> None:
        self._times = times
        self._listed: dict[str, tuple[InputFile, int]] = {}

    def settled(self, listed: Iterable[InputFile]) -> list[InputFile]:
        """Those of a listing that have, this listing counted."""
        before, self._listed = self._listed, {}
        for file in listed:
            known, times = before.get(file.path, (file, 0))
            self._listed[file.path] = (file, times + 1 if known == file else 1)
        return [file for file, times in self._listed.values() if times >= self._times]

    def has_settled(self, source: Sql) -> bool:
        """Whether all files of a query's tables have: a row of an unfinished one could be below the cursor later."""
        tables = [table.list_files() for table in source.tables.values() if table.repeatable]
        listed = {file.path: file for files in tables for file in files}
        return len(self.settled(listed.values())) == len(listed)
