"""The units of one output that is open for writing, and how the next one comes about."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.error import Error, error
from foretell.local.frame import FRAME
from foretell.local.input import Past, Planner, Settling, whole_input
from foretell.local.summary import RunSummary, TooManyBadRows
from foretell.local.unit import score_unit

if TYPE_CHECKING:
    from foretell import _core
    from foretell.local.driver import Run


class Rounds:
    """Used by one thread, while it holds the output."""

    def __init__(self, target: _core.Output, run: Run, output: str) -> None:
        self._target = target
        self._run = run
        self._output = output
        self._units = {unit.number: unit for unit in target.read_units()}
        self._counts = {
            number: commit["counts"] for number, unit in self._units.items() if (commit := unit.commit)
        }
        self._past: Past | None = None

    @property
    def unfinished(self) -> list[int]:
        """Units that are pinned, and not published yet."""
        return [unit.number for unit in self._units.values() if not unit.published]

    def bounded(self) -> RunSummary:
        """One unit, of the whole input; as it was, if it is there."""

        def whole(summary: RunSummary) -> None:
            if summary.units:
                return
            if (unit := self._units.get(1)) is not None:
                self._run.check_finished(self._output, unit, self._target.pins(1))
                self._work_on(1, None, summary)
            else:
                self._work_on(1, whole_input(self._run.source, self._folder), summary)

        return self._round(whole)

    def incremental(self, settling: Settling | None = None) -> RunSummary:
        """What an earlier round left undone; then a unit of what is new, if anything is."""

        def new(summary: RunSummary) -> None:
            if self._past is None:
                self._past = Past(self._units.values())
            run = self._run
            planner = self._past.new_input(run.source, run.rescore_changed, self._folder, settling)
            if planner is not None:
                self._work_on(len(self._units) + 1, planner, summary)

        return self._round(new)

    def _round(self, go_on: Callable[[RunSummary], None]) -> RunSummary:
        from foretell import _core

        began = time.monotonic()
        run = self._run
        summary = RunSummary(run.name, self._output)
        for number in self.unfinished:  # what an earlier call left undone, by its own pin
            pin = self._units[number].pin
            run.tell.note(f"unit {number} goes on as it began, by {run.name}@{pin['version']}")
            if json.loads(pin["plan"])["format"] == FRAME:
                run.source  # noqa: B018  a frame is made again, by the engine: it is not all in the plan
            self._work_on(number, None, summary)
        go_on(summary)
        summary.seconds = time.monotonic() - began
        if summary.units:
            try:
                _core.check_bad_rows(list(self._counts.values()), run.max_bad_ratio)
            except Error as limit:
                raise TooManyBadRows(limit.code, limit.message, limit.hint, summary) from None
        return summary

    def _work_on(self, number: int, planner: Planner | None, summary: RunSummary) -> None:
        run = self._run
        with run.engine.scorers(run.store_url, run.name, run.tell, run.deadline) as scorers:
            unit = self._target.unit(number, lambda: run.pin(list(self._units.values()), planner, scorers))
            if number not in self._units and self._past is not None:
                self._past.add(unit)
            self._units[number] = unit
            summary.units.append(score_unit(unit, run.name, scorers, run.tell))
            if commit := unit.commit:
                self._counts[number] = commit["counts"]
            summary.crashes += scorers.crashes
            summary.workers = run.engine.workers

    def _folder(self) -> Path:
        folder = self._target.make_input_folder(len(self._units) + 1)
        if folder is None:
            raise error("FT0904", f"{self._output} is not a local folder, and a query's rows are kept in one")
        return Path(folder)
