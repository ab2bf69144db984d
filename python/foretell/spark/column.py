"""A saved version as a column function: `Map` within an Arrow UDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.nearest import did_you_mean
from foretell.spark.contract import column_contract
from foretell.spark.descriptor import saved_version
from foretell.spark.executors import check_executors
from foretell.spark.frames import MapTask
from foretell.spark.session import needed_session
from foretell.spark.types import spark_of_arrow

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.predictor import Predictor


def column(predictor: Predictor, columns: Sequence[Any], by_name: Mapping[str, Any]) -> Any:
    """See ``predictor.spark.column``."""
    task = _task(predictor)
    given = _bound(task, columns, by_name)
    return _function(task, needed_session(), predictor)(*given)


def register(predictor: Predictor, spark: Any, name: str) -> None:
    """See ``predictor.spark.register``."""
    if not isinstance(name, str) or not name.isidentifier():
        raise error("FT0101", f"{name!r} is no name of an SQL function", 'give one such as "topics"')
    spark.udf.register(name, _function(_task(predictor), spark, predictor))


def _task(predictor: Predictor) -> ColumnTask:
    descriptor = saved_version(predictor)
    settled = column_contract(predictor._ready().contract, descriptor.reference)
    return ColumnTask(MapTask(descriptor, (), settled))


def _bound(task: ColumnTask, columns: Sequence[Any], by_name: Mapping[str, Any]) -> list[Any]:
    """The arguments in the order of the input; FT0101, FT0203."""
    names, reference = task.map.settled.columns, task.map.descriptor.reference
    takes = f"{reference} reads {', '.join(names)}"
    if len(columns) > len(names):
        raise error("FT0101", f"{len(columns)} columns were given, and {takes}")
    bound = dict(zip(names, columns, strict=False))
    for name, given in by_name.items():
        if name not in names:
            raise error("FT0101", f"{reference} reads no column {name!r}", did_you_mean(name, names, takes))
        if name in bound:
            raise error("FT0101", f"{name!r} was given twice, by its place and by its name")
        bound[name] = given
    if not bound:
        bound = {name: "`" + name.replace("`", "``") + "`" for name in names}
    for name in names:
        if name not in bound:
            raise error(
                "FT0203", f"no column was given for {name!r}", f"{takes}; without any, it takes these"
            )
        if not isinstance(bound[name], str) and type(bound[name]).__name__ != "Column":
            raise error(
                "FT0101",
                f"{bound[name]!r} was given for {name!r}, expected a column or its name",
                "a constant is a column, too: pyspark.sql.functions.lit(…)",
            )
    return [bound[name] for name in names]


def _function(task: ColumnTask, session: Any, predictor: Predictor) -> Any:
    from collections.abc import Iterator

    import pyarrow as pa
    from pyspark.sql.functions import arrow_udf

    check_executors(session, task.map.descriptor, predictor.version)

    def predict(columns):  # type: ignore[no-untyped-def]
        return task(columns)

    one = len(task.map.settled.columns) == 1
    predict.__annotations__ = {
        "columns": Iterator[pa.Array] if one else Iterator[tuple[pa.Array, ...]],
        "return": Iterator[pa.Array],
    }
    predict.__name__ = predictor.name  # the column's, where the user gives it none
    return arrow_udf(predict, returnType=spark_of_arrow(task.map.settled.output))


@dataclass(frozen=True)
class ColumnTask:
    """What a task does with the columns of its partition: an array where there is one, else tuples of them."""

    map: MapTask

    def __call__(self, columns: Iterator[Any]) -> Iterator[pa.StructArray]:
        for batch in self.map(self._batches(columns)):
            yield batch.to_struct_array()

    def _batches(self, columns: Iterator[Any]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        names = self.map.settled.columns
        for given in columns:
            arrays = given if isinstance(given, tuple) else (given,)
            if len(arrays) != len(names):
                raise error(
                    "FT0203",
                    f"{len(arrays)} arguments were given, and {self.map.descriptor.reference} reads"
                    f" {', '.join(names)}",
                )
            yield pa.RecordBatch.from_arrays(list(arrays), names=list(names))
