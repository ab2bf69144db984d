"""foretell: one predictor class. Notebook, batch, stream — the same code, the same numbers, one known version."""

from foretell.error import Error

__all__ = ["Error"]
__version__ = "0.1.0"
