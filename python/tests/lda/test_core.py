"""_core.Lda against scikit-learn's transform, and _core.LdaTraining from Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import _core
from foretell.error import Error

sparse = pytest.importorskip("scipy.sparse")
decomposition = pytest.importorskip("sklearn.decomposition")


Make = Callable[..., Any]


def arrays(matrix: Any) -> tuple[Any, Any, Any, int]:
    return (
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(float),
        matrix.shape[1],
    )


@pytest.mark.parametrize("topics", [2, 3, 5, 8, 10, 16, 50, 64, 100, 128, 129])
def test_transform_is_that_of_scikit_learn(topics: int, counts: Make) -> None:
    x = counts()
    model = decomposition.LatentDirichletAllocation(topics, random_state=1, max_iter=2).fit(x)
    for alpha in (model.doc_topic_prior_, 0.001, 0.01, 0.1, 1.0):
        model.doc_topic_prior_ = alpha  # what its transform goes by
        ours = _core.Lda(model.exp_dirichlet_component_, doc_topic_prior=alpha)
        assert (ours.topics, ours.words) == (topics, 200)
        np.testing.assert_allclose(ours.transform(*arrays(x)), model.transform(x), rtol=0, atol=1e-12)
        gamma = ours.transform(*arrays(x), normalize=False)
        np.testing.assert_allclose(gamma, model._unnormalized_transform(x), rtol=1e-10, atol=1e-12)
        one, iterations = ours.transform(*arrays(x), threads=3, with_iterations=True)
        assert one.tobytes() == ours.transform(*arrays(x)).tobytes()
        assert iterations.shape == (300,)
        assert 1 <= iterations.min() <= iterations.max() <= 100


@pytest.mark.parametrize("topics", [2, 3, 5, 8, 10, 16, 50, 64, 100, 128])
def test_a_float32_model_is_computed_in_float32(topics: int, counts: Make) -> None:
    x, unseen = counts().astype(np.float32), counts(1000, documents=1).astype(np.float32)
    model = decomposition.LatentDirichletAllocation(topics, random_state=1, max_iter=2).fit(x)
    ours = _core.Lda(model.exp_dirichlet_component_, doc_topic_prior=model.doc_topic_prior_)
    difference = np.abs(ours.transform(*arrays(unseen)) - model.transform(unseen)).max(axis=1)
    assert np.mean(difference <= 1e-5) >= 0.995
    assert difference.max() <= 1e-3


def test_what_is_refused_has_a_code(counts: Make) -> None:
    x = counts()
    ours = _core.Lda(np.full((2, 200), 0.1), doc_topic_prior=0.5)
    for value in (-1.0, np.nan, np.inf):
        with pytest.raises(Error, match="FT0206"):
            ours.transform(*arrays(sparse.csr_matrix(np.full((1, 200), value))))
    with pytest.raises(Error, match="FT0101"):
        ours.transform(*arrays(x[:, :150]))
    with pytest.raises(Error, match="FT0101"):
        ours.transform(*arrays(x), threads=0)
    with pytest.raises(Error, match="FT0206"):
        _core.Lda(np.full((2, 200), -0.1), doc_topic_prior=0.5)


LEARN = """
import hashlib, sys
import numpy as np
from foretell import _core
sys.path.insert(0, sys.argv[1])
from conftest import make_counts as counts
from test_core import arrays
training = _core.LdaTraining(topics=9, words=200, doc_topic_prior=0.1, topic_word_prior=0.1,
                             mean_change_tol=1e-3, max_doc_update_iter=100, seed=4, threads=int(sys.argv[2]))
x = arrays(counts())
for step in range(1, 4):
    training.learn(*x, first=100 * step - 100, last=100 * step, rate=training.rate(0.7, 10, step), scale=3)
print(hashlib.sha256(training.components.tobytes() + training.exp_dirichlet_component.tobytes()).hexdigest())
print(training.complete(*x))
"""


def test_processes_of_any_instruction_set_and_number_of_threads_learn_the_same_bits(
    told_by_instruction_set: Callable[..., dict[str, str]],
) -> None:
    told = set()
    for threads in ("1", "2"):
        told |= set(told_by_instruction_set(LEARN, str(Path(__file__).parent), threads).values())
    assert len(told) == 1


def test_what_is_raised_between_blocks_leaves_the_topics(counts: Make) -> None:
    training = _core.LdaTraining(
        topics=3, words=200, doc_topic_prior=0.1, topic_word_prior=0.1,
        mean_change_tol=1e-3, max_doc_update_iter=100, seed=4, threads=2,
    )  # fmt: skip
    before = training.components

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.learn(*arrays(counts()), first=0, last=300, between=stop)
    assert training.components.tobytes() == before.tobytes()
