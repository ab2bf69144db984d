"""One unit of work on this machine: pinned, scored, committed, published."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.error import Error, error
from foretell.local.engine import Scorers
from foretell.local.frame import FRAME
from foretell.local.progress import Progress
from foretell.local.summary import UnitSummary
from foretell.sources.answer import located

if TYPE_CHECKING:
    from foretell import _core


def score_unit(unit: _core.Unit, name: str, scorers: Scorers, progress: Progress) -> UnitSummary:
    """Finishes a unit, whatever an earlier attempt left undone; its summary.

    Raises the error of an attempt that failed, after it was recorded when the version is to blame; what it
    finished is taken over by the next attempt.
    """
    if unit.committed:
        unit.publish()
        return summarise(unit, finished_before=True)
    attempt = unit.start()
    try:
        plan = located(json.loads(unit.pin["plan"]), Path(attempt.staging_path or "").parent)
        # A frame that is made again may be cut otherwise: no part of another attempt is one of this.
        finished = [] if plan["format"] == FRAME else attempt.adopt()
        adopted = {part["split"]: part["counts"]["rows"] for part in finished}
        splits = [split for split in plan["splits"] if split["number"] not in adopted]
        rows = (
            None if any(split["rows"] is None for split in splits) else sum(split["rows"] for split in splits)
        )
        opening = {
            "version": unit.pin["version"],
            "manifest_sha256": unit.pin["manifest_sha256"],
            "plan": plan,
            "unit": unit.number,
            "staging": attempt.staging_path,
            **plan["options"],
        }
        progress.start(f"{name}@{unit.pin['version']}, unit {unit.number}", rows)
        try:
            scorers.score(unit.pin["version"], opening, splits, attempt.finish_part)
        finally:
            progress.stop()
    except KeyboardInterrupt as stopped:
        stopped.add_note(f"run the same again to finish unit {unit.number}; its finished parts are kept")
        raise
    except Error as raised:
        try:
            attempt.fail(raised.code, raised.message)
        except Error as unrecorded:
            raised.add_note(f"it does not count as a failed attempt, since it was not recorded: {unrecorded}")
        raise
    if not unit.commit_attempt(attempt) and not unit.committed:
        raise error(
            "FT0608",
            f"unit {unit.number} was pinned to version {unit.pin['version']} while it was scored by another",
            "run the same command again to score it by the new pin",
        )
    unit.publish()  # won or lost: the one commit that there is
    return summarise(unit, adopted=len(adopted), adopted_rows=sum(adopted.values()))


def summarise(
    unit: _core.Unit, adopted: int = 0, adopted_rows: int = 0, finished_before: bool = False
) -> UnitSummary:
    """A committed unit, from its records."""
    commit = unit.commit or {"parts": [], "counts": {}}
    files = [name for part in commit["parts"] for name in part["files"]]
    reasons: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for part in commit["parts"]:
        details = json.loads(part["details"])
        reasons.update(details["reasons"])
        seconds.update(details["seconds"])
    return UnitSummary(
        unit=unit.number,
        version=unit.pin["version"],
        **commit["counts"],
        files=[name for name in files if not name.startswith("_")],
        quarantine=[name for name in files if name.startswith("_")],
        reasons=dict(reasons),
        stage_seconds={stage: round(taken, 3) for stage, taken in seconds.items()},
        adopted=adopted,
        adopted_rows=adopted_rows,
        finished_before=finished_before,
    )
