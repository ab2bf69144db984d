"""What one split becomes: a file of predicted rows, and one of quarantined rows where there are any.

Both are written into the attempt's staging folder under their final names; ``unit.py`` records the part
once they are whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell import _core

ERROR_COLUMN = "_error"
POSITION_COLUMN = "_position"
STAGES = ("reading", "features", "predicting", "writing")
MOST_REASONS = 50  # kept per split; the rest is counted together


def quarantine_type() -> pa.DataType:
    """The type of ``_error`` in a quarantine: why, and which row of which file, by which version."""
    import pyarrow as pa

    return pa.struct(
        [
            ("code", pa.string()),
            ("message", pa.string()),
            ("file", pa.string()),
            ("row", pa.int64()),
            ("version", pa.int64()),
        ]
    )


def reason(code: str, message: str) -> str:
    """A bad row's reason as it is counted: the code and the start of the message."""
    line = message.split("\n", 1)[0]
    return f"{code} {line if len(line) <= 100 else line[:97] + '…'}"


class PartWriter:
    """Takes the batches of ``Map`` for one split, in order. Not thread-safe."""

    def __init__(self, options: dict[str, Any], split: dict[str, Any]) -> None:
        self._options = options
        self._split = split
        # On a cluster two tasks may be at one split, so that each has a name of its own.
        name = f"part-{options['unit']:012d}-{split['number']:05d}{options.get('suffix', '')}"
        self._name = f"{name}.{options['format']}"
        self._staging = Path(options["staging"])
        self._rows: Any = None
        self._bad: Any = None
        self._counts = dict.fromkeys(("rows", "predicted", "bad", "skipped", "unstable"), 0)
        self._reasons: Counter[str] = Counter()
        self._excluded = 0
        self._left_out = 0
        self._nanoseconds = dict.fromkeys(STAGES, 0)

    def begin(self, stream: _core.Stream) -> None:
        """Opens the file of rows, so that it is there, with its columns, even when no row is."""
        import pyarrow as pa

        schema = pa.schema(stream)
        if self._options["on_error"] != "null":
            schema = schema.remove(schema.get_field_index(ERROR_COLUMN))
        self._rows = self._open(self._name, schema)

    def write(self, batch: _core.Batch) -> None:
        """Rows that were predicted (with policy ``null`` the bad ones, too); skipped ones are left out."""
        import pyarrow as pa
        import pyarrow.compute as pc

        began = perf_counter_ns()
        table = pa.record_batch(batch)
        errors = table.column(ERROR_COLUMN)
        if errors.null_count < len(errors):
            codes = pc.struct_field(errors, "code")
            keep = pc.is_null(codes)
            if self._options["on_error"] == "null":
                keep = pc.or_kleene(keep, pc.not_equal(codes, "FT0306"))
            table = table.filter(pc.fill_null(keep, True))
        if self._options["on_error"] != "null":
            table = table.drop_columns([ERROR_COLUMN])
        self._rows.write(table)
        self._nanoseconds["writing"] += perf_counter_ns() - began

    def quarantine(self, batch: _core.Batch, place: Callable[[int], int]) -> None:
        """Input rows that ``Map`` could not predict. ``place``: where a row of its stream stands in the split."""
        import pyarrow as pa

        table = pa.record_batch(batch)
        errors = table.column(ERROR_COLUMN).to_pylist()
        places = [place(position) for position in table.column(POSITION_COLUMN).to_pylist()]
        rows = table.drop_columns([ERROR_COLUMN, POSITION_COLUMN])
        why = [(error["code"], error["message"], place) for error, place in zip(errors, places, strict=True)]
        self._count_reasons(why)
        if self._options["on_error"] != "null":  # else they stay in the output
            self._keep(rows, why)

    def quarantine_excluded(self, row: int, batch: pa.RecordBatch, code: str, message: str) -> None:
        """An input row that is not given to the predictor: it killed or blocked its process, or could not be read.
        Whatever the policy, it is in no output; one to be skipped (FT0306) is in no quarantine either."""
        if code == "FT0306":
            self._left_out += 1
            return
        self._count_reasons([(code, message, row)])
        self._keep(batch, [(code, message, row)])
        self._excluded += 1

    def _count_reasons(self, why: list[tuple[str, str, int]]) -> None:
        for code, message, _ in why:
            found = reason(code, message)
            known = found in self._reasons or len(self._reasons) < MOST_REASONS
            self._reasons[found if known else "others"] += 1

    def _keep(self, rows: pa.RecordBatch, why: list[tuple[str, str, int]]) -> None:
        import pyarrow as pa

        column = pa.array(
            [
                {
                    "code": code,
                    "message": message,
                    "file": self._split["path"],
                    "row": self._split["first_row"] + place,
                    "version": self._options["version"],
                }
                for code, message, place in why
            ],
            quarantine_type(),
        )
        table = pa.RecordBatch.from_arrays([*rows.columns, column], names=[*rows.schema.names, ERROR_COLUMN])
        if self._bad is None:
            self._bad = self._open(f"_quarantine/{self._name}", table.schema)
        self._bad.write(table)

    def _open(self, name: str, schema: pa.Schema) -> Any:
        from foretell.sinks import open_sink

        path = self._staging / name
        path.parent.mkdir(exist_ok=True)  # not the staging folder: one that is gone is not made again
        return open_sink(self._options["format"], path, schema)

    def count(self, metrics: _core.MapMetrics, features_ns: int) -> None:
        """Takes over what ``Map`` counted, once it is through, and the time that features took of its calls."""
        self._nanoseconds["reading"] = metrics.reading_ns
        self._nanoseconds["features"] = features_ns
        self._nanoseconds["predicting"] = metrics.predicting_ns - features_ns
        bad = metrics.bad + self._excluded
        skipped = metrics.skipped + self._left_out
        rows = metrics.rows + self._excluded + self._left_out
        self._counts = {
            "rows": rows,
            "predicted": rows - bad - skipped,
            "bad": bad,
            "skipped": skipped,
            "unstable": metrics.unstable,
        }

    def close(self) -> dict[str, Any]:
        """Makes the files whole and durable; the part's record."""
        files, sizes = [], []
        began = perf_counter_ns()
        for sink, name in ((self._rows, self._name), (self._bad, f"_quarantine/{self._name}")):
            if sink is not None:
                sizes.append(sink.close())
                files.append(name)
        self._nanoseconds["writing"] += perf_counter_ns() - began
        seconds = {stage: round(nanoseconds / 1e9, 6) for stage, nanoseconds in self._nanoseconds.items()}
        return {
            "split": self._split["number"],
            "files": files,
            "sizes": sizes,
            "counts": self._counts,
            "details": json.dumps({"reasons": dict(self._reasons), "seconds": seconds}),
        }

    def discard(self) -> None:
        """Leaves nothing behind."""
        for sink in (self._rows, self._bad):
            if sink is not None:
                sink.abort()
