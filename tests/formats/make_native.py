"""Makes tests/formats/native-1: a native model and what scikit-learn answered, to be loaded for ever.

    .venv/bin/python tests/formats/make_native.py FOLDER

Run it for a new format only, into a new folder: a frozen sample is never made anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import foretell as ft

TEXTS = [
    "Jazz concert tonight, free entry",
    "Garden plants and good soil",
    "A jazz walk through the garden",
    "Straße und Café: Konzert",
    "night market with food and music",
    "nothing",
    "",
]


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(4, random_state=0)).fit(TEXTS * 3)
    ft.compile(pipeline, check=TEXTS).save(folder / "topics.foretell")
    answers = {"texts": TEXTS, "transform": pipeline.transform(TEXTS).tolist()}
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
