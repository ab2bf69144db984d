"""What goes in and what comes out when a version predicts a Spark frame or columns, settled on the driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.local.planning import check_input
from foretell.spark.types import arrow_of_spark, as_spark_takes

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.predictor.contract import Contract


@dataclass(frozen=True)
class FrameContract:
    """``columns``: those of the input that are sent to Python. ``output``: the exact schema of what comes back:
    kept columns, predictions, the version, ``_error``."""

    columns: tuple[str, ...]
    output: pa.Schema


def frame_contract(
    contract: Contract, given: Any, reference: str, keep: Sequence[str] | None, version_column: str
) -> FrameContract:
    """For the ``StructType`` of a frame. FT0203, FT0205, FT0210 when it does not fit; FT0308 for a version that
    says no output types."""
    import pyarrow as pa

    _check_output(contract, reference)
    rows = arrow_of_spark(given)
    kept = contract.keep if keep is None else keep
    if contract.input is not None and kept is not None:
        rows = pa.schema([field for field in rows if field.name in {*contract.input, *kept}])
    check_input(contract, rows)
    return FrameContract(tuple(rows.names), _output(contract, rows, keep, version_column))


def column_contract(contract: Contract, reference: str) -> FrameContract:
    """For columns that are given in the order of the version's input: nothing is kept of them. FT0101 for a
    version that says no input, FT0308 for one that says no output types."""
    if not contract.input:
        raise error(
            "FT0101",
            f"{reference} does not say which columns it reads, so a column function has no arguments",
            "predict a frame: predictor.predict(df); or add input = ft.schema(…) to the class, such as"
            ' input = ft.schema(title="string"), and save it again',
        )
    _check_output(contract, reference)
    return FrameContract(
        tuple(contract.input), _output(contract, contract.input.to_arrow(), (), "model_version")
    )


def _check_output(contract: Contract, reference: str) -> None:
    if contract.output is None:
        raise error(
            "FT0308",
            f"{reference} does not say which columns it predicts, and Spark has to know before a row is scored",
            'add output = ft.schema(…) to the class, such as output = ft.schema(topics="list<double>"), and'
            " save it again",
        )


def _output(
    contract: Contract, rows: pa.Schema, keep: Sequence[str] | None, version_column: str
) -> pa.Schema:
    """The schema of what `Map` gives for rows of this one, in types that Spark takes."""
    import pyarrow as pa

    from foretell import _core

    made = _core.map_schema(
        _core.Schema.from_arrow(rows),
        contract.core(),
        version_column=version_column,
        keep=None if keep is None else list(keep),
    )
    return pa.schema([(field.name, as_spark_takes(field.type, field.name)) for field in pa.schema(made)])


def selected(frame: Any, columns: Sequence[str]) -> Any:
    """The frame with these columns alone, by their place: Spark's way to Python takes not every name, so a task
    gives them their own again."""
    if list(columns) != frame.columns:
        frame = frame.select(*("`" + name.replace("`", "``") + "`" for name in columns))
    if any("." in name or "`" in name for name in columns):
        frame = frame.toDF(*(f"_{at}" for at in range(len(columns))))
    return frame


def renamed(batches: Iterator[pa.RecordBatch], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The batches of `selected` with the columns' own names."""
    import pyarrow as pa

    for batch in batches:
        yield pa.RecordBatch.from_arrays(batch.columns, names=list(columns))
