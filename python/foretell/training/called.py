"""The class's own ``train`` and ``evaluate``: how they are called, and what may come back.

def train(self, features, rows):        # → the model, or (model, metrics)
def evaluate(self, features, rows):     # → metrics; optional, self.model is there
"""

from __future__ import annotations

import inspect
import json
import math
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from foretell.error import Error, error
from foretell.predictor.columns import say
from foretell.predictor.failure import describe
from foretell.training.features import Featured

_MOST_PARAMETERS = 200
_MOST_TEXT = 200


def check_trainable(predictor: Any) -> None:
    """FT0309 unless the class has ``train``."""
    if not callable(getattr(type(predictor), "train", None)):
        raise error(
            "FT0309",
            f"{type(predictor).__name__} has no method train",
            "add `def train(self, features, rows): return make_pipeline(…).fit(features)`",
        )


def call_train(predictor: Any, given: Featured, seed: int) -> tuple[Any, dict[str, Any]]:
    """(model, metrics). A parameter ``seed`` of the method gets the seed. FT0301, FT0303."""
    more = {"seed": seed} if "seed" in inspect.signature(predictor.train).parameters else {}
    with seeded(seed):
        result = _called(predictor.train, given, more)
    model, metrics = result, None
    if isinstance(result, tuple):
        if len(result) != 2 or not isinstance(result[1], Mapping):
            raise error(
                "FT0303",
                f"train returned a tuple of {len(result)}, expected a model or (model, metrics)",
                "metrics are a dict, such as {'accuracy': 0.93}",
            )
        model, metrics = result
    if model is None:
        raise error(
            "FT0303",
            "train returned None, expected a model or (model, metrics)",
            "end it with `return model`",
        )
    return model, _metrics({} if metrics is None else metrics, "train")


def call_evaluate(predictor: Any, given: Featured) -> dict[str, Any]:
    """The metrics of the predictor's model on rows that it was not trained on. FT0301, FT0303."""
    result = _called(predictor.evaluate, given, {})
    if not isinstance(result, Mapping):
        raise error(
            "FT0303",
            f"evaluate returned {say(result)}, expected a dict of metrics",
            "return {'accuracy': 0.93}",
        )
    return _metrics(result, "evaluate")


def has_evaluate(predictor: Any) -> bool:
    return callable(getattr(type(predictor), "evaluate", None))


def _called(method: Any, given: Featured, more: dict[str, Any]) -> Any:
    try:
        return method(given.features, given.rows, **more)
    except Error:
        raise
    except Exception as failure:
        raise error("FT0301", f"{method.__name__} raised {describe(failure)}") from failure


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Python's and NumPy's global generators start at the seed, and are as they were afterwards."""
    import numpy as np

    before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def _metrics(given: Mapping[Any, Any], method: str) -> dict[str, Any]:
    """As JSON values; numbers that are none (NaN) are null."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        plain = _plain(value)
        if isinstance(plain, float) and not math.isfinite(plain):
            plain = None
        try:
            found[str(name)] = json.loads(json.dumps(plain, allow_nan=False))
        except (TypeError, ValueError) as problem:
            raise error(
                "FT0303",
                f"the metric {str(name)!r} of {method} is {say(value)}, expected a number, a text, or lists "
                "and dicts of them",
            ) from problem
    return found


def _plain(value: Any) -> Any:
    """NumPy's scalars and arrays as Python's own."""
    return value.tolist() if hasattr(value, "tolist") and not isinstance(value, type) else value


def parameters_of(model: Any) -> dict[str, Any]:
    """What ``get_params`` tells of a model (scikit-learn and its like), as JSON values; {} where it has none."""
    ask = getattr(model, "get_params", None)
    if not callable(ask):
        return {}
    try:
        given = dict(ask())
    except Exception:  # a library's own matter; the model is no worse for it
        return {}
    found: dict[str, Any] = {}
    for name, value in list(given.items())[:_MOST_PARAMETERS]:
        if hasattr(value, "get_params") or isinstance(value, (list, tuple)):
            continue  # a part, whose own parameters follow under longer names
        plain = _plain(value)
        finite = isinstance(plain, (bool, int, str, type(None))) or (
            isinstance(plain, float) and math.isfinite(plain)
        )
        found[str(name)] = plain if finite and len(str(plain)) <= _MOST_TEXT else str(plain)[:_MOST_TEXT]
    return found
