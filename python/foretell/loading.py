"""Versions back into predictors.

predictor = ft.load("EventTopics@3")          # the version's own class, and its model
EventTopics().load_model("production")        # the class at hand with a version's model
"""

from __future__ import annotations

import os
import stat
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from foretell.error import Error, error

if TYPE_CHECKING:
    from foretell.code import LoadedCode
    from foretell.predictor import Predictor
    from foretell.store import Store
    from foretell.version import Version, VersionList


class VersionWarning(UserWarning):
    """A version is used with other code, or in another environment, than it was saved with."""


def load(reference: str, store: Any = None, trust_store: bool = False, warn: bool = True) -> Predictor:
    """A predictor of the version's own class, its code taken from the version, with the model loaded.

    ``reference``: "EventTopics@3", "EventTopics@production", "EventTopics" (the latest). ``store``: a path,
    URL or Store; by default ``FORETELL_STORE``, ``foretell.toml``, else ``./models``. ``warn``: tell, by
    name, where Python or a library differs from what it was saved with.

    FT0105, FT0401, FT0402, FT0403; FT0503 when the store belongs to another user and ``trust_store`` is not
    given, because a version's code runs in this process; FT0502, FT0506, FT0805 when it cannot be opened.
    """
    the_store, version = find(reference, store, trust_store)
    code, model = _open(the_store, version, None)
    try:
        predictor = _without_code(version, model) if code is None else code.cls()
    except TypeError as problem:
        raise error(
            "FT0502", f"{reference}: its class cannot be made without arguments: {problem}"
        ) from problem
    predictor._take(the_store, version, model)
    predictor._reference = reference
    if warn:
        _warn_of_environment(version)
    return predictor


def load_model(
    predictor: Predictor, version: int | str, model_key: str | None, *, trust_store: bool = False
) -> None:
    """See ``Predictor.load_model``."""
    name = model_key if model_key is not None else predictor.name
    the_store, found = find(f"{name}@{version}", predictor._store, trust_store)
    _, model = _open(the_store, found, predictor)
    predictor._take(the_store, found, model)
    predictor._reference = f"{name}@{version}"
    _warn_of_code(type(predictor), found)
    _warn_of_environment(found)


def open_store(store: Any = None) -> Store:
    """``store`` itself, or the one at a path or URL; by default the one that is configured."""
    from foretell.store import Store

    return store if isinstance(store, Store) else Store(store)


def list_versions(predictor: Predictor, model_key: str | None) -> VersionList:
    """See ``Predictor.list_versions``."""
    from foretell.version import VersionList

    store = open_store(predictor._store)
    name = model_key if model_key is not None else predictor.name
    try:
        return store.versions(name)
    except Error as problem:
        if problem.code in ("FT0401", "FT0410", "FT0417"):
            return VersionList()
        raise


def admit(store: Store, reference: str, trust_store: bool = False) -> None:
    """FT0503 unless code from this store may run here: it is this user's own, or ``trust_store`` was given.

    (A store that belongs to this user is one that nobody else could have written to, if nobody else was
    allowed to write into its folder.)
    """
    if trust_store:
        return
    parts = urlsplit(store.url)
    if parts.scheme == "memory":
        return
    hint = "load it with trust_store=True (--trust-store) if you trust all who can write to this store"
    if parts.scheme not in ("", "file"):
        raise error(
            "FT0503", f"{reference} carries code, and {store.url} is not a folder of this user's", hint
        )
    path = unquote(parts.path) if parts.scheme else store.url
    try:
        found = os.stat(path)
    except OSError:
        return  # there is nothing to run; what is missing is told by whoever reads it
    if found.st_uid != os.geteuid():
        raise error("FT0503", f"{reference} carries code, and the store {path} belongs to another user", hint)
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        raise error("FT0503", f"{reference} carries code, and anybody may write into the store {path}", hint)


def open_version(
    reference: str, store: Any, trust_store: bool, predictor: Predictor | None
) -> tuple[Store, Version, LoadedCode | None, Any]:
    """An admitted version with its own code and its model. ``predictor``: whose ``load_files`` is called."""
    the_store, version = find(reference, store, trust_store)
    return the_store, version, *_open(the_store, version, predictor)


def find(reference: str, store: Any, trust_store: bool) -> tuple[Store, Version]:
    """A saved predictor's version, admitted; nothing of it is loaded."""
    the_store = open_store(store)
    version = the_store.version(reference)
    if not has_no_code(version):
        admit(the_store, version.reference, trust_store)
    for part in ("predictor" if has_no_code(version) else "code", "model", "signature"):
        if not isinstance(version.manifest.get(part), dict):
            raise error("FT0502", f"{version.reference} has no {part}, so it is no saved predictor")
    return the_store, version


def has_no_code(version: Version) -> bool:
    """Whether it is data only: a text predictor's, of which nothing runs that could do harm."""
    return version.manifest.get("kind") == "text"


def _without_code(version: Version, model: Any) -> Predictor:
    from foretell.predictor.text import TextPredictor

    return TextPredictor._open(version, model)


def _open(store: Store, version: Version, predictor: Predictor | None) -> tuple[LoadedCode | None, Any]:
    """The code, if it has any, and the model of an admitted version."""
    from foretell import models
    from foretell.code import load_class

    manifest = version.manifest
    files = store.open_files(version)
    if has_no_code(version):
        if manifest["model"].get("loader") != "native":
            raise error("FT0502", f"{version.reference} has no code, and its model is not a native one")
        return None, models.load(manifest["model"], files)
    code = load_class(manifest["code"], files)
    return code, models.load(manifest["model"], files, code, predictor=predictor)


def has_class_of(owner: type, version: Version) -> bool:
    """Whether a class is the one that a version was saved with."""
    from foretell.code import class_digest
    from foretell.predictor.text import TextPredictor

    if issubclass(owner, TextPredictor):  # it compares what is declared itself
        return True
    try:
        return not has_no_code(version) and class_digest(owner) == version.manifest["code"]["class_digest"]
    except Error:
        return False  # a class that could not be saved is not the one that was


def _warn_of_code(owner: type, version: Version) -> None:
    if not has_class_of(owner, version):
        warnings.warn(
            f"{version.reference} was saved with other code than that of {owner.__name__} here; "
            f'ft.load("{version.reference}") runs its own',
            VersionWarning,
            stacklevel=4,
        )


def _warn_of_environment(version: Version) -> None:
    from foretell.code import differences

    found = differences(version.manifest.get("environment") or {})
    if found:
        warnings.warn(
            f"{version.reference} was saved in another environment: {'; '.join(found)}",
            VersionWarning,
            stacklevel=4,
        )
