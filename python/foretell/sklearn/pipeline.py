"""Pipeline: its steps, those of pipelines within it too, but for those that pass on what they get."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, refuse


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    from foretell.sklearn.estimators import export_step

    steps = steps_of(estimator)
    if not steps:
        raise refuse(estimator, "it has no step")
    return {
        "kind": "pipeline",
        "steps": [export_step(step, arrays.within(f"{number}/")) for number, step in enumerate(steps)],
    }


def steps_of(pipeline: Any) -> list[Any]:
    """In their order; a pipeline of pipelines is one of their steps. FT0806."""
    if getattr(pipeline, "transform_input", None):
        raise refuse(pipeline, "transform_input is set")
    steps: list[Any] = []
    for _, step in pipeline.steps:
        if type(step) is type(pipeline):
            steps += steps_of(step)
        elif step is not None and step != "passthrough":
            steps.append(step)
    return steps
