"""``foretell predict``: JSON in, JSON out.

    foretell predict EventTopics@3 '{"title": "Jazz night"}'
    foretell predict EventTopics@3 - < rows.jsonl > topics.jsonl

Lines are answered as they come: what can be read without waiting is predicted together, so a person (or a
program) on the other side of a pipe gets each answer at once, and a file goes in large batches.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foretell.cli.errors import FOUND
from foretell.cli.options import ReferenceArgument, StoreOption, TrustStoreOption
from foretell.cli.printing import json_text
from foretell.error import Error, error

if TYPE_CHECKING:
    from typing import BinaryIO

SKIPPED = "FT0306"
_EXAMPLE = """a row is one JSON object, such as {"title": "Jazz night"}"""
_READ = 1 << 20  # bytes asked for at once: how much is predicted together at most


class OnError(StrEnum):
    """What becomes of a row that cannot be predicted."""

    fail = "fail"
    null = "null"


def predict(
    reference: ReferenceArgument,
    row: Annotated[
        str,
        typer.Argument(
            metavar="JSON | -", help="One JSON object; - (or nothing) reads JSON Lines from standard input."
        ),
    ] = "-",
    on_error: Annotated[
        OnError | None,
        typer.Option(
            "--on-error",
            help="A row that cannot be predicted: stop (one object's default), or answer null with _error, "
            "go on, and end with exit status 1 (the default for lines).",
        ),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(
            "--row",
            metavar="PATH:N",
            help="One row of a file or a folder instead, counted from 0: events.parquet:3, OUTPUT/_quarantine:0.",
        ),
    ] = None,
    trace: Annotated[
        bool,
        typer.Option("--trace", help="Show what each step makes of one row, or where your code fails."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --trace: print JSON.")] = False,
    store: StoreOption = None,
    trust_store: TrustStoreOption = False,
) -> None:
    """Predict rows of JSON: one object, or JSON Lines, one line out per line in. Or one row of a file."""
    from foretell.cli.suggest import suggesting
    from foretell.loading import load
    from foretell.store import Store

    one = None if row == "-" else _object(row, "the argument")
    if place is not None and one is not None:
        raise error("FT0101", "one row is predicted: as JSON, or by --row")
    if trace and one is None and place is None:
        raise error("FT0101", "--trace shows one row: give it as JSON, or by --row PATH:N")
    the_store = Store(store)
    name, _, selector = reference.partition("@")
    with suggesting(the_store, name, selector):
        predictor = load(reference, store=the_store, trust_store=trust_store)
    if place is not None:
        from foretell.cli.one_row import one_row

        one = one_row(place, predictor)
    if one is not None and trace:
        bad = _print_trace(predictor.trace(one), as_json)
    elif one is not None:
        bad = _print(predictor.predict(one, on_error=(on_error or OnError.fail).value))
    else:
        policy = on_error or OnError.null
        bad = 0
        for lines in _lines(sys.stdin.buffer):
            for answer in _answers(predictor, lines, policy):
                bad += _print(answer)
            sys.stdout.flush()
    if bad:
        raise typer.Exit(FOUND)


def _answers(predictor: Any, lines: list[tuple[int, bytes]], policy: OnError) -> Iterator[dict[str, Any]]:
    """One answer per line, in order."""
    rows = [(number, _row(line, number)) for number, line in lines]
    together = _predict(predictor, [row for _, row in rows if not isinstance(row, Error)], policy)
    for number, row in rows:
        try:
            if isinstance(row, Error):
                raise row
            yield next(together) if together else predictor.predict(row, on_error=policy.value)
        except Error as problem:
            if policy is OnError.fail or not _concerns_a_row(problem):
                raise _of_line(problem, number) from problem
            yield {"_error": {"code": problem.code, "message": problem.message}}


def _predict(predictor: Any, rows: list[dict[str, Any]], policy: OnError) -> Iterator[dict[str, Any]] | None:
    """The answers of one call for all rows; None when it fails, and each row has to be asked alone."""
    try:
        return iter(predictor.predict(rows, on_error=policy.value)) if rows else None
    except Error:
        return None


def _concerns_a_row(problem: Error) -> bool:
    """Whether another row may well pass; a broken predictor or a missing model is not a row's fault."""
    return problem.code[:4] in ("FT02", "FT07") or "FT0301" <= problem.code <= "FT0305"


def _of_line(problem: Error, number: int) -> Error:
    where = f"line {number}"
    if where in problem.message or not _concerns_a_row(problem):
        return problem
    return error(problem.code, f"{where}: {problem.message}", problem.hint)


def _row(line: bytes, number: int) -> dict[str, Any] | Error:
    try:
        return _object(line, f"line {number}")
    except Error as problem:
        return problem


def _lines(stream: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """Numbered lines, as many at a time as can be read without waiting for more; empty ones left out."""
    rest, number = b"", 0
    read = getattr(stream, "read1", stream.read)
    while block := read(_READ):
        *whole, rest = (rest + block).split(b"\n")
        numbered = [(number + position, line) for position, line in enumerate(whole, 1)]
        number += len(whole)
        if found := [(position, line) for position, line in numbered if line.strip()]:
            yield found
    if rest.strip():
        yield [(number + 1, rest)]


def _object(text: str | bytes, where: str) -> dict[str, Any]:
    """The row that a JSON text is; FT0704 says where it is not one."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as wrong:
        raise error("FT0208", f"{where} is not UTF-8: byte {wrong.start + 1} cannot be read") from wrong
    except json.JSONDecodeError as wrong:
        raise error(
            "FT0704", f"{where} is not JSON: {wrong.msg.lower()} at character {wrong.pos + 1}", _EXAMPLE
        ) from wrong
    except (ValueError, RecursionError) as wrong:
        raise error("FT0704", f"{where} is not JSON: {wrong}") from wrong
    if not isinstance(value, dict):
        raise error("FT0704", f"{where} is JSON, but no object: {type(value).__name__} was found", _EXAMPLE)
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _print_trace(trace: Any, as_json: bool) -> int:
    """1 for a row that fails, 0 when not."""
    print(json_text(trace.to_json(), indent=2) if as_json else trace)
    return int(trace.error is not None)


def _print(answer: dict[str, Any]) -> int:
    """A line; 1 when it is of a bad row, 0 when not (a skipped row is not bad)."""
    problem = answer.get("_error", ...)
    if problem is None:
        answer = {name: value for name, value in answer.items() if name != "_error"}
    print(json_text(answer))
    return int(isinstance(problem, dict) and problem.get("code") != SKIPPED)
