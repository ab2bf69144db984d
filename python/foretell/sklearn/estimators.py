"""The estimators that can be compiled, in one list."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from foretell.sklearn.exporting import Arrays, refuse

# The class, and the module of this package whose ``export`` reads it.
ESTIMATORS = {
    ("sklearn.feature_extraction.text", "CountVectorizer"): "vectorizers",
    ("sklearn.feature_extraction.text", "TfidfVectorizer"): "vectorizers",
    ("sklearn.feature_extraction.text", "HashingVectorizer"): "vectorizers",
    ("sklearn.feature_extraction.text", "TfidfTransformer"): "vectorizers",
    ("sklearn.decomposition", "LatentDirichletAllocation"): "lda",
    ("foretell.lda", "LDA"): "lda",
    ("sklearn.decomposition", "TruncatedSVD"): "svd",
    ("sklearn.linear_model", "LogisticRegression"): "linear",
    ("sklearn.linear_model", "SGDClassifier"): "linear",
    ("sklearn.linear_model", "RidgeClassifier"): "linear",
    ("sklearn.linear_model", "LinearRegression"): "linear",
    ("sklearn.linear_model", "Ridge"): "linear",
    ("sklearn.linear_model", "SGDRegressor"): "linear",
    ("sklearn.svm", "LinearSVC"): "linear",
    ("sklearn.svm", "LinearSVR"): "linear",
    ("sklearn.naive_bayes", "MultinomialNB"): "naive_bayes",
    ("sklearn.naive_bayes", "ComplementNB"): "naive_bayes",
    ("sklearn.naive_bayes", "BernoulliNB"): "naive_bayes",
    ("sklearn.preprocessing", "StandardScaler"): "scalers",
    ("sklearn.preprocessing", "MaxAbsScaler"): "scalers",
    ("sklearn.preprocessing", "Normalizer"): "scalers",
    ("sklearn.pipeline", "FeatureUnion"): "feature_union",
    ("sklearn.pipeline", "Pipeline"): "pipeline",
}


def export_step(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    """The settings of the native step, its arrays added to ``arrays``. FT0806 names what has no native form."""
    exporter = _exporter(estimator)
    step: dict[str, Any] = import_module(f"foretell.sklearn.{exporter}").export(estimator, arrays)
    return step


def _exporter(estimator: Any) -> str:
    owner = type(estimator)
    for (module, name), exporter in ESTIMATORS.items():
        if owner.__name__ == name and owner is getattr(import_module(module), name):
            return exporter
    for base in owner.__mro__[1:]:
        for module, name in ESTIMATORS:
            if base.__name__ == name and base.__module__.startswith(module):
                raise refuse(estimator, f"it is a subclass of {name}, and may compute anything")
    if owner.__module__.startswith("sklearn.decomposition") and owner.__name__ in ("NMF", "MiniBatchNMF"):
        raise refuse(estimator, "its own answer for a row depends on the other rows of the batch")
    known = ", ".join(sorted(name for _, name in ESTIMATORS))
    raise refuse(estimator, f"there is no native form of it; there is one of {known}")
