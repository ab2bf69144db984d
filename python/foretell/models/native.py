"""Models that run in C++: what ``ft.compile`` makes of a fitted scikit-learn estimator.

model = ft.compile(pipeline)
model.transform(texts)                 # list, NumPy, pandas, polars, Arrow in; NumPy out
model.save("topics.foretell"); ft.NativeModel.open("topics.foretell")
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    from foretell import _core
    from foretell.display import Topics
    from foretell.lda.topics import Explanation

METHODS = ("transform", "predict", "predict_proba", "decision_function")


class NativeModel:
    """A fitted model with the methods of the estimator that it was compiled from, run in C++.

    Those of ``transform``, ``predict``, ``predict_proba`` and ``decision_function`` that the estimator has; see
    each for what goes in and comes out. A row's result depends on the row and the model alone: the same bits
    in any batch, on any number of threads and on any processor.

    Immutable; any thread may call it, several at a time, and the GIL is released. It is pickled as its bytes,
    which a saved version maps into memory. Loading checks its structure and replays its self-test.
    """

    def __init__(self, core: _core.NativeModel) -> None:
        """``core``: what holds the model; users call ``ft.compile`` or ``NativeModel.open``."""
        self._core: Any = core

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> NativeModel:
        """The model in a file that ``save`` wrote, mapped into memory: all processes share it.

        FT0407 for a newer format; FT0502, FT0506 where it is damaged, FT0507 where its self-test fails here.
        """
        from foretell import _core

        return cls(_core.NativeModel.open(os.fspath(path)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model into a file, in one step: another process sees all of it, or nothing."""
        target = Path(path)
        half = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
        try:
            with half.open("wb") as file:
                file.write(memoryview(self._core.buffer))
                file.flush()
                os.fsync(file.fileno())
            half.rename(target)
        finally:
            half.unlink(missing_ok=True)

    @cached_property
    def description(self) -> Mapping[str, Any]:
        """What the container says: steps, settings, what it was made with and, after ``check=``, how exact it is."""
        made: dict[str, Any] = json.loads(self._core.description)
        return made

    @property
    def nbytes(self) -> int:
        """Bytes of the container: what the processes of a machine share."""
        return int(self._core.buffer.nbytes)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        return tuple(self._core.methods)

    @cached_property
    def classes_(self) -> Any:
        """A classifier's labels, as scikit-learn has them."""
        if not self._core.classes:
            raise AttributeError("the model is no classifier, and has no classes_")
        import numpy as np

        return np.asarray(self._core.classes, dtype=self.description["classes_dtype"])

    def topics(self, n: int = 10, reference: Any = None) -> Topics:
        """A model with LDA: its topics by their ``n`` best words (50 are kept), with their probabilities.

        ``reference``: texts (or counts) over which each topic's coherence C_NPMI is computed. FT0101.
        """
        from foretell.models.native_topics import TopicModel

        return TopicModel(self).topics(n, reference)

    def explain(self, text: Any) -> Explanation:
        """A model with LDA: which words of one text (or row of counts) speak for which topic. FT0101."""
        from foretell.models.native_topics import TopicModel

        return TopicModel(self).explain(text)

    def verify(self) -> None:
        """Reads every array and compares its digest; FT0506."""
        self._core.verify()

    def __getattr__(self, name: str) -> Any:
        if name in METHODS and name in self.methods:
            return _Method(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self.methods]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        buffer = self._core.buffer
        return _restore, (pickle.PickleBuffer(buffer) if protocol >= 5 else buffer.tobytes(),)

    def __repr__(self) -> str:
        return f"<NativeModel {self.description.get('title', '')}: {', '.join(self.methods)}>"


class _Method:
    """One method of a model, as a bound method would be."""

    def __init__(self, model: NativeModel, name: str) -> None:
        self.__self__ = model
        self.__name__ = name
        self.__doc__ = f"``{name}`` of the compiled estimator: as there, for texts or rows of numbers."

    def __call__(self, X: Any, *, threads: int = 1, arrow: bool = False) -> Any:
        """``X``: for a model that begins with a vectorizer texts: a list, NumPy array, pandas or polars series, or
        Arrow column (no copy) of str, or of bytes; else rows of numbers: an array, frame or SciPy sparse matrix.

        As scikit-learn gives it: an array (rows, columns) of float64, or of float32 for a model fitted so; one
        dimension where it gives one; labels for a classifier's ``predict``; a SciPy CSR matrix from a vectorizer.
        ``arrow=True``: an Arrow list column, or a plain one where there is one value a row.

        ``threads``: how many work on it, this one included. Ctrl-C is answered between pieces of 1,000 rows.
        FT0101 for another kind of input, FT0205 for what is no text, FT0206 for a number that is not finite, or
        negative where counts are expected.
        """
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise error("FT0101", f"threads is {threads!r}, expected a whole number of 1 or more")
        model, name = self.__self__, self.__name__
        core = model._core
        if _texts(core, X):
            answer = core.apply_texts(X, name, threads)
        else:
            _check_names(model.description.get("feature_names"), X)
            answer = _numbers(core, X, name, threads)
        columns, sparse, flat, dtype = core.shape(name)
        if sparse:
            rows = _sparse(answer, columns, dtype, arrow)
            return rows if core.takes_texts or hasattr(X, "tocsr") else rows.toarray()
        if name == "predict" and core.classes:
            answer = model.classes_[answer[:, 0].astype("int64")]
        else:
            answer = answer.astype(dtype, copy=False)
            answer = answer[:, 0] if flat else answer
        return _column(answer) if arrow else answer

    def __repr__(self) -> str:
        return f"<method {self.__name__} of {self.__self__!r}>"


def _restore(buffer: Any) -> NativeModel:
    from foretell import _core

    return NativeModel(_core.NativeModel(buffer))


def _texts(core: Any, X: Any) -> bool:
    """Whether the model takes texts; FT0101 for one text where many are expected."""
    if core.takes_texts and isinstance(X, (str, bytes, Mapping)):
        raise error(
            "FT0101",
            f"{type(X).__name__} was given, expected many texts",
            "give a list: [text], for a single one",
        )
    known = ("__iter__", "__arrow_c_stream__", "__arrow_c_array__")
    if core.takes_texts and not any(hasattr(X, name) for name in known):
        raise error("FT0101", f"{type(X).__name__} was given, expected texts", "give a list of them")
    if core.takes_texts and hasattr(X, "columns"):
        raise error("FT0101", "a frame was given, expected one column of texts", 'give one: frame["text"]')
    if core.takes_texts and getattr(X, "ndim", 1) != 1:
        raise error(
            "FT0101", f"texts have one dimension, and {X.ndim} were given", 'give one column: frame["text"]'
        )
    return bool(core.takes_texts)


def _check_names(names: list[str] | None, X: Any) -> None:
    """FT0101 for a frame with other columns than the estimator was fitted to, or in another order."""
    found = getattr(X, "columns", None)
    if names is not None and found is not None and [str(name) for name in found] != names:
        raise error(
            "FT0101",
            f"the columns are {', '.join(map(str, found))}, and the model was fitted to {', '.join(names)}",
            "give the same columns in the same order",
        )


def _numbers(core: Any, X: Any, name: str, threads: int) -> Any:
    import numpy as np

    if hasattr(X, "tocsr"):
        from foretell.lda.counts import counts_of

        return core.apply_csr(*counts_of(X, name).arrays, name, threads)
    try:
        matrix = np.ascontiguousarray(X, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise error("FT0101", f"rows of numbers are expected: {problem}") from problem
    if matrix.ndim != 2:
        raise error(
            "FT0101",
            f"rows of {core.input_columns} numbers are expected, and an array of {matrix.ndim} dimensions was given",
            "a single row is array.reshape(1, -1)",
        )
    return core.apply_dense(matrix, name, threads)


def _sparse(answer: Any, columns: int, dtype: str, arrow: bool) -> Any:
    if arrow:
        raise error(
            "FT0101", "rows of a vectorizer are sparse, and have no Arrow form", "leave arrow=True out"
        )
    from scipy.sparse import csr_matrix

    starts, ids, values = answer
    return csr_matrix((values.astype(dtype, copy=False), ids, starts), shape=(len(starts) - 1, columns))


def _column(answer: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    if answer.ndim == 1:
        return pa.array(answer)
    rows, columns = answer.shape
    offsets = np.arange(rows + 1, dtype=np.int32 if answer.size < 2**31 else np.int64) * columns
    kind = pa.ListArray if answer.size < 2**31 else pa.LargeListArray
    return kind.from_arrays(pa.array(offsets), pa.array(answer.reshape(-1)))
