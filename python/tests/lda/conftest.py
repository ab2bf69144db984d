"""Counts of documents on a few themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


def make_counts(rows: int = 300, words: int = 200, documents: int = 0) -> Any:
    """A CSR matrix; ``documents`` is the seed of the documents, whose themes are always the same."""
    sparse = pytest.importorskip("scipy.sparse")
    themes = np.random.default_rng(0).dirichlet(np.full(words, 0.05), 8)
    random = np.random.default_rng(documents + 1)
    mixtures = random.dirichlet(np.full(8, 0.2), rows)
    return sparse.csr_matrix(random.poisson(30 * mixtures @ themes).astype(float))


@pytest.fixture
def counts() -> Callable[..., Any]:
    return make_counts
