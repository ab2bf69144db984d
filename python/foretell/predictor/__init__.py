"""The predictor: the class, what it is given, what it may return, and its versions."""

from foretell.predictor.predictor import Predictor

__all__ = ["Predictor"]
