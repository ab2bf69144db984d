"""Linear models: logistic regression, linear support vectors, stochastic gradient descent, least squares.

All of them are x W + b; they differ in what ``predict_proba`` makes of it.
"""

from __future__ import annotations

from typing import Any

from foretell.sklearn.exporting import Arrays, check_fitted, finite, labels, refuse, sklearn_version


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    import numpy as np

    check_fitted(estimator, "coef_")
    sparse = hasattr(estimator.coef_, "toarray")
    coefficients = estimator.coef_.toarray() if sparse else estimator.coef_
    kind = getattr(getattr(estimator, "_label_binarizer", None), "y_type_", "")
    if kind.startswith("multilabel"):
        raise refuse(estimator, "it was fitted to several labels a row")
    weights = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
    intercepts = np.broadcast_to(
        np.asarray(estimator.intercept_, dtype=np.float64).reshape(-1), (weights.shape[0],)
    )
    classifier = hasattr(estimator, "classes_")
    probability = _probability(estimator)
    methods = ["predict"]
    if classifier:
        methods.append("decision_function")
    if probability != "none":
        methods.append("predict_proba")
    return linear(
        estimator,
        arrays,
        weights,
        intercepts,
        methods=methods,
        probability=probability,
        classes=labels(estimator) if classifier else [],
        # (sparsify() makes two dimensions of one, and leaves the answer flat.)
        flat=not classifier and weights.shape[0] == 1 and (sparse or estimator.coef_.ndim == 1),
        dtype="float32" if coefficients.dtype == np.float32 else "float64",
        # A row whose probabilities are all 0 was NaN before scikit-learn 1.9.
        zero_is_uniform=probability == "modified_huber" or sklearn_version() >= (1, 9),
    )


def linear(
    estimator: Any,
    arrays: Arrays,
    weights: Any,
    intercepts: Any,
    *,
    methods: list[str],
    probability: str = "none",
    classes: list[Any] | None = None,
    flat: bool = False,
    dtype: str = "float64",
    binarize: float | None = None,
    zero_is_uniform: bool = True,
) -> dict[str, Any]:
    """The step for ``weights`` (outputs, features) and ``intercepts`` (outputs)."""
    outputs, features = weights.shape
    arrays.add("weights", finite(estimator, "coef_", weights).T.astype("float64"))
    arrays.add("intercepts", finite(estimator, "intercept_", intercepts).astype("float64"))
    return {
        "kind": "linear",
        "features": features,
        "outputs": outputs,
        "methods": methods,
        "probability": probability,
        "classes": classes or [],
        "flat": flat,
        "dtype": dtype,
        "binarize": binarize,
        "zero_is_uniform": zero_is_uniform,
    }


def _probability(estimator: Any) -> str:
    """How ``predict_proba`` comes from the decision; "none" where there is no such method."""
    if not hasattr(estimator, "predict_proba"):
        return "none"
    name = type(estimator).__name__
    if name == "SGDClassifier":
        return {"log_loss": "sigmoid", "modified_huber": "modified_huber"}[estimator.loss]
    if name != "LogisticRegression":
        raise refuse(estimator, "its predict_proba is not known")
    two = len(estimator.classes_) <= 2
    kind = getattr(estimator, "multi_class", "auto")  # gone in 1.8
    if kind == "ovr" or (kind != "multinomial" and (two or estimator.solver == "liblinear")):
        return "sigmoid"
    return "pair_softmax" if two else "softmax"
