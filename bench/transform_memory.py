"""What memory the transform of a corpus takes beside the model and the output: at most 64 MiB for each thread.

.venv/bin/python bench/transform_memory.py                           200,000 Wikipedia paragraphs, K = 50
.venv/bin/python bench/transform_memory.py community-calendar --topics 100

Each figure is of a process of its own that has read the model and the texts: how far its resident memory rose, at its
highest, while it transformed them (VmHWM after it was reset, less VmRSS before), without the output. scikit-learn's
transform of the same texts, in one call as well, stands beside it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from corpora import CORPORA, texts
from equal_to_sklearn import FITTED_ON, fitted
from measure import announce

DOCUMENTS = 200_000
MIB = 1 << 20
LIMIT = 64.0

CHILD = """
import pickle, sys
from pathlib import Path
import pyarrow.parquet as pq
import foretell as ft

model_path, texts_path, kind, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
texts = pq.read_table(texts_path)["text"].combine_chunks()
few = texts[:100].to_pylist()
if kind != "Arrow column":
    texts = texts.to_pylist()
if kind == "scikit-learn":
    model = pickle.loads(Path(model_path).with_suffix(".pickle").read_bytes())
    transform = model.transform
else:
    model = ft.NativeModel.open(model_path)
    model.verify()  # every page of it is in memory
    transform = lambda texts: model.transform(texts, threads=threads)
transform(few)

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

Path("/proc/self/clear_refs").write_text("5")  # the highest is now what there is
before = resident("VmRSS")
topics = transform(texts)
print(resident("VmHWM") - before - topics.nbytes)
"""


def taken(model: Path, corpus: Path, kind: str, threads: int) -> float:
    """MiB beside the model and the output."""
    command = [sys.executable, "-c", CHILD, str(model), str(corpus), kind, str(threads)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout) / MIB


def main() -> None:
    import pickle

    import pyarrow as pa
    import pyarrow.parquet as pq

    import foretell as ft

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default="wikipedia-paragraphs", help=", ".join(CORPORA))
    parser.add_argument("--topics", type=int, default=50, metavar="K")
    options = parser.parse_args()
    documents = texts(options.corpus, DOCUMENTS)
    announce(f"{len(documents):,} documents of {options.corpus}, K = {options.topics}: memory of transform")
    above = False
    with tempfile.TemporaryDirectory() as name:
        model, corpus = Path(name) / "model.foretell", Path(name) / "texts.parquet"
        pipeline = fitted(documents[:FITTED_ON], options.topics)
        compiled = ft.compile(pipeline)
        compiled.save(model)
        model.with_suffix(".pickle").write_bytes(pickle.dumps(pipeline))
        pq.write_table(pa.table({"text": documents}), corpus)
        size = sum(len(text.encode()) for text in documents)
        output = len(documents) * options.topics * 8
        print(
            f"  texts {size / MIB:.0f} MiB, model {compiled.nbytes / MIB:.1f} MiB, output {output / MIB:.1f} MiB"
        )
        for kind in ("Arrow column", "list of str"):
            for threads in (1, 2):
                found = taken(model, corpus, kind, threads)
                above = above or found > LIMIT * threads
                print(f"  {kind}, threads={threads}: {found:6.1f} MiB beside model and output")
        print(f"  scikit-learn, list of str: {taken(model, corpus, 'scikit-learn', 1):6.1f} MiB")
    sys.exit(f"above {LIMIT:.0f} MiB for each thread" if above else 0)


if __name__ == "__main__":
    main()
