"""``foretell.Predictor``: the class that a user writes.

class EventTopics(ft.Predictor):
    input = ft.schema(title="string", description="string")
    output = ft.schema(topics="list<double>")
    keep = ["id"]

    def extract_features(self, row):
        return ft.join_text(row.title, row.description)

    def predict_bulk(self, texts):
        return self.model.transform(texts)
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from foretell.error import error
from foretell.predictor.contract import Contract
from foretell.predictor.defaults import DefaultForms
from foretell.predictor.forms import check_complete
from foretell.predictor.scorer import Scorer
from foretell.predictor.steps import NoModel, Watch
from foretell.predictor.versions import Versions

if TYPE_CHECKING:
    from foretell.parity import CheckReport
    from foretell.predictor.trace import Trace
    from foretell.spark.accessor import SparkAccessor
    from foretell.version import Version

P = TypeVar("P", bound="Predictor")

_process = object()  # another one in a forked child, where setup() runs again


def _forked() -> None:
    global _process
    _process = object()


os.register_at_fork(after_in_child=_forked)

_CONTRACT = frozenset({"input", "output", "keep", "allow_null", "allow_nan", "version", "_saved"})


class _ClassName:
    """A predictor's name where its class gives none."""

    def __get__(self, instance: object, owner: type) -> str:
        return owner.__name__


class Predictor(DefaultForms, Versions):
    """Which data, how rows become features, how features become predictions: one class for every mode.

    A class gives ``predict_item`` or ``predict_bulk``, and as many of the other steps as it needs; of
    each step it writes the item form or the bulk form, and the other one is derived.

        prepare(row)           → the row, changed; or a dict of its new columns; or ft.skip(reason)
        prepare_bulk(rows)     → a frame of any kind, or a dict of new columns
        extract_features(row)  → anything
        extract_features_bulk(rows) → one feature per row: list, array, sparse matrix, frame
        predict_item(features) → the prediction: a value, a list; for several outputs a dict or a tuple
        predict_bulk(features) → one per row: list, generator, NumPy, SciPy sparse, pandas, polars, Arrow
        train(features, rows) → a model, or (model, metrics); optional, see ``train_model``
        evaluate(features, rows) → a dict of metrics of ``self.model``; optional

    ``None`` from ``prepare`` is refused (FT0303), so that a forgotten ``return`` is noticed.

    Thread safety: ``predict`` may be called from several threads if the methods of the class may be.
    """

    name: Any = _ClassName()
    """The name in the store; the class name unless given."""

    source: Any = None
    """Where rows come from: ``ft.files("events/*.parquet")``, a frame, a table. Relative paths start at the
    folder of ``foretell.toml``, or without one at the current folder."""

    train_source: Any = None
    """Where ``train_model`` reads, with what training needs besides (labels); None: ``source``."""

    input: Any = None
    """The columns that the code reads, ``ft.schema(…)``; other columns pass by. None: all, as they come."""

    output: Any = None
    """The columns of predictions, ``ft.schema(…)``. None: inferred."""

    keep: Sequence[str] | None = None
    """Input columns that go to the output; None: all."""

    allow_null: bool = False
    """Whether None is a prediction, and no fault (FT0304)."""

    allow_nan: bool = False
    """Whether NaN is a prediction, and no fault (FT0305)."""

    parity_rtol: float = 1e-9
    """Relative difference that predictions of two modes may have."""

    parity_atol: float = 1e-12
    """Absolute difference that predictions of two modes may have."""

    model: Any
    """What training produced: any Python object. FT0310 before there is one."""

    metadata: Mapping[str, Any] = MappingProxyType({})
    """What was saved with the loaded version."""

    version: Version | None = None
    """The loaded version; None for a model that was given."""

    _store: Any = None
    _reference: str | None = None  # what the loaded version was asked for by
    _saved: Contract | None = None
    _scorer: Scorer | None = None
    _set_up_for: tuple[Any, Any] | None = None

    def __init__(self, model: Any = None, *, store: Any = None) -> None:
        """``model``: what to predict with, if it is at hand. ``store``: a path, URL or Store."""
        if model is not None:
            self.model = model
        if store is not None:
            self._store = store

    def predict(self, data: Any, on_error: Literal["fail", "null"] = "fail") -> Any:
        """The whole path, for one row or many; the same kind out, and ``data`` unchanged.

        A dict gives a dict: the kept columns, the predictions, ``model_version`` when a version is loaded,
        and ``_error`` (code, message) where the row is bad or skipped; so does a list of dicts. A pandas or
        polars frame, an Arrow table, batch, reader or dataset (a reader comes out) gives the kept columns,
        the predictions, ``model_version`` and ``_error``, one row out per row in, in order. So does a Spark frame,
        by the saved version, lazily, and with ``on_error="null"`` whatever is asked: nothing raises on executors.

        ``on_error``: "fail" raises the first bad row's error (FT0301 to FT0305, its cause the exception of
        the class's own code); "null" goes on with null predictions.
        """
        if on_error != "fail" and on_error != "null":
            raise error("FT0101", f'on_error is {on_error!r}, expected "fail" or "null"')
        if type(data).__module__.startswith("pyspark.sql."):
            from foretell.spark.frames import predict_frame as predict_spark_frame

            return predict_spark_frame(self, data)
        scorer = self._ready()
        if type(data) is dict or isinstance(data, Mapping):
            return scorer.one(data if type(data) is dict else dict(data), on_error)
        from foretell.predictor.frames import predict_frame

        return predict_frame(scorer, data, on_error)

    def features(self, data: Any) -> Any:
        """Half the path: the features of one row (a dict) or of many (a frame or list).

        As the code made them. The first row that fails raises; skipped rows are left out.
        """
        from foretell.predictor.halves import features

        return features(self._ready(), data)

    def predict_features(self, features: Any, *, item: bool | None = None) -> Any:
        """The other half: a dict of predictions for one row's features, a list of dicts for many rows'.

        A text, number or mapping is one row's; a list, array or frame is many rows', unless ``item=True``.
        """
        from foretell.predictor.halves import predict_features

        return predict_features(self._ready(), features, item)

    def trace(self, row: Mapping[str, Any]) -> Trace:
        """One row step by step: what each step made of it, or where it failed."""
        from foretell.predictor.trace import Trace

        return Trace(self._ready(), dict(row))

    def check(self, rows: Any = None) -> CheckReport:
        """Predicts ``rows`` in every mode (item, bulk, batches, shuffled, sliced, twice), and says where they differ.

        ``rows``: anything that holds rows; by default rows of the source, or the loaded version's example. Nothing
        is kept, and no other process is tried: ``foretell.check("NAME@3")`` does both, for a saved version.
        FT0701 when there is no row.
        """
        from foretell.parity.checking import check_at_hand

        return check_at_hand(self, rows)

    def load_input_dataframe(self, spark: Any) -> Any:
        """The rows of a batch on Spark, as a frame. A class that writes this wins over its ``source``.

        FT0707 without a source.
        """
        from foretell.predictor.declared import source_for_spark

        return source_for_spark(self).read_frame(spark)

    def load_input_stream(self, spark: Any) -> Any:
        """The rows of a stream on Spark, as a streaming frame. A class that writes this wins over its ``source``.

        FT0707 without a source, or with one that is no stream.
        """
        from foretell.predictor.declared import source_for_spark

        return source_for_spark(self).read_stream(spark)

    def sample(self, n: int = 1000, seed: int = 0, refresh: bool = False) -> Any:
        """``n`` rows from across the source as a pandas frame: the same for the same seed.

        They are cached as a local file; ``refresh=True`` draws them anew. FT0707 without a source.
        """
        from foretell.predictor.declared import declared_source
        from foretell.sources import sample_frame

        return sample_frame(declared_source(self._source()), n, seed=seed, refresh=refresh)

    def with_source(self: P, source: Any) -> P:
        """The same predictor with its rows from elsewhere."""
        other = copy.copy(self)
        other.source = source
        return other

    @property
    def spark(self) -> SparkAccessor:
        """The saved version in Apache Spark: as a column function, in SQL, over RDDs."""
        from foretell.spark.accessor import SparkAccessor

        return SparkAccessor(self)

    def _source(self) -> Any:
        if self.source is None:
            raise error(
                "FT0707",
                f"{self.name} declares no source",
                'add source = ft.files("events/*.parquet") to the class, or call with_source(…)',
            )
        return self.source

    def _ready(self) -> Scorer:
        """The scorer, with setup() done for the model at hand."""
        scorer = self._scorer
        if scorer is None:
            check_complete(self, Predictor)
            number = None if self.version is None else self.version.version
            scorer = Scorer(self, Predictor, Contract.of(self, self._saved), number)
            self._scorer = scorer
        state = self._set_up_for
        model = self.__dict__.get("model")
        if state is None or state[0] is not model or state[1] is not _process:
            if type(self).setup is not Predictor.setup:
                self.setup()
            self._set_up_for = (self.__dict__.get("model"), _process)
        return scorer

    def _ready_to_train(self) -> Scorer:
        """The same before there is a model: a setup() that asks for one is left for later."""
        try:
            return self._ready()
        except NoModel:
            assert self._scorer is not None
            return self._scorer

    def _native(self, watch: Watch | None = None) -> Any:
        """A ``_core.PythonPredictor`` that `Map` can call, with setup() done: what a run uses."""
        from foretell import _core

        scorer = self._ready()
        return _core.PythonPredictor(scorer.contract.core(), scorer.call([], watch))

    def _whole(self) -> Any:
        """What predicts whole batches in place of the class's steps, a ``_core.Predictor``; None where they do."""
        return None

    def _take(self, store: Any, version: Version, model: Any) -> None:
        """Takes up a version that was opened."""
        self._store = store
        self._saved = Contract.from_json(version.manifest["signature"])
        self.metadata = version.metadata
        self.model = model
        self.version = version

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in _CONTRACT:
            object.__setattr__(self, "_scorer", None)

    def __getattr__(self, name: str) -> Any:
        if name == "model":
            raise NoModel(
                "FT0310",
                f"{type(self).__name__} has no model yet",
                'call load_model(version="latest"), or set predictor.model',
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.__dict__.items() if name not in ("_scorer", "_set_up_for")
        }

    def __repr__(self) -> str:
        if self.version is not None:
            return f"<{type(self).__name__} predictor, version {self.version.version}>"
        model = "a given model" if "model" in self.__dict__ else "no model"
        return f"<{type(self).__name__} predictor, {model}>"

    def _repr_html_(self) -> str:
        from foretell.display.predictor import predictor_html

        return predictor_html(self)
