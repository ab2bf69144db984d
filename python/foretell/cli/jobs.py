"""``foretell jobs``: the named runs of a project."""

from __future__ import annotations

from typing import Any

from foretell.cli.options import JsonOption
from foretell.cli.printing import print_json, print_table


def jobs(as_json: JsonOption = False) -> None:
    """List the jobs that foretell.toml names: `foretell run --job NAME` runs one."""
    from foretell.project import here

    project = here()
    found = [_fields(job) for job in project.jobs.values()]
    if as_json:
        print_json(found)
        return
    if not found:
        print(f"{project.file} names no job; write [jobs.NAME] with predictor, input and output")
        return
    heads = ("job", "predictor", "engine", "input", "output")
    print_table(
        [*(name.upper() for name in heads), "MORE"],
        [[*(_text(job[name]) for name in heads), _more(job, heads)] for job in found],
    )


def _fields(job: Any) -> dict[str, Any]:
    return {
        "job": job.name,
        "predictor": job.predictor,
        "engine": job.engine,
        "input": job.options.get("input"),
        "output": job.options["output"],
        **({} if job.trigger is None else {"trigger": job.trigger}),
        **job.spark,
        **{key: value for key, value in job.options.items() if key not in ("input", "output")},
    }


def _text(value: Any) -> str:
    if value is None:
        return "the predictor's"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _more(job: dict[str, Any], heads: tuple[str, ...]) -> str:
    rest = {key: value for key, value in job.items() if key not in heads}
    return ", ".join(f"{key}={str(value).lower() if value is True else value}" for key, value in rest.items())
