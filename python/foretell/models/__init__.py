"""Models on disk: an object into files of a version's directory, and back.

    description = save(model, directory, carried)             # writes directory/model/...
    model = load(description, files, loaded_code)             # arrays mapped, shared by all processes

Loaders: "pickle" (any object), "native" (of ft.compile), "skops" (on request), "files" (the class's own save_files).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.code.bundle import CarriedCode, check_format
from foretell.code.loading import LoadedCode
from foretell.error import error
from foretell.size import size_text

__all__ = ["LoadedModel", "describe", "load", "open_model", "save"]

FORMAT = 1


@dataclass(frozen=True)
class LoadedModel:
    """A model and how its arrays are mapped: "read-only", "copy-on-write", or "" when none is mapped."""

    model: Any
    mapping: str


def save(
    model: object,
    directory: Path,
    carried: CarriedCode | None = None,
    *,
    loader: str | None = None,
    predictor: Any = None,
) -> dict[str, Any]:
    """Writes ``directory/model/...``; the description that loads it again.

    ``loader`` is "pickle", "native", "skops" or "files"; by default "files" when ``predictor`` (a class or an
    instance) defines save_files and load_files, "native" for a native model, else "pickle". Raises FT0804 with
    the path to what cannot be pickled, FT0801 for project code that ``carried`` lacks. A pickle is read back once
    before it counts.
    """
    from foretell.models.native import NativeModel
    from foretell.models.native_file import save_native
    from foretell.models.own_files import has_own_files, save_own_files
    from foretell.models.pickled import save_pickled
    from foretell.models.typed import save_skops

    own = predictor is not None and has_own_files(predictor)
    chosen = loader or ("files" if own else "native" if isinstance(model, NativeModel) else "pickle")
    if chosen == "native":
        return {"format": FORMAT, **save_native(model, directory)}
    if chosen == "pickle":
        return {"format": FORMAT, **save_pickled(model, directory, carried)}
    if chosen == "skops":
        return {"format": FORMAT, **save_skops(model, directory)}
    if chosen == "files" and own:
        return {"format": FORMAT, **save_own_files(model, directory, predictor)}
    if chosen == "files":
        raise error("FT0501", "loader='files' needs a class with save_files and load_files")
    raise _unknown(chosen)


def load(
    description: Mapping[str, Any],
    files: Mapping[str, Path],
    loaded_code: LoadedCode | None = None,
    *,
    trusted_types: Sequence[str] = (),
    predictor: Any = None,
) -> Any:
    """The model; see ``open_model``."""
    return open_model(description, files, loaded_code, trusted_types=trusted_types, predictor=predictor).model


def open_model(
    description: Mapping[str, Any],
    files: Mapping[str, Path],
    loaded_code: LoadedCode | None = None,
    *,
    trusted_types: Sequence[str] = (),
    predictor: Any = None,
) -> LoadedModel:
    """The model and how it is mapped. Any thread may call it.

    ``files`` maps the paths of a version to files on this machine. With ``loaded_code`` the classes that a
    pickle names are that version's own; without it, what this process imports. ``predictor`` is whose
    ``load_files`` is called (default: the loaded class). A pickle runs code: the caller has admitted the
    version before. Raises FT0502, FT0503, FT0506.
    """
    from foretell.code.pickler import Unpickler
    from foretell.models.native_file import load_native
    from foretell.models.own_files import load_own_files
    from foretell.models.pickled import load_pickled
    from foretell.models.typed import load_skops

    check_format(description, FORMAT, "model")
    loader = description.get("loader")
    if loader == "native":
        return LoadedModel(load_native(description, files), "read-only")
    if loader == "pickle":
        unpickler = loaded_code.unpickler if loaded_code is not None else Unpickler
        return LoadedModel(*load_pickled(description, files, unpickler))
    if loader == "skops":
        return LoadedModel(load_skops(description, files, trusted_types), "")
    if loader == "files":
        reader = predictor if predictor is not None else loaded_code.cls if loaded_code else None
        if reader is None:
            raise error(
                "FT0502", "the model has files of its own format, but no class to read them was given"
            )
        return LoadedModel(load_own_files(description, files, reader), "")
    raise _unknown(loader)


def describe(description: Mapping[str, Any]) -> str:
    """One line for people: what processes share of the model, and what each holds for itself.

    What a process holds is the size of the pickle, which is a measure of the objects in it, not their size.
    """
    private = f"{size_text(description.get('private_bytes', 0))} held by each process"
    loader = description.get("loader")
    if loader == "native":
        size = size_text(description.get("shared_bytes", 0))
        made = ", ".join(f"{name} {version}" for name, version in description.get("made_with", {}).items())
        made = f", compiled with {made}" if made else ""  # versions of earlier releases do not tell
        return f"native: {description.get('title')}, {size} shared by mmap, no pickle{made}"
    if loader != "pickle":
        return f"{loader}: {private}"
    count = len(description.get("buffers", ()))
    if description.get("mapping") == "copy-on-write":
        return f"pickle: {count} arrays mapped copy-on-write, because loading writes into them; {private}"
    return (
        f"pickle: {size_text(description.get('shared_bytes', 0))} in {count} arrays shared by mmap, {private}"
    )


def _unknown(loader: object) -> Exception:
    return error("FT0501", f"there is no loader {loader!r}", "one of: pickle, native, skops, files")
