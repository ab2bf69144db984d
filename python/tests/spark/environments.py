"""Python environments for executors: real virtual environments with real distributions in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

import foretell
from foretell import _core

NEEDED = ("pyarrow", "numpy", "cloudpickle")
"""What foretell needs where executors run; Spark brings PySpark itself."""


def environment(
    folder: Path,
    distributions: Iterable[str] = NEEDED,
    *,
    with_foretell: bool = True,
    python: str = sys.executable,
    place: Callable[[Path, Path], object] = lambda source, target: target.symlink_to(source),
) -> Path:
    """A virtual environment of ``python`` in ``folder``; gives its interpreter. ``place``: puts a file or folder of an
    installed distribution there, by default as a link."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    for name in distributions:
        installed = metadata.distribution(name)
        for top in sorted({file.parts[0] for file in installed.files or [] if ".." not in file.parts}):
            if top != "__pycache__":
                place(Path(str(installed.locate_file(top))), site / top)
    if with_foretell:
        add_foretell(site, place)
    return folder / "bin" / "python"


def add_foretell(site: Path, place: Callable[[Path, Path], object]) -> None:
    """The package as it is under test, wherever its parts lie."""
    package = site / "foretell"
    package.mkdir()
    for entry in Path(foretell.__file__).parent.iterdir():
        if entry.name != "__pycache__" and entry.suffix != ".so":
            place(entry, package / entry.name)
    place(Path(_core.__file__), package / Path(_core.__file__).name)


def distribution(folder: Path, name: str, version: str, code: str) -> Path:
    """A folder for the path with one distribution and its module of that name, as an installer makes it."""
    folder.mkdir()
    (folder / f"{name}.py").write_text(code)
    told = folder / f"{name}-{version}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (told / "top_level.txt").write_text(f"{name}\n")
    (told / "RECORD").write_text(f"{name}.py,,\n{told.name}/METADATA,,\n")
    return folder


def other_python() -> str | None:
    """An interpreter of another minor version on this machine."""
    own = f"python3.{sys.version_info.minor}"
    candidates = [shutil.which(f"python3.{minor}") for minor in range(10, 20)]
    candidates += map(str, sorted(Path.home().glob(".pyenv/versions/3.1*/bin/python3.1?")))
    for path in candidates:
        if path is not None and Path(path).name not in (own, f"{own}-config"):
            told = subprocess.run(
                [path, "-c", "import venv, sys; print(sys.version_info >= (3, 10))"], capture_output=True
            )
            if told.stdout.strip() == b"True":
                return path
    return None
