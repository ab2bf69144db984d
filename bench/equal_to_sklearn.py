"""Whether the main job gives what scikit-learn gives: every document of whole corpora, through `foretell run`.

.venv/bin/python bench/equal_to_sklearn.py                          community-calendar and wikipedia-paragraphs
.venv/bin/python bench/equal_to_sklearn.py tech-talks --topics 10 50 100

A corpus goes to Parquet; a pipeline of CountVectorizer and LDA, fitted by scikit-learn on its first 10,000
documents, becomes a version of a `TextPredictor`; `foretell run` scores the files as a process of its own. Its
output, joined by id, is compared with `pipeline.transform`. Documents that differ by more than 1e-12 are counted and
named; with one, or with an id missing or twice, the command fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from corpora import CORPORA, joined, rows, vectorizer
from measure import announce

MAIN = ["community-calendar", "wikipedia-paragraphs"]
TOLERANCE = 1e-12
FITTED_ON = 10_000
PIECE = 10_000
FILE = 50_000


def write(corpus: str, folder: Path) -> Any:
    """The corpus as Parquet files in ``folder``; the table of what they hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ("id", "title", "description")
    schema = pa.schema([(name, pa.string()) for name in columns])
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows(corpus)], schema)
    for first in range(0, table.num_rows, FILE):
        pq.write_table(table.slice(first, FILE), folder / f"{first:08}.parquet")
    return table


def texts_of(table: Any) -> list[str]:
    """Title and description of each row."""
    return joined(zip(table["title"].to_pylist(), table["description"].to_pylist(), strict=True))


def fitted(texts: list[str], topics: int) -> Any:
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.pipeline import make_pipeline

    lda = LatentDirichletAllocation(
        topics, learning_method="online", batch_size=256, max_iter=2, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(vectorizer(), lda).fit(texts)


def scored(pipeline: Any, given: Path, folder: Path, topics: int) -> Any:
    """What `foretell run` writes for ``given``: a table of id and topics."""
    import pyarrow.parquet as pq

    import foretell as ft

    store, out = folder / f"models-{topics}", folder / f"out-{topics}"
    predictor = ft.TextPredictor(
        "EventTopics", pipeline, text=["title", "description"], keep=["id"], store=store
    )
    version = predictor.save_model()
    named = ["--input", str(given), "--output", str(out), "--store", str(store), "-q"]
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "foretell", "run", version.reference, *named], check=True)
    print(f"  K = {topics}: foretell run took {time.perf_counter() - began:.1f} s, exec to exit")
    return pq.read_table(out, columns=["id", "topics"])


def compare(pipeline: Any, table: Any, found: Any) -> int:
    """Prints how ``found`` differs from scikit-learn's answers for ``table``; how many documents differ too much."""
    import numpy as np
    import pyarrow.compute as pc

    names = found["id"].combine_chunks()
    places = pc.index_in(table["id"].combine_chunks(), value_set=names)
    unique = pc.count_distinct(table["id"]).as_py()
    if places.null_count or found.num_rows != table.num_rows or unique != table.num_rows:
        sys.exit(
            f"{found.num_rows:,} rows came out for {table.num_rows:,}; {places.null_count:,} ids are missing"
        )
    topics = found["topics"].combine_chunks()
    answers = topics.flatten().to_numpy().reshape(len(topics), -1)[places.to_numpy()]
    differences = []
    for first in range(0, table.num_rows, PIECE):
        expected = pipeline.transform(texts_of(table.slice(first, PIECE)))
        differences.append(np.abs(answers[first : first + PIECE] - expected).max(axis=1))
    by_document = np.concatenate(differences)
    above = np.flatnonzero(~(by_document <= TOLERANCE))  # NaN is above
    equal = int((by_document == 0).sum())
    print(
        f"    {table.num_rows:,} documents: largest difference {by_document.max():.1e}, "
        f"{equal:,} equal to the bit, {len(above)} above {TOLERANCE:.0e}",
        flush=True,
    )
    for i in above[:20]:
        print(f"    {table['id'][int(i)].as_py()} differs by {by_document[i]:.1e}")
    return len(above)


def main() -> None:
    import sklearn

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help=", ".join(CORPORA))
    parser.add_argument("--topics", nargs="+", type=int, default=[50], metavar="K")
    options = parser.parse_args()
    above = 0
    for corpus in options.corpora or MAIN:
        announce(f"{corpus}, the main job beside scikit-learn {sklearn.__version__}")
        with tempfile.TemporaryDirectory() as name:
            folder, given = Path(name), Path(name) / "in"
            given.mkdir()
            table = write(corpus, given)
            texts = texts_of(table.slice(0, FITTED_ON))
            for topics in options.topics:
                pipeline = fitted(texts, topics)
                above += compare(pipeline, table, scored(pipeline, given, folder, topics))
    sys.exit(1 if above else 0)


if __name__ == "__main__":
    main()
