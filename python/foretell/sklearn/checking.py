"""A native model beside the estimator that it was compiled from, on the same input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    from foretell.models.native import NativeModel

TOLERANCE = {"float64": 1e-10, "float32": 1e-3}
"""What the answers of the two may differ by, relative to 1 + the size of the number; by what the model computes in.

A model fitted in single precision feels another order of summation, so that a few documents differ by 1e-4.
"""


def tolerance_of(model: NativeModel) -> float:
    return max(
        TOLERANCE["float32" if model._core.shape(name)[3] == "float32" else "float64"]
        for name in model.methods
    )


def compare(model: NativeModel, estimator: Any, rows: Any) -> dict[str, Any]:
    """How far each method of the two is apart over these rows; FT0507 where more than 1 in 200 is above the tolerance.

    (One may be: an iteration that stops a round earlier by rounding.)
    """
    import numpy as np

    rows = rows if hasattr(rows, "__len__") or hasattr(rows, "shape") else list(rows)
    count = rows.shape[0] if hasattr(rows, "shape") else len(rows)
    if count == 0:
        raise error("FT0101", "check holds no row", "give some texts that the model will see")
    found: dict[str, Any] = {"rows": int(count)}
    tolerance = tolerance_of(model)
    for name in model.methods:
        ours, theirs = getattr(model, name)(rows), getattr(estimator, name)(rows)
        if name == "predict" and hasattr(estimator, "classes_"):
            differ = int(np.asarray(ours != theirs).sum())
            found[name] = {"differ": differ}
        else:
            by_row = _by_row(_difference(ours, theirs))
            differ = int((~(by_row <= tolerance * (1 + _by_row(abs(theirs))))).sum())
            found[name] = {
                "largest": float(by_row.max()),
                "rows above 1e-12": int((by_row > 1e-12).sum()),
                "rows above the tolerance": differ,
            }
        if differ > max(1, count // 200):
            raise error(
                "FT0507",
                f"{name} of the native model and of {type(estimator).__name__} differ: {found[name]}",
                "please report it; the pipeline itself can be saved as it is",
            )
    return found


def _difference(ours: Any, theirs: Any) -> Any:
    """By number; 0 where both are NaN, NaN where one is."""
    import numpy as np

    if hasattr(theirs, "tocsr"):
        return abs(ours - theirs)
    theirs = np.asarray(theirs)
    return np.where(np.isnan(ours) & np.isnan(theirs), 0.0, abs(ours - theirs))


def _by_row(numbers: Any) -> Any:
    if numbers.ndim == 1:
        return numbers
    largest = numbers.max(axis=1)
    return largest.toarray().reshape(-1) if hasattr(largest, "toarray") else largest
