"""The project that a folder belongs to: where ``foretell.toml`` lies, and what it says.

    store = "models"                             # a path or URL

    [predictors]
    EventTopics = "predictor:EventTopics"        # module:Class, for `foretell train EventTopics`

    [jobs.nightly]                               # for `foretell run --job nightly`
    predictor = "EventTopics@production"
    input = "data/*.jsonl"
    output = "scored"
    incremental = true

    [aliases.production]
    require = ["process"]                        # modes of `foretell check`, besides the usual ones

Relative paths start at the folder of ``foretell.toml``. The keys of a job are those of ``JOB_KEYS``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.error import Error, error
from foretell.nearest import did_you_mean, nearest
from foretell.toml_values import (
    Value,
    check,
    choice,
    flag,
    number,
    paths,
    seconds,
    settings,
    text,
    texts,
    whole,
)

FILE_NAME = "foretell.toml"

TABLES = ("store", "predictors", "jobs", "aliases")
"""What may stand at the top of the file."""

JOB_KEYS: Mapping[str, Value] = {
    "predictor": text('the version, such as "EventTopics@production"'),
    "engine": choice("local", "spark"),
    "master": text('with engine "spark": its master, such as "spark://host:7077"; else that of the session'),
    "settings": settings(
        'with engine "spark": settings of its session, such as spark.executor.memory = "4g"'
    ),
    "isolate": flag(
        'with engine "spark": a process of its own calls the predictor, so that rows that crash it are found'
    ),
    "input": paths("a path, a pattern, a URL, or a list of these; without it the predictor's own source"),
    "output": text("the folder for the rows"),
    "incremental": flag("score only files that the output has not seen"),
    "rescore_changed": flag("with incremental: score a changed file again"),
    "strict": flag("with incremental: stop when the version cannot be loaded"),
    "trigger": seconds('the time between two rounds: seconds, or "30s", "10m", "2h"'),
    "format": choice("parquet", "csv", "jsonl"),
    "on_error": choice("quarantine", "null", "fail"),
    "max_bad_ratio": number("a share of the rows, from 0 to 1", 0, 1),
    "deadline": seconds("for one call of the predictor: seconds"),
    "version_column": text("the column that says which version scored a row"),
    "keep": texts("a list of input columns; without it the predictor's own `keep`"),
    "workers": whole("a number of processes, 1 or more", 1),
    "batch_rows": whole("a number of rows, 1 or more", 1),
}
"""Every key of a job. All but predictor, engine, trigger and those of Spark are arguments of ``foretell.run``."""

_REQUIRED = ("predictor", "output")
_OF_SPARK = ("master", "settings", "isolate")
_NOT_OPTIONS = ("predictor", "engine", "trigger", *_OF_SPARK)


@dataclass(frozen=True)
class Job:
    """A named run. ``options``: arguments of ``foretell.run``, paths as the file has them."""

    name: str
    root: Path
    predictor: str
    options: Mapping[str, Any]
    engine: str = "local"
    trigger: float | None = None
    """Seconds between two rounds."""
    spark: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of ``foretell.spark.Spark``."""

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of ``foretell.run``; relative paths start at the project's root."""
        from foretell.sources.files import files

        given = dict(self.options)
        if "input" in given:
            given["input"] = files(given["input"]).with_base(self.root)
        given["output"] = self._path(given["output"])
        return given

    def _path(self, path: str) -> str:
        if "://" in path:
            return path
        whole = os.path.normpath(self.root / Path(path).expanduser())
        short = os.path.relpath(whole)
        return whole if short.startswith("..") else short


@dataclass(frozen=True)
class Project:
    """``root``: the folder of ``foretell.toml``, or the git root; ``config``: its tables, or ``{}``."""

    root: Path
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.root / FILE_NAME

    @property
    def store(self) -> str | None:
        """``store = "…"`` or ``[store] url = "…"``; a relative path starts at the root. None when not set."""
        given = self.config.get("store")
        if isinstance(given, dict):
            self._known(given, ("url",), "store.", "[store]")
            given = given.get("url")
        if given is None:
            return None
        if not isinstance(given, str) or not given:
            raise self._bad(f"'store' is {given!r}, expected a path or URL as text")
        return given if "://" in given else str(self.root / Path(given).expanduser())

    @property
    def predictors(self) -> dict[str, str]:
        """``module:Class`` by the predictor's name. FT0106 for anything else."""
        found = self._table("predictors")
        for name, value in found.items():
            if not isinstance(value, str) or value.count(":") != 1 or not all(value.split(":")):
                raise self._bad(f'predictors.{name} is {value!r}, expected "module:Class"')
        return found

    @property
    def jobs(self) -> dict[str, Job]:
        """Every job by its name. FT0106 naming the key that is not known, not right or missing."""
        return {name: self._job(name, value) for name, value in self._table("jobs").items()}

    def job(self, name: str) -> Job:
        """One job. FT0106 when there is none of that name, or it is not right; others are not looked at."""
        table = self._table("jobs")
        if name not in table:
            known = ", ".join(table) or "none"
            raise self._bad(f"there is no job {name!r}; its jobs: {known}", did_you_mean(name, table))
        return self._job(name, table[name])

    def required(self, alias: str) -> list[str]:
        """The modes that ``[aliases.NAME] require = […]`` asks of a check, besides the usual ones. FT0106."""
        given = self._table("aliases").get(alias, {})
        if not isinstance(given, dict):
            raise self._bad(f"aliases.{alias} is {given!r}, expected a table", f"write [aliases.{alias}]")
        self._known(given, ("require",), f"aliases.{alias}.", "an alias")
        asked = given.get("require", [])
        if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
            raise self._bad(
                f"aliases.{alias}.require is {asked!r}, expected a list of modes of `foretell check`"
            )
        return asked

    def _job(self, name: str, given: Any) -> Job:
        if not isinstance(given, dict):
            raise self._bad(f"jobs.{name} is {given!r}, expected a table", f"write [jobs.{name}]")
        self._known(given, tuple(JOB_KEYS), f"jobs.{name}.", "a job")
        for key in _REQUIRED:
            if key not in given:
                raise self._bad(f"jobs.{name} has no {key}: {JOB_KEYS[key].expected}")
        values = {
            key: self._value(f"jobs.{name}.{key}", JOB_KEYS[key], value) for key, value in given.items()
        }
        self._reference(f"jobs.{name}.predictor", values["predictor"])
        options = {key: value for key, value in values.items() if key not in _NOT_OPTIONS}
        of_spark = {key: values[key] for key in _OF_SPARK if key in values}
        if of_spark and values.get("engine") != "spark":
            raise self._bad(f"jobs.{name}.{next(iter(of_spark))} is about Spark", 'add engine = "spark"')
        return Job(
            name,
            self.root,
            values["predictor"],
            options,
            values.get("engine", "local"),
            values.get("trigger"),
            of_spark,
        )

    def _value(self, key: str, kind: Value, given: Any) -> Any:
        value, wrong = check(kind, given)
        if wrong:
            meant = nearest(given, kind.choices) if isinstance(given, str) else None
            raise self._bad(f"{key} is {wrong}", f"did you mean {meant}?" if meant else "")
        return value

    def _reference(self, key: str, given: str) -> None:
        from foretell._core import parse_reference

        try:
            parse_reference(given)
        except Error as wrong:
            raise self._bad(f"{key} is {given!r}: {wrong.message}", wrong.hint) from wrong

    def _table(self, name: str) -> dict[str, Any]:
        found = self.config.get(name, {})
        if not isinstance(found, dict):
            raise self._bad(f"'{name}' is {found!r}, expected a table", f"write [{name}]")
        return dict(found)

    def _known(self, given: Mapping[str, Any], known: tuple[str, ...], prefix: str, what: str) -> None:
        for key in given:
            if key not in known:
                raise self._bad(
                    f"'{prefix}{key}' is not known; {what} has {', '.join(known)}", did_you_mean(key, known)
                )

    def _bad(self, what: str, hint: str = "") -> Error:
        return error("FT0106", f"{self.file}: {what}", hint)


def find_project(start: Path | str | None = None) -> Project | None:
    """The nearest ``foretell.toml`` at or above ``start`` (default: where we are), else the git root.

    Raises FT0106 for a file that cannot be read or parsed, with its line, or that holds an unknown key.
    """
    here = Path.cwd() if start is None else Path(start).absolute()
    folders = [here, *here.parents]
    for folder in folders:
        file = folder / FILE_NAME
        if file.is_file():
            project = Project(folder, _read(file))
            project._known(project.config, TABLES, "", "the file")
            return project
    for folder in folders:
        if (folder / ".git").exists():
            return Project(folder)
    return None


def here() -> Project:
    """The project that we are in. FT0106 when no ``foretell.toml`` is at or above the current folder."""
    project = find_project()
    if project is None or not project.file.is_file():
        raise error(
            "FT0106",
            f"there is no {FILE_NAME} in {Path.cwd()} or above it",
            "`foretell init` makes a project; or go to the folder of yours",
        )
    return project


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as cause:
        raise error("FT0106", f"{file} is not valid TOML: {cause}", "correct that line") from cause
    except (OSError, UnicodeDecodeError) as cause:
        raise error("FT0106", f"{file} cannot be read: {cause}") from cause
