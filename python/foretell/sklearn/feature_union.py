"""FeatureUnion: several transformers of the same input, side by side."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, refuse


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    from foretell.sklearn.estimators import export_step

    weights = estimator.transformer_weights or {}
    steps: list[dict[str, Any]] = []
    factors: list[float] = []
    for name, transformer in estimator.transformer_list:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        if isinstance(transformer, str) or transformer is None:
            raise refuse(estimator, f"{name} passes its input through")
        steps.append(export_step(transformer, arrays.within(f"{len(steps)}/")))
        factors.append(float(weights.get(name, 1.0)))
    if not steps:
        raise refuse(estimator, "it has no transformer")
    return {"kind": "feature_union", "steps": steps, "weights": factors}
