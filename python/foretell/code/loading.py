"""A version's code back into a living class."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from foretell.code.bundle import read_bundle
from foretell.code.namespace import Namespace, open_namespace
from foretell.code.pickler import Unpickler
from foretell.error import Error, error


@dataclass(frozen=True)
class LoadedCode:
    """A version's class with the modules that it runs in.

    Everything is of this version alone: other versions, and the project's modules as imported by this
    process, are not touched. The modules go when nothing of the version is in use any more.
    """

    cls: type
    namespace: Namespace

    @property
    def digest(self) -> str:
        return self.namespace.digest

    def unpickler(self, file: IO[bytes], buffers: Iterable[Any] | None = None) -> Unpickler:
        """An unpickler for which the names in a pickle mean this version's own classes."""
        return Unpickler(file, self.namespace, buffers=buffers)

    def loads(self, data: bytes, buffers: Iterable[Any] | None = None) -> Any:
        return self.unpickler(io.BytesIO(data), buffers).load()


def load_class(description: Mapping[str, Any], files: Mapping[str, Path]) -> LoadedCode:
    """The class that ``carry`` described. Any thread may call it; the same digest gives the same modules.

    ``files`` maps the paths of the description to files on this machine. Raises FT0805 when the code
    is damaged, FT0502 when it cannot be imported here, FT0505 for by-value code of another Python.
    """
    return load_bundle_class(open_namespace(read_bundle(description, files)))


def load_bundle_class(namespace: Namespace) -> LoadedCode:
    entry = str(namespace.bundle.description["entry"])
    module, _, qualname = entry.partition(":")
    try:
        found: Any = namespace.module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except Error:
        raise
    except Exception as cause:
        message = f"{entry} cannot be imported: {type(cause).__name__}: {cause}"
        raise error("FT0502", message, "install what the version's code imports") from cause
    if not isinstance(found, type):
        raise error("FT0805", f"{entry} is no class but a {type(found).__name__}", "save the version again")
    return LoadedCode(found, namespace)
