"""What an executor is told of a version, and what it makes of it: the predictor, opened once a process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from foretell.error import error

if TYPE_CHECKING:
    from foretell.predictor import Predictor
    from foretell.store import Store
    from foretell.version import Version

MOST_OPEN = 3
"""Versions that one process holds: the one that serves, the one before it, the one that comes."""

_opened: OrderedDict[Descriptor, Opened] = OrderedDict()
_lock = threading.Lock()


class Clock:
    """How long features took in this process, of the time of predictions."""

    before_item = None  # rows in hand are of no interest here

    def __init__(self) -> None:
        self.features_ns = 0

    def after_features(self, nanoseconds: int) -> None:
        self.features_ns += nanoseconds


@dataclass(frozen=True)
class Opened:
    """A version as this process has it. ``native``: what `Map` calls."""

    predictor: Predictor
    native: Any
    clock: Clock


@dataclass(frozen=True)
class Descriptor:
    """A version, by its digest, and where it lies. Small: it goes to executors in place of the model."""

    store: str
    name: str
    version: int
    manifest_sha256: str

    @classmethod
    def of(cls, store: Store, version: Version) -> Descriptor:
        """FT0904 for a store that is in this process alone."""
        if urlsplit(store.url).scheme == "memory":
            raise error(
                "FT0904",
                f"the store {store.url} is in this process alone, and executors are others",
                "use a store in a folder that all machines share, or at a URL",
            )
        return cls(store.url, version.name, version.version, version.sha256)

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"

    def open(self) -> Any:
        """What `Map` calls of the `predictor`."""
        return self.opened().native

    def predictor(self) -> Predictor:
        """The predictor, loaded and set up once in this process, whatever tasks, stages and micro-batches ask for
        it. Whether the store is trusted was decided by the driver.

        FT0406 when the store here has another version of that number; what ``ft.load`` raises; FT0502 for what the
        version's own code raises meanwhile.
        """
        return self.opened().predictor

    def opened(self) -> Opened:
        """The same, with the clock of its features."""
        with _lock:
            if (found := _opened.get(self)) is not None:
                _opened.move_to_end(self)
                return found
            found = self._open()
            _opened[self] = found
            while len(_opened) > MOST_OPEN:
                _opened.popitem(last=False)
            return found

    def _open(self) -> Opened:
        from foretell.local.planning import loading

        clock = Clock()
        with loading(self.reference):
            predictor = self.load()
            return Opened(predictor, predictor._native(clock), clock)

    def load(self) -> Predictor:
        """A predictor of its own, the version's digest being as described."""
        from foretell.loading import load

        predictor = load(self.reference, store=self.store, trust_store=True, warn=False)
        assert predictor.version is not None
        if predictor.version.sha256 != self.manifest_sha256:
            raise error(
                "FT0406",
                f"{self.reference} in {self.store} is not the version that the driver looked up",
                "the store must be the same on every machine: a shared folder, or a bucket",
            )
        return predictor


def saved_version(predictor: Predictor) -> Descriptor:
    """The version that a predictor's Spark modes run, with its own code; FT0101 where there is none, or where
    the class at hand is not that version's."""
    from foretell.loading import has_class_of, open_store

    version = predictor.version
    if version is None:
        raise error(
            "FT0101",
            f"{predictor.name} has no saved version, and executors open versions from the store",
            f'save it, and load it: version = predictor.save_model(); ft.load(f"{predictor.name}@{{version.version}}")',
        )
    if not has_class_of(type(predictor), version):
        raise error(
            "FT0101",
            f"{type(predictor).__name__} here is not the class that {version.reference} was saved with, and"
            " executors run the version's own",
            f'run that one: ft.load("{version.reference}"); or save this class with its model:'
            f" predictor.save_model(model_from={version.version})",
        )
    return Descriptor.of(open_store(predictor._store), version)
