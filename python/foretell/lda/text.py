"""Texts and tables as input: what they are, and what makes counts of texts."""

from __future__ import annotations

from typing import Any

from foretell.error import error, missing_extra


def is_texts(x: Any) -> bool:
    """Whether ``x`` is a column of str: a list, a NumPy or Arrow array, a pandas or polars Series."""
    if isinstance(x, (str, bytes)):
        raise error("FT0101", "one text was given, expected a list of texts", "give [text]")
    if hasattr(x, "tocsr") or hasattr(x, "columns"):
        return False
    if len(getattr(x, "shape", (0,))) > 1:
        return False
    try:
        first: Any = next(iter(x), None)
    except TypeError:
        return False
    return isinstance(first.as_py() if hasattr(first, "as_py") else first, str)


def as_list(x: Any) -> list[str]:
    """The texts; FT0101 for one that is not a str."""
    listed = list(x.to_pylist() if hasattr(x, "to_pylist") else x)
    for row, one in enumerate(listed):
        if not isinstance(one, str):
            raise error("FT0101", f"row {row} is {one!r}, expected a text", "'' is a document without words")
    return listed


def vectorizer_of(given: Any) -> Any:
    """A copy of the vectorizer that was given, else scikit-learn's CountVectorizer; FT0107."""
    try:
        from sklearn.base import clone
        from sklearn.feature_extraction.text import CountVectorizer
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    return CountVectorizer() if given is None else clone(given)


def names_of(x: Any) -> Any:
    """The names of a table's columns, where all are str; else None."""
    import numpy as np

    if not hasattr(x, "columns") or hasattr(x, "tocsr"):
        return None
    names = list(x.columns)
    if not names or not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)


def check_names(estimator: Any, x: Any) -> None:
    """FT0101 when the columns of a table are others than those of ``fit``, or in another order."""
    import warnings

    known, found = getattr(estimator, "feature_names_in_", None), names_of(x)
    kind = type(estimator).__name__
    if known is None and found is not None:
        warnings.warn(f"X has feature names, but {kind} was fitted without feature names", stacklevel=4)
    elif known is not None and found is None:
        warnings.warn(
            f"X does not have valid feature names, but {kind} was fitted with feature names", stacklevel=4
        )
    elif known is not None and list(known) != list(found):
        lines = [
            "The feature names should match those that were passed during fit.",
            *_listed("Feature names unseen at fit time:", [name for name in found if name not in set(known)]),
            *_listed(
                "Feature names seen at fit time, yet now missing:",
                [name for name in known if name not in set(found)],
            ),
        ]
        if len(lines) == 1:
            lines.append("Feature names must be in the same order as they were in fit.")
        raise error("FT0101", "\n".join(lines) + "\n")


def _listed(title: str, names: list[str]) -> list[str]:
    return [title, *(f"- {name}" for name in sorted(names)[:5])] if names else []
