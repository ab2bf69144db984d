"""The three steps of a predictor, run over a batch or over one row, from whichever forms it gives.

    prepare → extract_features → predict

An item form is called row by row, and its exception (FT0301) or ``ft.skip`` (FT0306) concerns that row
alone; the others go on. An exception of a bulk form concerns the call: it passes, and `Map` looks for the
rows at fault. No form is ever called with no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter_ns
from typing import Any, Protocol

from foretell.error import Error, error
from foretell.predictor.columns import length_of, materialize, say
from foretell.predictor.failure import describe
from foretell.predictor.forms import Step
from foretell.predictor.outputs import Bad, first, to_columns
from foretell.predictor.pieces import as_batch, batch_of, items_of, merged, types_of
from foretell.predictor.rows import Row, Rows, Skip
from foretell.predictor.schema import Schema

KEPT_EXCEPTIONS = 64
"""Exceptions of rows that a batch keeps: they hold on to their frames."""


class Watch(Protocol):
    """Looks on while a batch goes through the steps; what a run needs to know of it."""

    @property
    def before_item(self) -> Callable[[int | None], None] | None:
        """Told the position in the batch of a row that is about to be given to an item form; None: all were."""

    def after_features(self, nanoseconds: int) -> None:
        """How long preparation and extraction took."""


class NoModel(Error, AttributeError):
    """FT0310: ``self.model`` was asked for before there was one. It stops the call, whatever the row."""


class Work:
    """What is left of a batch while it goes through the steps."""

    __slots__ = ("bad", "before_item", "positions", "raised")

    def __init__(self, rows: int, watch: Watch | None = None) -> None:
        self.before_item = None if watch is None else watch.before_item
        self.positions: Sequence[int] = range(rows)  # the rows that go on
        self.bad: Bad = {}
        self.raised: dict[int, Exception] = {}

    def each(self, call: Callable[[Any], Any], items: Iterable[Any], accept: Any = None) -> list[Any]:
        """The results of the rows that went well; the positions become theirs."""
        results, kept = [], []
        before_item = self.before_item
        for position, item in zip(self.positions, items, strict=True):
            if before_item is not None:
                before_item(position)
            try:
                result = call(item)
            except Skip as answer:
                result = answer
            except (NoModel, MemoryError):
                raise
            except Exception as failure:
                self.bad[position] = ("FT0301", describe(failure))
                if len(self.raised) < KEPT_EXCEPTIONS:
                    self.raised[position] = failure
                continue
            if isinstance(result, Skip):
                self.bad[position] = ("FT0306", result.reason)
                continue
            if accept is not None:
                try:
                    result = accept(item, result)
                except Error as refusal:
                    self.bad[position] = (refusal.code, refusal.message)
                    continue
            results.append(result)
            kept.append(position)
        if before_item is not None:
            before_item(None)
        if len(kept) != len(self.positions):
            self.positions = kept
        return results


def prepared(row: Row, result: Any) -> Row:
    """The row with what ``prepare`` returned for it; FT0303 for what is no row."""
    if isinstance(result, Mapping):
        if result is not row:
            row.update(result)
        return row
    hint = "; end it with `return row`" if result is None else ""
    raise error(
        "FT0303", f"prepare returned {say(result)}, expected the row or a dict of its new columns{hint}"
    )


class Steps:
    """The forms that one predictor gives; each call keeps its state to itself, so any thread may call."""

    __slots__ = ("_input", "_output", "_resolved", "extract", "predict", "prepare")

    def __init__(
        self, prepare: Step, extract: Step, predict: Step, input: Schema | None, output: Schema | None
    ) -> None:
        """``input``, ``output``: as declared, if so."""
        self.prepare, self.extract, self.predict = prepare, extract, predict
        self._input, self._output = input, output
        self._resolved: tuple[dict[str, Any], Any] | None = None

    @property
    def types(self) -> dict[str, Any]:
        """Arrow types of the declared input, by name."""
        return self._arrow()[0]

    @property
    def output(self) -> Any:
        """The declared output as a ``pyarrow.Schema``, or None."""
        return self._arrow()[1]

    def _arrow(self) -> tuple[dict[str, Any], Any]:
        if self._resolved is None:  # late: a single item with item forms needs no pyarrow
            types = {} if self._input is None else types_of(self._input.to_arrow())
            self._resolved = types, None if self._output is None else self._output.to_arrow()
        return self._resolved

    def work(self, rows: Rows, watch: Watch | None = None) -> tuple[Work, int, list[str], list[Any]]:
        """All steps: the state, the number of rows, and the columns of the rows that went on."""
        work = Work(len(rows), watch)
        began = perf_counter_ns()
        features = self.features(rows, work)
        if watch is not None:
            watch.after_features(perf_counter_ns() - began)
        names, arrays = self.predictions(features, work)
        return work, len(rows), names, arrays

    def features(self, rows: Rows, work: Work) -> Any:
        """Preparation and extraction: the features of ``work.positions``, as extraction returned them."""
        return self.extracted(self.prepared(rows, work), rows, work)

    def extracted(self, current: Any, rows: Rows, work: Work) -> Any:
        """The features of the prepared rows ``current``, those of ``work.positions``."""
        if not work.positions:
            return []
        if self.extract.bulk is not None:
            features = _call(self.extract.bulk, as_batch(current, rows))
            return _counted(features, len(work.positions), "extract_features_bulk")
        if self.extract.item is not None:
            return work.each(self.extract.item, current)
        return current if self.predict.bulk is None else as_batch(current, rows)

    def predictions(self, features: Any, work: Work) -> tuple[list[str], list[Any]]:
        """The columns of the output for the features of ``work.positions``; bad rows leave the work."""
        if self.predict.bulk is not None and work.positions:
            value, method = _call(self.predict.bulk, features), "predict_bulk"
        elif work.positions and self.predict.item is not None:
            value, method = work.each(self.predict.item, items_of(features)), "predict_item"
        if not work.positions:
            return self._nothing()
        names, arrays, bad = to_columns(value, len(work.positions), self.output, method)
        for at, reason in bad.items():
            work.bad[work.positions[at]] = reason
        return names, arrays

    def answer(self, work: Work, rows: int, names: list[str], arrays: list[Any]) -> Any:
        """A record batch of ``rows`` rows from the columns of those that went on.

        Where every row failed, the first one's error is raised: the call has failed, and `Map` finds out
        whether the rows are at fault or the predictor is (FT0307).
        """
        import pyarrow as pa

        if work.bad and len(work.bad) == rows and all(code != "FT0306" for code, _ in work.bad.values()):
            raise error(*work.bad[0]) from work.raised.get(0)
        if len(work.positions) != rows:
            places: list[int | None] = [None] * rows
            for at, position in enumerate(work.positions):
                places[position] = at
            index = pa.array(places, pa.int64())
            arrays = [array.take(index) for array in arrays]
        if work.bad:
            arrays, names = [*arrays, _errors(work.bad, rows)], [*names, "_error"]
        return pa.RecordBatch.from_arrays(arrays, names=names)

    def _nothing(self) -> tuple[list[str], list[Any]]:
        import pyarrow as pa

        if self.output is None:
            return [], []  # `Map` takes the columns from the first call that predicts
        return self.output.names, [pa.nulls(0, field.type) for field in self.output]

    def prepared(self, rows: Rows, work: Work) -> Any:
        """Rows, or a list of Row, for ``work.positions``."""
        if not len(rows):
            return rows
        if self.prepare.bulk is None:
            return rows if self.prepare.item is None else work.each(self.prepare.item, rows, prepared)
        current, reasons = merged(rows, _call(self.prepare.bulk, rows))
        if not reasons:
            return current
        work.bad.update((at, ("FT0306", reason)) for at, reason in reasons.items())
        work.positions = [at for at in work.positions if at not in reasons]
        return (
            current.take(work.positions)
            if isinstance(current, Rows)
            else [current[at] for at in work.positions]
        )

    def one(self, row: Row) -> Any:
        """The raw prediction for one row, by item forms where there are some; raises what they raise.

        ``Skip`` is raised for a row that is left out. Only where a bulk form wants rows is a batch built.
        """
        return self.one_prediction(self.one_prepared(row))

    def one_prepared(self, row: Row) -> Any:
        """The prepared row: a Row, or Rows of one."""
        if self.prepare.item is not None:
            return prepared(row, _call(self.prepare.item, row))
        if self.prepare.bulk is None:
            return row
        rows = batch_of([row], self.types)
        current, reasons = merged(rows, _call(self.prepare.bulk, rows))
        if reasons:
            raise Skip(reasons[0])
        return current

    def one_prediction(self, current: Any) -> Any:
        """The raw prediction for one prepared row."""
        if self.predict.item is not None:
            return _call(self.predict.item, self.one_features(current))
        return self._first(self.one_feature_rows(current))

    def prediction_of(self, features: Any) -> Any:
        """The raw prediction for the features of one row."""
        if self.predict.item is not None:
            return _call(self.predict.item, features)
        return self._first(batch_of([Row(features)], {}) if isinstance(features, Row) else [features])

    def _first(self, many: Any) -> Any:
        if self.predict.bulk is None:
            raise RuntimeError("a predictor without predict_item and predict_bulk")  # refused before
        return first(materialize(_call(self.predict.bulk, many), 1), self._output, "predict_bulk")

    def one_features(self, current: Any) -> Any:
        """The features of one prepared row (a Row, or Rows of one)."""
        if self.extract.item is not None:
            return _call(self.extract.item, _as_item(current))
        if self.extract.bulk is not None:
            return next(iter(items_of(self.one_feature_rows(current))))
        return _as_item(current)

    def one_feature_rows(self, current: Any) -> Any:
        """The same as a bulk form takes them."""
        if self.extract.item is not None:
            return [self.one_features(current)]
        rows = current if isinstance(current, Rows) else batch_of([_as_item(current)], self.types)
        if self.extract.bulk is None:
            return rows
        return _counted(_call(self.extract.bulk, rows), 1, "extract_features_bulk")


def _as_item(current: Any) -> Any:
    return current if isinstance(current, Row) else current[0]


def _counted(features: Any, rows: int, method: str) -> Any:
    """The features, walked through if they are a generator; FT0302 unless there is one per row."""
    features = materialize(features, rows)
    found = length_of(features)
    if found != rows:
        raise error("FT0302", f"{method} returned features of {found} rows for {rows} rows")
    return features


def _call(method: Callable[[Any], Any], argument: Any) -> Any:
    """What the user's method returns; FT0301 from what it raises. A skip is raised."""
    try:
        result = method(argument)
    except (Skip, NoModel, MemoryError):
        raise
    except Exception as failure:
        raise error("FT0301", describe(failure), "predictor.trace(row) shows a row step by step") from failure
    if isinstance(result, Skip):
        raise result
    return result


def _errors(bad: Bad, rows: int) -> Any:
    """The column `_error`: struct<code: string, message: string>, null where a row is well."""
    import pyarrow as pa

    values = [bad.get(at) for at in range(rows)]
    made = [None if value is None else {"code": value[0], "message": value[1]} for value in values]
    return pa.array(made, pa.struct([("code", pa.string()), ("message", pa.string())]))
