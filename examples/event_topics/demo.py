"""The main job, from events to topics by a known version.

    make demo                       # made-up events
    make demo EVENTS=PATH           # yours: .parquet .jsonl .csv, also .gz and .zst, with title and description

Trains an LDA pipeline, saves and checks version 1, runs it over all events, trains and saves version 2, runs it
over newly arrived events only, and shows what the topics are good for.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import events as made_up
import pyarrow as pa
import pyarrow.parquet as pq
from explore import Scored
from predictor import EventTopics, topic_pipeline

import foretell as ft

MADE_UP = 16_000
TRAINED_ON = 8_000
NEW_SHARE = 0.2
FILES = 4
COMPARED = 2_000


def main() -> None:
    options = arguments()
    root = Path(options.output)
    fresh_folder(root)
    began = time.monotonic()

    heading("1. The data")
    first, new = load_events(options.events, options.seed)
    write(first, root / "events", "first", FILES)
    print(f"{first.num_rows:,} events in {FILES} files now; {new.num_rows:,} more arrive later")

    heading("2. Train on a sample, save version 1, run it over every file")
    predictor = EventTopics(store=root / "models").with_source(ft.files(root / "events"))
    one = train_and_save(predictor, seed=options.seed, alias="production")
    show_topics(predictor)
    job = {"output": root / "topics", "store": root / "models", "max_bad_ratio": 0.05, "incremental": True}
    summary = ft.run("EventTopics@production", input=root / "events", **job)
    print(summary)

    heading("3. New events arrive; version 2 is trained, saved and promoted; only what is new is scored")
    write(new, root / "events", "new", 1)
    predictor.sample(1, refresh=True)
    two = train_and_save(predictor, seed=options.seed + 1, alias="production")
    summary = ft.run("EventTopics@production", input=root / "events", **job)
    print(summary)

    heading("4. Which version scored which rows")
    scored = Scored.read(root / "topics")
    for version, count in sorted(Counter(scored.versions.tolist()).items()):
        print(f"  {count:,} rows by EventTopics@{version}")

    by_one = scored.by(one.version)
    model = EventTopics(store=root / "models").load_model(one.version).model
    words = [str(topic) for topic in model.topics(4)]
    show_uses(by_one, words, random.Random(options.seed))

    heading(f"Done in {time.monotonic() - began:.0f} s")
    print(f"EventTopics@production is version {two.version}. The files:")
    for name, what in (
        ("events", "the events"),
        ("models", "the store: versions 1 and 2, the alias and its history"),
        ("topics", "the topics of every event, in Parquet; _quarantine holds the bad rows"),
    ):
        print(f"  {root / name!s:<24} {what}")
    print("Next, try:")
    print(f"  .venv/bin/foretell --store {root / 'models'} versions EventTopics")
    print(f"  .venv/bin/foretell runs {root / 'topics'}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", help="a file or folder of your own events")
    parser.add_argument("--output", default="demo-output", help="the folder to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def fresh_folder(root: Path) -> None:
    """Removes what an earlier demo wrote, and nothing else."""
    mark = root / ".foretell-demo"
    if root.exists() and any(root.iterdir()) and not mark.exists():
        sys.exit(f"{root} holds other files; choose another folder with --output")
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    mark.touch()


def load_events(path: str | None, seed: int) -> tuple[pa.Table, pa.Table]:
    """The events of the first run, and those that arrive later."""
    if path is None:
        table = pa.Table.from_pylist(made_up.make_events(MADE_UP, seed))
    else:
        table = ft.files(path).read().read_all()
        for name in ("title", "description"):
            if name not in table.column_names:
                sys.exit(f"{path} has no column {name!r}; it has {', '.join(table.column_names)}")
        if "id" not in table.column_names:
            table = table.append_column("id", pa.array([f"row-{i}" for i in range(table.num_rows)]))
    cut = int(table.num_rows * (1 - NEW_SHARE))
    return table.slice(0, cut), table.slice(cut)


def write(table: pa.Table, folder: Path, name: str, files: int) -> None:
    folder.mkdir(exist_ok=True)
    step = -(-table.num_rows // files)
    for i in range(files):
        pq.write_table(table.slice(i * step, step), folder / f"{name}-{i + 1}.parquet", compression="zstd")


def train_and_save(predictor: EventTopics, seed: int, alias: str) -> ft.Version:
    rows = predictor.sample(TRAINED_ON, seed=seed)
    texts = [
        ft.join_text(title, text) for title, text in zip(rows["title"], rows["description"], strict=True)
    ]
    began = time.monotonic()
    pipeline = topic_pipeline([text for text in texts if text], seed)
    print(f"trained on {len(texts):,} events in {time.monotonic() - began:.1f} s")
    model = ft.compile(pipeline)
    print(f"compiled: {beside_scikit_learn(model, pipeline, texts[:COMPARED])}")
    version = predictor.save_model(model, metadata={"events": len(texts), "seed": seed}, alias=alias)
    print(f"saved EventTopics@{version.version}; every mode predicts its example alike, so it is {alias} now")
    predictor.load_model(version.version)
    return version


def beside_scikit_learn(model: ft.NativeModel, pipeline: Any, texts: list[str]) -> str:
    """The native model's speed and its largest difference, on the same texts in this run."""
    model.transform(texts)  # both are warm: scikit-learn has just been fitted
    began = time.perf_counter()
    ours = model.transform(texts)
    between = time.perf_counter()
    theirs = pipeline.transform(texts)
    ratio = (time.perf_counter() - between) / (between - began)
    return (
        f"{ratio:.0f} × as fast as scikit-learn on {len(texts):,} of these texts, on one thread; largest "
        f"difference {abs(ours - theirs).max():.0e}"
    )


def show_topics(predictor: EventTopics) -> None:
    print("topics, by their top words:")
    print(predictor.model.topics(8))


def show_uses(scored: Scored, words: list[str], chance: random.Random) -> None:
    """A few events with their topics, browse, search within a topic, personalisation."""
    clear = [i for i in range(len(scored.ids)) if scored.topics[i].max() > 0.6] or list(
        range(len(scored.ids))
    )
    heading("5. A few events and their topics")
    for i in chance.sample(clear, min(4, len(clear))):
        best = scored.topics[i].argsort()[::-1][:2]
        print(f"  {short(scored.titles[i])}")
        print("     " + "; ".join(f"{scored.topics[i, k]:.0%} topic {k} ({words[k]})" for k in best))

    heading("6. Browse: related events")
    i = chance.choice(clear)
    print(f"  {short(scored.titles[i])}")
    for other in scored.related(i):
        print(f"     → {short(scored.titles[other])}")

    heading("7. Search, narrowed by topic")
    word = frequent_word(scored.titles)
    hits = [i for i, title in enumerate(scored.titles) if word in title.casefold()]
    topic = Counter(scored.topics[hits].argmax(axis=1).tolist()).most_common(2)[-1][0]
    total, found = scored.search(word, topic)
    print(f"  {total:,} titles hold {word!r}; within topic {topic} ({words[topic]}):")
    for i in found:
        print(f"     → {short(scored.titles[i])}")

    heading("8. Personalisation: someone liked these five; three more for them")
    start = chance.choice(clear)
    liked = [start, *scored.related(start, 4)]
    for i in liked:
        print(f"  ♥ {short(scored.titles[i])}")
    for i in scored.suggested(liked):
        print(f"     → {short(scored.titles[i])}")


def frequent_word(titles: list[str]) -> str:
    """The most frequent longer word of the titles."""
    counts = Counter(word for title in titles for word in set(re.findall(r"[^\W\d_]{5,}", title.casefold())))
    return counts.most_common(1)[0][0]


def short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= 76 else line[:75] + "…"


def heading(text: str) -> None:
    print(f"\n{text}\n{'─' * len(text)}", flush=True)


if __name__ == "__main__":
    main()
