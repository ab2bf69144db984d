"""Any settings and any texts: the native vectorizers against scikit-learn's, to the bit."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from settings import settings
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer

from foretell import _core

# Characters at which something happens: words, marks, sigmas, capitals, spaces, expansions, four bytes.
ALPHABET = (
    "abcxyzABÄäéÉeïßẞſKΑΣσςİıǅﬁﷺ½²①٣a\u0301\u0308\u0903\u200d\u00ad’'`.:-_09 \t\n\x1c\x85\u00a0\u3000"
    "हिन्दी日本語テスト가각𝒳𐐀𐐨ᏣᲐა\U0001e900\U0001f600"
)
TEXTS = st.lists(
    st.one_of(
        st.text(alphabet=ALPHABET, max_size=60),
        st.text(max_size=40),
        st.text(ALPHABET, min_size=60, max_size=200),
    ),
    min_size=1,
    max_size=8,
)
PATTERNS = [
    r"(?u)\b\w\w+\b",
    r"(?u)\b\w+\b",
    r"\w{3,}",
    r"[a-zA-Z]+",
    r"\b[^\d\W]{2,}\b",
    r"\S+",
    r"([a-zé]+)\b",
    r"[\w'’-]+",
]

ANALYZERS = st.fixed_dictionaries(
    {
        "analyzer": st.sampled_from(["word", "word", "char", "char_wb"]),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, "unicode", "ascii"]),
        "token_pattern": st.sampled_from(PATTERNS),
        "stop_words": st.sampled_from([None, ["ab", "a", "日本語テスト", "the", "σσ"]]),
        "ngram_range": st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (1, 3), (5, 7)]),
        "decode_error": st.sampled_from(["strict", "ignore", "replace"]),
    }
)


def surrogates_left_out(texts: list[str]) -> list[str]:
    return [text.encode("utf-8", "ignore").decode() for text in texts]


def dense_rows(rows: tuple[Any, Any, Any]) -> list[tuple[list[int], list[float]]]:
    starts, ids, values = rows
    pairs = itertools.pairwise(starts)
    return [(ids[a:b].tolist(), values[a:b].tolist()) for a, b in pairs]


def assert_same_rows(found: tuple[Any, Any, Any], expected: Any) -> None:
    starts, ids, values = found
    np.testing.assert_array_equal(starts, expected.indptr)
    np.testing.assert_array_equal(ids, expected.indices)
    np.testing.assert_array_equal(values.view(np.int64), expected.data.astype(np.float64).view(np.int64))


@hypothesis_settings(max_examples=60, deadline=None)
@given(ANALYZERS, TEXTS)
def test_terms_are_those_of_build_analyzer(analyzer: dict[str, Any], texts: list[str]) -> None:
    texts = surrogates_left_out(texts)
    expected = [list(CountVectorizer(**analyzer).build_analyzer()(text)) for text in texts]
    assert _core.analyze(settings(**analyzer), texts) == expected


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    ANALYZERS,
    st.lists(st.one_of(st.binary(max_size=40), st.text(ALPHABET, max_size=40).map(str.encode)), max_size=6),
    st.data(),
)
def test_bytes_are_decoded_as_python_does(
    analyzer: dict[str, Any], documents: list[bytes], data: st.DataObject
) -> None:
    cut = [document[: data.draw(st.integers(0, len(document)))] for document in documents]
    analyze = CountVectorizer(**analyzer).build_analyzer()
    for document in documents + cut:
        try:
            expected = list(analyze(document))
        except UnicodeDecodeError:
            with pytest.raises(Exception, match="FT0208"):
                _core.analyze(settings(**analyzer), [document])
        else:
            assert _core.analyze(settings(**analyzer), [document]) == [expected]


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    ANALYZERS,
    TEXTS,
    TEXTS,
    st.booleans(),
    st.sampled_from(["int64", "int32", "uint8", "int8", "int16", "float32", "float64"]),
)
def test_counts_are_equal(
    analyzer: dict[str, Any], fitted: list[str], texts: list[str], binary: bool, dtype: str
) -> None:
    fitted, texts = surrogates_left_out(fitted), surrogates_left_out(texts)
    peer = CountVectorizer(**analyzer, binary=binary, dtype=np.dtype(dtype))
    try:
        peer.fit(fitted)
    except ValueError:  # no terms
        peer.vocabulary = ["ab"]
        peer._validate_vocabulary()
    terms = sorted(peer.vocabulary_, key=peer.vocabulary_.__getitem__)
    native = _core.CountVectorizer(settings(**analyzer), terms, binary=binary, dtype=dtype)
    for documents in (fitted, texts, [text * 150 for text in texts]):
        assert_same_rows(native.transform(documents), peer.transform(documents))


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    ANALYZERS,
    TEXTS,
    st.sampled_from([1, 2, 3, 7, 16, 1000, 2**20, 2**22 + 1, 2**31 - 2]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["l1", "l2", None]),
    st.sampled_from(["float32", "float64"]),
)
def test_hashes_are_equal(
    analyzer: dict[str, Any],
    texts: list[str],
    n_features: int,
    alternate_sign: bool,
    binary: bool,
    norm: str | None,
    dtype: str,
) -> None:
    texts = surrogates_left_out(texts)
    chosen = {"n_features": n_features, "alternate_sign": alternate_sign, "binary": binary}
    peer = HashingVectorizer(**analyzer, **chosen, norm=norm, dtype=np.dtype(dtype))
    native = _core.HashingVectorizer(
        settings(**analyzer), **chosen, norm=norm or "", single=dtype == "float32"
    )
    assert_same_rows(native.transform(texts), peer.transform(texts))


def weighed(native: tuple[Any, Any, Any], peer: TfidfTransformer, columns: int, single: bool) -> Any:
    idf = peer.idf_.astype(np.float64) if peer.use_idf else np.empty(0)
    chosen = {
        "columns": columns,
        "sublinear_tf": peer.sublinear_tf,
        "norm": peer.norm or "",
        "single": single,
    }
    return _core.tfidf(*native, idf, **chosen)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    TEXTS,
    TEXTS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["l1", "l2", None]),
    st.sampled_from(["int64", "float32", "float64"]),
)
def test_weights_are_equal(
    fitted: list[str],
    texts: list[str],
    use_idf: bool,
    smooth_idf: bool,
    sublinear_tf: bool,
    norm: str | None,
    dtype: str,
) -> None:
    fitted, texts = surrogates_left_out(fitted), surrogates_left_out(texts)
    counts = CountVectorizer(analyzer="char", dtype=np.dtype(dtype))
    try:
        counts.fit(fitted)
    except ValueError:
        counts.fit(["ab"])
    peer = TfidfTransformer(use_idf=use_idf, smooth_idf=smooth_idf, sublinear_tf=sublinear_tf, norm=norm)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer.fit(counts.transform(fitted))
        if use_idf:
            assume(np.isfinite(peer.idf_).all())  # scikit-learn refuses its own infinite weights
        expected = peer.transform(counts.transform(texts))
    # Before scikit-learn 1.5 the entries of a row came in another order, and were summed up in it.
    reordered = not expected.has_sorted_indices
    expected.sort_indices()
    terms = sorted(counts.vocabulary_, key=counts.vocabulary_.__getitem__)
    native = _core.CountVectorizer(settings(analyzer="char"), terms, dtype=dtype).transform(texts)
    single = dtype == "float32"
    values = weighed(native, peer, len(terms), single)
    if sublinear_tf or reordered:  # numpy's own logarithm differs between CPUs by a unit in the last place
        np.testing.assert_allclose(values, expected.data, rtol=5e-7 if single else 2e-15)
    else:
        np.testing.assert_array_equal(values, expected.data.astype(np.float64))


def test_text_column_and_list_give_the_same() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    native = _core.CountVectorizer(settings(), ["été", "hello"])
    documents = ["Hello hello", "", "été À"]
    column = pyarrow.chunked_array([documents[:1], documents[1:]])
    assert dense_rows(native.transform(column)) == dense_rows(native.transform(documents))
    assert dense_rows(native.transform(documents)) == [([1], [2.0]), ([], []), ([0], [1.0])]


def test_long_and_odd_documents() -> None:
    word = "x" * 2**20
    documents = [
        word,
        word + " " + word,
        "é" * 2**19,
        "",
        " ",
        "ab " * 100_000,
        "Σ" + ":" * 100_000,
        "unknown",
    ]
    terms = [word, "ab", "é" * 2**19]
    peer = CountVectorizer(vocabulary=terms)
    assert_same_rows(_core.CountVectorizer(settings(), terms).transform(documents), peer.transform(documents))


def test_murmur_of_known_terms() -> None:
    from sklearn.utils.murmurhash import murmurhash3_bytes_s32

    known = {"a": 1009084850, "the": -1132748958, "hello": 613153351, "été": 865297935, "日本": -992347838}
    modulus = 2**31 - 2
    native = _core.HashingVectorizer(settings(token_pattern=r"\w+"), n_features=modulus, norm="")
    for term, hashed in known.items():
        assert murmurhash3_bytes_s32(term.encode(), 0) == hashed
        assert dense_rows(native.transform([term])) == [
            ([abs(hashed) % modulus], [1.0 if hashed >= 0 else -1.0])
        ]


def test_weights_that_are_not_finite_are_refused() -> None:
    rows = np.array([0, 1]), np.array([0], np.int32), np.array([1.0])
    with pytest.raises(Exception, match=r"FT0101.*finite"):
        _core.tfidf(*rows, np.array([np.inf]), columns=1)


def test_terms_that_come_twice_are_refused() -> None:
    with pytest.raises(Exception, match=r"FT0101.*twice"):
        _core.CountVectorizer(settings(), ["a", "b", "a"])


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(Exception, match=r"FT0208.*surrogate"):
        _core.analyze(settings(), ["ab\ud800"])
