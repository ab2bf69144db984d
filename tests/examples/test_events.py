"""The made-up events: the same on every machine, and as untidy as real feeds."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from foretell.sources import files

HERE = Path(__file__).parents[2] / "examples" / "event_topics" / "events.py"


@pytest.fixture(scope="module")
def events() -> ModuleType:
    spec = spec_from_file_location("event_topics_events", HERE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_seed_gives_the_same_events_on_every_machine(events: ModuleType) -> None:
    made = events.make_events(2000, seed=1)
    assert events.make_events(2000, seed=1) == made
    assert events.make_events(500, seed=1) == made[:500]
    assert events.make_events(2000, seed=2) != made
    text = "\n".join(repr(sorted(event.items())) for event in made).replace("datetime.timezone.utc", "UTC")
    assert (
        hashlib.sha256(text.encode()).hexdigest()
        == "aca71448b2d7b787be63925af3072a942fe5514be58e1530273240870adcc58a"
    )


def test_events_have_kinds_languages_and_the_faults_of_feeds(events: ModuleType) -> None:
    made = events.make_events(20_000, seed=3)
    languages = Counter(event["lang"] for event in made)
    assert set(languages) == {"en", "de", "fr", "es", "pt", "ja", "zh", "hi"}
    assert len(events.kinds()["en"]) >= 30
    texts = [event["description"] for event in made]
    assert 400 < texts.count(None) < 1200
    assert texts.count("") > 100
    for mark in ("<br />", "\x00", "Ã¼", "&nbsp;"):
        assert sum(mark in text for text in texts if text) > 5, mark
    assert max(len(text) for text in texts if text) > 20_000
    assert sum(event["title"] is None for event in made) > 100
    assert len({event["id"] for event in made}) < len(made)
    assert len(set(texts)) < len({event["id"] for event in made})
    times = [event["first_seen"] for event in made]
    assert times == sorted(times)
    assert all(event["start"] > events.FIRST_DAY + timedelta(days=1) for event in made)


def test_each_kind_has_words_of_its_own(events: ModuleType) -> None:
    for language, kinds in events.kinds().items():
        shared = Counter(word for kind in kinds for word in set(kind.words))
        for kind in kinds:
            assert len(kind.words) >= 6, (language, kind.name)
            assert sum(shared[word] == 1 for word in kind.words) >= 4, (language, kind.name)


def test_twenty_thousand_events_take_less_than_three_seconds(events: ModuleType) -> None:
    start = time.process_time()
    events.make_events(20_000, seed=4)
    assert time.process_time() - start < 3


def test_written_events_read_back_and_later_ones_have_other_names(
    events: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = events.write_events(tmp_path, 1000, seed=5, files=3)
    assert len(paths) == 3
    assert files(tmp_path / "*.parquet").read().read_all().to_pylist() == events.make_events(1000, seed=5)
    events.main([str(tmp_path), "--rows", "10", "--seed", "6", "--files", "1", "--since", "2026-02-01"])
    assert capsys.readouterr().out.strip() == str(tmp_path / "events-20260201T000000-00.parquet")
    assert files(tmp_path).read().read_all().num_rows == 1010
