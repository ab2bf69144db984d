"""How much memory a transform takes beside the model, the texts and the output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import foretell as ft

pytest.importorskip("sklearn")
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

CHILD = """
import sys
from pathlib import Path
import numpy as np, pyarrow as pa
import foretell as ft

model, threads = ft.NativeModel.open(sys.argv[1]), int(sys.argv[2])
model.verify()
words = [f"word{i}" for i in range(5_000)]
chosen = np.random.default_rng(0).integers(0, 5_000, (120_000, 60))
texts = pa.array([" ".join(map(words.__getitem__, row)) for row in chosen.tolist()])
del chosen
model.transform(texts[:1000])

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

Path("/proc/self/clear_refs").write_text("5")  # the highest is now what there is
before = resident("VmRSS")
topics = model.transform(texts, threads=threads)
print(texts.nbytes, topics.nbytes, resident("VmHWM") - before - topics.nbytes)
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_a_transform_takes_little_beside_its_output(threads: int, tmp_path: Path) -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this system does not tell a process's highest memory")
    lda = LatentDirichletAllocation(40, random_state=0, max_iter=1)
    counting = CountVectorizer(vocabulary=[f"word{i}" for i in range(5_000)])
    fitted = [f"word{i} word{i + 1}" for i in np.arange(0, 4_999, 50)]
    ft.compile(make_pipeline(counting, lda).fit(fitted)).save(tmp_path / "model")
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "model"), str(threads)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    texts, output, beside = map(int, child.stdout.split())
    assert texts + output > 90 << 20  # so that a copy of either would be seen
    assert beside < 20 << 20
