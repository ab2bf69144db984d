"""Saving 1 GB of arrays, against `cp && sync -f && sha256sum` of the same bytes.

.venv/bin/python bench/save_speed.py            target: at least 0.7 × the peer's speed
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from measure import announce, paired

GIGABYTE = 1 << 30


def main() -> None:
    import numpy as np

    import foretell as ft

    class Big(ft.Predictor):
        output = ft.schema(value="double")

        def predict_item(self, row):
            return float(self.model[0])

    announce("saving 1 GB of arrays")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        root = Path(folder)
        model = np.random.default_rng(0).random(GIGABYTE // 8)
        model.tofile(root / "model.bin")

        def peer() -> None:
            copy = root / "copy.bin"
            subprocess.run(["cp", root / "model.bin", copy], check=True)
            subprocess.run(["sync", "-f", copy], check=True)
            subprocess.run(["sha256sum", copy], check=True, stdout=subprocess.DEVNULL)
            copy.unlink()

        def ours() -> None:
            model[0] += 1  # other bytes, so that nothing is found stored already
            Big(store=root / "models").save_model(model)
            shutil.rmtree(root / "models")

        paired("save", ours, peer, "cp && sync -f && sha256sum", pairs=3)


if __name__ == "__main__":
    main()
