"""Counting words: the native CountVectorizer beside scikit-learn's, over whole corpora, one thread.

.venv/bin/python bench/count_words.py              all corpora, and Wikipedia's words in other scripts
.venv/bin/python bench/count_words.py tech-talks   some of them

Each pair transforms the same documents (200,000 of Wikipedia's paragraphs) by the same vocabulary, fitted by
scikit-learn; megabytes are those of UTF-8; times are CPU seconds. The two results have to be equal to the bit.
`mixed scripts` is Wikipedia's paragraphs with letters replaced one for one: a quarter of them stay, the others are
in Cyrillic and Greek (two bytes a letter) and Katakana (three), so that words keep their lengths and frequencies.
"""

from __future__ import annotations

import argparse
import json
import statistics
import unicodedata
from typing import Any

from corpora import CORPORA, texts, vectorizer
from foretell import _core
from measure import announce, cpu_seconds

WIKIPEDIA = 200_000
SCRIPTS = [None, 0x430, 0x3B1, 0x30A2]  # their first letters


def transliterated(documents: list[str]) -> list[str]:
    tables = [{} if first is None else {ord("a") + i: first + i for i in range(25)} for first in SCRIPTS]
    return [text.lower().translate(tables[i % len(tables)]) for i, text in enumerate(documents)]


def documents_of(corpus: str) -> list[str]:
    if corpus == "mixed scripts":
        return transliterated(texts("wikipedia-paragraphs", WIKIPEDIA // 4))
    return texts(corpus, WIKIPEDIA if corpus == "wikipedia-paragraphs" else None)


def settings_of(fitted: Any) -> str:
    return json.dumps(
        {
            "analyzer": fitted.analyzer,
            "lowercase": fitted.lowercase,
            "strip_accents": fitted.strip_accents,
            "token_pattern": fitted.token_pattern,
            "stop_words": sorted(fitted.get_stop_words()),
            "ngram_range": fitted.ngram_range,
            "decode_error": fitted.decode_error,
            "unicode": unicodedata.unidata_version,
        }
    )


def compare(corpus: str, pairs: int) -> None:
    import numpy as np

    documents = documents_of(corpus)
    megabytes = sum(len(text.encode()) for text in documents) / 1e6
    ascii_share = sum(text.isascii() for text in documents) / len(documents)
    peer = vectorizer().fit(documents[:50_000])
    terms = sorted(peer.vocabulary_, key=peer.vocabulary_.__getitem__)
    native = _core.CountVectorizer(settings_of(peer), terms)
    starts, ids, values = native.transform(documents)
    expected = peer.transform(documents)
    for found, of_peer in ((starts, expected.indptr), (ids, expected.indices), (values, expected.data)):
        assert np.array_equal(found, of_peer)
    del starts, ids, values, expected

    theirs, ours = [], []
    for _ in range(pairs):
        theirs.append(cpu_seconds(lambda: peer.transform(documents)))
        ours.append(min(cpu_seconds(lambda: native.transform(documents)) for _ in range(3)))
    ratios = [t / o for t, o in zip(theirs, ours, strict=True)]
    speeds = [megabytes / o for o in ours]
    print(
        f"  {corpus:<22} {megabytes:6.1f} MB, {ascii_share:4.0%} of documents ASCII, {len(terms):6} terms: "
        f"foretell {statistics.median(speeds):4.0f} MB/s ({min(speeds):.0f} – {max(speeds):.0f}), "
        f"scikit-learn {megabytes / statistics.median(theirs):4.1f} MB/s, "
        f"{statistics.median(ratios):.1f} × ({min(ratios):.1f} – {max(ratios):.1f})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", default=[])
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    announce("counting words of documents")
    for corpus in options.corpora or [*CORPORA, "mixed scripts"]:
        compare(corpus, options.pairs)


if __name__ == "__main__":
    main()
