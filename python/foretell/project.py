"""The project that a folder belongs to: where ``foretell.toml`` lies, and what it says.

project = find_project(Path.cwd())
project.root, project.config
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foretell.error import error

FILE_NAME = "foretell.toml"


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
            unknown = [key for key in given if key != "url"]
            if unknown:
                raise error(
                    "FT0106",
                    f"{self.file}: 'store.{unknown[0]}' is not known; [store] has the key 'url' only",
                )
            given = given.get("url")
        if given is None:
            return None
        if not isinstance(given, str) or not given:
            raise error("FT0106", f"{self.file}: 'store' is {given!r}, expected a path or URL as text")
        return given if "://" in given else str(self.root / Path(given).expanduser())


def find_project(start: Path | str | None = None) -> Project | None:
    """The nearest ``foretell.toml`` at or above ``start`` (default: where we are), else the git root.

    Raises FT0106 for a file that cannot be read or parsed, with its line.
    """
    here = Path.cwd() if start is None else Path(start).absolute()
    folders = [here, *here.parents]
    for folder in folders:
        file = folder / FILE_NAME
        if file.is_file():
            return Project(folder, _read(file))
    for folder in folders:
        if (folder / ".git").exists():
            return Project(folder)
    return None


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as cause:
        raise error("FT0106", f"{file} is not valid TOML: {cause}", "correct that line") from cause
    except (OSError, UnicodeDecodeError) as cause:
        raise error("FT0106", f"{file} cannot be read: {cause}") from cause
