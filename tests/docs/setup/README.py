# Events, a fitted pipeline and a frame, as the README takes them for granted.
import os
import sys
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

sys.path.insert(0, str(Path(os.environ["FORETELL_DOCS_ROOT"]) / "examples" / "event_topics"))
events = import_module("events").make_events(400, seed=7)
sys.path.pop(0)
table = pa.Table.from_pylist(events)
Path("events").mkdir()
pq.write_table(table.slice(0, 300), "events/1.parquet")
pq.write_table(table.slice(300), "events/2.parquet")
frame = table.slice(0, 50).to_pandas()
texts = [f"{event['title']} {event['description']}" for event in events]
pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(5, max_iter=1, random_state=0)).fit(
    texts
)
