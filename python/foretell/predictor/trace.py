"""One row through a predictor, step by step: for finding a fault in a notebook."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from foretell.error import Error
from foretell.predictor.columns import say
from foretell.predictor.failure import describe, format_users_traceback
from foretell.predictor.rows import Row, Rows, Skip
from foretell.predictor.scorer import Scorer


class Trace:
    """What each step made of one row. Printing it, or showing it in a notebook, tells the story.

    ``row`` (as the code gets it), ``prepared``, ``features``, ``prediction`` (as it was returned) and
    ``output`` (in the declared types) are None from the step on that failed; ``error`` is that step's
    exception, ``skipped`` the reason of a row that was left out.
    """

    def __init__(self, scorer: Scorer, data: dict[str, Any]) -> None:
        self.data = data
        self.row: Row | None = None
        self.prepared: Any = None
        self.features: Any = None
        self.prediction: Any = None
        self.output: dict[str, Any] | None = None
        self.error: BaseException | None = None
        self.skipped: str | None = None
        self.steps: list[tuple[str, str]] = []  # (step, what it gave)
        try:
            self._run(scorer, data)
        except Skip as skip:
            self.skipped = skip.reason
            self.steps.append(("skipped", skip.reason or "(no reason given)"))
        except Exception as failure:
            self.error = (
                failure.__cause__
                if getattr(failure, "code", "") == "FT0301" and failure.__cause__
                else failure
            )

    def _run(self, scorer: Scorer, data: dict[str, Any]) -> None:
        steps = scorer.steps
        self.row = self._step("input", lambda: scorer.row(data))
        given = Row(self.row or {})  # a method may change its row in place
        self.prepared = (
            self._step("prepare", lambda: steps.one_prepared(given)) if any(steps.prepare) else given
        )
        if isinstance(self.prepared, Rows):
            self.prepared = self.prepared[0]
        if any(steps.extract):
            self.features = self._step("extract_features", lambda: steps.one_features(Row(self.prepared)))
        else:
            self.features = self.prepared
        self.prediction = self._step("predict", lambda: steps.one_prediction(Row(self.prepared)))
        self.output = self._step("output", lambda: scorer.answer(self.prediction))

    def _step(self, name: str, call: Callable[[], Any]) -> Any:
        self.steps.append((name, ""))
        result = call()
        self.steps[-1] = (name, say(result[0] if isinstance(result, Rows) else result))
        return result

    def to_json(self) -> dict[str, Any]:
        """The steps as texts, the output as values, and what went wrong."""
        wrong = self.error
        return {
            "row": self.data,
            "steps": [{"step": name, "value": text} for name, text in self.told()],
            "output": self.output,
            "skipped": self.skipped,
            "error": None
            if wrong is None
            else {
                "code": wrong.code if isinstance(wrong, Error) else "FT0301",
                "message": self._failure(),
                "traceback": format_users_traceback(wrong),
            },
        }

    def told(self) -> list[tuple[str, str]]:
        """Each step with its value, shortened and with its type; the last one with what went wrong, if so."""
        if self.error is None:
            return list(self.steps)
        return [*self.steps[:-1], (self.steps[-1][0], f"failed: {self._failure()}")]

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self.steps)
        lines = [f"{name:<{width}}  {text}" for name, text in self.told()]
        if self.error is not None:
            lines += ["", format_users_traceback(self.error)]
        return "\n".join(lines)

    def _failure(self) -> str:
        return str(self.error) if isinstance(self.error, Error) else describe(self.error or Exception())

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'><code>{html.escape(text)}</code></td></tr>"
            for name, text in self.told()
        )
        if self.error is None:
            return f"<table>{cells}</table>"
        trace = html.escape(format_users_traceback(self.error))
        return f"<table>{cells}</table><pre>{trace}</pre>"
