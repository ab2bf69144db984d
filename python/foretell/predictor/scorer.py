"""A predictor made ready to be called: its contract and its steps, put together once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from foretell.error import Error, error
from foretell.predictor.contract import Contract
from foretell.predictor.failure import describe
from foretell.predictor.forms import step_of
from foretell.predictor.outputs import plain
from foretell.predictor.pieces import batch_of
from foretell.predictor.rows import Row, Rows, Skip
from foretell.predictor.steps import KEPT_EXCEPTIONS, Steps, Watch

ROW_FAULTS = frozenset({"FT0206", "FT0208", "FT0301", "FT0302", "FT0303", "FT0304", "FT0305"})
"""What is wrong with one row; anything else is wrong with the data as a whole, or with the predictor."""

CALL_ROWS = 1_000
"""The most rows that one call gets here: Ctrl-C is answered between calls, whatever library a call is in. (A
run's driver ends its workers instead, and gives them larger batches.)"""

_SHARED = frozenset({str, int, float, bool, bytes, type(None)})
"""Types whose values cannot be changed, and are the same from Arrow."""


class Scorer:
    """Calls one predictor. Any thread may call it, several at a time, if the user's methods allow it."""

    __slots__ = ("cast", "check", "contract", "kept", "native", "outputs", "steps", "version")

    def __init__(self, predictor: Any, base: type, contract: Contract, version: int | None) -> None:
        from foretell import _core

        self.contract = contract
        self.version = version
        self.native = predictor._whole()
        self.steps = Steps(
            step_of(predictor, base, "prepare", "prepare_bulk"),
            step_of(predictor, base, "extract_features", "extract_features_bulk"),
            step_of(predictor, base, "predict_item", "predict_bulk"),
            contract.input,
            contract.output,
        )
        items = _core.ItemContract(contract.core())
        self.cast: Callable[[dict[str, Any]], dict[str, Any]] = items.cast
        self.check: Callable[[Any], dict[str, Any]] = items.check
        self.kept = contract.keep
        self.outputs = () if contract.output is None else tuple(contract.output)

    def one(self, data: dict[str, Any], on_error: str) -> dict[str, Any]:
        """The answer for a single row; no batch is built where the predictor has item forms."""
        try:
            result = self.answer(self.steps.one(self.row(data)))
        except Skip as skipped:
            result = self.nothing("FT0306", skipped.reason)
        except Error as problem:
            if on_error == "fail" or problem.code not in ROW_FAULTS:
                raise
            result = self.nothing(problem.code, problem.message)
        if self.version is not None:
            result["model_version"] = self.version
        return self.beside(data, result)

    def row(self, data: dict[str, Any]) -> Row:
        """The columns that the code reads, as a row of its own: changing it changes nothing of ``data``."""
        if self.contract.input is not None:
            return Row(self.cast(data))
        row = Row(self.cast(data))
        for name, value in row.items():
            if type(value) not in _SHARED:
                row[name] = own(value)
        return row

    def answer(self, prediction: Any) -> dict[str, Any]:
        """A raw prediction as the output's columns; FT0303, FT0304, FT0305."""
        return self.check(plain(prediction, self.contract.output))

    def nothing(self, code: str, message: str) -> dict[str, Any]:
        """The predictions of a row that has none."""
        result: dict[str, Any] = dict.fromkeys(self.outputs)
        result["_error"] = {"code": code, "message": message}
        return result

    def beside(self, data: Mapping[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """The kept columns and the result; FT0203, FT0210."""
        kept = data if self.kept is None else self.keep(data)
        if kept.keys() & result.keys():
            raise self.clash(kept.keys() & result.keys())
        return {**kept, **result}

    def keep(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The kept columns of ``data``; FT0203."""
        try:
            return {name: data[name] for name in self.kept or ()}
        except KeyError as missing:
            raise missing_column(missing.args[0], data, "to keep") from None

    @staticmethod
    def clash(names: Any) -> Exception:
        name = sorted(names)[0]
        return error(
            "FT0210",
            f"the output would have two columns {name!r}, one of them kept from the input",
            "choose other names in `keep` or `output`",
        )

    def call(self, seen: list[Exception], watch: Watch | None = None) -> Callable[[Any], Any]:
        """What `Map` calls for a batch. The exceptions of the user's code go to ``seen`` as well."""

        def predict(batch: Any) -> Any:
            try:
                work, rows, names, arrays = self.steps.work(Rows(batch), watch)
            except Error as problem:
                if isinstance(problem.__cause__, Exception):
                    seen.append(problem.__cause__)
                raise
            seen.extend(work.raised.values())
            del seen[:-KEPT_EXCEPTIONS]
            return self.steps.answer(work, rows, names, arrays)

        return predict

    def admitted(self, data: Any) -> Rows:
        """All rows of an Arrow stream as the code gets them: the declared columns, cast; FT0203, FT0205."""
        import pyarrow as pa

        from foretell import _core

        got: list[Any] = []

        def take(batch: Any) -> Any:
            got.append(pa.record_batch(batch))
            return pa.record_batch({"taken": pa.nulls(len(got[-1]), pa.bool_())})

        signature = Contract(input=self.contract.input, keep=(), allow_null=True).core()
        stream = _core.map(data, _core.PythonPredictor(signature, take), on_error="fail")
        while stream.read_next() is not None:
            pass
        if not got:
            return batch_of([], self.steps.types)
        return Rows(pa.Table.from_batches(got).combine_chunks().to_batches()[0])

    def stream(
        self, data: Any, contract: Contract, on_error: str, batch_rows: int = CALL_ROWS, **options: Any
    ) -> Stream:
        """`Map` over anything with ``__arrow_c_stream__``, under this predictor's steps."""
        from foretell import _core

        seen: list[Exception] = []
        if self.native is not None:
            predictor, options = self.native, {"keep": contract.keep, **options}
        else:
            predictor = _core.PythonPredictor(contract.core(), self.call(seen))
        return Stream(
            _core.map(
                data, predictor, on_error=on_error, version=self.version, batch_rows=batch_rows, **options
            ),
            seen,
        )


class Stream:
    """The batches that `Map` gives, with the user's own exception as the cause of an FT0301."""

    def __init__(self, stream: Any, seen: list[Exception]) -> None:
        self._stream = stream
        self._seen = seen

    def read_next(self) -> Any:
        """The next ``pyarrow.RecordBatch``; None at the end."""
        import pyarrow as pa

        try:
            batch = self._stream.read_next()
        except Error as problem:
            for exception in reversed(self._seen):
                if describe(exception) in problem.message:
                    raise problem from exception
            raise
        return None if batch is None else pa.record_batch(batch)

    def schema(self) -> Any:
        """A ``pyarrow.Schema``; reads the first batch where the output is not declared."""
        import pyarrow as pa

        return pa.schema(self._stream)

    def read_all(self) -> Any:
        """A ``pyarrow.Table`` of what is left."""
        import pyarrow as pa

        batches = list(iter(self.read_next, None))
        return pa.Table.from_batches(batches, None if batches else self.schema())


def own(value: Any) -> Any:
    """A value of an undeclared column as Arrow would give it back: one's own, times aware and in UTC."""
    if type(value) in _SHARED:
        return value
    if isinstance(value, Mapping):
        return {name: own(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [own(one) for one in value]
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, datetime):
        value = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return own(value.tolist())
    return deepcopy(value)


def missing_column(name: str, columns: Any, purpose: str = "") -> Exception:
    found = ", ".join(map(str, columns)) or "none"
    wanted = f"column {name!r}{' ' + purpose if purpose else ''}"
    return error("FT0203", f"the input has no {wanted}; its columns are {found}")
