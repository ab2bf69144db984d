"""A project as the pages take it for granted, made in the current folder: `predictor.py`, 400 events in `events/`
(one without a title), `foretell.toml`, and versions of EventTopics. Its model is quick to load.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from foretell.starter.events import events_jsonl

PREDICTOR = """
from collections import Counter

import foretell as ft


class EventTopics(ft.Predictor):
    source = ft.files("events/*.parquet")
    input = ft.schema(title="string", description="string")
    output = ft.schema(topic="string", share="double")
    keep = ["id", "title"]

    def extract_features(self, row):
        return {"title": row.title, "words": ft.join_text(row.title, row.description).lower().split()}

    def predict_item(self, features):
        if not features["title"] and not self.model.get("untitled"):
            raise ValueError("the title is missing")
        return self.predicted(features["words"])

    def predicted(self, words):
        counts = {kind: sum(word in known for word in words) for kind, known in self.model["kinds"].items()}
        topic = max(counts, key=counts.get)
        return {"topic": topic, "share": counts[topic] / max(1, len(words))}

    def train(self, features, rows):
        kinds = {}
        for one, kind in zip(features, rows["kind"].to_pylist()):
            kinds.setdefault(kind, Counter()).update(one["words"])
        return {"kinds": {kind: dict(words.most_common(20)) for kind, words in kinds.items()}}

    def evaluate(self, features, rows):
        found = [self.predicted(one["words"])["topic"] for one in features]
        return {"accuracy": sum(map(str.__eq__, found, rows["kind"].to_pylist())) / len(found)}
"""

TOML = """
store = "models"

[predictors]
EventTopics = "predictor:EventTopics"

[jobs.nightly]
predictor = "EventTopics@production"
input = "events/*.parquet"
output = "scored"
incremental = true
"""

events = [json.loads(line) for line in events_jsonl().splitlines()]
events[7]["title"] = None
table = pa.Table.from_pylist(events)
Path("events").mkdir()
pq.write_table(table.slice(0, 200), "events/1.parquet")
pq.write_table(table.slice(200), "events/2.parquet")
Path("predictor.py").write_text(PREDICTOR)
Path("foretell.toml").write_text(TOML)
sys.path.insert(0, ".")
EventTopics = import_module("predictor").EventTopics


def model(count: int) -> dict[str, object]:
    """What training makes of the first ``count`` events."""
    used = [event for event in events[:count] if event["title"]]
    features = [EventTopics().features(event) for event in used]
    return EventTopics().train(features, pa.table({"kind": [event["kind"] for event in used]}))


def save(versions: int) -> None:
    """So many versions, each of a model of its own."""
    for version in range(1, versions + 1):
        count = 100 + 20 * version
        EventTopics().save_model(model(count), metadata={"events": count})
