"""What foretell adds to reading and writing: an identity predictor, Parquet to Parquet, against a bare loop.

.venv/bin/python bench/identity_run.py          target: at least 0.85 × the bare loop's speed
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from measure import DATA, announce, paired

ROWS = 600_000  # of text, written four times over
FILES = 16


def main() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    import foretell as ft
    from foretell.local.progress import Silent

    class Same(ft.Predictor):
        input = ft.schema(description="string")
        output = ft.schema(text="string")
        keep = ["id", "title"]

        def predict_bulk(self, rows):
            return rows["description"]

    announce("identity predictor, Parquet to Parquet")
    source = DATA / "wikipedia-paragraphs" / "en.jsonl.zst"
    if source.exists():
        table = ft.files(source).read().read_all().select(["id", "title", "description"]).slice(0, ROWS)
    else:
        text = ["some words of an event's description " * 8]
        table = pa.table(
            {"id": [str(i) for i in range(ROWS)], "title": ["a title"] * ROWS, "description": text * ROWS}
        )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "in").mkdir()
        step = -(-table.num_rows // 4)
        for i in range(FILES):
            part = table.slice(i % 4 * step, step)
            pq.write_table(part, root / "in" / f"{i:02}.parquet", compression="zstd")
        times = FILES // 4
        print(
            f"  {table.num_rows * times:,} rows, {table.nbytes * times / 1e6:.0f} MB of Arrow data, {FILES} files"
        )
        Same(model=0, store=root / "models").save_model(0)

        def bare() -> None:
            """One process, as one writes it by hand; pyarrow itself uses every core for decoding."""
            shutil.rmtree(root / "bare", ignore_errors=True)
            (root / "bare").mkdir()
            for path in sorted((root / "in").iterdir()):
                with pq.ParquetFile(path) as file:
                    schema = pa.schema([("id", pa.string()), ("title", pa.string()), ("text", pa.string())])
                    with pq.ParquetWriter(root / "bare" / path.name, schema, compression="zstd") as writer:
                        for batch in file.iter_batches(65_536):
                            writer.write_table(
                                pa.Table.from_batches([batch]).rename_columns(["id", "title", "text"])
                            )

        def ours() -> None:
            shutil.rmtree(root / "out", ignore_errors=True)
            ft.run("Same@1", input=root / "in", output=root / "out", store=root / "models", progress=Silent())

        paired("identity run", ours, bare, "bare pyarrow read/write loop", pairs=3)


if __name__ == "__main__":
    main()
