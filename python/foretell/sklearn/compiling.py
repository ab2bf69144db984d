"""``foretell.compile``: a fitted scikit-learn estimator as a native model."""

from __future__ import annotations

import json
import platform
import unicodedata
import warnings
from typing import TYPE_CHECKING, Any

from foretell.error import error, missing_extra
from foretell.sklearn.exporting import Arrays, refuse

if TYPE_CHECKING:
    from foretell.models.native import NativeModel


def compile(estimator: Any, *, check: Any = None) -> NativeModel:
    """A native model with the methods of a fitted estimator or pipeline: the same numbers, computed in C++.

        model = ft.compile(make_pipeline(CountVectorizer(), LatentDirichletAllocation(50)).fit(texts))
        model.transform(texts)

    The page "Native models" lists the estimators and settings, and how exact each is. ``check``: texts (or rows, for a
    model without a vectorizer) on which both are run; the largest difference is kept in
    ``model.description["check"]``, and FT0507 is raised where it is above the tolerance.

    FT0806 names what cannot be compiled: a Python function as ``tokenizer``, a subclass, a regular expression out of
    the ordinary. Such a pipeline can be saved and run as it is, in Python. FT0107 without scikit-learn.
    """
    try:
        import sklearn
    except ImportError as cause:
        raise missing_extra("scikit-learn", "sklearn") from cause
    from foretell import _core
    from foretell.models.native import NativeModel
    from foretell.sklearn.checking import compare
    from foretell.sklearn.estimators import export_step
    from foretell.sklearn.self_test import add_self_test

    if isinstance(estimator, type):
        raise error("FT0806", f"{estimator.__name__} is a class", "fit an instance of it, and compile that")
    arrays = Arrays()
    description = export_step(estimator, arrays)
    description["title"] = _title(estimator)
    description["made_with"] = {
        "scikit-learn": sklearn.__version__,
        "python": platform.python_version(),
        "unicode": unicodedata.unidata_version,
    }
    if hasattr(estimator, "classes_"):
        description["classes_dtype"] = str(estimator.classes_.dtype)
    if hasattr(estimator, "feature_names_in_"):
        description["feature_names"] = [str(name) for name in estimator.feature_names_in_]
    model = NativeModel(_core.NativeModel.pack(_json(estimator, description), arrays.all))
    # Both are run on plain rows, whatever was asked of scikit-learn for users' own.
    with sklearn.config_context(transform_output="default"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*valid feature names")
        if check is not None:
            description["check"] = compare(model, estimator, check)
        add_self_test(description, arrays, model, estimator)
    return NativeModel(_core.NativeModel.pack(_json(estimator, description), arrays.all))


def _json(estimator: Any, description: dict[str, Any]) -> str:
    try:
        return json.dumps(description, allow_nan=False)
    except ValueError as problem:
        raise refuse(estimator, f"a setting is no finite number: {problem}") from problem


def _title(estimator: Any) -> str:
    from foretell.sklearn.pipeline import steps_of

    steps = steps_of(estimator) if hasattr(estimator, "steps") else [estimator]
    return " → ".join(type(step).__name__ for step in steps)
