"""A version's code as it travels: what is on disk, in memory, and with a pickle into another process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.error import error

PREFIX = "_foretell_"
MAIN = "__main__"
FORMAT = 1


@dataclass(frozen=True)
class CarriedCode:
    """The description of a class's code in a version's directory.

    ``kind`` is "modules", or "main" when the class was pickled by value (a script, a notebook, a
    function). ``entry`` is "package.module:Class". ``modules`` maps the dotted name of each carried
    module to its path below the version's directory, or to "" for a package without ``__init__.py``.
    ``sources`` maps each written path to its SHA-256. ``digest`` is of all of this; ``class_digest``
    only of what the class reaches, so that it can be compared with a class at hand. ``main`` describes
    the by-value part: the path of its pickle, the names in it, and the source texts kept to be shown.
    """

    kind: str
    entry: str
    modules: dict[str, str]
    packages: list[str]
    sources: dict[str, str]
    digest: str
    class_digest: str
    python: str
    git: dict[str, Any] | None
    imports: list[str]
    main: dict[str, Any] | None = None
    root: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        """As the manifest keeps it: plain JSON values, no path of this machine."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "entry": self.entry,
            "modules": dict(self.modules),
            "packages": list(self.packages),
            "sources": dict(self.sources),
            "digest": self.digest,
            "class_digest": self.class_digest,
            "python": self.python,
            "git": self.git,
            "imports": list(self.imports),
            "main": self.main,
        }


@dataclass(frozen=True)
class Bundle:
    """A description with the bytes of its files. Picklable; a worker process rebuilds the version from it."""

    description: dict[str, Any]
    contents: dict[str, bytes]

    @property
    def digest(self) -> str:
        return str(self.description["digest"])

    @property
    def prefix(self) -> str:
        return PREFIX + self.digest[:16]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(kind: str, entry: str, packages: list[str], sources: Mapping[str, str]) -> str:
    """The digest that names a version's code: everything that decides what it does."""
    lines = [kind, entry, *sorted(packages), *(f"{path} {sources[path]}" for path in sorted(sources))]
    return sha256("\n".join(lines).encode())


def read_bundle(description: Mapping[str, Any], files: Mapping[str, Path]) -> Bundle:
    """The bundle behind a description, every byte checked against it; else FT0805."""
    _check_description(description)
    contents = {}
    for path, expected in description["sources"].items():
        if path not in files:
            raise error("FT0805", f"the version's code lacks {path}", "save the version again")
        data = Path(files[path]).read_bytes()
        if sha256(data) != expected:
            raise error(
                "FT0805",
                f"{path} has the digest {sha256(data)[:16]}, but the version names {expected[:16]}",
                "fetch the version again, or restore the store",
            )
        contents[path] = data
    return Bundle(dict(description), contents)


def check_format(description: Mapping[str, Any], newest: int, what: str) -> None:
    """FT0407 when a description kept on disk is of a format that this foretell does not know."""
    found = description.get("format")
    if type(found) is not int or not 1 <= found <= newest:
        message = f"the version's {what} has the format {found!r:.40}, but this foretell reads up to {newest}"
        raise error("FT0407", message, "upgrade foretell")


def _check_description(description: Mapping[str, Any]) -> None:
    def fail(what: str) -> None:
        raise error("FT0805", f"the description of the version's code {what}", "save the version again")

    check_format(description, FORMAT, "code")
    strings = ("kind", "entry", "digest", "python")
    if any(not isinstance(description.get(key), str) for key in strings):
        fail(f"needs text for each of {', '.join(strings)}")
    modules, sources, packages = (description.get(key) for key in ("modules", "sources", "packages"))
    if not isinstance(modules, dict) or not isinstance(sources, dict) or not isinstance(packages, list):
        fail("needs its modules, sources and packages")
        return
    if description["kind"] not in ("modules", "main") or ":" not in description["entry"]:
        fail(f"has the kind {description['kind']!r} and the entry {description['entry']!r}")
    if any(path and path not in sources for path in modules.values()):
        fail("names a module without a digest")
    main = description.get("main")
    if (main is None) != (description["kind"] == "modules"):
        fail("has a by-value part that does not fit its kind")
    if main is not None and (not isinstance(main, dict) or main.get("path") not in sources):
        fail("names a by-value part without a digest")
    found = digest_of(description["kind"], description["entry"], packages, sources)
    if found != description["digest"]:
        fail(f"has the digest {description['digest'][:16]}, but its parts give {found[:16]}")
