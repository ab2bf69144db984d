"""What ``predict(dict)`` adds to the user's own functions, in microseconds a row.

    python bench/predict_item.py

Two predictors: item methods all the way, and a bulk ``predict`` over item features. Each is timed
against the bare calls of its own methods on a ready row, in alternation; medians of paired runs, in CPU
time of this thread, so that other work on the machine counts little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import foretell as ft

EVENT = {
    "id": 7, "title": "Open-air concert", "description": "Jazz in the park, bring a blanket.",
    "start": "2026-05-01", "price": 12.5,
}  # fmt: skip
CALLS = 20_000
PAIRS = 9


class Item(ft.Predictor):
    input = ft.schema(title="string", description="string", price="double")
    output = ft.schema(topics="list<double>", cheap="bool")
    keep = ("id",)

    def prepare(self, row: Any) -> Any:
        return row if row.title else ft.skip("no title")

    def extract_features(self, row: Any) -> Any:
        return ft.join_text(row.title, row.description)

    def predict_item(self, text: str) -> Any:
        return {"topics": [0.25, 0.5, 0.25], "cheap": len(text) < 100}

    def bare(self, row: Any) -> Any:
        return self.predict_item(self.extract_features(self.prepare(row)))


class Bulk(Item):
    def predict_bulk(self, texts: Any) -> Any:
        return [{"topics": [0.25, 0.5, 0.25], "cheap": len(text) < 100} for text in texts]

    def bare(self, row: Any) -> Any:
        return self.predict_bulk([self.extract_features(self.prepare(row))])[0]


def microseconds(call: Callable[[Any], Any], argument: Any) -> float:
    start = time.thread_time()
    for _ in range(CALLS):
        call(argument)
    return (time.thread_time() - start) / CALLS * 1e6


def main() -> None:
    print(
        f"{'predictor':<24}{'bare methods':>14}{'predict(dict)':>15}{'added':>9}   (CPU microseconds a row)"
    )
    for name, predictor in (("item methods", Item()), ("bulk predict, item features", Bulk())):
        row = ft.Row({key: EVENT[key] for key in predictor.input})
        expected = {"id": 7, "topics": [0.25, 0.5, 0.25], "cheap": True}
        assert predictor.predict(EVENT) == expected
        pairs = [
            (microseconds(predictor.bare, row), microseconds(predictor.predict, EVENT)) for _ in range(PAIRS)
        ]
        bare = statistics.median(bare for bare, _ in pairs)
        whole = statistics.median(whole for _, whole in pairs)
        added = statistics.median(whole - bare for bare, whole in pairs)
        print(f"{name:<24}{bare:>14.2f}{whole:>15.2f}{added:>9.2f}")


if __name__ == "__main__":
    main()
