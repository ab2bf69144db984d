"""What a promotion asks for: reports, kept with the version, that every mode agrees.

    [aliases.production]
    require = ["spark batch"]        # in foretell.toml: modes besides those that every promotion asks for

A report is any JSON object of kind "check" with ``passed``, ``complete``, ``passing`` (the modes that agree),
``findings`` and ``lacking`` (in words); an engine that tries modes of its own appends one of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.error import Error, error
from foretell.parity.modes import MODES
from foretell.parity.report import CheckReport

if TYPE_CHECKING:
    from foretell.store import Store
    from foretell.version import Version


def required_modes(alias: str) -> list[str]:
    """The modes that ``alias`` asks for besides ``REQUIRED``; FT0106. The store itself asks for both."""
    from foretell.project import find_project

    project = find_project()
    asked = [] if project is None else project.required(alias)
    for name in asked:
        if name not in MODES:
            where = "foretell.toml" if project is None else project.file
            raise error(
                "FT0106",
                f"{where}: aliases.{alias}.require names {name!r}, which is no mode of a check",
                f"the modes are {', '.join(MODES)}",
            )
    return list(dict.fromkeys(asked))


def keep(store: Store, report: CheckReport) -> None:
    """Appends a report to those of its version."""
    store.append_report(report.reference, report.to_json())


def check_and_promote(store: Store, version: Version, alias: str, why: str, unchecked: bool) -> None:
    """For a version that was just saved: the check, then the move. FT0421 when the check does not allow it."""
    from foretell.parity.checking import check

    if not unchecked:
        ways = "give example= with 100 rows, or declare a source; unchecked=True, why=… moves it all the same"
        try:
            # It was written by this process: the store need not be trusted for what else it holds.
            report = check(version.reference, store=store, trust_store=True)
        except Error as problem:
            if problem.code != "FT0701":
                raise
            raise _not_moved(version, alias, "there is no row to check it with", ways) from problem
        if not report.passed:
            more = f"`foretell check {version.reference}` shows more"
            raise _not_moved(version, alias, f"in its check, {report.findings()[0]}", more)
        if not report.complete:
            raise _not_moved(version, alias, f"its check is incomplete: {report.lacking[0]}", ways)
    store.promote(version.reference, alias, why=why, unchecked=unchecked)


def _not_moved(version: Version, alias: str, why: str, hint: str) -> Error:
    return error("FT0421", f"{version.reference} is saved, but {alias} was not moved to it: {why}", hint)
