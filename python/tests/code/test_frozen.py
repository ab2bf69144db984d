"""The frozen sample of format 1: a class of three modules and a model of a carried class with arrays."""

from __future__ import annotations

import json
from pathlib import Path

from foretell import models
from foretell.code import load_class

SAMPLE = Path(__file__).parents[3] / "tests" / "formats" / "code-1"


def test_the_sample_of_format_1_loads_and_answers() -> None:
    code, model = json.loads((SAMPLE / "version.json").read_text())
    files = {p.relative_to(SAMPLE).as_posix(): p for p in SAMPLE.rglob("*") if p.is_file()}
    loaded = load_class(code, files)
    opened = models.open_model(model, files, loaded)
    assert loaded.digest == "68c6d3363f777735ed845aaec1031b84b8bf6b0c016f9d450b78ebe7defaa93a"
    assert opened.mapping == "read-only"
    assert loaded.cls().answer(opened.model, 2) == "frozen: 1022.0"
    assert type(opened.model) is loaded.namespace.module("frozen.step").Step
