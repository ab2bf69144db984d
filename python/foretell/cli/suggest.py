"""What a mistyped word was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from foretell.error import Error, error

if TYPE_CHECKING:
    from foretell.store import Store


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, whatever its case; none when none is."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint: the nearest known word, then what else to do."""
    found = nearest(word, known)
    if found is None:
        return otherwise
    return f"did you mean {found}?" + (f" {otherwise}" if otherwise else "")


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
