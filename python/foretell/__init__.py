"""foretell: one predictor class.

Notebook, batch, stream — the same code, the same numbers, one known version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.display import topics
    from foretell.error import Error
    from foretell.lda import LDA
    from foretell.loading import load
    from foretell.local import RunSummary, follow, run
    from foretell.models.native import NativeModel
    from foretell.parity import CheckReport, VersionComparison, check, compare
    from foretell.predictor.join import join_text
    from foretell.predictor.predictor import Predictor
    from foretell.predictor.rows import Row, Rows, skip
    from foretell.predictor.schema import Schema, schema
    from foretell.predictor.text import TextPredictor
    from foretell.sklearn import compile
    from foretell.sources.files import files
    from foretell.sources.kafka import kafka
    from foretell.sources.sql import sql
    from foretell.sources.table import table
    from foretell.store import Store
    from foretell.version import Version

__version__ = "0.1.0"

# Where each public name lives. A name is imported when it is first used: `import foretell` is quick,
# and what is not used costs nothing.
_HOMES = {
    "CheckReport": "foretell.parity",
    "Error": "foretell.error",
    "LDA": "foretell.lda",
    "NativeModel": "foretell.models.native",
    "Predictor": "foretell.predictor.predictor",
    "Row": "foretell.predictor.rows",
    "Rows": "foretell.predictor.rows",
    "RunSummary": "foretell.local",
    "Schema": "foretell.predictor.schema",
    "Store": "foretell.store",
    "TextPredictor": "foretell.predictor.text",
    "Version": "foretell.version",
    "VersionComparison": "foretell.parity",
    "check": "foretell.parity",
    "compare": "foretell.parity",
    "compile": "foretell.sklearn",
    "files": "foretell.sources",
    "follow": "foretell.local",
    "join_text": "foretell.predictor.join",
    "kafka": "foretell.sources",
    "load": "foretell.loading",
    "run": "foretell.local",
    "schema": "foretell.predictor.schema",
    "skip": "foretell.predictor.rows",
    "sql": "foretell.sources",
    "table": "foretell.sources",
    "topics": "foretell.display",
}

__all__ = [
    "LDA",
    "CheckReport",
    "Error",
    "NativeModel",
    "Predictor",
    "Row",
    "Rows",
    "RunSummary",
    "Schema",
    "Store",
    "TextPredictor",
    "Version",
    "VersionComparison",
    "check",
    "compare",
    "compile",
    "files",
    "follow",
    "join_text",
    "kafka",
    "load",
    "run",
    "schema",
    "skip",
    "sql",
    "table",
    "topics",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'foretell' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
