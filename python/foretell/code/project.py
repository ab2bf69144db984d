"""Which modules belong to the user's project, and where their source lies.

The project is the folder of ``foretell.toml``, else the git root, else the folder that the class's
own module is imported from. Installed packages, the standard library, virtual environments inside the
project and foretell itself are never part of it.
"""

from __future__ import annotations

import importlib.machinery
import sys
import sysconfig
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_EXTENSIONS = tuple(importlib.machinery.EXTENSION_SUFFIXES)
_INSTALLED = {"site-packages", "dist-packages"}


@dataclass(frozen=True)
class Found:
    """A module of the project. ``file`` is None for a package without ``__init__.py``."""

    name: str
    file: Path | None
    package: bool

    @property
    def compiled(self) -> bool:
        return self.file is not None and self.file.name.endswith(_EXTENSIONS)


class Project:
    """The project's folder and the folders inside it that its modules are imported from."""

    def __init__(self, root: Path, first: Path | None = None) -> None:
        self.root = root.resolve()
        self._first = first.resolve() if first is not None else None

    @staticmethod
    def of(name: str, file: Path | None, root: Path | None = None) -> Project:
        """The project of the module ``name`` that was imported from ``file`` (None: an interactive one)."""
        first = Path.cwd() if file is None else import_folder(name, file.resolve())
        if root is not None:
            return Project(root, first)
        if is_installed(first / "_"):
            # An installed predictor: its own top-level package is its project, nothing beside it.
            top = first / name.partition(".")[0]
            return Project(top if top.is_dir() else first, first)
        return Project(_marked_folder(first) or first, first)

    @cached_property
    def folders(self) -> list[Path]:
        """Where the project's modules are imported from, the class's own folder first."""
        found = [self._first] if self._first is not None else []
        for entry in sys.path:
            folder = Path(entry or ".").resolve()
            if folder not in found and self._holds(folder) and folder.is_dir():
                found.append(folder)
        return found

    def find(self, name: str) -> Found | None:
        """The project's module of this dotted name, or None."""
        parts = name.split(".")
        if parts[0] == "foretell" or not all(parts):
            return None
        candidates = [_in_folder(folder, name, parts) for folder in self.folders]
        known = sys.modules.get(name)
        file = getattr(known, "__file__", None)
        if isinstance(file, str):
            path = Path(file)
            candidates.insert(1, Found(name, path, path.name.startswith("__init__.")))
        for found in candidates:
            if found is not None and self._owns(found):
                return found
        return None

    def _owns(self, found: Found) -> bool:
        if found.file is None:
            return True
        file = found.file.resolve()
        return file.is_file() and self._holds(file)

    def _holds(self, path: Path) -> bool:
        if not path.is_relative_to(self.root):
            return False
        if is_installed(self.root / "_"):
            return True
        return not is_installed(path) and not _in_environment(path, self.root)


def import_folder(name: str, file: Path) -> Path:
    """The entry of sys.path that ``name`` was found through: ``/p/a/b.py`` as ``a.b`` gives ``/p``."""
    if name == "__main__":
        return file.parent
    depth = name.count(".") + (1 if file.name.startswith("__init__.") else 0)
    return file.parents[depth]


def is_installed(path: Path) -> bool:
    """Whether it lies in a folder for installed packages or in the standard library."""
    if _INSTALLED.intersection(path.parts):
        return True
    paths = sysconfig.get_paths()
    return any(
        path.is_relative_to(Path(paths[key])) for key in ("stdlib", "platstdlib", "purelib", "platlib")
    )


def _in_environment(path: Path, root: Path) -> bool:
    folder = path if path.is_dir() else path.parent
    while folder != root and folder.is_relative_to(root):
        if (folder / "pyvenv.cfg").is_file():
            return True
        folder = folder.parent
    return False


def _marked_folder(start: Path) -> Path | None:
    parents = [start, *start.parents]
    for mark in ("foretell.toml", ".git"):
        for folder in parents:
            if (folder / mark).exists():
                return folder
    return None


def _in_folder(folder: Path, name: str, parts: list[str]) -> Found | None:
    base = folder.joinpath(*parts)
    if (base / "__init__.py").is_file():
        return Found(name, base / "__init__.py", True)
    for suffix in (*_EXTENSIONS, ".py"):
        file = base.parent / (base.name + suffix)
        if file.is_file():
            return Found(name, file, False)
    if base.is_dir() and any(base.glob("*.py")):
        return Found(name, None, True)
    if base.is_dir() and any(child.is_dir() and any(child.glob("*.py")) for child in base.iterdir()):
        return Found(name, None, True)
    return None
