"""One row of a file or a folder, by its number: ``events.parquet:3``, ``topics/_quarantine:0``."""

from __future__ import annotations

import sys
from typing import Any

from foretell.error import error

_ERROR = "_error"  # why a quarantined row is there


def one_row(place: str, predictor: Any) -> dict[str, Any]:
    """The row's columns. Of a quarantine, why the row is there is told on standard error.

    FT0101 for what is not PATH:N, and when there are not as many rows; FT07 when the files cannot be read.
    """
    from foretell.predictor.rows import Rows
    from foretell.predictor.schema import Schema
    from foretell.sources import files

    path, colon, number = place.rpartition(":")
    if not colon or not path or not (number.isascii() and number.isdigit()):
        raise error("FT0101", f"a row is named PATH:N, but {place!r} was given", "the first row is PATH:0")
    at = int(number)
    source = files(path)
    declared = predictor.input if predictor._saved is None else predictor._saved.input
    if declared is not None:
        source = source.typed(Schema.of(declared))
    rows = 0
    for batch in source.read(limit=at + 1):
        if rows + batch.num_rows > at:
            row = dict(Rows(batch.slice(at - rows, 1))[0])
            _tell_reason(row.pop(_ERROR, None))
            return row
        rows += batch.num_rows
    raise error("FT0101", f"{path} has {rows:,} rows, and no row {at:,}", "the first row is 0")


def _tell_reason(reason: Any) -> None:
    if isinstance(reason, dict) and reason.get("code"):
        of = f", row {reason['row']} of {reason['file']}" if reason.get("file") else ""
        by = f", by version {reason['version']}" if reason.get("version") else ""
        print(f"quarantined{by}{of}: {reason['code']} {reason.get('message')}", file=sys.stderr)
