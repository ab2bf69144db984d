"""Pickling so that names of carried code stay plain, and unpickling into one version's own copies.

A class or function of carried code is written as a call ``carried(module, qualname)`` with the names that
the project knows, also when it comes from a version loaded under another name. Read back, the call gives
the version's own copy, or without a version what this process imports under that name.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import IO, Any, Protocol

from foretell.code.bundle import MAIN
from foretell.code.namespace import ModuleName, Namespace, named, namespace_of
from foretell.error import error


class Place(Protocol):
    """Decides which classes, functions and modules are written by a plain name, and sees the others."""

    def reference(self, item: Any) -> tuple[str, str] | None:
        """(module, qualname) when the item is carried code."""
        ...

    def by_value(self, item: Any) -> None:
        """Called with each function and class that is not carried code."""
        ...

    def file_name(self, file: str) -> str:
        """What a by-value function's code says in place of the file that it was compiled from."""
        ...


def carried(module: str, qualname: str) -> Any:
    """What this process imports under these names; FT0502."""
    try:
        found: Any = importlib.import_module(module)
        for part in qualname.split(".") if qualname else ():
            found = getattr(found, part)
    except (ImportError, AttributeError) as cause:
        message = f"the model names {module}.{qualname}, which this process does not have: {cause}"
        raise error("FT0502", message, "load it with the version's own code: foretell.load(...)") from cause
    return found


def code_of_file(file: str, arguments: tuple[Any, ...]) -> CodeType:
    return CodeType(*arguments).replace(co_filename=file)


def name_of(item: Any) -> tuple[str, str, Namespace | None]:
    """(plain module, qualname, the loaded version it belongs to). A module has the qualname ""."""
    if isinstance(item, ModuleType):
        module, qualname = item.__name__, ""
    else:
        module, qualname = getattr(item, "__module__", None) or "", getattr(item, "__qualname__", "") or ""
    namespace = namespace_of(module)
    return (namespace.plain(module) if namespace else str(module)), qualname, namespace


def reachable(item: Any, holder: Any, qualname: str) -> bool:
    """Whether ``holder.qualname`` is the item itself."""
    for part in qualname.split("."):
        holder = getattr(holder, part, None)
    return holder is item


@lru_cache(maxsize=1)
def _pickler_class() -> Any:
    try:
        from cloudpickle import cloudpickle
    except ImportError:
        cloudpickle = None
    base: Any = cloudpickle.Pickler if cloudpickle is not None else pickle.Pickler

    class CarriedPickler(base):  # type: ignore[misc]
        def __init__(
            self, file: Any, place: Place, buffer_callback: Callable[[pickle.PickleBuffer], Any] | None
        ) -> None:
            super().__init__(file, protocol=5, buffer_callback=buffer_callback)
            self.place = place

        def reducer_override(self, item: Any) -> Any:
            kind = type(item)
            if issubclass(kind, (type, FunctionType, ModuleType)):
                found = self.place.reference(item)
                if found is not None:
                    return carried, found
                self.place.by_value(item)
                if cloudpickle is not None and _of_loaded_main(item):
                    # Importable here, but only here: by value, like everything from __main__.
                    if issubclass(kind, type):
                        return cloudpickle._dynamic_class_reduce(item)
                    return self._dynamic_function_reduce(item)
            elif kind is CodeType and cloudpickle is not None:
                # cloudpickle drops the file name, and a traceback could show no line.
                arguments = cloudpickle._code_reduce(item)[1]
                return code_of_file, (self.place.file_name(item.co_filename), arguments)
            elif kind is ModuleName:
                return str, (item.namespace.plain(item),)
            return super().reducer_override(item) if cloudpickle is not None else NotImplemented

    return CarriedPickler


def _of_loaded_main(item: Any) -> bool:
    plain, _, namespace = name_of(item)
    return namespace is not None and plain == MAIN and not isinstance(item, ModuleType)


def dump(
    item: Any,
    file: IO[bytes],
    place: Place,
    buffer_callback: Callable[[pickle.PickleBuffer], Any] | None = None,
) -> None:
    """Pickles with protocol 5. By-value parts need cloudpickle; without it they fail like plain pickle."""
    _pickler_class()(file, place, buffer_callback).dump(item)


class Unpickler(pickle.Unpickler):
    """Resolves what carried code names to one version's copies, or (None) to what is at hand.

    ``resolve(module, qualname)`` takes the place of both.
    """

    def __init__(
        self,
        file: IO[bytes],
        namespace: Namespace | None = None,
        *,
        buffers: Iterable[Any] | None = None,
        resolve: Callable[[str, str], Any] | None = None,
    ) -> None:
        super().__init__(file, buffers=buffers)
        self._namespace = namespace
        self._resolve = resolve

    def find_class(self, module: str, name: str) -> Any:
        namespace = self._namespace
        if self._resolve is not None and module == __name__ and name == carried.__name__:
            return self._resolve
        if namespace is None:
            return super().find_class(module, name)
        if module == __name__ and name == carried.__name__:
            return lambda where, qualname: named(namespace, where, qualname)
        if module.partition(".")[0] == "cloudpickle":
            from foretell.code.main import by_value_maker

            maker = by_value_maker(namespace, name)
            if maker is not None:
                return maker
        if namespace.holds(module):
            return named(namespace, module, name)
        return super().find_class(module, name)
