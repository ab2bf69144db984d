"""From a source to a new version: read, split, prepare and extract, train, evaluate, save.

Nothing is saved unless all of it went well; only where the evaluation fails is the model, which may have taken hours,
saved all the same, and then no alias moves.
"""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.training import called, held_out
from foretell.training.data import read_rows
from foretell.training.features import Featured, features_of
from foretell.training.summary import Compared, Training

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.local.progress import Progress
    from foretell.sources import Source
    from foretell.store import Store
    from foretell.version import Version


def train_model(
    predictor: Any,
    *,
    input: Any = None,
    sample: int | None = None,
    seed: int = 0,
    test_share: float | None = None,
    model_key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    alias: str | None = None,
    compare: str | None = None,
    why: str = "",
    unchecked: bool = False,
    trust_store: bool = False,
    progress: Progress | None = None,
) -> Training:
    """See ``Predictor.train_model``."""
    from foretell.loading import find, open_store
    from foretell.local.progress import default
    from foretell.predictor.saving import check_before, save_model

    share = _checked(predictor, sample, test_share)
    name = model_key if model_key is not None else predictor.name
    check_before(predictor, name, metadata, alias, why, unchecked)
    tell = progress or default()
    store = open_store(predictor._store)
    # Before anything is trained: FT0401, FT0402, FT0403, FT0503.
    other = None if compare is None else find(f"{name}@{compare}", store, trust_store)[1]
    learner = copy.copy(predictor)
    learner.version = learner._saved = None
    learner.__dict__.pop("model", None)
    scorer = learner._ready_to_train()
    source = _source(predictor, input)
    watch = Stopwatch()
    with watch("reading"):
        tell.note(f"reading {source.describe()}")
        table, data = read_rows(source, scorer.contract.input, sample, seed)
    rest, tested = held_out.split(table, share, seed, scorer.contract.input)
    if not rest.num_rows:
        rest, tested = table, rest
    with watch("features"):
        tell.start("features", table.num_rows)
        try:
            given = features_of(scorer, rest, tell)
            evaluated = features_of(scorer, tested, tell) if tested.num_rows else None
        finally:
            tell.stop()
    _check_any(given, rest.num_rows, source)
    with watch("training"):
        tell.note(f"training on {len(given.rows):,} rows")
        model, metrics = called.call_train(learner, given, seed)
    result = Training(
        version=None,  # type: ignore[arg-type]  # there is none before all else went well
        metrics=metrics,
        parameters=called.parameters_of(model),
        data=data,
        rows=_counts(table, given, evaluated),
        reasons=dict((given.reasons + (Counter() if evaluated is None else evaluated.reasons)).most_common()),
        seconds=watch.seconds,
        seed=seed,
    )
    if sample is not None and table.num_rows < sample:
        result.notes.append(f"the source has {table.num_rows:,} rows, fewer than the sample asked for")
    if called.has_evaluate(predictor) and share and (evaluated is None or not len(evaluated.rows)):
        result.notes.append("no row was held out, so the model was not evaluated")
    failed: Error | None = None
    if called.has_evaluate(predictor) and evaluated is not None and len(evaluated.rows):
        with watch("evaluating"):
            judge = copy.copy(learner)
            judge.model = model
            judge._ready()
            try:
                result.metrics = {**metrics, **called.call_evaluate(judge, evaluated)}
            except Error as problem:
                failed = problem
    if other is not None and failed is None:
        with watch("comparing"):
            result.compared = _compared(store, other, tested, trust_store, tell)
    with watch("saving"):
        result.version = save_model(
            _to_save(learner, source, predictor),
            model,
            model_key,
            metadata,
            alias=alias if failed is None else None,
            example=None,
            why=why,
            unchecked=unchecked,
            training=_kept(result, share),
        )
    if failed is not None:
        saved = result.version.reference
        raise error(
            failed.code,
            f"{saved} is saved, but without an evaluation: {failed.message}",
            f"mend evaluate, and save the new code with this model: --model-from {saved}, or model_from=",
        ) from failed.__cause__
    return result


class Stopwatch:
    """``with watch("reading"): …``; the seconds of each step, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[step] = round(time.monotonic() - began, 3)


def _checked(predictor: Any, sample: int | None, test_share: float | None) -> float:
    """The share of the rows that is held out. FT0101, FT0309."""
    called.check_trainable(predictor)
    if sample is not None and sample < 1:
        raise error("FT0101", f"a sample of {sample} rows was asked for", "ask for one or more")
    if test_share is None:
        return held_out.SHARE if called.has_evaluate(predictor) else 0.0
    if not 0 <= test_share < 1:
        raise error("FT0101", f"test_share is {test_share}, expected a share of the rows below 1")
    return test_share


def _source(predictor: Any, input: Any) -> Source:
    """``input``, else what the class declares as ``train_source``, else as ``source``. FT0707."""
    from foretell.predictor.declared import declared_source
    from foretell.sources import as_source

    if input is not None:
        return as_source(input)
    given = predictor.train_source if predictor.train_source is not None else predictor._source()
    return declared_source(given)


def _check_any(given: Featured, rows: int, source: Source) -> None:
    """FT0307 or FT0708 when nothing is left to train on."""
    if len(given.rows) or not rows:
        return
    reasons = "; ".join(f"{count:,} × {reason}" for reason, count in given.reasons.most_common(3))
    if given.bad:
        hint = "predictor.trace(row) shows a row step by step"
        raise error("FT0307", f"none of {rows:,} rows became features: {reasons}", hint)
    raise error("FT0708", f"all {rows:,} rows of {source.describe()} were skipped: {reasons}")


def _counts(table: pa.Table, given: Featured, evaluated: Featured | None) -> dict[str, int]:
    every = [given] if evaluated is None else [given, evaluated]
    return {
        "read": table.num_rows,
        "trained": len(given.rows),
        "held out": 0 if evaluated is None else len(evaluated.rows),
        "bad": sum(one.bad for one in every),
        "skipped": sum(one.skipped for one in every),
    }


def _to_save(learner: Any, source: Source, predictor: Any) -> Any:
    """What is saved: its example is drawn from where rows to predict come from, else from what was trained on."""
    return learner if predictor.source is not None else learner.with_source(source)


def _kept(result: Training, share: float) -> dict[str, Any]:
    """What the version keeps of its training."""
    return {
        "metrics": result.metrics,
        "parameters": result.parameters,
        "seed": result.seed,
        "test_share": share,
        "data": result.data,
        "rows": result.rows,
        "seconds": result.seconds,
    }


def _compared(
    store: Store, version: Version, tested: pa.Table, trust_store: bool, tell: Progress
) -> Compared:
    """The other version's metrics on the held-out rows, by its own code; else those that it keeps."""
    from foretell.loading import load

    kept = Compared(version, dict(version.metrics), here=False)
    if not tested.num_rows:
        return kept
    predictor = load(version.reference, store=store, trust_store=trust_store, warn=False)
    if not called.has_evaluate(predictor):
        return kept
    evaluated = features_of(predictor._ready(), tested, tell)
    if not len(evaluated.rows):
        return kept
    return Compared(version, called.call_evaluate(predictor, evaluated), here=True)
