"""What every exporter is given, and how it refuses.

An exporter is a function of one file of this package: from a fitted estimator, and where its arrays go, to
the step's settings. It reads what ``transform`` or ``predict`` of scikit-learn reads, and refuses by name any
setting that the native step does not have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from foretell.error import Error, error


@dataclass
class Arrays:
    """The arrays of a container, by name; ``place`` stands before the names of one step."""

    place: str = ""
    all: list[tuple[str, str, Any]] = field(default_factory=list)

    def add(self, name: str, array: Any) -> None:
        """A contiguous array of one of the container's dtypes."""
        import numpy as np

        made: Any = np.ascontiguousarray(array)
        self.all.append((self.place + name, made.dtype.name, memoryview(made.reshape(-1)).cast("B")))

    def within(self, place: str) -> Arrays:
        return Arrays(self.place + place, self.all)


def refuse(estimator: Any, what: str) -> Error:
    """FT0806: the estimator, and what of it has no native form."""
    return error(
        "FT0806",
        f"{type(estimator).__name__} cannot be compiled: {what}",
        "save the pipeline itself: it runs in Python",
    )


def check_fitted(estimator: Any, attribute: str) -> None:
    """FT0806 before ``fit``."""
    if not hasattr(estimator, attribute):
        raise error(
            "FT0806",
            f"{type(estimator).__name__} is not fitted: it has no {attribute}",
            "call fit before compile",
        )


def dtype_of(estimator: Any, array: Any) -> str:
    """ "float64" or "float32"; FT0806 for another."""
    name = str(array.dtype)
    if name not in ("float64", "float32"):
        raise refuse(estimator, f"it was fitted in {name}, and the native one computes in float64 or float32")
    return name


def finite(estimator: Any, name: str, array: Any) -> Any:
    """The array, of finite numbers; FT0806."""
    import numpy as np

    if not np.isfinite(array).all():
        raise refuse(estimator, f"{name} holds a number that is not finite")
    return array


def labels(estimator: Any) -> list[Any]:
    """A classifier's classes as JSON values; FT0806 for others than texts, whole numbers, floats and booleans."""
    classes = estimator.classes_
    values: list[Any] = classes.tolist()
    kinds = {type(value) for value in values}
    for value in values:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise refuse(estimator, f"the class {value} has more than 64 bits")
        if isinstance(value, float) and not math.isfinite(value):
            raise refuse(estimator, f"the class {value} is no finite number")
        if isinstance(value, str):
            encodable(estimator, value, "its classes hold")
    if classes.ndim != 1 or len(kinds) != 1 or not kinds <= {str, int, float, bool}:
        raise refuse(
            estimator, f"its classes are {values!r:.100}, expected texts, numbers or booleans of one type"
        )
    return values


def encodable(estimator: Any, text: str, where: str) -> None:
    """FT0806 for a text that UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse(estimator, f"{where} {text!r:.60}, which UTF-8 cannot write") from None


def sklearn_version() -> tuple[int, int]:
    import sklearn

    major, minor = sklearn.__version__.split(".")[:2]
    return int(major), int(minor)
