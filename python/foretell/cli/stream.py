"""``foretell run --engine spark --follow``: a stream of Spark's until somebody ends it."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from foretell.cli.printing import json_text
from foretell.error import error

if TYPE_CHECKING:
    from foretell.local.summary import UnitSummary


def refuse_streaming(given: dict[str, Any]) -> None:
    """FT0101 for options of a stream where none is asked for."""
    for name, value in given.items():
        if value is not None:
            option = "--" + name.replace("_", "-")
            raise error("FT0101", f"{option} is about a stream", "add --engine spark --follow")


def as_stream(
    given: dict[str, Any], interval: str | None, settle: int | None, options: dict[str, Any], job: str | None
) -> dict[str, Any]:
    """The arguments that ``foretell.spark.stream`` takes and ``foretell.run`` does not. FT0101 for those of rounds."""
    for option, value in (("--interval", interval), ("--settle", settle)):
        if value is not None:
            raise error(
                "FT0101", f"{option} is about rounds on this machine", "a stream of Spark has --trigger"
            )
    for name in ("incremental", "rescore_changed"):
        if options.pop(name, None):
            option = "--" + name.replace("_", "-")
            raise error("FT0101", f"{option} is about rounds", "leave it out, or leave out --follow")
    found = {name: value for name, value in given.items() if value is not None}
    if "trigger" not in found and job is not None:
        from foretell.project import here

        found["trigger"] = here().job(job).trigger
    return found


def stream_here(reference: str, options: dict[str, Any], as_json: bool, quiet: bool) -> None:
    """Streams, telling each micro-batch: a line of JSON, or for people. Ctrl-C and SIGTERM end it after the micro-batch
    that is on its way; twice, at once: it is scored when the same command goes on."""
    from foretell.local.summary import RunSummary
    from foretell.spark import stream

    name, output = reference.partition("@")[0], str(options["output"])

    def tell(unit: UnitSummary) -> None:
        summary = RunSummary(name, output, units=[unit])
        if as_json:
            print(json_text(summary.to_json()), flush=True)
        elif not quiet:
            print(str(summary).split("\n")[0], flush=True)

    with stream(reference, on_unit=tell, **options) as running, _Signals() as asked:
        if not quiet:
            print(f"streaming into {output}; Ctrl-C ends it", file=sys.stderr)
        while not running.await_termination(0.2):
            if asked.to_end:
                running.stop()
                if not quiet:
                    print("ended; the same command again goes on from here", file=sys.stderr)
                return


class _Signals:
    """Notes Ctrl-C and SIGTERM, instead of raising within a call to Spark; a second one raises."""

    to_end = False

    def __enter__(self) -> _Signals:
        self._before = {which: signal.signal(which, self._note) for which in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _note(self, _: int, __: FrameType | None) -> None:
        if self.to_end:
            raise KeyboardInterrupt
        self.to_end = True
