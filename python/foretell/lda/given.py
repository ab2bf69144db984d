"""What ``fit`` and the other methods are given, counts or texts, as counts."""

from __future__ import annotations

from typing import Any

from foretell.error import Error, error
from foretell.lda import parameters, text
from foretell.lda.counts import Counts, counts_of


def counts_to_fit(lda: Any, x: Any) -> Counts:
    """Also has ``lda`` remember the words and their names, and what counts them."""
    if text.is_texts(x):
        vectorizer = text.vectorizer_of(lda.vectorizer)
        made = counts_of(vectorizer.fit_transform(text.as_list(x)), "LDA.fit")
        lda.vectorizer_, lda._counting = vectorizer, _compiled(vectorizer)
    else:
        lda.__dict__.pop("vectorizer_", None)
        lda.__dict__.pop("_counting", None)
        made = counts_of(x, "LDA.fit")
    _check_size(made, "LDA.fit")
    lda.n_features_in_ = made.columns
    names = text.names_of(x)
    if names is not None:
        lda.feature_names_in_ = names
    else:
        lda.__dict__.pop("feature_names_in_", None)
    return made


def counts(lda: Any, x: Any, where: str) -> Counts:
    """Of the words that ``lda`` knows; FT0101 for others, and before ``fit``. ``where`` is named in messages."""
    known = lda._known
    if text.is_texts(x):
        if not hasattr(lda, "vectorizer_"):
            raise error(
                "FT0101",
                f"{where} got texts, and the model was fitted with counts",
                "give counts of the same words",
            )
        listed = text.as_list(x)
        if lda._counting is not None:
            x = lda._counting.transform(listed, threads=parameters.threads_of(lda.n_jobs))
        else:
            x = lda.vectorizer_.transform(listed)
    else:
        text.check_names(lda, x)
    made = counts_of(x, where)
    _check_size(made, where)
    if made.columns != known.words:
        raise error(
            "FT0101",
            f"X has {made.columns} features, but LDA is expecting {known.words} features as input",
        )
    return made


def _compiled(vectorizer: Any) -> Any:
    """A native model that counts as the fitted vectorizer does; None where there is none."""
    from foretell.sklearn import compile

    try:
        return compile(vectorizer)
    except Error as problem:
        if problem.code != "FT0806":
            raise
        return None


def _check_size(counts: Counts, where: str) -> None:
    if counts.rows == 0:
        raise error("FT0101", f"Found array with 0 sample(s) while a minimum of 1 is required by {where}")
    if counts.columns == 0:
        raise error(
            "FT0101",
            f"Found array with 0 feature(s) (shape=({counts.rows}, 0)) while a minimum of 1 is required by {where}",
        )
