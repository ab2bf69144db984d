"""A saved version, as Python sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from foretell.display.tables import Table, fields_html
from foretell.size import size_text


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

    @property
    def metrics(self) -> dict[str, Any]:
        """Those of its training; empty where it was saved without."""
        training = self.manifest.get("training") or {}
        return dict(training.get("metrics") or {})

    def __str__(self) -> str:
        return self.reference

    def __repr__(self) -> str:
        aliases = f" ({', '.join(self.aliases)})" if self.aliases else ""
        metadata = f" {dict(self.metadata)}" if self.metadata else ""
        created = f"{self.created:%Y-%m-%d %H:%M} UTC"
        return f"<Version {self.reference}{aliases}, {created},{metadata} {self.sha256[:12]}>"

    def _repr_html_(self) -> str:
        return fields_html(
            self.reference,
            {
                "saved": f"{self.created:%Y-%m-%d %H:%M:%S} UTC",
                "aliases": ", ".join(self.aliases) or "none",
                "files": f"{len(self.manifest['files'])}, {size_text(self.size)}",
                **self.metadata,
                **{name: metric_text(value) for name, value in self.metrics.items()},
                "sha256": self.sha256,
            },
        )


class VersionList(Table[Version]):
    """Versions of one predictor, oldest first; a list, shown in a notebook as a table."""

    caption = "Versions"

    def columns(self) -> Sequence[str]:
        return ("version", "saved", "aliases", "size", "metrics", "metadata")

    def cells(self, item: Version) -> Sequence[Any]:
        return (
            item.reference,
            f"{item.created:%Y-%m-%d %H:%M} UTC",
            ", ".join(item.aliases),
            size_text(item.size),
            "\n".join(f"{key} = {metric_text(value)}" for key, value in item.metrics.items()),
            "\n".join(f"{key} = {value}" for key, value in item.metadata.items()),
        )


def metric_text(value: Any) -> str:
    """A metric for people."""
    if value is None:
        return "not a number"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
