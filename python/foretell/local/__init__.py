"""Runs on one machine: worker processes that share the model by mmap, units of work, isolation.

Reading order: ``driver.py`` (a run from its input to its output), ``rounds.py`` (its units), ``input.py`` and
``planning.py`` (what they read and which version scores it), ``unit.py`` (one unit of work), ``following.py`` (rounds
without end), ``pool.py`` (the worker processes), ``process.py`` (one of them), ``worker.py`` (what it does),
``hand.py`` (the rows that a worker has in hand, in shared memory), ``progress.py`` and ``summary.py`` (for people and
machines).
"""

from foretell.local.driver import run
from foretell.local.following import follow
from foretell.local.summary import RunSummary

__all__ = ["RunSummary", "follow", "run"]
