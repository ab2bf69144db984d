"""Naive Bayes of counts: the joint log likelihood is linear in them."""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, check_fitted, labels, refuse
from foretell.sklearn.linear import linear


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    import numpy as np

    check_fitted(estimator, "feature_log_prob_")
    name = type(estimator).__name__
    weights, intercepts, binarize = estimator.feature_log_prob_, estimator.class_log_prior_, None
    if len(estimator.classes_) < 2:
        raise refuse(estimator, "it was fitted to one class")
    if name == "ComplementNB":
        intercepts = np.zeros(len(estimator.classes_))  # the prior counts for a single class only
    if name == "BernoulliNB":
        absent = np.log(1 - np.exp(weights))
        weights, intercepts = weights - absent, intercepts + absent.sum(axis=1)
        binarize = estimator.binarize
        if binarize is not None and binarize < 0:
            raise refuse(estimator, "binarize is negative, so that absent words count as present")
    return linear(
        estimator,
        arrays,
        weights,
        intercepts,
        methods=["predict", "predict_proba"],
        probability="softmax",
        classes=labels(estimator),
        binarize=None if binarize is None else float(binarize),
    )
