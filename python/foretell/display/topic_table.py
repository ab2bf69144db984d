"""The topics of a topic model, by their words of the greatest weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from foretell.display.tables import Table
from foretell.error import error

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Topic:
    """``words`` by falling weight; ``weights`` are their probabilities in this topic; ``coherence`` is C_NPMI."""

    number: int
    words: tuple[str, ...]
    weights: tuple[float, ...]
    share: float | None = None
    coherence: float | None = None

    def __str__(self) -> str:
        return " ".join(self.words)


class Topics(Table[Topic]):
    """A list of topics; printed a line each, shown in a notebook as a table."""

    caption = "Topics"

    def columns(self) -> Sequence[str]:
        return ("topic", *(name for name, _ in self._optional()), "words")

    def cells(self, item: Topic) -> Sequence[Any]:
        words = ", ".join(
            f"{word} {weight:.1%}" for word, weight in zip(item.words, item.weights, strict=True)
        )
        return (item.number, *(form(item) for _, form in self._optional()), words)

    def _optional(self) -> list[tuple[str, Callable[[Topic], str]]]:
        """The columns that some topic has a value for."""
        found: list[tuple[str, Callable[[Topic], str]]] = []
        if any(topic.share is not None for topic in self):
            found.append(("share", lambda topic: "" if topic.share is None else f"{topic.share:.1%}"))
        if any(topic.coherence is not None for topic in self):
            found.append(
                ("coherence", lambda topic: "" if topic.coherence is None else f"{topic.coherence:.2f}")
            )
        return found

    def __repr__(self) -> str:
        width = len(str(max((topic.number for topic in self), default=0)))
        return "\n".join(
            f"{topic.number:>{width}}  "
            + "".join(f"{form(topic):>6}  " for _, form in self._optional())
            + str(topic)
            for topic in self
        )


def topics(model: Any, predictions: Any = None, *, words: int = 8) -> Topics:
    """The topics of a fitted scikit-learn pipeline that ends in a topic model, or of a predictor with one.

        ft.topics(predictor)
        ft.topics(predictor, predicted["topics"])   # with each topic's share of these rows

    ``model``: a pipeline whose last step has ``components_`` (topics × words: LDA, NMF) and an earlier one
    ``get_feature_names_out``, what ``ft.compile`` made of one, ``ft.LDA``, or a predictor whose ``model`` is such.
    ``predictions``: topic probabilities, rows × topics, in any form that NumPy, pandas, polars or Arrow give; rows
    that are null are left out. ``words``: how many words of each topic. FT0101 for anything else.
    """
    from foretell.predictor.predictor import Predictor

    if words < 1:
        raise error("FT0101", f"words={words} is out of range", "ask for one word or more")
    found = _topics_of(model.model if isinstance(model, Predictor) else model, words)
    if predictions is None:
        return found
    shares = _shares(predictions, len(found))
    return Topics(replace(topic, share=float(shares[topic.number])) for topic in found)


def _topics_of(model: Any, words: int) -> Topics:
    import numpy as np

    from foretell.lda.topics import topics_of

    if hasattr(model, "topics"):
        made: Topics = model.topics(words)
        return made
    steps = [step for _, step in getattr(model, "steps", [])]
    named = [step for step in steps[:-1] if hasattr(step, "get_feature_names_out")]
    if not named or not hasattr(steps[-1], "components_"):
        raise error(
            "FT0101",
            f"a {type(model).__name__} was given, which has no topics and words",
            "give a fitted pipeline of a vectorizer and a topic model, as CountVectorizer and"
            " LatentDirichletAllocation, or a predictor that has loaded one",
        )
    weights = np.asarray(steps[-1].components_, dtype=np.float64)
    return topics_of(weights, list(named[-1].get_feature_names_out()), words)


def _shares(predictions: Any, count: int) -> np.ndarray[Any, Any]:
    """The mean probability of each topic."""
    import numpy as np

    listed = predictions
    for convert in ("to_pylist", "to_list", "tolist"):
        if hasattr(predictions, convert):
            listed = getattr(predictions, convert)()
            break
    rows = [row for row in listed if row is not None]
    try:
        matrix = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty((0, 0))
    if matrix.ndim != 2 or matrix.shape[1] != count:
        raise error("FT0101", f"the predictions are not rows of {count} topic probabilities")
    shares: np.ndarray[Any, Any] = matrix.mean(axis=0)
    return shares
