"""What ``fit`` leaves: the topics in the C++ core, and what was made of them since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from foretell.lda.counts import Counts

    Array = np.ndarray[Any, Any]


class Fitted:
    """Topics that training goes on with. Pickles with all that goes on bit for bit.

    ``settings``: doc_topic_prior, topic_word_prior, mean_change_tol, max_doc_update_iter, as the core names them.
    One thread may learn, or many transform.
    """

    def __init__(self, training: Any, settings: dict[str, Any]) -> None:
        self._training = training
        self.settings = settings
        self._components: Array | None = None
        self._expected: Array | None = None
        self._inference: dict[tuple[float, int], Any] = {}

    @classmethod
    def at_random(cls, topics: int, words: int, seed: int, threads: int, settings: dict[str, Any]) -> Fitted:
        from foretell import _core

        training = _core.LdaTraining(topics=topics, words=words, seed=seed, threads=threads, **settings)
        return cls(training, settings)

    @classmethod
    def from_components(
        cls, components: Array, expected: Array, seed: int, threads: int, settings: dict[str, Any]
    ) -> Fitted:
        """``expected`` is exp(E[log beta]) as somebody else computed it; it holds until training goes on."""
        from foretell import _core

        training = _core.LdaTraining.from_components(components, seed=seed, threads=threads, **settings)
        fitted = cls(training, settings)
        fitted._expected = expected
        return fitted

    @property
    def words(self) -> int:
        return int(self._training.words)

    def learn(self, counts: Counts, **step: Any) -> None:
        """One step of the core's ``learn``; what it raises leaves the topics as they were."""
        self._training.learn(*counts.arrays, **step)
        self._components = self._expected = None
        self._inference.clear()

    def complete(self, counts: Counts) -> float:
        """Log likelihood per token of every second entry of these rows, given the others; NaN without any."""
        log_likelihood, tokens = self._training.complete(*counts.arrays)
        return log_likelihood / tokens if tokens else float("nan")

    @property
    def components(self) -> Array:
        if self._components is None:
            self._components = self._training.components
            self._components.flags.writeable = False
        return self._components

    @property
    def exp_dirichlet_component(self) -> Array:
        if self._expected is None:
            self._expected = self._training.exp_dirichlet_component
            self._expected.flags.writeable = False
        return self._expected

    def infer(
        self, counts: Counts, tolerance: float, iterations: int, threads: int, *, normalize: bool = True
    ) -> Array:
        """Rows × topics; see ``_core.Lda.transform``."""
        from foretell import _core

        key = (tolerance, iterations)
        inference: Any = self._inference.get(key)
        if inference is None:
            inference = _core.Lda(
                self.exp_dirichlet_component,
                doc_topic_prior=self.settings["doc_topic_prior"],
                mean_change_tol=tolerance,
                max_doc_update_iter=iterations,
            )
            self._inference = {key: inference}
        found: Array = inference.transform(*counts.arrays, normalize=normalize, threads=threads)
        return found

    def __reduce__(self) -> Any:
        return _restore, (*self._training.state(), self.settings, self._expected)


def _restore(
    counts: Array,
    totals: Array,
    decay: float,
    seed: int,
    steps: int,
    settings: dict[str, Any],
    expected: Array | None,
) -> Fitted:
    import numpy as np

    from foretell import _core

    training = _core.LdaTraining.from_state(
        np.ascontiguousarray(counts),
        np.ascontiguousarray(totals),
        decay,
        seed,
        steps,
        threads=1,
        **settings,
    )
    fitted = Fitted(training, settings)
    fitted._expected = expected
    return fitted
