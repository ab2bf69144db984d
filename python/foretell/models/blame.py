"""Which part of an object cannot be pickled, as a path that a reader can follow."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any

from foretell.error import Error, error

_DEPTH = 40


class _Sink(io.RawIOBase):
    def write(self, data: Any) -> int:
        return memoryview(data).nbytes


def unpicklable(
    item: object, name: str, cause: BaseException, dump: Callable[[object, Any], None] | None = None
) -> Error:
    """FT0804 that names the path from ``item`` (called ``name``) to what cannot be pickled.

    ``dump(part, file)`` tries one part; plain pickling with cloudpickle when installed by default.
    """
    attempt = dump or _plain_dump
    path, reason = name, str(cause)
    seen: set[int] = set()
    for _ in range(_DEPTH):
        seen.add(id(item))
        step = _failing_part(item, path, attempt, seen)
        if step is None:
            break
        path, item, reason = step
    hint = "leave it out of the model (__getstate__), or make it in setup(), once per process"
    return error("FT0804", f"{path}: {reason}", hint)


def _failing_part(
    item: object, path: str, attempt: Callable[[object, Any], None], seen: set[int]
) -> tuple[str, object, str] | None:
    for step, part in _parts(item, path):
        if id(part) in seen:
            continue
        try:
            attempt(part, _Sink())
        except Exception as cause:
            return step, part, str(cause)
    return None


def _plain_dump(part: object, file: Any) -> None:
    base: Any = pickle.Pickler
    try:
        import cloudpickle

        base = cloudpickle.Pickler
    except ImportError:
        pass
    base(file, protocol=5, buffer_callback=lambda buffer: None).dump(part)


def _parts(item: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(item, dict):
        for key, value in item.items():
            yield f"a key of {path}", key
            yield f"{path}[{key!r:.60}]", value
    elif isinstance(item, (list, tuple)):
        for index, value in enumerate(item):
            yield f"{path}[{index}]", value
    elif isinstance(item, (set, frozenset)):
        for value in item:
            yield f"{path}: an element", value
    elif isinstance(item, FunctionType):
        yield from _parts_of_function(item, path)
    elif isinstance(item, MethodType):
        yield f"{path}.__self__", item.__self__
    elif isinstance(item, type):
        for name, value in list(vars(item).items()):
            value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            if not name.startswith("__") or isinstance(value, FunctionType):
                yield f"{path}.{name}", value
    else:
        yield from _parts_of_object(item, path)


def _parts_of_function(item: FunctionType, path: str) -> Iterator[tuple[str, object]]:
    cells = item.__closure__ or ()
    for name, cell in zip(item.__code__.co_freevars, cells, strict=False):
        try:
            yield f"{path}: {name}", cell.cell_contents
        except ValueError:
            continue
    for name in item.__code__.co_names:
        if name in item.__globals__:
            yield f"{path}: global {name}", item.__globals__[name]
    for value in item.__defaults__ or ():
        yield f"{path}: a default", value


def _parts_of_object(item: object, path: str) -> Iterator[tuple[str, object]]:
    try:
        reduced = item.__reduce_ex__(5)
    except Exception:
        return
    if isinstance(reduced, str):
        return
    state = reduced[2] if len(reduced) > 2 else None
    for part in state if isinstance(state, tuple) else (state,):
        if isinstance(part, dict):
            for name, value in part.items():
                yield f"{path}.{name}", value
        elif part is not None:
            yield f"{path}: its state", part
    for index, value in enumerate(reduced[1]):
        if not isinstance(value, type):
            yield f"{path}: argument {index}", value
    for index, value in enumerate(reduced[3] or () if len(reduced) > 3 else ()):
        yield f"{path}[{index}]", value
    for key, value in reduced[4] or () if len(reduced) > 4 else ():
        yield f"{path}[{key!r:.60}]", value
