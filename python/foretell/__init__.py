"""foretell: one predictor class. Notebook, batch, stream — the same code, the same numbers, one known version."""

from foretell.error import Error
from foretell.store import Store
from foretell.version import Version

__all__ = ["Error", "Store", "Version"]
__version__ = "0.1.0"
