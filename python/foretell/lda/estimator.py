"""ft.LDA: topics of documents, trained and inferred in C++, with scikit-learn's parameters and conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from foretell.error import error
from foretell.lda import given, parameters
from foretell.lda.fitted import Fitted
from foretell.lda.learning import Learning, begin
from foretell.lda.topics import COHERENT_WORDS, Explanation, best_words, count_together, explain, topics_of

if TYPE_CHECKING:
    import numpy as np

    from foretell.display import Topics
    from foretell.lda.counts import Counts

    Array = np.ndarray[Any, Any]


class LDA(parameters.Parameters):
    """Latent Dirichlet allocation by variational Bayes (Hoffman, Blei, Bach 2010), in C++.

        lda = ft.LDA(50, learning_method="online", random_state=0).fit(texts)
        lda.transform(texts)      # rows × 50 probabilities
        lda.topics(10)            # the topics by their ten best words, each with its coherence

    Parameters are those of scikit-learn's LatentDirichletAllocation, with the same meaning and defaults, but
    for ``evaluate_every`` and ``perp_tol``, whose place early stopping takes. Random numbers are drawn from the
    same distributions and are others, so a fit is as good as scikit-learn's and not the same; the same data,
    parameters and ``random_state`` give the same bits on every machine and for any ``n_jobs``. ``transform`` of a
    model that ``from_sklearn`` took over is scikit-learn's within 1e-12.

    - n_components: number of topics.
    - doc_topic_prior, topic_word_prior: alpha and eta; 1 / n_components for None.
    - learning_method: "batch" goes through all documents for each update, "online" through ``batch_size``.
    - learning_decay, learning_offset: kappa and tau0 of the online rate (tau0 + step) ** -kappa.
    - max_iter: passes over the documents.
    - total_samples: the number of documents behind those of ``partial_fit``.
    - mean_change_tol, max_doc_update_iter: when the inference of a document ends.
    - n_jobs: threads; None is one, -1 every core.
    - verbose: 0 is quiet, 1 shows progress, None shows it where a person looks on and it takes a while.
    - random_state: an int, None or a NumPy generator.
    - early_stopping: holds ``validation_fraction`` of the documents out, and stops when their likelihood by
      document completion has not risen by ``tol`` (per token) for ``n_iter_no_change`` iterations.
    - vectorizer: what makes counts of texts; None is a CountVectorizer of its own. ``fit`` has scikit-learn learn the
      vocabulary; later texts are counted in C++ where ``ft.compile`` takes the vectorizer.

    Counts are rows × words: SciPy sparse, NumPy, pandas; not negative, not NaN (FT0206). Texts are a list or
    column of str. After ``fit``: ``components_``, ``exp_dirichlet_component_`` (topics × words, float64, read
    only), ``doc_topic_prior_``, ``topic_word_prior_``, ``n_iter_``, ``n_batch_iter_``, ``n_features_in_``, with
    early stopping ``validation_scores_``. Errors are FT0101 and FT0206, which are ValueErrors. One thread may
    fit; a fitted model may be read by many.
    """

    # Of the best words and the documents of ``fit``, see count_together.
    _together: tuple[Array, int] | None = None

    def __init__(
        self,
        n_components: int = 10,
        *,
        doc_topic_prior: float | None = None,
        topic_word_prior: float | None = None,
        learning_method: str = "batch",
        learning_decay: float = 0.7,
        learning_offset: float = 10.0,
        max_iter: int = 10,
        batch_size: int = 128,
        total_samples: float = 1e6,
        mean_change_tol: float = 1e-3,
        max_doc_update_iter: int = 100,
        n_jobs: int | None = None,
        verbose: int | None = None,
        random_state: Any = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 2,
        tol: float = 1e-3,
        vectorizer: Any = None,
    ) -> None:
        self.n_components = n_components
        self.doc_topic_prior = doc_topic_prior
        self.topic_word_prior = topic_word_prior
        self.learning_method = learning_method
        self.learning_decay = learning_decay
        self.learning_offset = learning_offset
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.total_samples = total_samples
        self.mean_change_tol = mean_change_tol
        self.max_doc_update_iter = max_doc_update_iter
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.vectorizer = vectorizer

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learns topics from counts or texts; ``y`` is ignored. Ctrl-C ends it between blocks of documents."""
        learning = Learning.of(self)
        counts = given.counts_to_fit(self, X)
        fitted = begin(self, counts.columns)
        done = learning.run(fitted, counts)
        self._fitted = fitted
        self.n_iter_, self.n_batch_iter_ = done.iterations, done.steps
        self._together = count_together(best_words(fitted.components, COHERENT_WORDS), counts)
        if self.early_stopping:
            self.validation_scores_ = done.scores
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Goes on online with these documents, in mini-batches, ``total_samples`` standing behind them.

        After ``fit`` of texts the vocabulary stays. What is raised leaves what the mini-batches before it taught.
        """
        learning = Learning.of(self)
        if not hasattr(self, "_fitted"):
            counts = given.counts_to_fit(self, X)
            self._fitted = begin(self, counts.columns)
            self.n_iter_, self.n_batch_iter_ = 0, 1
        else:
            counts = given.counts(self, X, "LDA.partial_fit")
        self._together = None
        for step in learning.go_on(self._fitted, counts, self.n_batch_iter_):
            self.n_batch_iter_ = step
        return self

    def transform(self, X: Any, *, normalize: bool = True) -> Array:
        """Rows × topics, float64: probabilities, or the documents' Dirichlet parameters.

        Within 1e-12 what scikit-learn's transform gives with the same ``exp_dirichlet_component_``.
        """
        return self._infer(given.counts(self, X, "LDA.transform"), normalize)

    def fit_transform(self, X: Any, y: Any = None, *, normalize: bool = True) -> Array:
        """``fit``, then the topics of the same documents."""
        return self.fit(X, y).transform(X, normalize=normalize)

    def score(self, X: Any, y: Any = None) -> float:
        """scikit-learn's approximate bound on the log likelihood of these documents."""
        return self._bound(given.counts(self, X, "LDA.score"), False)

    def perplexity(self, X: Any, sub_sampling: bool = False) -> float:
        """exp(-bound per token), as scikit-learn gives it; ``sub_sampling`` as in training by ``partial_fit``.

        Not a measure of quality for few documents; see ``completion_score``.
        """
        import math

        counts = given.counts(self, X, "LDA.perplexity")
        tokens = float(counts.values.sum())
        if sub_sampling:
            tokens *= float(self.total_samples) / counts.rows
        return math.exp(-self._bound(counts, sub_sampling) / tokens)

    def completion_score(self, X: Any) -> float:
        """Log likelihood per token by document completion, the measure of quality: every second word of a
        document is predicted from the topics that the others give. NaN where no document has two words."""
        return self._known.complete(given.counts(self, X, "LDA.completion_score"))

    def topics(self, n: int = 10, reference: Any = None) -> Topics:
        """The topics by their ``n`` best words, each with its coherence C_NPMI.

        The coherence is over the first n of at most 20 words, and over whole documents: those of ``fit``, or with
        ``reference`` those of other counts or texts. None after ``partial_fit`` without a reference. FT0101.
        """
        together = self._together
        if reference is not None:
            words = best_words(self.components_, COHERENT_WORDS)
            together = count_together(words, given.counts(self, reference, "LDA.topics"))
        return topics_of(self.components_, self._word_names(), n, together=together)

    def explain(self, X: Any) -> Explanation:
        """Which words of one document, a text or a row of counts, speak for which topic. FT0101 for several."""
        counts = given.counts(self, [X] if isinstance(X, str) else X, "LDA.explain")
        if counts.rows != 1:
            raise error("FT0101", f"{counts.rows} documents were given, expected one")
        gamma = self._infer(counts, False)[0]
        return explain(counts, gamma, self.exp_dirichlet_component_, self._word_names())

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """lda0, lda1 …"""
        import numpy as np

        return np.asarray([f"lda{k}" for k in range(len(self.components_))], dtype=object)

    def to_sklearn(self) -> Any:
        """A fitted LatentDirichletAllocation with these topics, whose transform gives the same within 1e-12.

        FT0107 without scikit-learn.
        """
        from foretell.lda.exchange import to_sklearn

        return to_sklearn(self)

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """An LDA with the topics and parameters of a fitted LatentDirichletAllocation; it can be trained on.

        Topics of float32 become float64. FT0101 for another object, or one that is not fitted.
        """
        from foretell.lda.exchange import from_sklearn

        return from_sklearn(cls, estimator)

    @property
    def components_(self) -> Array:
        return self._known.components

    @property
    def exp_dirichlet_component_(self) -> Array:
        return self._known.exp_dirichlet_component

    @property
    def doc_topic_prior_(self) -> float:
        return float(self._known.settings["doc_topic_prior"])

    @property
    def topic_word_prior_(self) -> float:
        return float(self._known.settings["topic_word_prior"])

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float64"]),
            input_tags=InputTags(sparse=True, positive_only=True),
        )

    @property
    def _known(self) -> Fitted:
        fitted: Fitted | None = self.__dict__.get("_fitted")
        if fitted is None:
            raise parameters.not_fitted(self)
        return fitted

    def _word_names(self) -> list[str]:
        if hasattr(self, "vectorizer_"):
            return list(self.vectorizer_.get_feature_names_out())
        if hasattr(self, "feature_names_in_"):
            return list(self.feature_names_in_)
        return [f"x{word}" for word in range(self._known.words)]

    def _infer(self, counts: Counts, normalize: bool) -> Array:
        return self._known.infer(
            counts,
            parameters.tolerance_of(self),
            parameters.whole("max_doc_update_iter", self.max_doc_update_iter, 0),
            parameters.threads_of(self.n_jobs),
            normalize=normalize,
        )

    def _bound(self, counts: Counts, sub_sampling: bool) -> float:
        from foretell.lda.bound import approximate_bound

        return approximate_bound(
            counts,
            self._infer(counts, False),
            self.components_,
            self.doc_topic_prior_,
            self.topic_word_prior_,
            float(self.total_samples) / counts.rows if sub_sampling else 1.0,
        )
