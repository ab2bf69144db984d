"""What scores the splits of a unit: worker processes of this machine, or a Spark cluster. The rest of a run is one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from foretell.error import error
from foretell.local.pool import Pool
from foretell.local.progress import Progress

if TYPE_CHECKING:
    from foretell.predictor import Predictor
    from foretell.sources import Source


class Scorers(Protocol):
    """Processes that have opened one version, for one unit of work; within ``with``, used by one thread."""

    crashes: int

    def __enter__(self) -> Scorers: ...
    def __exit__(self, raised: object, *_: object) -> None: ...

    def load(self, version: int) -> None:
        """Has this version opened, while the caller goes on."""

    def grow(self, splits: int) -> None:
        """As many more as so many splits can use."""

    def wait_until_loaded(self) -> None:
        """Returns once the version was opened; raises what stopped it."""

    def score(
        self,
        version: int,
        opening: dict[str, Any],
        splits: Sequence[dict[str, Any]],
        on_part: Callable[[dict[str, Any]], None],
    ) -> None:
        """Scores every split by this version; ``on_part`` gets each part's record as it becomes whole."""


class Engine(Protocol):
    """Where a run scores."""

    @property
    def workers(self) -> int:
        """How many splits are scored at a time."""

    def scorers(self, store: str, name: str, progress: Progress, deadline: float | None) -> Scorers: ...

    def own_input(self, predictor: Predictor) -> Source | None:
        """The rows that a predictor's class loads by this engine itself, if it does."""

    def as_read(self, source: Source) -> Source:
        """A source as this engine reads it."""

    def close(self) -> None:
        """Lets go of what the engine started itself."""


class Local:
    """Worker processes of this machine."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))

    def scorers(self, store: str, name: str, progress: Progress, deadline: float | None) -> Scorers:
        return Pool(self.workers, store, name, progress, deadline)

    def own_input(self, predictor: Predictor) -> Source | None:
        return None

    def as_read(self, source: Source) -> Source:
        return source

    def close(self) -> None: ...


def engine_of(engine: str | Engine, workers: int | None) -> Engine:
    """An engine by its name, or as it is given; FT0101."""
    if engine == "local":
        return Local(workers)
    if workers is not None:
        raise error(
            "FT0101", f"workers={workers!r} is for the local engine", "Spark's master says how many there are"
        )
    if engine == "spark":
        from foretell.spark.engine import Spark

        return Spark()
    if isinstance(engine, str) or not hasattr(engine, "scorers"):
        raise error("FT0101", f"engine={engine!r} is not one of local, spark")
    return engine
