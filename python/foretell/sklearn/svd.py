"""TruncatedSVD: ``transform``."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, check_fitted, dtype_of
from foretell.sklearn.linear import linear


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    import numpy as np

    check_fitted(estimator, "components_")
    components = estimator.components_
    return linear(
        estimator,
        arrays,
        components,
        np.zeros(components.shape[0]),
        methods=["transform"],
        dtype=dtype_of(estimator, components),
    )
