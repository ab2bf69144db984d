"""What topic probabilities are good for: related events, search within a topic, suggestions for a person.

It reads a run's output, nothing else: an id, a title, a topic and the topic probabilities of each event.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.dataset


@dataclass
class Scored:
    """The rows of a run's output, as arrays of one length. ``topics`` is rows × topics, float64."""

    ids: list[str]
    titles: list[str]
    topics: np.ndarray
    versions: np.ndarray

    @classmethod
    def read(cls, output: Path) -> Scored:
        """Every published row below ``output``; names that begin with '_' are not rows."""
        table = pyarrow.dataset.dataset(output, format="parquet").to_table()
        flat = table["topics"].combine_chunks().flatten().to_numpy()
        return cls(
            ids=table["id"].to_pylist(),
            titles=[title or "(no title)" for title in table["title"].to_pylist()],
            topics=flat.reshape(table.num_rows, -1),
            versions=table["model_version"].to_numpy(),
        )

    def by(self, version: int) -> Scored:
        """The rows of one version: topics of two versions mean different things."""
        chosen = np.flatnonzero(self.versions == version)
        return Scored(
            [self.ids[i] for i in chosen],
            [self.titles[i] for i in chosen],
            self.topics[chosen],
            self.versions[chosen],
        )

    def nearest(self, wanted: np.ndarray, without: set[int], count: int) -> list[int]:
        """Rows whose topics are most like ``wanted``, by the Hellinger affinity Σ √(p q); a title once."""
        affinity = np.sqrt(self.topics) @ np.sqrt(wanted)
        seen = {self.titles[i].casefold() for i in without}
        found: list[int] = []
        for i in np.argsort(-affinity, kind="stable"):
            if int(i) in without or self.titles[i].casefold() in seen:
                continue
            seen.add(self.titles[i].casefold())
            found.append(int(i))
            if len(found) == count:
                break
        return found

    def related(self, row: int, count: int = 3) -> list[int]:
        """Browse: events like this one."""
        return self.nearest(self.topics[row], {row}, count)

    def suggested(self, liked: list[int], count: int = 3) -> list[int]:
        """Personalisation: events like those that a person liked, on average."""
        return self.nearest(self.topics[liked].mean(axis=0), set(liked), count)

    def search(self, word: str, topic: int, count: int = 3) -> tuple[int, list[int]]:
        """How many titles hold the word, and those of them that the topic fits best; a title once."""
        hits = [i for i, title in enumerate(self.titles) if word.casefold() in title.casefold()]
        found: dict[str, int] = {}
        for i in sorted(hits, key=lambda i: -self.topics[i, topic]):
            if self.topics[i].argmax() == topic:
                found.setdefault(self.titles[i].casefold(), i)
        return len(hits), list(found.values())[:count]
