"""Latent Dirichlet allocation: the estimator, its topics, their coherence."""

from __future__ import annotations

from foretell.lda.estimator import LDA

__all__ = ["LDA"]
