"""Models of libraries with formats of their own: the class writes and reads a directory of files."""

from __future__ import annotations

import inspect
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretell.error import error

FOLDER = "model/files"


def has_own_files(predictor: Any) -> bool:
    """Whether the class defines ``save_files(model, directory)`` and ``load_files(directory)``.

    FT0801 when it defines one of them only.
    """
    defined = [name for name in ("save_files", "load_files") if callable(getattr(predictor, name, None))]
    if len(defined) == 1:
        other = "load_files" if defined == ["save_files"] else "save_files"
        raise error("FT0801", f"the class defines {defined[0]} but not {other}", f"define {other} as well")
    return len(defined) == 2


def save_own_files(model: object, directory: Path, predictor: Any) -> dict[str, Any]:
    folder = Path(directory) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _method(predictor, "save_files")(model, folder)
    links = sorted(path for path in folder.rglob("*") if path.is_symlink())
    if links:
        raise error("FT0804", f"save_files made a link: {links[0].name}", "write files only")
    sizes = {
        path.relative_to(directory).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if not sizes:
        raise error("FT0804", "save_files wrote no file", "write at least one into the directory it is given")
    return {"loader": "files", "files": sizes, "shared_bytes": 0, "private_bytes": sum(sizes.values())}


def load_own_files(description: Mapping[str, Any], files: Mapping[str, Path], predictor: Any) -> Any:
    sizes = description.get("files")
    if not isinstance(sizes, dict) or not sizes:
        raise error("FT0506", "the version names no file of the model")
    for name, size in sizes.items():
        inside = isinstance(name, str) and name.startswith(FOLDER + "/") and ".." not in Path(name).parts
        if not inside or name not in files:
            raise error("FT0506", f"the version lacks the model's {name!r:.80}")
        actual = Path(files[name]).stat().st_size
        if actual != size:
            raise error("FT0506", f"{name} has {actual} bytes, but the version names {size}")
    folder = _folder_as_saved(sizes, files)
    scratch = None
    if folder is None:
        folder = scratch = Path(tempfile.mkdtemp(prefix="foretell-model-"))
        for name in sizes:
            link = folder / name[len(FOLDER) + 1 :]
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(Path(files[name]).resolve())
    try:
        model = _method(predictor, "load_files")(folder)
    except BaseException:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
        raise
    if scratch is not None:
        _remove_with(model, scratch)
    return model


def _folder_as_saved(sizes: Mapping[str, int], files: Mapping[str, Path]) -> Path | None:
    """The directory that already holds every file under the name it was saved with."""
    folders = set()
    for name in sizes:
        inner = Path(name[len(FOLDER) + 1 :])
        path = Path(files[name])
        if path.parts[-len(inner.parts) :] != inner.parts:
            return None
        folders.add(path.parents[len(inner.parts) - 1])
    return folders.pop() if len(folders) == 1 else None


def _remove_with(model: Any, scratch: Path) -> None:
    """Some libraries read their files later, so the directory lives as long as the model."""
    try:
        weakref.finalize(model, shutil.rmtree, scratch, ignore_errors=True)
    except TypeError:
        # No weak reference to such an object: the directory lives as long as the process.
        weakref.finalize(_anchor, shutil.rmtree, scratch, ignore_errors=True)


def _anchor() -> None: ...


def _method(predictor: Any, name: str) -> Any:
    """Static and class methods come from the class; a method of instances gets a bare instance."""
    if not isinstance(predictor, type):
        return getattr(predictor, name)
    plain = inspect.getattr_static(predictor, name)
    if isinstance(plain, (staticmethod, classmethod)):
        return getattr(predictor, name)
    return getattr(predictor(), name)
