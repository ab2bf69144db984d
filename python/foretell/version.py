"""A saved version, as Python sees it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Version:
    """One immutable saved version of a predictor.

    ``manifest`` is everything the store knows of it (files, schemas, environment …); ``sha256`` is
    the manifest's digest, which pins the version whatever its name. ``aliases`` are those that named
    it when it was looked up.
    """

    name: str
    version: int
    created: datetime = field(compare=False)
    metadata: Mapping[str, Any] = field(compare=False)
    manifest: Mapping[str, Any] = field(compare=False, repr=False)
    sha256: str
    aliases: tuple[str, ...] = field(default=(), compare=False)

    @property
    def reference(self) -> str:
        """``EventTopics@3``"""
        return f"{self.name}@{self.version}"

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(int(file["size"]) for file in self.manifest["files"])

    def __str__(self) -> str:
        return self.reference

    def __repr__(self) -> str:
        aliases = f" ({', '.join(self.aliases)})" if self.aliases else ""
        metadata = f" {dict(self.metadata)}" if self.metadata else ""
        created = f"{self.created:%Y-%m-%d %H:%M} UTC"
        return f"<Version {self.reference}{aliases}, {created},{metadata} {self.sha256[:12]}>"

    def _repr_html_(self) -> str:
        rows = {
            "created": f"{self.created:%Y-%m-%d %H:%M:%S} UTC",
            "aliases": ", ".join(self.aliases) or "none",
            "files": f"{len(self.manifest['files'])}, {self.size:,} bytes",
            **{str(key): str(value) for key, value in self.metadata.items()},
            "sha256": self.sha256,
        }
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for key, value in rows.items()
        )
        return f"<table><caption>{html.escape(self.reference)}</caption>{cells}</table>"
