"""What the interpreter's own tables hold of a carried module. Both parts hold the version weakly."""

from __future__ import annotations

import importlib.util
import types
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.code.namespace import Namespace


class Door:
    """What ``sys.modules`` holds for a carried module: the module as long as it lives."""

    __slots__ = ("_name", "_namespace")

    def __init__(self, namespace: Namespace, plain: str) -> None:
        object.__setattr__(self, "_namespace", weakref.ref(namespace))
        object.__setattr__(self, "_name", plain)

    def __getattribute__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "module")(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "module")(), name, value)

    def module(self) -> types.ModuleType:
        namespace = object.__getattribute__(self, "_namespace")()
        plain = object.__getattribute__(self, "_name")
        found = namespace.modules.get(plain) if namespace is not None else None
        if found is None:
            raise AttributeError(f"the version that {plain} belongs to is no longer loaded")
        return found  # type: ignore[no-any-return]


class Loader:
    """Gives ``linecache``, ``inspect`` and tracebacks the source. Holds the version weakly."""

    def __init__(self, namespace: Namespace, source: bytes | None) -> None:
        self.namespace = weakref.ref(namespace)
        self._source = source

    def get_source(self, name: str) -> str | None:
        return importlib.util.decode_source(self._source) if self._source is not None else None

    def is_package(self, name: str) -> bool:
        namespace = self.namespace()
        return namespace is not None and namespace.plain(name) in namespace.packages
