# A project with five versions and one that mends them, a model in a file, an output with a quarantine, and one whose
# unit is open.
import json
from contextlib import suppress
from pathlib import Path

import joblib
from project import EventTopics, events, model, save

import foretell as ft

save(5)
joblib.dump(model(300), "model.joblib")
Path("rows.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events[:5]))
for version in (2, 3):
    ft.check(f"EventTopics@{version}")
ft.Store().promote("EventTopics@1", "production", unchecked=True, why="the first")
ft.run("EventTopics@1", input="events/*.parquet", output="topics", incremental=True, workers=1)
with suppress(ft.Error):  # an event has no title
    ft.run("EventTopics@1", input="events/*.parquet", output="scored", on_error="fail", workers=1)
EventTopics().save_model({**model(300), "untitled": True})  # version 6 predicts it
