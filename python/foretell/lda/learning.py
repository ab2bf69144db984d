"""The passes over the documents: mini-batches, early stopping, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from foretell.error import error
from foretell.lda import parameters
from foretell.lda.progress import Passes

if TYPE_CHECKING:
    from foretell.lda.counts import Counts
    from foretell.lda.fitted import Fitted


@dataclass
class Done:
    """``steps`` is the number of the next mini-batch, from 1, as scikit-learn's n_batch_iter_."""

    iterations: int = 0
    steps: int = 1
    scores: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Learning:
    """The parameters that training goes by, checked."""

    online: bool
    decay: float
    offset: float
    iterations: int
    batch_size: int
    total_samples: float
    verbose: int | None
    held_out: float  # share of the documents; 0 without early stopping
    patience: int
    tolerance: float
    seed: int

    @classmethod
    def of(cls, lda: Any) -> Learning:
        """From an LDA's parameters; FT0101."""
        if lda.learning_method not in ("batch", "online"):
            raise error("FT0101", f"learning_method is {lda.learning_method!r}, expected 'batch' or 'online'")
        share = parameters.real(
            "validation_fraction", lda.validation_fraction, lambda x: 0 < x < 1, "a number between 0 and 1"
        )
        seed = parameters.seed_of(lda.random_state) if isinstance(lda.random_state, int) else 0
        return cls(
            online=lda.learning_method == "online",
            decay=parameters.real(
                "learning_decay", lda.learning_decay, lambda x: 0 <= x <= 1, "a number from 0 to 1"
            ),
            offset=parameters.real(
                "learning_offset", lda.learning_offset, lambda x: x >= 1, "a number of at least 1"
            ),
            iterations=parameters.whole("max_iter", lda.max_iter, 0),
            batch_size=parameters.whole("batch_size", lda.batch_size, 1),
            total_samples=parameters.real(
                "total_samples", lda.total_samples, lambda x: x > 0, "a number above 0"
            ),
            verbose=lda.verbose,
            held_out=share if lda.early_stopping else 0.0,
            patience=parameters.whole("n_iter_no_change", lda.n_iter_no_change, 1),
            tolerance=parameters.real("tol", lda.tol, lambda x: x >= 0, "a number of at least 0"),
            seed=seed,
        )

    def run(self, fitted: Fitted, counts: Counts) -> Done:
        """All passes over these documents."""
        learned, held_out = self._split(counts)
        done = Done()
        with Passes(learned.rows * self.iterations, self.verbose) as passes:
            for _ in range(self.iterations):
                if self.online:
                    for step in self._pass(fitted, learned, learned.rows, done.steps, passes.advance):
                        done.steps = step
                else:
                    fitted.learn(learned, first=0, last=learned.rows, between=passes.block_of(learned.rows))
                    done.steps += 1
                done.iterations += 1
                if held_out is not None:
                    done.scores.append(fitted.complete(held_out))
                    passes.note(f"held-out log likelihood {done.scores[-1]:.4f} a token")
                    if self._has_settled(done.scores):
                        break
        return done

    def go_on(self, fitted: Fitted, counts: Counts, step: int) -> Iterator[int]:
        """One online pass, from this step; after each mini-batch the number of the next."""
        with Passes(counts.rows, self.verbose) as passes:
            yield from self._pass(fitted, counts, self.total_samples, step, passes.advance)

    def _pass(
        self, fitted: Fitted, counts: Counts, total: float, step: int, advance: Callable[[int], None]
    ) -> Iterator[int]:
        from foretell import _core

        for first in range(0, counts.rows, self.batch_size):
            last = min(first + self.batch_size, counts.rows)
            rate = _core.LdaTraining.rate(self.decay, self.offset, step)
            fitted.learn(counts, first=first, last=last, rate=rate, scale=total / (last - first))
            step += 1
            yield step
            advance(last - first)

    def _split(self, counts: Counts) -> tuple[Counts, Counts | None]:
        """What is learned from and what is held out, both in the order in which they came."""
        import numpy as np

        if not self.held_out:
            return counts, None
        size = round(counts.rows * self.held_out)
        if size == 0 or size == counts.rows:
            raise error(
                "FT0101",
                f"early stopping holds out {size} of {counts.rows} documents, expected some and not all",
                "give more documents, another validation_fraction, or early_stopping=False",
            )
        chosen = np.zeros(counts.rows, dtype=bool)
        chosen[np.random.Generator(np.random.PCG64(self.seed)).permutation(counts.rows)[:size]] = True
        return counts.take(np.flatnonzero(~chosen)), counts.take(np.flatnonzero(chosen))

    def _has_settled(self, scores: list[float]) -> bool:
        if len(scores) <= self.patience:
            return False
        before, recent = scores[: -self.patience], scores[-self.patience :]
        return max(recent) < max(before) + self.tolerance


def begin(lda: Any, words: int) -> Fitted:
    """Topics at random, to learn from; FT0101 for parameters out of range."""
    from foretell.lda.fitted import Fitted

    topics = parameters.whole("n_components", lda.n_components, 1)

    def prior(name: str) -> float:
        value = getattr(lda, name)
        if value is None:
            return 1 / topics
        return parameters.real(name, value, lambda x: x >= 0, "None or a number of at least 0")

    settings = {
        "doc_topic_prior": prior("doc_topic_prior"),
        "topic_word_prior": prior("topic_word_prior"),
        "mean_change_tol": parameters.tolerance_of(lda),
        "max_doc_update_iter": parameters.whole("max_doc_update_iter", lda.max_doc_update_iter, 1),
    }
    seed, threads = parameters.seed_of(lda.random_state), parameters.threads_of(lda.n_jobs)
    return Fitted.at_random(topics, words, seed, threads, settings)
