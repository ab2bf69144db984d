"""Any Python object by pickle protocol 5, its arrays outside of the pickle and mapped."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from foretell.code.bundle import MAIN, CarriedCode
from foretell.code.pickler import Unpickler, dump, name_of, reachable
from foretell.code.project import Project
from foretell.error import Error, error, missing_extra
from foretell.models.blame import unpicklable
from foretell.models.buffers import BufferWriter, map_buffers

STREAM = "model/model.pickle"
ARRAYS = "model/arrays.bin"
_READ_ONLY = ("read-only", "readonly", "read only", "not writ", "cannot modify")


class _Names:
    """Tells what of a model is carried code; refuses project code that was not carried."""

    def __init__(self, carried: CarriedCode | None) -> None:
        self._modules = set(carried.modules) if carried is not None else set()
        self._names = set((carried.main or {}).get("names", ())) if carried is not None else set()
        self.seen: dict[tuple[str, str], Any] = {}
        self._project = Project(Path(carried.root)) if carried is not None and carried.root else None

    def reference(self, item: Any) -> tuple[str, str] | None:
        found = self._name(item)
        if found is not None:
            self.seen[found] = item
        return found

    def _name(self, item: Any) -> tuple[str, str] | None:
        module, qualname, namespace = name_of(item)
        if module == MAIN:
            known = qualname in self._names and not isinstance(item, ModuleType)
            return (MAIN, qualname) if known else None
        if "<" in qualname:
            return None
        if module in self._modules:
            holder = namespace.modules.get(module) if namespace is not None else sys.modules.get(module)
            return (module, qualname) if not qualname or reachable(item, holder, qualname) else None
        lost = self._project is not None and module and self._project.find(module) is not None
        if lost or namespace is not None:
            message = f"the model names {module}.{qualname}, which is not among the carried code"
            raise error("FT0801", message, "import it where the class is defined")
        return None

    def by_value(self, item: Any) -> None:
        pass

    def file_name(self, file: str) -> str:
        return Path(file).name


def save_pickled(model: object, directory: Path, carried: CarriedCode | None) -> dict[str, Any]:
    names = _Names(carried)
    stream, arrays = Path(directory) / STREAM, Path(directory) / ARRAYS
    stream.parent.mkdir(parents=True, exist_ok=True)
    with open(arrays, "wb") as array_file, open(stream, "wb") as stream_file:
        writer = BufferWriter(array_file)
        try:
            dump(model, stream_file, names, writer.take)
        except (Error, OSError):
            raise
        except Exception as cause:
            raise _refusal(model, names, cause) from cause
    if not writer.layout:
        arrays.unlink()
    description: dict[str, Any] = {
        "loader": "pickle",
        "stream": STREAM,
        "stream_bytes": stream.stat().st_size,
        "arrays": ARRAYS if writer.layout else None,
        "arrays_bytes": arrays.stat().st_size if writer.layout else 0,
        "buffers": writer.layout,
        "byteorder": sys.byteorder,
        "shared_bytes": writer.size,
        "private_bytes": stream.stat().st_size,
        "mapping": "read-only",
    }
    description["mapping"] = _read_back(description, {STREAM: stream, ARRAYS: arrays}, names)
    if description["mapping"] != "read-only":
        description["private_bytes"] += description["shared_bytes"]
        description["shared_bytes"] = 0
    return description


def _refusal(model: object, names: _Names, cause: BaseException) -> Error:
    try:
        import cloudpickle  # noqa: F401
    except ImportError:
        if "<lambda>" in str(cause) or "<locals>" in str(cause) or MAIN in str(cause):
            return missing_extra("cloudpickle", "code")
    return unpicklable(model, "model", cause, lambda part, file: dump(part, file, names, lambda _: None))


def _read_back(description: dict[str, Any], files: Mapping[str, Path], names: _Names) -> str:
    """How the model's arrays can be mapped: found by reading the model back once, here and now."""

    def seen(module: str, qualname: str) -> Any:
        return names.seen[module, qualname]

    try:
        return load_pickled(description, files, partial(Unpickler, resolve=seen))[1]
    except Error as cause:
        if cause.code != "FT0502":
            raise
        message = f"the model can be pickled but not read back: {cause.message}"
        raise error("FT0804", message, "mend its __setstate__ or __reduce__") from cause


def load_pickled(
    description: Mapping[str, Any], files: Mapping[str, Path], unpickler: Callable[..., Unpickler]
) -> tuple[Any, str]:
    """(the model, how its arrays are mapped); ``unpickler(file, buffers=...)`` knows what the names mean."""
    stream = _file(description, files, "stream")
    if description.get("byteorder") != sys.byteorder:
        found = description.get("byteorder")
        raise error("FT0502", f"the model's arrays are {found}-endian, but this machine is {sys.byteorder}")
    arrays = _file(description, files, "arrays") if description.get("arrays") is not None else None
    if arrays is None and description.get("buffers"):
        raise error("FT0506", "the model lists arrays but names no file for them")
    data = stream.read_bytes()
    attempts = ["copy-on-write"] if description.get("mapping") == "copy-on-write" else ["read-only"]
    if attempts == ["read-only"] and arrays is not None:
        attempts.append("copy-on-write")
    for number, mapping in enumerate(attempts, 1):
        writable = mapping == "copy-on-write"
        buffers = map_buffers(arrays, description["buffers"], writable=writable) if arrays else []
        try:
            return unpickler(io.BytesIO(data), buffers=buffers).load(), mapping
        except Error:
            raise
        except Exception as cause:
            if number < len(attempts) and _wants_to_write(cause):
                continue
            message = f"the model cannot be read back: {type(cause).__name__}: {cause}"
            raise error(
                "FT0502", message, "compare the versions of the libraries with `foretell show`"
            ) from cause
    raise AssertionError("unreachable")


def _wants_to_write(cause: BaseException) -> bool:
    return any(words in str(cause).lower() for words in _READ_ONLY)


def _file(description: Mapping[str, Any], files: Mapping[str, Path], key: str) -> Path:
    """The file of a part, its size checked against the description; FT0506."""
    name, size = description.get(key), description.get(f"{key}_bytes")
    if not isinstance(name, str) or type(size) is not int or name not in files:
        raise error("FT0506", f"the version lacks the model's {key}: {name!r:.80}")
    found = Path(files[name])
    actual = found.stat().st_size if found.is_file() else -1
    if actual != size:
        message = f"{name} has {actual} bytes, but the version names {size}"
        raise error("FT0506", message, "fetch the version again, or restore the store")
    return found
