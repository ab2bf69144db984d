"""The store: versions of predictors, and the aliases that name them.

store = ft.Store("./models")
store.promote("EventTopics@3", "production", why="better on German titles")
store.version("EventTopics@production")
"""

from __future__ import annotations

import functools
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from foretell import _core
from foretell.error import error
from foretell.project import find_project
from foretell.version import Version, VersionList

DEFAULT = "models"

AliasEntry = _core.AliasEntry


class Finding(NamedTuple):
    """One fault that ``verify`` found: where, its code, and what it is."""

    key: str
    code: str
    message: str


class Report(NamedTuple):
    """What a check or a comparison found of a version; kept for ever."""

    sequence: int
    manifest_sha256: str
    who: str
    when: str
    report: dict[str, Any]


def store_url(url: str | os.PathLike[str] | None = None) -> str:
    """Which store is meant: ``url``, else ``FORETELL_STORE``, else ``foretell.toml``, else ``./models``.

    The last is announced on stderr, once. ``~`` is the home folder.
    """
    if url is not None:
        return _expanded(os.fspath(url))
    if from_environment := os.environ.get("FORETELL_STORE"):
        return _expanded(from_environment)
    project = find_project()
    if project is not None and (from_project := project.store) is not None:
        return from_project
    default = str(Path.cwd() / DEFAULT)
    _announce(default)
    return default


class Store:
    """Versions and aliases in a folder or at a URL; no server.

    ``url``: a path, ``file:///path`` or ``memory://name``; without it, see :func:`store_url`. The
    first save creates a store where there is none. Any thread may call any method, and any number of
    processes may use one store: a change is there wholly or not at all. Raises ``StoreError``
    (FT04xx), ``ArgumentError`` (FT01xx) for names, ``StorageError`` (FT09xx).
    """

    def __init__(self, url: str | os.PathLike[str] | None = None) -> None:
        self.core = _core.Store(store_url(url))

    @property
    def url(self) -> str:
        """An absolute path, or a URL."""
        return self.core.url

    def __repr__(self) -> str:
        return f"Store({self.url!r})"

    def __reduce__(self) -> tuple[type[Store], tuple[str]]:
        return Store, (self.url,)

    def exists(self) -> bool:
        """Whether there is a store already."""
        return self.core.exists()

    def save(
        self,
        name: str,
        files: Mapping[str, str | os.PathLike[str]],
        fields: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Version:
        """The next version of ``name``, made of local ``files`` by their path within the version.

        ``fields`` are members of the manifest (JSON values), ``metadata`` is the one that people
        read. ``progress(done, total)`` is told the bytes stored; what it raises stops the save.
        """
        members = dict(fields or {})
        if metadata is not None:
            members["metadata"] = dict(metadata)
        text = _json_text(members, "the fields of a version")
        return _version(self.core.save(name, list(files.items()), text, progress), {})

    def open_files(
        self, version: Version | str, progress: Callable[[int, int], object] | None = None
    ) -> dict[str, Path]:
        """A verified local file for each path within the version; never write to one.

        Each digest is checked once on a machine: a warm call looks at the files' sizes and times only.
        ``progress(done, total)`` is told the bytes ready. FT0408, FT0409 for missing and damaged files.
        """
        if isinstance(version, str):
            manifest = self.core.resolve(version)
        else:
            manifest = self.core.get(version.name, version.version)
            if manifest.sha256 != version.sha256:
                raise error(
                    "FT0406",
                    f"{version} in {self.url} is not the version that was looked up: its digest is another",
                    "is this the store that it came from?",
                )
        return self.core.open_files(manifest, progress)

    def names(self) -> list[str]:
        """Every predictor's name."""
        return self.core.names()

    def versions(self, name: str) -> VersionList:
        """Every version that is not retired, oldest first."""
        aliases = self.aliases(name)
        return VersionList(
            _version(self.core.get(name, number), aliases) for number in self.core.versions(name)
        )

    def version(self, reference: str) -> Version:
        """The version that ``NAME@NUMBER``, ``NAME@ALIAS``, ``NAME@latest`` or ``NAME`` names now."""
        manifest = self.core.resolve(reference)
        return _version(manifest, self.aliases(manifest.name))

    def aliases(self, name: str) -> dict[str, int]:
        """Each alias of ``name`` with the number of the version that it names now."""
        named = {alias: self.core.alias_version(name, alias) for alias in self.core.aliases(name)}
        return {alias: version for alias, version in named.items() if version is not None}

    def promote(
        self,
        reference: str,
        alias: str,
        *,
        why: str = "",
        who: str | None = None,
        expect: int | None = None,
        retry_on_conflict: bool = False,
        unchecked: bool = False,
    ) -> AliasEntry:
        """Moves ``alias`` to the version that ``reference`` names; returns the entry of its history.

        When the alias names it already, nothing is written and the newest entry returned. FT0404
        when another was first (``retry_on_conflict=True``: tried again), or when the alias does not
        name version ``expect``. ``unchecked`` is recorded in the entry.
        """
        manifest = self.core.resolve(reference)
        return self.core.promote(
            manifest.name,
            alias,
            manifest.version,
            who=who or default_who(),
            why=why,
            expect=expect,
            retry_on_conflict=retry_on_conflict,
            unchecked=unchecked,
        )

    def rollback(
        self,
        name: str,
        alias: str,
        *,
        why: str = "",
        who: str | None = None,
        expect: int | None = None,
        undo: int | None = None,
    ) -> AliasEntry:
        """Undoes the last promotion of ``alias`` that is not undone yet.

        ``undo`` is the ``sequence`` of that promotion: with it, a repeated call never undoes another.
        FT0411 when there is none to undo.
        """
        return self.core.rollback(name, alias, who=who or default_who(), why=why, expect=expect, undo=undo)

    def history(self, name: str, alias: str) -> list[AliasEntry]:
        """Every move of ``alias``, oldest first."""
        return self.core.history(name, alias)

    def append_report(self, reference: str, report: Mapping[str, Any], *, who: str | None = None) -> Report:
        """Adds a report (JSON values, at most 16 MiB) on the version that ``reference`` names.

        It is never changed or removed, and names the digest of the version's manifest. FT0101 for what
        is not JSON.
        """
        manifest = self.core.resolve(reference)
        text = _json_text(report, "a report")
        return _report(
            self.core.append_report(manifest.name, manifest.version, text, who=who or default_who())
        )

    def reports(self, reference: str) -> list[Report]:
        """Every report on the version that ``reference`` names, oldest first. FT0418 when one is damaged."""
        manifest = self.core.resolve(reference)
        return [_report(each) for each in self.core.reports(manifest.name, manifest.version)]

    def verify(self, reference: str | None = None) -> list[Finding]:
        """Reads every byte of a version, or of the whole store; empty when all is well."""
        if reference is None:
            return [Finding(*found) for found in self.core.verify_all()]
        name, selector = _core.parse_reference(reference)
        number = int(selector) if selector.isdigit() else self.core.resolve(reference).version
        return [Finding(*found) for found in self.core.verify(name, number)]


def default_who() -> str:
    """``user@host``"""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _expanded(url: str) -> str:
    return url if "://" in url else os.path.expanduser(url)


@functools.cache
def _announce(path: str) -> None:
    print(
        f"foretell: using the store {path} (set FORETELL_STORE or foretell.toml to choose another)",
        file=sys.stderr,
    )


def _json_text(members: Mapping[str, Any], what: str) -> str:
    try:
        return json.dumps(dict(members), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as cause:
        raise error(
            "FT0101", f"{what} must hold JSON values: {cause}", "convert them to text or numbers"
        ) from cause


def _report(stored: _core.Report) -> Report:
    return Report(stored.sequence, stored.manifest_sha256, stored.who, stored.when, json.loads(stored.body))


def _version(manifest: _core.Manifest, aliases: Mapping[str, int]) -> Version:
    document: dict[str, Any] = json.loads(manifest.document)
    metadata = document.get("metadata")
    return Version(
        name=manifest.name,
        version=manifest.version,
        created=datetime.fromisoformat(document["created"]),
        metadata=metadata if isinstance(metadata, dict) else {},
        manifest=document,
        sha256=manifest.sha256,
        aliases=tuple(alias for alias, version in aliases.items() if version == manifest.version),
    )
