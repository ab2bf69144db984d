"""Pipeline: its steps, but for those that pass on what they get."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, refuse


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    from foretell.sklearn.estimators import export_step

    steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
    if not steps:
        raise refuse(estimator, "it has no step")
    if getattr(estimator, "transform_input", None):
        raise refuse(estimator, "transform_input is set")
    return {
        "kind": "pipeline",
        "steps": [export_step(step, arrays.within(f"{number}/")) for number, step in enumerate(steps)],
    }
