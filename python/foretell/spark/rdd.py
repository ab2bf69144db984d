"""An RDD of rows in, an RDD of their answers out: ``predict`` of lists of dicts within ``mapPartitions``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.predictor.frames import predict_dicts
from foretell.predictor.scorer import CALL_ROWS, ROW_FAULTS
from foretell.spark.descriptor import Descriptor, saved_version
from foretell.spark.executors import check_executors
from foretell.spark.session import active_session, is_connect

if TYPE_CHECKING:
    from foretell.predictor import Predictor
    from foretell.predictor.scorer import Scorer

RDD_ROW_FAULTS = ROW_FAULTS | {"FT0203", "FT0205"}
"""Elements of an RDD have no schema in common, so a column that is missing, or of another type, is one row's."""


def map_rdd(predictor: Predictor, rdd: Any) -> Any:
    """See ``predictor.spark.map_rdd``."""
    session = active_session()
    if is_connect(rdd) or (session is not None and is_connect(session)):
        raise error(
            "FT1004",
            "map_rdd works on RDDs, which Spark Connect does not have",
            "predict a frame: predictor.predict(df)",
        )
    from pyspark import RDD
    from pyspark.sql import SparkSession

    if not isinstance(rdd, RDD):
        raise error(
            "FT0101",
            f"{type(rdd).__name__} was given to map_rdd(), expected an RDD",
            "a frame goes to predictor.predict(df)",
        )
    descriptor = saved_version(predictor)
    check_executors(session or SparkSession(rdd.context), descriptor, predictor.version)
    return rdd.mapPartitions(RowsTask(descriptor))


@dataclass(frozen=True)
class RowsTask:
    """What a task does with the elements of its partition."""

    descriptor: Descriptor

    def __call__(self, elements: Iterable[Any]) -> Iterator[Any]:
        elements = iter(elements)
        while batch := list(islice(elements, CALL_ROWS)):
            yield from _answers(self.descriptor.predictor()._ready(), batch)


def _answers(scorer: Scorer, elements: list[Any]) -> Iterator[Any]:
    items = [_as_dict(element) for element in elements]
    answers = predict_dicts(scorer, items, "null", RDD_ROW_FAULTS, throw_broken=False)
    for element, answer in zip(elements, answers, strict=True):
        yield answer if isinstance(element, Mapping) else _as_row(scorer, element, answer)


def _as_dict(element: Any) -> Mapping[str, Any]:
    if isinstance(element, Mapping):
        return element
    if not getattr(element, "__fields__", None):
        raise error("FT0101", f"an element of the RDD is {type(element).__name__}, expected a dict or a Row")
    fields: Mapping[str, Any] = element.asDict(recursive=True)
    return fields


def _as_row(scorer: Scorer, element: Any, answer: dict[str, Any]) -> Any:
    """The answer as a ``Row`` that has the columns of a frame's, kept ones as they were."""
    from pyspark.sql import Row

    kept = element.__fields__ if scorer.kept is None else scorer.kept
    given = element.asDict()
    made = {name: given.get(name) if name in kept else _nested(value) for name, value in answer.items()}
    return Row(**made, **({} if "_error" in made else {"_error": None}))


def _nested(value: Any) -> Any:
    """A prediction with a ``Row`` for each struct in it."""
    from pyspark.sql import Row

    if isinstance(value, dict):
        return Row(**{name: _nested(one) for name, one in value.items()})
    return [_nested(one) for one in value] if isinstance(value, list) else value
