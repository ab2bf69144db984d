"""Half of the path: rows to features, features to predictions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from foretell.error import error
from foretell.predictor.columns import length_of, library_of, materialize
from foretell.predictor.outputs import PREDICTION
from foretell.predictor.pieces import batch_of
from foretell.predictor.rows import Rows
from foretell.predictor.scorer import Scorer
from foretell.predictor.steps import Work


def features(scorer: Scorer, data: Any) -> Any:
    """Features as the user's code made them: of one row for a mapping, of all rows for anything else."""
    steps = scorer.steps
    if isinstance(data, Mapping):
        return steps.one_features(steps.one_prepared(scorer.row(dict(data))))
    rows = _rows(scorer, data)
    work = Work(len(rows))
    made = steps.features(rows, work)
    for position in sorted(work.bad):
        code, message = work.bad[position]
        if code != "FT0306":
            raise error(code, f"row {position}: {message}") from work.raised.get(position)
    return made


def predict_features(scorer: Scorer, features: Any, item: bool | None) -> Any:
    """One row's features → a dict of predictions; many rows' → a list of dicts. The first bad one raises."""
    steps = scorer.steps
    if item is None:
        item = features is None or isinstance(features, (str, bytes, int, float, Mapping))
    if item:
        return scorer.answer(steps.prediction_of(features))
    features = materialize(features, sys.maxsize)
    work = Work(length_of(features))
    names, arrays = steps.predictions(features, work)
    if work.bad:
        position = min(work.bad)
        code, message = work.bad[position]
        raise error(code, f"row {position}: {message}") from work.raised.get(position)
    columns = [array.to_pylist() for array in arrays]
    return [scorer.answer(_item(names, values, scorer)) for values in zip(*columns, strict=True)]


def _item(names: list[str], values: tuple[Any, ...], scorer: Scorer) -> Any:
    single = len(names) == 1 and (scorer.contract.output is not None or names[0] == PREDICTION)
    return values[0] if single else dict(zip(names, values, strict=True))


def _rows(scorer: Scorer, data: Any) -> Rows:
    """All rows of any kind of data, with the columns and types that the code gets."""
    import pyarrow as pa

    if isinstance(data, Rows):
        return data
    if isinstance(data, (list, tuple)):
        return batch_of([scorer.row(dict(row)) for row in data], scorer.steps.types)
    if library_of(data) == "pandas":
        data = pa.Table.from_pandas(data, preserve_index=False)
    elif isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    elif hasattr(data, "scanner"):
        data = data.scanner().to_reader()
    return scorer.admitted(data)
