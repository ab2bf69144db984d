"""Counts as the C++ core takes them, from whatever holds them: SciPy sparse, NumPy, pandas, lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import error

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Counts:
    """Compressed sparse rows: row r has the ids and values from row_starts[r] to row_starts[r + 1]."""

    row_starts: Array  # int64
    ids: Array  # int32
    values: Array  # float64
    columns: int

    @property
    def rows(self) -> int:
        return len(self.row_starts) - 1

    @property
    def arrays(self) -> tuple[Array, Array, Array, int]:
        """The first arguments of the core's functions."""
        return self.row_starts, self.ids, self.values, self.columns

    def take(self, rows: Array) -> Counts:
        """These rows, in this order."""
        import numpy as np

        lengths = np.diff(self.row_starts)[rows]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        at = np.arange(starts[-1]) + np.repeat(self.row_starts[:-1][rows] - starts[:-1], lengths)
        return Counts(starts, self.ids[at], self.values[at], self.columns)


def counts_of(x: Any, where: str) -> Counts:
    """``x`` is rows × words: a SciPy sparse matrix or array, or what NumPy makes a matrix of.

    The values themselves are checked by the core. FT0101 for other shapes and kinds; ``where`` is named there.
    """
    import numpy as np

    if hasattr(x, "tocsr"):
        _check_numeric(x.dtype, where)
        if len(x.shape) != 2:
            raise error("FT0101", f"{where} got a sparse array of {len(x.shape)} dimensions, expected 2")
        csr = x.tocsr()
        return Counts(
            np.ascontiguousarray(csr.indptr, dtype=np.int64),
            np.ascontiguousarray(csr.indices, dtype=np.int32),
            np.ascontiguousarray(csr.data, dtype=np.float64),
            int(csr.shape[1]),
        )
    matrix = np.asarray(x)
    if matrix.ndim != 2:
        raise error(
            "FT0101",
            f"Expected 2D array, got {'scalar' if matrix.ndim == 0 else f'{matrix.ndim}D'} array instead, by {where}",
            "Reshape your data: one row of counts is counts.reshape(1, -1)",
        )
    if matrix.dtype == object:
        try:
            matrix = matrix.astype(np.float64)
        except (TypeError, ValueError) as raised:
            raise error("FT0101", f"{where} got values that are not numbers: {raised}") from raised
    _check_numeric(matrix.dtype, where)
    rows, ids = np.nonzero(matrix)
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=matrix.shape[0]))))
    return Counts(
        starts.astype(np.int64),
        ids.astype(np.int32),
        np.ascontiguousarray(matrix[rows, ids], dtype=np.float64),
        matrix.shape[1],
    )


def _check_numeric(dtype: Any, where: str) -> None:
    import numpy as np

    if dtype.kind == "c":
        raise error("FT0101", f"{where} got numbers of {dtype}. Complex data not supported")
    if dtype.kind not in "biuf":
        raise error("FT0101", f"{where} got values of type {np.dtype(dtype).name}, expected counts")
