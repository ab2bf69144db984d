"""From fitted scikit-learn estimators to native models."""

from foretell.sklearn.compiling import compile

__all__ = ["compile"]
