"""The store: versions of predictors, and the aliases that name them.

store = ft.Store("./models")
store.promote("EventTopics@3", "production", why="better on German titles")
store.version("EventTopics@production")
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from foretell import _core
from foretell.error import Error, error
from foretell.location import default_who as default_who
from foretell.location import store_url as store_url
from foretell.version import Version, VersionList

AliasEntry = _core.AliasEntry
VersionEntry = _core.VersionEntry
Garbage = _core.Garbage


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

    def versions(self, name: str, *, retired: bool = False) -> VersionList:
        """Every version that is not retired (with ``retired=True`` every one), oldest first."""
        aliases = self.aliases(name)
        numbers = self.core.versions(name, retired)
        return VersionList(_version(self.core.get(name, number), aliases) for number in numbers)

    def version(self, reference: str, *, as_of: datetime | None = None) -> Version:
        """The version that ``NAME@NUMBER``, ``NAME@ALIAS``, ``NAME@latest`` or ``NAME`` names now.

        ``as_of``, a time with its zone, asks what an alias named then: for people, since it rests on the
        clocks of those who moved the alias.
        """
        manifest = self.core.resolve(reference, _utc(as_of))
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

        FT0421 unless reports kept with the version say that every mode of ``foretell.check`` agrees;
        ``unchecked=True`` moves it all the same: the entry says so, and ``why`` must.

        When the alias names it already, nothing is written and the newest entry returned. FT0404
        when another was first (``retry_on_conflict=True``: tried again), or when the alias does not
        name version ``expect``.
        """
        from foretell.parity.gate import required_modes

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
            require=[] if unchecked else required_modes(alias),
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

    def undoable(self, name: str, alias: str) -> AliasEntry:
        """The promotion that :meth:`rollback` would undo now. FT0411 when there is none."""
        return self.core.undoable(name, alias)

    def history(self, name: str, alias: str, *, as_of: datetime | None = None) -> list[AliasEntry]:
        """Every move of ``alias`` (until ``as_of``, a time with its zone), oldest first."""
        return self.core.history(name, alias, _utc(as_of))

    def retire(
        self,
        reference: str,
        *,
        why: str = "",
        who: str | None = None,
        unused_for: timedelta = timedelta(days=7),
    ) -> VersionEntry:
        """Hides ``NAME@NUMBER`` from ``latest`` and from new moves of aliases; its number still opens it.

        After thirty days its files are garbage; until they are collected, :meth:`restore` undoes it.
        FT0419 while an alias names it, or when one was moved to it within ``unused_for`` (an hour at
        least). A version that is retired already stays so, and its entry is returned.
        """
        name, number = _numbered(reference, "retired")
        seconds = int(unused_for.total_seconds())
        return self.core.retire(name, number, who=who or default_who(), why=why, unused_for=seconds)

    def restore(self, reference: str, *, why: str = "", who: str | None = None) -> VersionEntry:
        """Undoes the retirement of ``NAME@NUMBER``. FT0420 when its files are gone."""
        name, number = _numbered(reference, "restored")
        return self.core.restore(name, number, who=who or default_who(), why=why)

    def retired(self, version: Version | str) -> VersionEntry | None:
        """Who retired or purged a version, when and why; None for one that is neither."""
        if isinstance(version, str):
            version = self.version(version)
        return self.core.retired(version.name, version.version)

    def collect_garbage(self, *, delete: bool = False, why: str = "", who: str | None = None) -> Garbage:
        """What is garbage; with ``delete=True`` it is given up, for ever.

        Versions that were retired for thirty days are purged, then files that no version names and that are
        older than seven days are deleted. Safe while others save, promote and load.
        """
        return self.core.collect_garbage(who=who or default_who(), why=why, dry_run=not delete)

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
        """Reads every byte of a version, or of the whole store; empty when all is well.

        Where no byte is wrong, native models are opened, which replays their self-tests.
        """
        if reference is None:
            found = [Finding(*one) for one in self.core.verify_all()]
            versions = [
                (name, number) for name in self.core.names() for number in self.core.versions(name, True)
            ]
        else:
            name, selector = _core.parse_reference(reference)
            number = int(selector) if selector.isdigit() else self.core.resolve(reference).version
            found = [Finding(*one) for one in self.core.verify(name, number)]
            versions = [(name, number)]
        return found or [one for each in versions for one in self._verify_model(*each)]

    def _verify_model(self, name: str, number: int) -> list[Finding]:
        from foretell import models

        try:
            version = self.version(f"{name}@{number}")
            description = version.manifest.get("model")
            if isinstance(description, dict) and description.get("loader") == "native":
                models.load(description, self.open_files(version)).verify()
        except Error as problem:
            if problem.code != "FT0420":  # a purged version has no files, and that is right
                return [Finding(f"{name}@{number}", problem.code, problem.message)]
        return []


def _numbered(reference: str, become: str) -> tuple[str, int]:
    name, selector = _core.parse_reference(reference)
    if not selector.isdigit():
        raise error(
            "FT0105",
            f"a version is {become} by its number, but {reference!r} names none",
            "write NAME@NUMBER: what an alias or latest names may be another version the next time",
        )
    return name, int(selector)


def _utc(when: datetime | None) -> str:
    """As times are written in the store; empty for None."""
    if when is None:
        return ""
    if when.tzinfo is None:
        raise error("FT0101", f"as_of={when} has no time zone", "give it one, such as datetime.UTC")
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


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
