"""What a version was made with, and how that differs from what is here."""

from __future__ import annotations

import platform
import sys
import unicodedata
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from foretell.code.bundle import CarriedCode

_LABELS = {
    "python": "Python",
    "implementation": "the implementation",
    "platform": "the platform",
    "machine": "the machine",
    "unidata": "Unicode data",
    "foretell": "foretell",
}


def environment(carried: CarriedCode | None = None, imports: Iterable[str] = ()) -> dict[str, Any]:
    """Python, platform, and the versions of the installed packages that the code and the model import.

    ``imports`` are further top-level module names.
    """
    import foretell

    tops = {*imports, *(carried.imports if carried is not None else ())}
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": sys.platform,
        "machine": platform.machine(),
        "unidata": unicodedata.unidata_version,
        "foretell": foretell.__version__,
        "packages": _versions(tops),
    }
    if carried is not None and carried.git is not None:
        found["git"] = carried.git
    return found


def _versions(tops: Iterable[str]) -> dict[str, str]:
    wanted = set(tops)
    if not wanted:
        return {}
    by_module = metadata.packages_distributions()
    names = {distribution for top in wanted for distribution in by_module.get(top, ())}
    return {name: metadata.version(name) for name in sorted(names, key=str.lower)}


def differences(saved: dict[str, Any], now: dict[str, Any] | None = None) -> list[str]:
    """One line for each thing that differs, by name: "scikit-learn 1.9.1 was used, 1.8.0 is here".

    Without ``now`` this process is looked at. The git commit and newer packages here that the version
    never used do not count.
    """
    used = saved.get("packages") or {}
    if now is None:
        now = {**environment(), "packages": installed(used)}
    here = now.get("packages") or {}
    lines = []
    for key, label in _LABELS.items():
        if saved.get(key) is not None and now.get(key) is not None and saved[key] != now[key]:
            lines.append(f"{label} {saved[key]} was used, {now[key]} is here")
    for name, version in used.items():
        if name not in here:
            lines.append(f"{name} {version} was used, it is not installed here")
        elif here[name] != version:
            lines.append(f"{name} {version} was used, {here[name]} is here")
    return lines


def installed(names: Iterable[str]) -> dict[str, str]:
    """The versions of those of these packages that are installed here."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
