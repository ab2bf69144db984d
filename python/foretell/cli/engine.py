"""The engine that a command line, or a job, asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from foretell.error import error


class EngineName(StrEnum):
    """Where rows are scored."""

    local = "local"
    spark = "spark"


EngineOption = Annotated[
    EngineName | None,
    typer.Option("--engine", help="Where rows are scored: by processes of this machine, or by Spark."),
]
MasterOption = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="With --engine spark: such as spark://host:7077; local[*] unless given, or spark-submit's.",
    ),
]
ConfOption = Annotated[
    list[str] | None,
    typer.Option(
        "--conf", metavar="KEY=VALUE", help="With --engine spark: a setting of Spark; may be repeated."
    ),
]


def engine_of(
    name: str | None, master: str | None, conf: list[str] | None, isolate: bool | None, job: str | None
) -> Any:
    """What ``foretell.run`` takes as its engine; what was given here wins over what the job says. FT0101 for options
    of Spark without it, FT1006 for a setting that is none."""
    told: dict[str, Any] = {}
    if job is not None:
        from foretell.project import here

        found = here().job(job)
        name = name or found.engine
        told = dict(found.spark)
    given = {"--master": master, "--conf": conf or None, "--isolate": isolate}
    if (name or "local") != "spark":
        for option, value in given.items():
            if value is not None:
                raise error("FT0101", f"{option} is about Spark", "add --engine spark")
        return "local"
    from foretell.spark import Spark

    settings = {**told.get("settings", {}), **dict(_setting(text) for text in conf or [])}
    return Spark(
        master or told.get("master"),
        settings,
        isolate=told.get("isolate", False) if isolate is None else isolate,
    )


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise error("FT1006", f"{text!r} is no setting of Spark", "write --conf spark.executor.memory=4g")
    return key.strip(), value
