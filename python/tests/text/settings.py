"""An estimator's settings as the C++ analyzer reads them, and the estimators to compare with."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

DEFAULTS: dict[str, Any] = {
    "analyzer": "word",
    "lowercase": True,
    "strip_accents": None,
    "token_pattern": r"(?u)\b\w\w+\b",
    "stop_words": None,
    "ngram_range": (1, 1),
    "decode_error": "strict",
}


def settings(unicode: str = unicodedata.unidata_version, **given: Any) -> str:
    return json.dumps({**DEFAULTS, **given, "unicode": unicode})
