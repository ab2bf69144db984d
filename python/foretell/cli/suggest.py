"""Which name, version or alias of a store a mistyped one was meant to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from foretell.error import Error, error
from foretell.nearest import nearest

if TYPE_CHECKING:
    from foretell.store import Store


@contextmanager
def suggesting(store: Store, name: str, selector: str = "") -> Iterator[None]:
    """Adds to FT0401, FT0402 and FT0403 the name, version or alias that was probably meant."""
    try:
        yield
    except Error as unknown:
        found = _meant(store, unknown.code, name, selector)
        if found is None:
            raise
        hint = f"did you mean {found}?" + (f" {unknown.hint}" if unknown.hint else "")
        raise error(unknown.code, unknown.message, hint) from unknown


def _meant(store: Store, code: str, name: str, selector: str) -> str | None:
    try:
        if code == "FT0401":
            found = nearest(name, store.names())
            return f"{found}@{selector}" if found and selector else found
        if code == "FT0403":
            found = nearest(selector, [*store.aliases(name), "latest"])
            return f"{name}@{found}" if found else None
        if code == "FT0402":
            return store.version(name).reference  # the newest
    except Error:  # a hint is not worth another error
        return None
    return None
