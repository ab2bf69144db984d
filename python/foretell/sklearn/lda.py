"""LatentDirichletAllocation and ft.LDA: ``transform``."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, check_fitted, dtype_of, finite, refuse

MOST_ITERATIONS = 100_000
BEST_WORDS = 50  # of each topic, kept for people


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    """With what counts its texts, where ft.LDA was fitted to texts."""
    from foretell.sklearn.estimators import export_step

    if not hasattr(estimator, "vectorizer_"):
        return _export(estimator, arrays)
    vectorizer = export_step(estimator.vectorizer_, arrays.within("0/"))
    return {"kind": "pipeline", "steps": [vectorizer, _export(estimator, arrays.within("1/"))]}


def _export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    import numpy as np

    from foretell import _core
    from foretell.lda.topics import best_words

    check_fitted(estimator, "exp_dirichlet_component_")
    # As it was fitted, and not computed anew: another machine's exp may differ in the last bit.
    component = finite(
        estimator, "exp_dirichlet_component_", np.ascontiguousarray(estimator.exp_dirichlet_component_)
    )
    dtype = dtype_of(estimator, estimator.components_)
    if str(component.dtype) != dtype or component.shape != estimator.components_.shape:
        raise refuse(estimator, "exp_dirichlet_component_ and components_ differ in their type or shape")
    if (component < 0).any():
        raise refuse(estimator, "exp_dirichlet_component_ holds a negative number")
    if not 0 <= estimator.max_doc_update_iter <= MOST_ITERATIONS:
        raise refuse(estimator, f"max_doc_update_iter is above {MOST_ITERATIONS:,}")
    packed: Any = _core.pack_lda(component)
    word_topics, word_sums = packed
    best = best_words(estimator.components_, BEST_WORDS)
    weights = np.take_along_axis(estimator.components_, best, axis=1)
    arrays.add("best_words", best.astype("int32"))
    arrays.add("best_weights", (weights / estimator.components_.sum(axis=1, keepdims=True)).astype("float64"))
    arrays.add("word_topics", word_topics)
    arrays.add("word_sums", word_sums)
    topics, words = component.shape
    return {
        "kind": "lda",
        "topics": topics,
        "words": words,
        "doc_topic_prior": float(estimator.doc_topic_prior_),
        # scikit-learn reads these two when transform is called.
        "mean_change_tol": float(estimator.mean_change_tol),
        "max_doc_update_iter": int(estimator.max_doc_update_iter),
        "dtype": dtype,
    }
