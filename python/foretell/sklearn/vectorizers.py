"""CountVectorizer, TfidfVectorizer, HashingVectorizer and TfidfTransformer: ``transform``."""

from __future__ import annotations

import unicodedata
from typing import Any

from foretell.error import Error
from foretell.sklearn.exporting import Arrays, check_fitted, encodable, finite, refuse

DTYPES = (
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float32", "float64"),
)


def export(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    name = type(estimator).__name__
    if name == "HashingVectorizer":
        return _hashing(estimator)
    if name == "TfidfTransformer":
        return _tfidf(estimator, arrays)
    if name == "TfidfVectorizer":
        # What is set on the vectorizer after fit counts for the counts, and not for the weights.
        check_fitted(estimator, "_tfidf")
        counts = _count(estimator, arrays.within("0/"))
        weights = _tfidf(estimator._tfidf, arrays.within("1/"), len(estimator.vocabulary_))
        return {"kind": "pipeline", "steps": [counts, weights]}
    return _count(estimator, arrays)


def _hashing(estimator: Any) -> dict[str, Any]:
    return {
        "kind": "hashing_vectorizer",
        "analyzer": analyzer_settings(estimator),
        "features": int(estimator.n_features),
        "alternate_sign": bool(estimator.alternate_sign),
        "binary": bool(estimator.binary),
        "norm": estimator.norm or "",
        "dtype": _float(estimator, _dtype(estimator)),
    }


def _tfidf(estimator: Any, arrays: Arrays, columns: int | None = None) -> dict[str, Any]:
    """``columns``: of the counts; where it stands alone they are those of its weights."""
    use_idf = hasattr(estimator, "idf_")
    if use_idf:
        arrays.add("idf", finite(estimator, "idf_", estimator.idf_).astype("float64"))
        columns = len(estimator.idf_)
    if columns is None:
        check_fitted(estimator, "n_features_in_")
        columns = int(estimator.n_features_in_)
    return {
        "kind": "tfidf",
        "columns": columns,
        "use_idf": use_idf,
        "sublinear_tf": bool(estimator.sublinear_tf),
        "norm": estimator.norm or "",
    }


def _float(estimator: Any, name: str) -> str:
    if name not in ("float32", "float64"):
        raise refuse(estimator, f"dtype={name}, and only float32 and float64 are known")
    return name


def _count(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    from foretell import _core

    packed: Any = _core.pack_vocabulary(_terms(estimator))
    terms, offsets, slots = packed
    arrays.add("terms", terms)
    arrays.add("term_offsets", offsets)
    arrays.add("term_slots", slots)
    return {
        "kind": "count_vectorizer",
        "analyzer": analyzer_settings(estimator),
        "binary": bool(estimator.binary),
        "dtype": _dtype(estimator),
    }


def analyzer_settings(estimator: Any) -> dict[str, Any]:
    """What the native analyzer needs of a vectorizer; FT0806 for what it has not."""
    import json

    from foretell import _core

    for name in ("preprocessor", "tokenizer"):
        if getattr(estimator, name) is not None:
            raise refuse(estimator, f"{name}= is a Python function")
    if estimator.input != "content":
        raise refuse(estimator, f"input={estimator.input!r}, and only 'content' is known")
    if not isinstance(estimator.analyzer, str):
        raise refuse(estimator, "analyzer= is a Python function")
    if estimator.strip_accents is not None and not isinstance(estimator.strip_accents, str):
        raise refuse(estimator, "strip_accents= is a Python function")
    if str(estimator.encoding).lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise refuse(estimator, f"encoding={estimator.encoding!r}, and only 'utf-8' is known")
    stop_words = estimator.get_stop_words() if estimator.analyzer == "word" else None
    least, most = estimator.ngram_range
    settings = {
        "analyzer": estimator.analyzer,
        "lowercase": bool(estimator.lowercase),
        "strip_accents": estimator.strip_accents,
        "token_pattern": estimator.token_pattern if estimator.analyzer == "word" else r"(?u)\b\w\w+\b",
        "stop_words": None if stop_words is None else sorted(stop_words),
        "ngram_range": [int(least), int(most)],
        "decode_error": estimator.decode_error,
        "unicode": unicodedata.unidata_version,
    }
    try:
        _core.analyze(json.dumps(settings), [])
    except Error as problem:
        raise refuse(estimator, problem.message) from problem
    return settings


def _terms(estimator: Any) -> list[str]:
    """The terms by their ids, which have neither holes nor repeats; FT0806."""
    if not hasattr(estimator, "vocabulary_"):
        if estimator.vocabulary is None:
            raise refuse(estimator, "it is not fitted: it has no vocabulary")
        estimator._validate_vocabulary()  # what transform does of a vocabulary that was given
    vocabulary = estimator.vocabulary_
    terms = sorted(vocabulary, key=vocabulary.get)
    if [int(vocabulary[term]) for term in terms] != list(range(len(terms))):
        raise refuse(estimator, "the ids of its vocabulary are not 0, 1, 2 …, each once")
    for term in terms:
        if not isinstance(term, str):
            raise refuse(estimator, f"its vocabulary holds {term!r:.60}, which is no text")
        encodable(estimator, term, "its vocabulary holds")
    return terms


def _dtype(estimator: Any) -> str:
    import numpy as np

    name = np.dtype(estimator.dtype).name
    if name not in DTYPES:
        raise refuse(estimator, f"dtype={name}, and only {', '.join(DTYPES)} are known")
    return str(name)
