"""StandardScaler, MaxAbsScaler and Normalizer: ``transform``."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, check_fitted, finite, refuse


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    import numpy as np

    if not hasattr(estimator, "n_features_in_"):
        raise refuse(estimator, "it is not fitted, so that its number of columns is not known")
    columns = int(estimator.n_features_in_)
    if type(estimator).__name__ == "Normalizer":
        return {"kind": "normalizer", "columns": columns, "norm": estimator.norm}
    if getattr(estimator, "clip", False):
        raise refuse(estimator, "clip=True")
    check_fitted(estimator, "scale_")
    scales = np.ones(columns) if estimator.scale_ is None else estimator.scale_
    arrays.add("scales", finite(estimator, "scale_", scales).astype("float64"))
    has_offsets = bool(getattr(estimator, "with_mean", False))
    if has_offsets:
        arrays.add("offsets", finite(estimator, "mean_", estimator.mean_).astype("float64"))
    return {"kind": "scaler", "columns": columns, "has_offsets": has_offsets}
