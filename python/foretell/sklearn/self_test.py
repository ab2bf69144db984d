"""The self-test of a container: inputs, and scikit-learn's answers to them, replayed wherever it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.sklearn.checking import tolerance_of

if TYPE_CHECKING:
    from foretell.models.native import NativeModel
    from foretell.sklearn.exporting import Arrays

ROWS = 16
MOST_LEFT_OUT = 1
_WORDS = 24
_ANY = "the quick brown fox jumps over a lazy dog while été naïve 日本語 words are counted"


def add_self_test(description: dict[str, Any], arrays: Arrays, model: NativeModel, estimator: Any) -> None:
    """Inputs made of the model's own words, one of them empty, and the estimator's answers.

    A row whose answers differ is left out (an iteration may stop a round earlier by rounding); FT0507 where more
    than ``MOST_LEFT_OUT`` do.
    """
    rows = _texts(description, arrays) if model._core.takes_texts else _numbers(model._core)
    answers = {name: _answers(estimator, name, rows) for name in model.methods}
    tolerance = tolerance_of(model)
    alike = [
        row
        for row in range(ROWS)
        if all(_alike(model, estimator, name, rows, answers[name], row, tolerance) for name in model.methods)
    ]
    if ROWS - len(alike) > MOST_LEFT_OUT:
        raise error(
            "FT0507",
            f"{ROWS - len(alike)} of {ROWS} inputs have other answers than {type(estimator).__name__}'s",
            "please report it; the pipeline itself can be saved as it is",
        )
    own = arrays.within("self_test/")
    _add_rows(own, rows, alike)
    for name in model.methods:
        found = answers[name][alike]
        if hasattr(found, "tocsr"):
            found = found.tocsr()
            own.add(f"{name}/row_starts", found.indptr.astype("int64"))
            own.add(f"{name}/ids", found.indices.astype("int32"))
            own.add(f"{name}/values", found.data.astype("float64"))
        else:
            own.add(name, _numeric(estimator, name, found))
    description["self_test"] = {
        "rows": len(alike),
        "methods": list(model.methods),
        "tolerance": tolerance,
    }


def _answers(estimator: Any, name: str, rows: Any) -> Any:
    try:
        return getattr(estimator, name)(rows)
    except (TypeError, ValueError):
        if not hasattr(rows, "toarray"):
            raise
        return getattr(estimator, name)(rows.toarray())  # it takes no sparse rows


def _numeric(estimator: Any, name: str, answers: Any) -> Any:
    """A classifier's labels as places in its classes; numbers as they are."""
    import numpy as np

    if name == "predict" and hasattr(estimator, "classes_"):
        answers = np.searchsorted(estimator.classes_, answers)
    return np.asarray(answers, dtype=np.float64)


def _alike(
    model: NativeModel, estimator: Any, name: str, rows: Any, answers: Any, row: int, tolerance: float
) -> bool:
    import numpy as np

    mine = getattr(model, name)(rows[row : row + 1])
    theirs = answers[row : row + 1]
    if hasattr(theirs, "toarray"):
        return bool((abs(mine - theirs) > tolerance * (1 + abs(theirs).max())).nnz == 0)
    mine, theirs = _numeric(estimator, name, mine), _numeric(estimator, name, theirs)
    return bool(np.allclose(mine, theirs, rtol=tolerance, atol=tolerance, equal_nan=True))


def _add_rows(own: Arrays, rows: Any, alike: list[int]) -> None:
    import numpy as np

    if isinstance(rows, list):
        encoded = [rows[row].encode() for row in alike]
        own.add("texts", np.frombuffer(b"".join(encoded), dtype=np.uint8))
        own.add("offsets", np.cumsum([0, *map(len, encoded)]).astype("uint64"))
        return
    kept = rows[alike]
    own.add("row_starts", kept.indptr.astype("int64"))
    own.add("ids", kept.indices.astype("int32"))
    own.add("values", kept.data)


def _texts(description: dict[str, Any], arrays: Arrays) -> list[str]:
    words = _words(description, arrays)
    step = max(1, len(words) // (ROWS * _WORDS))
    return [" ".join(words[row * step :: step * (ROWS - 1)][:_WORDS]) for row in range(ROWS - 1)] + [""]


def _words(description: dict[str, Any], arrays: Arrays) -> list[str]:
    """The terms of the first vocabulary, or some words where there is none."""
    found = {name: buffer for name, _, buffer in arrays.all if name.endswith(("terms", "term_offsets"))}
    for name, buffer in found.items():
        if name.endswith("/terms") or name == "terms":
            ends = found[name.removesuffix("terms") + "term_offsets"].cast("Q")
            terms = bytes(buffer)
            return [terms[ends[i] : ends[i + 1]].decode() for i in range(len(ends) - 1)]
    return _ANY.split()


def _numbers(core: Any) -> Any:
    import numpy as np
    from scipy.sparse import csr_matrix

    columns = core.input_columns
    ids = [
        np.unique(np.arange(row + 1, dtype=np.int64) * 7_919 * (row + 3) % columns) for row in range(ROWS - 1)
    ]
    indices = np.concatenate(ids).astype("int32")
    values = 1.0 + np.arange(len(indices)) % 5
    return csr_matrix((values, indices, np.cumsum([0, *map(len, ids), 0])), shape=(ROWS, columns))
