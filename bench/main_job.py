"""The main job with scikit-learn's own pipeline: 2 workers against a hand-written loop in one process.

.venv/bin/python bench/main_job.py              target: at least 1.8 × the loop's speed
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from measure import DATA, announce, paired

TOPICS = 50


def main() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    import foretell as ft
    from foretell.local.progress import Silent

    class EventTopics(ft.Predictor):
        input = ft.schema(title="string", description="string")
        output = ft.schema(topics="list<double>")
        keep = ["id"]

        def extract_features(self, row):
            return ft.join_text(row.title, row.description)

        def predict_bulk(self, texts):
            return self.model.transform(texts)

    announce(f"main job: CountVectorizer + LDA, K = {TOPICS}, scikit-learn's own")
    source = DATA / "community-calendar" / "events.jsonl.zst"
    if not source.exists():
        sys.exit(f"this comparison needs {source.parent.name}, which is not here")
    table = ft.files(source).read().read_all().select(["id", "title", "description"])
    texts = [ft.join_text(row["title"], row["description"]) for row in table.slice(0, 10_000).to_pylist()]
    model = make_pipeline(
        CountVectorizer(min_df=5, max_df=0.4, stop_words="english"),
        LatentDirichletAllocation(
            TOPICS, learning_method="online", batch_size=512, max_iter=1, random_state=0
        ),
    ).fit(texts)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "in").mkdir()
        step = -(-table.num_rows // 4)
        times = int(sys.argv[1]) if len(sys.argv) > 1 else 1
        for i in range(4 * times):
            pq.write_table(table.slice(i % 4 * step, step), root / "in" / f"{i:03}.parquet")
        print(f"  {table.num_rows:,} real events, {times} times over, in {4 * times} Parquet files")
        EventTopics(store=root / "models").save_model(model)

        def loop() -> None:
            shutil.rmtree(root / "loop", ignore_errors=True)
            (root / "loop").mkdir()
            for path in sorted((root / "in").iterdir()):
                rows = pq.read_table(path)
                joined = [
                    f"{title or ''} {text or ''}"
                    for title, text in zip(
                        rows["title"].to_pylist(), rows["description"].to_pylist(), strict=True
                    )
                ]
                topics = model.transform(joined)
                out = pa.table({"id": rows["id"], "topics": pa.array(list(topics))})
                pq.write_table(out, root / "loop" / path.name)

        def ours() -> None:
            shutil.rmtree(root / "out", ignore_errors=True)
            ft.run(
                "EventTopics@1",
                input=root / "in",
                output=root / "out",
                store=root / "models",
                workers=2,
                progress=Silent(),
            )

        paired("main job, 2 workers", ours, loop, "hand-written loop, one process", pairs=3)


if __name__ == "__main__":
    main()
