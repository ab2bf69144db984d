"""Rows to features for training: by `Map` and the steps of the predictor, as in every mode.

A row that fails and a row that is skipped are counted and left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.predictor.columns import library_of
from foretell.predictor.contract import Contract
from foretell.predictor.pieces import as_batch, items_of
from foretell.predictor.rows import Rows
from foretell.predictor.schema import Schema
from foretell.predictor.steps import Work

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.local.progress import Progress
    from foretell.predictor.scorer import Scorer

BATCH_ROWS = 10_000  # as in a run
_PLACE = "_foretell_place"  # which of the features a row has
_VERSION = (
    "_foretell_version"  # of none here; named so that it clashes with no column, model_version included
)


@dataclass
class Featured:
    """``features``: one per row, in the form that ``predict_bulk`` gets. ``rows``: the prepared rows with every
    column of the source, labels included."""

    features: Any
    rows: Rows
    bad: int = 0
    skipped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def features_of(scorer: Scorer, table: pa.Table, tell: Progress) -> Featured:
    """The features of the rows that could be prepared. FT0307 when the predictor fails on every row."""
    import pyarrow as pa

    from foretell import _core

    pieces: list[Any] = []
    prepared: list[Any] = []
    made = 0

    def take(batch: Any) -> Any:
        nonlocal made
        rows = Rows(batch)
        work = Work(len(rows))
        current = scorer.steps.prepared(rows, work)
        before = list(work.positions)
        features = scorer.steps.extracted(current, rows, work)
        first, made = made, made + len(work.positions)
        if work.positions:
            if len(work.positions) != len(before):
                place = {position: at for at, position in enumerate(before)}
                current = chosen(current, [place[position] for position in work.positions])
            prepared.append(as_batch(current, rows).to_arrow())
            pieces.append(features)
        places = pa.array(range(first, made), pa.int64())
        return scorer.steps.answer(work, len(rows), [_PLACE], [places])

    contract = Contract(scorer.contract.input, Schema([(_PLACE, "int64")]), keep=None, allow_null=True)
    native = _core.PythonPredictor(contract.core(), take)
    stream = _core.map(table, native, on_error="null", batch_rows=BATCH_ROWS, version_column=_VERSION)
    answers = []
    while (batch := stream.read_next()) is not None:
        answers.append(pa.record_batch(batch))
        tell.advance(answers[-1].num_rows)
    answer = pa.Table.from_batches(answers, None if answers else pa.schema(stream))
    errors = [one for one in answer.column("_error").to_pylist() if one is not None]
    found = Featured([], Rows(pa.record_batch({})))
    found.skipped = sum(one["code"] == "FT0306" for one in errors)
    found.bad = len(errors) - found.skipped
    found.reasons.update(f"{one['code']} {one['message']}".split("\n")[0][:100] for one in errors)
    kept = answer.filter(answer.column(_PLACE).is_valid()).drop_columns([_PLACE, _VERSION, "_error"])
    if not pieces:
        return found
    places = [place for place in answer.column(_PLACE).to_pylist() if place is not None]
    own = pa.concat_tables([pa.Table.from_batches([one]) for one in prepared], promote_options="permissive")
    found.features = joined(pieces)
    if places != list(range(made)):  # `Map` looked for rows at fault
        found.features = chosen(found.features, places)
        own = own.take(pa.array(places, pa.int64()))
    columns = dict(zip(kept.schema.names, kept.columns, strict=True))
    columns |= dict(zip(own.schema.names, own.columns, strict=True))
    whole = pa.table(columns).combine_chunks()
    found.rows = Rows(whole.to_batches()[0] if whole.num_columns else pa.record_batch({}))
    return found


def joined(pieces: list[Any]) -> Any:
    """The features of several batches as one object of their kind; a list where they are of several kinds."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    if len({type(piece) for piece in pieces}) == 1:
        if isinstance(first, Rows):
            import pyarrow as pa

            tables = [pa.Table.from_batches([piece.to_arrow()]) for piece in pieces]
            whole = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
            return Rows(whole.to_batches()[0])
        library = library_of(first)
        if library == "numpy" and type(first).__name__ == "ndarray":
            import numpy as np

            return np.concatenate(pieces)
        if library == "scipy":
            import scipy.sparse

            return scipy.sparse.vstack(pieces, format=first.format)
        if library == "pandas":
            import pandas as pd

            return pd.concat(pieces, ignore_index=True)
        if library == "polars":
            import polars as pl

            return pl.concat(pieces)
        if library == "pyarrow":
            return _joined_arrow(pieces)
    return [item for piece in pieces for item in items_of(piece)]


def _joined_arrow(pieces: list[Any]) -> Any:
    import pyarrow as pa

    first = pieces[0]
    if isinstance(first, pa.Table):
        return pa.concat_tables(pieces)
    if isinstance(first, pa.RecordBatch):
        return pa.Table.from_batches(pieces).combine_chunks()
    chunks = [chunk for piece in pieces for chunk in getattr(piece, "chunks", [piece])]
    return pa.chunked_array(chunks).combine_chunks()


def chosen(features: Any, places: list[int]) -> Any:
    """The features at some places, in that order."""
    if isinstance(features, (list, tuple)):
        return [features[place] for place in places]
    if library_of(features) == "pandas":
        return features.iloc[places].reset_index(drop=True)
    if isinstance(features, Rows) or library_of(features) == "pyarrow":
        return features.take(places)
    if hasattr(features, "tocsr"):
        features = features.tocsr()
    try:
        return features[places]
    except Exception as raised:
        raise error(
            "FT0303", f"features of type {type(features).__name__} cannot be chosen from: {raised}"
        ) from raised
