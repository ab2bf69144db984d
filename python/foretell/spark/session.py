"""The Spark session: the one that is active, else one made here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from foretell.error import error, missing_extra


def is_connect(session_or_frame: Any) -> bool:
    """Whether it speaks with a Spark server elsewhere (Spark Connect)."""
    return type(session_or_frame).__module__.startswith("pyspark.sql.connect")


def active_session() -> Any:
    """The session that is active in this thread, else this process's, or None."""
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as cause:
        raise missing_extra("pyspark", "spark") from cause
    try:
        found = SparkSession.active()
    except PySparkRuntimeError:
        return None
    stopped = not is_connect(found) and found.sparkContext._jsc is None
    return None if stopped else found


def needed_session() -> Any:
    """The same; FT1001 where there is none."""
    found = active_session()
    if found is None:
        raise error(
            "FT1001",
            "no Spark session is active",
            "make one first: spark = SparkSession.builder.getOrCreate()",
        )
    return found


def session(
    master: str | None = None, settings: Mapping[str, str] | None = None, name: str = "foretell"
) -> tuple[Any, bool]:
    """A session, and whether it was made here, so that it is ours to stop.

    An active one is used as it is, as is one that ``spark-submit`` prepared: no second one is made.
    ``settings`` that a session has from its start cannot be changed then: FT1006. FT1001 when Spark cannot be
    started.
    """
    found = active_session()
    if found is not None:
        _apply(found, master, settings or {})
        return found, False
    from pyspark.sql import SparkSession

    # Executors of a local master are run by this interpreter, not by the first python3 on the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(name)
    if master is not None:
        builder = builder.master(master)
    elif "SPARK_MASTER" not in os.environ and "PYSPARK_GATEWAY_PORT" not in os.environ:
        builder = builder.master(os.environ.get("MASTER", "local[*]"))
    for key, value in {**DEFAULTS, **(settings or {})}.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate(), True
    except Exception as raised:
        raise error(
            "FT1001",
            f"Spark could not be started: {str(raised).splitlines()[0] if str(raised) else type(raised).__name__}",
            "PySpark needs Java 17 or newer: `java -version`; with --master, is the cluster there?",
        ) from raised


DEFAULTS = {
    "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",  # a crash then names the Python stack
    "spark.ui.showConsoleProgress": "false",  # progress is told by foretell
}


def _apply(found: Any, master: str | None, settings: Mapping[str, str]) -> None:
    if master is not None and not is_connect(found) and found.sparkContext.master != master:
        raise error(
            "FT1006",
            f"a session with master {found.sparkContext.master} is active, and {master} was asked for",
            "leave out the master, or stop that session first",
        )
    for key, value in settings.items():
        if found.conf.get(key, None) == value:
            continue
        try:
            found.conf.set(key, value)
        except Exception as raised:
            raise error(
                "FT1006",
                f"{key} cannot be set to {value!r} in the session that is active",
                "set it where the session is made",
            ) from raised
