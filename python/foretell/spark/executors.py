"""Whether executors can run a version, seen before they have to, and told by the driver."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.spark.descriptor import Descriptor
from foretell.spark.session import is_connect

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell.version import Version

_HINT = "give executors the driver's environment: spark.archives with a packed one, see docs/spark.md"
_MISSING = re.compile(r"No module named '(\w+)|\[PACKAGE_NOT_INSTALLED\] (\S+)")
_checked: set[tuple[str, Descriptor]] = set()


def check_executors(session: Any, descriptor: Descriptor, version: Version | None) -> None:
    """Has a task on each core open the version, which also warms it; once for a session and a version.

    FT1002 when foretell is missing or another release there, or a library that the version needs; for a version
    that is data only, other libraries are only warned about. What opening raises there is raised here.
    """
    key = (_session_id(session), descriptor)
    if key in _checked:
        return
    found = _ask(session, Look(descriptor, _needed(version)))
    _judge(found, descriptor, version)
    _checked.add(key)


@dataclass(frozen=True)
class Look:
    """What a task tells of the process that it runs in."""

    descriptor: Descriptor
    packages: tuple[str, ...]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import platform

        import pyarrow as pa

        for _ in batches:
            pass
        found = {"host": platform.node(), **_here(self.packages)}
        try:
            self.descriptor.open()
        except Error as problem:
            found["error"] = [problem.code, problem.message, problem.hint]
        yield pa.RecordBatch.from_pydict({"found": [json.dumps(found)]})


def _here(packages: tuple[str, ...]) -> dict[str, Any]:
    from foretell.code import environment
    from foretell.code.environment import installed

    here = environment()
    return {"python": here["python"], "foretell": here["foretell"], "packages": installed(packages)}


def _needed(version: Version | None) -> tuple[str, ...]:
    """The packages that the version was saved with: what its code and its model import."""
    told = {} if version is None else version.manifest.get("environment") or {}
    return tuple(sorted(told.get("packages") or {}))


def _ask(session: Any, look: Look) -> list[dict[str, Any]]:
    tasks = tasks_at_a_time(session)
    try:
        rows = session.range(0, tasks, 1, tasks).mapInArrow(look, "found string").collect()
    except Exception as raised:
        text = str(raised)
        missing = _MISSING.search(text)
        if missing is not None:
            raise error(
                "FT1002", f"{missing[1] or missing[2]} is not installed where executors run Python", _HINT
            ) from raised
        if "PYTHON_VERSION_MISMATCH" in text:
            raise error("FT1002", "executors run another Python than the driver", _HINT) from raised
        if "exited unexpectedly" in text:
            raise error(
                "FT0502",
                f"the process of an executor ended while it loaded {look.descriptor.reference}",
                "load it in a Python session: ft.load(…); the cause is often a library that crashes",
            ) from raised
        raise error(
            "FT1005", f"executors could not be asked what they have: {said(raised)}", _HINT
        ) from raised
    return [json.loads(found) for found in sorted({row.found for row in rows})]


def _judge(found: list[dict[str, Any]], descriptor: Descriptor, version: Version | None) -> None:
    from foretell.loading import VersionWarning, has_no_code

    here = _here(tuple(sorted({name for one in found for name in one["packages"]} | set(_needed(version)))))
    data_only = version is not None and has_no_code(version)
    for one in found:
        differing = [
            f"{what} {there or 'is missing'} on {one['host']}, {ours} on the driver"
            for what, there, ours in (
                ("Python", _minor(one["python"]), _minor(here["python"])),
                ("foretell", one["foretell"], here["foretell"]),
                *((name, one["packages"].get(name), ours) for name, ours in here["packages"].items()),
            )
            if there != ours
        ]
        if differing and not data_only:
            raise error(
                "FT1002", f"{descriptor.reference} cannot run alike everywhere: {differing[0]}", _HINT
            )
        if differing:
            warnings.warn(
                f"{descriptor.reference} holds data only and runs all the same: {differing[0]}",
                VersionWarning,
                stacklevel=4,
            )
        if "error" in one:
            code, message, hint = one["error"]
            raise error(code, f"on {one['host']}: {message}", hint)


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def said(raised: BaseException) -> str:
    """What Spark says in one line: the error of a task's Python, else Java's, else the first line."""
    lines = [line.strip() for line in str(raised).splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"[A-Za-z_.]*(Error|Exception)\b", line)]
    java = [line.removeprefix(": ") for line in lines if re.match(r": [\w.$]+(Error|Exception)\b", line)]
    return (python[-1:] or java or lines or [type(raised).__name__])[0]


def tasks_at_a_time(session: Any) -> int:
    """How many tasks run at once, as far as it is known here."""
    if is_connect(session):
        return int(session.conf.get("spark.sql.leafNodeDefaultParallelism", None) or 8)
    return int(session.sparkContext.defaultParallelism)


def _session_id(session: Any) -> str:
    return session.session_id if is_connect(session) else f"{session.sparkContext.applicationId}"
