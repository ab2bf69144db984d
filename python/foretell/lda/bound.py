"""scikit-learn's approximate bound on the log likelihood, of which ``score`` and ``perplexity`` are made.

Hoffman, Blei, Bach 2010, equation 3, with scikit-learn's digamma and its term for the topics. It is not a good
measure of quality: the topics' term is divided by the tokens at hand. Document completion is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from foretell.lda.counts import Counts

    Array = np.ndarray[Any, Any]

_ROWS = 1024  # at a time


def digamma(x: Array) -> Array:
    """scikit-learn's: shifted above 6, then the series to x^-6 (Bernardo 1976, Algorithm AS 103)."""
    import numpy as np

    x = np.array(x, dtype=np.float64)
    with np.errstate(divide="ignore"):
        small = np.where(x <= 1e-6, -0.577215664901532860606512090082402431 - 1 / x, 0.0)
    tiny = x <= 1e-6
    x[tiny] = 6.0
    result = np.zeros_like(x)
    for _ in range(6):
        below = x < 6
        result[below] -= 1 / x[below]
        x[below] += 1
    r = 1 / x
    result += np.log(x) - 0.5 * r
    r *= r
    result -= r * (1 / 12 - r * (1 / 120 - r / 252))
    return np.where(tiny, small, result)


def log_gamma(x: Array) -> Array:
    """ln Gamma(x) for x > 0: shifted above 10, then Stirling's series; relative error about 1e-15."""
    import numpy as np

    x = np.array(x, dtype=np.float64)
    product = np.ones_like(x)
    for _ in range(10):
        below = x < 10
        product[below] *= x[below]
        x[below] += 1
    r = 1 / x
    r2 = r * r
    series = r * (
        1 / 12 - r2 * (1 / 360 - r2 * (1 / 1260 - r2 * (1 / 1680 - r2 * (1 / 1188 - r2 * (691 / 360360)))))
    )
    result: Array = (x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi) + series - np.log(product)
    return result


def approximate_bound(
    counts: Counts,
    gamma: Array,
    components: Array,
    doc_topic_prior: float,
    topic_word_prior: float,
    scale: float,
) -> float:
    """``gamma``: rows × topics, the documents' Dirichlet parameters; ``scale``: of all documents by these."""
    import numpy as np

    log_beta = _expected_log(components)
    documents = 0.0
    for first in range(0, counts.rows, _ROWS):
        rows = slice(first, min(first + _ROWS, counts.rows))
        log_theta = _expected_log(gamma[rows])
        begin, end = counts.row_starts[rows.start], counts.row_starts[rows.stop]
        of_row = np.repeat(
            np.arange(rows.stop - rows.start), np.diff(counts.row_starts[rows.start : rows.stop + 1])
        )
        terms = log_theta[of_row] + log_beta[:, counts.ids[begin:end]].T
        largest = terms.max(axis=1, initial=-np.inf)
        documents += float(
            counts.values[begin:end] @ (largest + np.log(np.exp(terms - largest[:, None]).sum(axis=1)))
        )
        documents += _dirichlet(doc_topic_prior, gamma[rows], log_theta)
    return documents * scale + _dirichlet(topic_word_prior, components, log_beta)


def _expected_log(parameters: Array) -> Array:
    """E[log x] for x from a Dirichlet distribution in each row."""
    result: Array = digamma(parameters) - digamma(parameters.sum(axis=1))[:, None]
    return result


def _dirichlet(prior: float, parameters: Array, expected_log: Array) -> float:
    """E[log p(x | prior)] - E[log q(x | parameters)], summed over rows."""
    import numpy as np

    size = parameters.shape[1]
    result = ((prior - parameters) * expected_log).sum()
    result += (log_gamma(parameters) - log_gamma(np.array(prior))).sum()
    result += (log_gamma(np.array(prior * size)) - log_gamma(parameters.sum(axis=1))).sum()
    return float(result)
