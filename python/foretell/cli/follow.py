"""``foretell run --follow``: rounds until somebody ends them."""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from types import FrameType
from typing import Any

from foretell.cli.printing import json_text
from foretell.error import error

INTERVAL = 30.0


def following(
    follow: bool, interval: str | None, settle: int | None, options: dict[str, Any], job: str | None
) -> dict[str, Any]:
    """The arguments that ``foretell.follow`` takes and ``foretell.run`` does not; none for a run that ends.

    FT0101 for those without ``--follow``, and for a time that is none.
    """
    if not follow:
        if interval is not None or settle is not None:
            option = "--interval" if interval is not None else "--settle"
            raise error("FT0101", f"{option} is about --follow, which was not given", "add --follow")
        return {}
    if options.pop("incremental", True) is False:
        raise error("FT0101", "--follow is a run with rounds, and cannot be --no-incremental")
    found: dict[str, Any] = {"interval": _seconds(interval) if interval is not None else _trigger(job)}
    return found if settle is None else {**found, "settle": settle}


def _seconds(text: str) -> float:
    from foretell.toml_values import seconds

    try:
        given: Any = float(text)
    except ValueError:
        given = text
    found: float | None = seconds("a time").take(given)
    if found is None:
        raise error("FT0101", f"--interval {text} is not a time", "such as 30s, 10m or 2h")
    return found


def _trigger(job: str | None) -> float:
    if job is None:
        return INTERVAL
    from foretell.project import here

    return here().job(job).trigger or INTERVAL


def follow_here(reference: str, options: dict[str, Any], as_json: bool, quiet: bool) -> None:
    """Follows, telling each round: a line of JSON, or for people. SIGTERM ends it as Ctrl-C does: between two
    rounds this returns, within one KeyboardInterrupt is raised.
    """
    from foretell.local import follow

    def ended(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ended)
    telling = False
    try:
        with closing(follow(reference, **options)) as rounds:  # type: ignore[type-var]
            for summary in rounds:
                telling = True
                if as_json:
                    print(json_text(summary.to_json()), flush=True)
                elif not quiet:
                    print(summary, flush=True)
                telling = False
    except KeyboardInterrupt:
        if not telling:  # within a round
            raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if not quiet:
        print("ended between two rounds; the same command again goes on from here", file=sys.stderr)
