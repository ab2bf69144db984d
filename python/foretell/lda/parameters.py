"""scikit-learn's conventions for parameters, without scikit-learn."""

from __future__ import annotations

import inspect
import math
import numbers
import sys
from collections.abc import Callable
from typing import Any, Self

from foretell.error import ArgumentError, error


class Parameters:
    """A class whose parameters are those of its ``__init__``, each kept in an attribute of its name."""

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; ``deep`` adds those of parameters that have some, as ``vectorizer__min_df``."""
        found = {name: getattr(self, name) for name in self._names()}
        if deep:
            for name, value in list(found.items()):
                if hasattr(value, "get_params") and not isinstance(value, type):
                    found.update({f"{name}__{key}": inner for key, inner in value.get_params().items()})
        return found

    def set_params(self, **params: Any) -> Self:
        """Sets parameters by name; FT0101 for a name that there is not."""
        names = self._names()
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in names:
                raise error(
                    "FT0101",
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {names!r}.",
                )
            if inner:
                getattr(self, name).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        told = (
            f"{name}={getattr(self, name)!r}"
            for name in self._names()
            if repr(getattr(self, name, None)) != repr(defaults[name].default)
        )
        return f"{type(self).__name__}({', '.join(told)})"


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least ``least``; FT0101."""
    if _is_whole(value) and int(value) >= least:
        return int(value)
    raise error("FT0101", f"{name} is {value!r}, expected a whole number of at least {least}")


def real(name: str, value: Any, fits: Callable[[float], bool], expected: str) -> float:
    """A finite number that ``fits``; FT0101."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and fits(number):
            return number
    raise error("FT0101", f"{name} is {value!r}, expected {expected}")


def tolerance_of(lda: Any) -> float:
    """``mean_change_tol``; FT0101."""
    return real("mean_change_tol", lda.mean_change_tol, lambda x: x >= 0, "a number of at least 0")


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def threads_of(n_jobs: Any) -> int:
    """1 for None; -1 is every core that this process may use, -2 all but one."""
    import os

    if n_jobs is None:
        return 1
    if not _is_whole(n_jobs) or n_jobs == 0:
        raise error("FT0101", f"n_jobs is {n_jobs!r}, expected None or a whole number other than 0")
    cores = len(os.sched_getaffinity(0))
    threads = int(n_jobs)
    return threads if threads > 0 else max(1, cores + 1 + threads)


def seed_of(random_state: Any) -> int:
    """64 bits: of an int as it is, drawn from a NumPy generator, from the system for None. FT0101."""
    import numpy as np

    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if _is_whole(random_state) and int(random_state) >= 0:
        return int(random_state) % 2**64
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**63 - 1, dtype=np.int64))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**63 - 1))
    raise error(
        "FT0101",
        f"random_state is {random_state!r}, expected None, a whole number of at least 0, or a NumPy generator",
    )


def not_fitted(estimator: object) -> Exception:
    """FT0101; where scikit-learn is in use also its NotFittedError, which its tools wait for."""
    kind: type[ArgumentError] = ArgumentError
    exceptions = sys.modules.get("sklearn.exceptions")
    if exceptions is not None:
        kind = type("NotFittedError", (ArgumentError, exceptions.NotFittedError), {})
    return kind(
        "FT0101",
        f"This {type(estimator).__name__} instance is not fitted yet",
        "call fit with counts or texts first",
    )
