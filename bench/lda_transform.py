"""LDA's transform against scikit-learn's, on the same counts, one core, one BLAS thread.

.venv/bin/python bench/lda_transform.py                          all corpora, K = 10, 50 and 100
.venv/bin/python bench/lda_transform.py -k 50 community-calendar     some of them
.venv/bin/python bench/lda_transform.py --single                 models fitted in float32

Targets on the widest instruction set: at least 30 × scikit-learn's speed at K = 10, 22 × at 50, 18 × at 100; at
least 6 × on plain x86-64. Each instruction set (FORETELL_CPU) is measured in a process of its own, where theirs and
ours take turns over documents that the model was not fitted on.

Differences are over every document of the corpus. Where one is above 1e-12, our answer one iteration earlier or
later is compared, too: if that is scikit-learn's, its stop test fell on the other side by rounding, and the
document is counted as such. For float32 models, the share of documents within 1e-5 and the tail are told.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from corpora import CORPORA, texts, vectorizer
from measure import announce, cpu_seconds

DOCUMENTS = 200_000  # at most, of a corpus
FITTED_ON = 10_000
TIMED = 5_000
SETS = ("baseline", "v3", "v4")
PAIRS = 5
EXACT = 1e-12


def arrays_of(counts: Any) -> tuple[Any, Any, Any, int]:
    import numpy as np

    return (
        counts.indptr.astype(np.int64),
        counts.indices.astype(np.int32),
        counts.data.astype(np.float64),
        counts.shape[1],
    )


def native(model: Any, **settings: Any) -> Any:
    import numpy as np

    from foretell import _core

    return _core.Lda(
        np.ascontiguousarray(model.exp_dirichlet_component_),
        doc_topic_prior=float(model.doc_topic_prior_),
        **{"max_doc_update_iter": model.max_doc_update_iter, **settings},
    )


def other_side(model: Any, counts: Any, expected: Any, iterations: Any) -> int:
    """How many of these documents have scikit-learn's answer one iteration earlier or later."""
    import numpy as np

    found = 0
    for row, took in enumerate(iterations):
        near = [
            native(model, max_doc_update_iter=int(took) + step, mean_change_tol=0.0).transform(
                *arrays_of(counts[row])
            )
            for step in (-1, 1)
        ]
        found += any(np.abs(one - expected[row]).max() <= EXACT for one in near)
    return found


def measure_set(folder: Path) -> None:
    """In a process of its own: times and differences of this instruction set, as JSON."""
    import joblib
    import numpy as np

    model, timed, counts = joblib.load(folder / "job.joblib")
    expected = np.load(folder / "expected.npy")
    ours = native(model)
    found, iterations = ours.transform(*arrays_of(counts), with_iterations=True)
    difference = np.abs(found - expected).max(axis=1)
    apart = np.flatnonzero(difference > EXACT)
    single = expected.dtype == np.float32
    arrays = arrays_of(timed)
    ours.transform(*arrays)
    model.transform(timed)
    pairs = []
    for _ in range(PAIRS):
        theirs = cpu_seconds(lambda: model.transform(timed))
        mine = statistics.median(cpu_seconds(lambda: ours.transform(*arrays)) for _ in range(5))
        pairs.append((theirs, mine))
    told = {
        "pairs": pairs,
        "largest": float(np.delete(difference, apart).max()),
        "apart": len(apart),
        "other_side": 0 if single else other_side(model, counts[apart], expected[apart], iterations[apart]),
        "within": float(np.mean(difference <= 1e-5)),
        "tail": [float(np.quantile(difference, q)) for q in (0.5, 0.99, 0.999, 1.0)],
        "bits": hashlib.sha256(found.tobytes()).hexdigest(),
    }
    json.dump(told, sys.stdout)


def report(topics: int, documents: int, single: bool, told: dict[str, dict[str, Any]]) -> None:
    for name, one in told.items():
        pairs = one["pairs"]
        theirs, mine = (statistics.median(times) / TIMED * 1e6 for times in zip(*pairs, strict=True))
        ratios = sorted(a / b for a, b in pairs)
        print(
            f"  K={topics:<4} {name:<9} scikit-learn {theirs:7.1f} µs/doc   foretell {mine:6.2f} µs/doc   "
            f"{statistics.median(ratios):5.1f} × ({ratios[0]:.1f} – {ratios[-1]:.1f})",
            flush=True,
        )
    one = next(iter(told.values()))
    same = "the same bits for all of them" if len({a["bits"] for a in told.values()}) == 1 else "OTHER BITS"
    if single:
        median, high, higher, largest = one["tail"]
        print(
            f"         float32: {one['within']:.3%} of {documents:,} documents within 1e-5; "
            f"median {median:.1e}, 99 % {high:.1e}, 99.9 % {higher:.1e}, largest {largest:.1e}; {same}"
        )
    else:
        print(
            f"         largest difference {one['largest']:.1e} over {documents:,} documents; {one['apart']} above "
            f"{EXACT:.0e}, {one['other_side']} of them by the stop test; {same}",
            flush=True,
        )


def run(corpus: str, sizes: list[int], single: bool) -> None:
    import joblib
    import numpy as np
    from sklearn.decomposition import LatentDirichletAllocation

    counts = vectorizer().fit_transform(texts(corpus, DOCUMENTS)).astype(np.float32 if single else np.float64)
    counts.sort_indices()
    chosen = np.random.default_rng(0).permutation(counts.shape[0])
    fitted, timed = counts[chosen[:FITTED_ON]], counts[chosen[FITTED_ON : FITTED_ON + TIMED]]
    print(
        f"  {corpus}: {counts.shape[0]:,} documents, {counts.shape[1]:,} words, "
        f"{timed.nnz / timed.shape[0]:.0f} of them in a document on average"
    )
    for topics in sizes:
        model = LatentDirichletAllocation(topics, learning_method="online", max_iter=2, random_state=0)
        model.fit(fitted)
        told = {}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            joblib.dump((model, timed, counts), folder / "job.joblib")
            np.save(folder / "expected.npy", model.transform(counts))
            for instruction_set in SETS:
                child = subprocess.run(
                    [sys.executable, __file__, "--in", str(folder)],
                    env={**os.environ, "FORETELL_CPU": instruction_set},
                    stdout=subprocess.PIPE,
                )
                if child.returncode == 0:  # else this CPU does not run it
                    told[instruction_set] = json.loads(child.stdout)
        report(topics, counts.shape[0], single, told)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", nargs="*", default=[])
    parser.add_argument("-k", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--single", action="store_true")
    parser.add_argument("--in", dest="folder", type=Path)
    options = parser.parse_args()
    if options.folder:
        measure_set(options.folder)
        return
    warnings.simplefilter("ignore")
    announce("LDA transform against scikit-learn's, CPU time of one core")
    for corpus in options.corpora or CORPORA:
        run(corpus, options.k, options.single)


if __name__ == "__main__":
    main()
