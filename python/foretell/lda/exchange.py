"""To and from scikit-learn's LatentDirichletAllocation."""

from __future__ import annotations

from typing import Any, TypeVar

from foretell.error import error, missing_extra
from foretell.lda import parameters
from foretell.lda.fitted import Fitted

_SHARED = (
    "n_components",
    "doc_topic_prior",
    "topic_word_prior",
    "learning_method",
    "learning_decay",
    "learning_offset",
    "max_iter",
    "batch_size",
    "total_samples",
    "mean_change_tol",
    "max_doc_update_iter",
    "n_jobs",
    "random_state",
)

Made = TypeVar("Made")


def to_sklearn(lda: Any) -> Any:
    """A fitted LatentDirichletAllocation that shares no memory with ``lda``."""
    try:
        from sklearn.decomposition import LatentDirichletAllocation
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    import numpy as np

    components = lda.components_.copy()
    made = LatentDirichletAllocation(**{name: getattr(lda, name) for name in _SHARED})
    made.components_ = components
    made.exp_dirichlet_component_ = lda.exp_dirichlet_component_.copy()
    made.doc_topic_prior_, made.topic_word_prior_ = lda.doc_topic_prior_, lda.topic_word_prior_
    made.n_features_in_ = components.shape[1]
    made.n_iter_, made.n_batch_iter_ = lda.n_iter_, lda.n_batch_iter_
    # A seed for what a partial_fit would draw; scikit-learn would have kept its generator.
    made.random_state_ = np.random.RandomState(parameters.seed_of(lda.random_state) % 2**32)
    made.bound_ = float("nan")
    if hasattr(lda, "feature_names_in_"):
        made.feature_names_in_ = lda.feature_names_in_.copy()
    return made


def from_sklearn(cls: type[Made], estimator: Any) -> Made:
    """An instance of ``cls``, an LDA. FT0101."""
    import numpy as np

    needed = (*_SHARED, "components_", "exp_dirichlet_component_", "doc_topic_prior_", "topic_word_prior_")
    missing = [name for name in needed if not hasattr(estimator, name)]
    if missing:
        raise error(
            "FT0101",
            f"a {type(estimator).__name__} without {missing[0]} was given, "
            "expected a fitted LatentDirichletAllocation",
        )
    made: Any = cls(**{name: getattr(estimator, name) for name in _SHARED})
    components = np.array(estimator.components_, dtype=np.float64, order="C")
    expected = np.array(estimator.exp_dirichlet_component_, dtype=np.float64, order="C")
    expected.flags.writeable = False
    settings = {
        "doc_topic_prior": float(estimator.doc_topic_prior_),
        "topic_word_prior": float(estimator.topic_word_prior_),
        "mean_change_tol": float(estimator.mean_change_tol),
        "max_doc_update_iter": int(estimator.max_doc_update_iter),
    }
    made._fitted = Fitted.from_components(
        components,
        expected,
        parameters.seed_of(estimator.random_state),
        parameters.threads_of(estimator.n_jobs),
        settings,
    )
    made.n_features_in_ = components.shape[1]
    made.n_iter_ = getattr(estimator, "n_iter_", 0)
    made.n_batch_iter_ = getattr(estimator, "n_batch_iter_", 1)
    if hasattr(estimator, "feature_names_in_"):
        made.feature_names_in_ = estimator.feature_names_in_
    return made  # type: ignore[no-any-return]
