"""Training: rows of a source become features as everywhere, the class's ``train`` makes a model of them.

Reading order: ``train.py`` (from the source to the saved version), ``data.py`` (rows and their digest),
``held_out.py`` (which rows are kept from training), ``features.py`` (rows to features), ``called.py`` (the
class's own methods), ``summary.py`` (what came of it, for people and machines).
"""

from foretell.training.summary import Training
from foretell.training.train import train_model

__all__ = ["Training", "train_model"]
