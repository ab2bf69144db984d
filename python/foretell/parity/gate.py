"""What a promotion asks for: reports, kept with the version, that every mode agrees.

    [aliases.production]
    require = ["spark"]        # in foretell.toml: modes besides those that every promotion asks for

A report is any JSON object of kind "check" with ``passed``, ``complete``, ``passing`` (the modes that agree),
``findings`` and ``lacking`` (in words); an engine that tries modes of its own appends one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foretell.error import Error, error
from foretell.parity.modes import MODES, REQUIRED
from foretell.parity.report import CheckReport

if TYPE_CHECKING:
    from foretell.store import Store
    from foretell.version import Version


def required_modes(alias: str) -> list[str]:
    """The modes that a version must agree in before ``alias`` names it; FT0106."""
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
    return list(dict.fromkeys([*REQUIRED, *asked]))


def keep(store: Store, report: CheckReport) -> None:
    """Appends a report to those of its version."""
    store.append_report(report.reference, report.to_json())


def ensure_checked(store: Store, version: Version, alias: str) -> None:
    """FT0421 unless the version agrees in every mode that ``alias`` asks for.

    Reports count from the newest back to the first that found a difference. What is no predictor (files that a
    program keeps in a store) has no modes, and is not asked for any.
    """
    if version.manifest.get("signature") is None:
        return
    wanted = required_modes(alias)
    missing = set(wanted)
    command = f"foretell check {version.reference}"
    lacking = ""
    for report in reversed(_checks(store, version)):
        if not report.get("passed"):
            found = _first(report.get("findings"), "it did not pass")
            raise _refused(version, alias, f"in its last check, {found}", f"`{command}` shows more")
        if report.get("complete"):
            missing -= set(report.get("passing", ()))
        elif not lacking:
            lacking = _first(report.get("lacking"), "it is incomplete")
        if not missing:
            return
    if lacking:
        raise _refused(version, alias, f"its check is incomplete: {lacking}", f"run `{command} --rows PATH`")
    if len(missing) < len(wanted):
        names = ", ".join(name for name in MODES if name in missing)
        raise _refused(version, alias, f"no check has tried the mode {names}", f"run `{command}`")
    raise _refused(version, alias, "it has not been checked", f"run `{command}`")


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


def _checks(store: Store, version: Version) -> list[Mapping[str, Any]]:
    """The checks of exactly these bytes, oldest first."""
    return [
        kept.report
        for kept in store.reports(version.reference)
        if kept.manifest_sha256 == version.sha256 and kept.report.get("kind") == "check"
    ]


def _first(texts: Any, otherwise: str) -> str:
    return str(texts[0]) if isinstance(texts, list) and texts else otherwise


def _refused(version: Version, alias: str, why: str, hint: str) -> Error:
    return error(
        "FT0421",
        f"{alias} cannot move to {version.reference}: {why}",
        f"{hint}; --unchecked --why TEXT moves it all the same, and stays in the history",
    )


def _not_moved(version: Version, alias: str, why: str, hint: str) -> Error:
    return error("FT0421", f"{version.reference} is saved, but {alias} was not moved to it: {why}", hint)
