"""What a notebook shows: everything that people's data holds is escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import foretell as ft
from foretell.local.summary import RunSummary, UnitSummary

HOSTILE = "<script>alert('x')</script>"


class Page(HTMLParser):
    """The tags that are open at the end, every tag, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def shown(thing: Any) -> str:
    """The text of a display whose HTML is whole and holds tables only."""
    page = Page(thing._repr_html_())
    assert page.open == []
    assert page.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "br"}
    return page.text


class Doubled(ft.Predictor):
    input = ft.schema(x="double")
    output = ft.schema(y="double")
    keep = ()

    def predict_item(self, features: Any) -> Any:
        return features.x * self.model


def test_a_predictor_tells_its_version_contract_and_steps(tmp_path: Path) -> None:
    predictor = Doubled(store=tmp_path / "models")
    before = shown(predictor)
    for text in ("none loaded", "none yet", "x: double", "y: double", "predict_item"):
        assert text in before
    predictor.save_model(2.0)
    after = shown(predictor.load_model())
    assert "Doubled@1" in after
    assert "builtins.float" in after

    class Unfinished(ft.Predictor):
        name = HOSTILE

    text = shown(Unfinished())
    assert HOSTILE in text
    assert "predict_item or predict_bulk is needed" in text


def test_versions_are_a_list_and_a_table(tmp_path: Path) -> None:
    predictor = Doubled(store=tmp_path / "models")
    assert predictor.list_versions() == []
    predictor.save_model(2.0, metadata={"note": HOSTILE})
    predictor.save_model(3.0, alias="production", unchecked=True, why="nothing to check it with")
    versions = predictor.list_versions()
    assert [version.version for version in versions] == [1, 2]
    text = shown(versions)
    for told in ("Doubled@1", "Doubled@2", "production", HOSTILE):
        assert told in text
    assert HOSTILE in shown(versions[0])


def test_a_run_tells_its_units_and_why_rows_are_bad() -> None:
    summary = RunSummary("Doubled", "out", seconds=2.0, workers=2, crashes=1)
    assert "nothing new" in shown(summary)
    summary.units.append(
        UnitSummary(1, 3, rows=53_350, predicted=53_344, bad=6, reasons={f"FT0301 {HOSTILE}": 6})
    )
    summary.units.append(UnitSummary(2, 3, rows=10, finished_before=True))
    text = shown(summary)
    for told in (
        "53,350",
        "6 × FT0301",
        HOSTILE,
        "26,675 rows/s",
        "finished before",
        "1 replaced",
        "_quarantine",
    ):
        assert told in text


TEXTS = ["jazz concert tonight", "jazz band", "wine tasting", "wine market tasting", HOSTILE] * 4


@pytest.fixture(scope="module")
def pipeline() -> Any:
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    return make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, random_state=0)).fit(TEXTS)


def test_topics_are_told_by_their_words(pipeline: Any) -> None:
    topics = ft.topics(pipeline, words=2)
    assert [topic.number for topic in topics] == [0, 1, 2]
    weights = pipeline[-1].components_ / pipeline[-1].components_.sum(axis=1, keepdims=True)
    names = pipeline[0].get_feature_names_out()
    for topic in topics:
        assert topic.weights[0] == weights[topic.number].max()
        assert topic.words[0] == names[weights[topic.number].argmax()]
        assert topic.weights[0] >= topic.weights[1]
    assert any({"jazz", "wine", "script"} & set(topic.words) for topic in topics)
    assert topics[0].words[0] in shown(topics)
    assert repr(topics).splitlines()[0] == f"0  {topics[0]}"


def test_topics_of_a_predictor_with_the_share_of_rows(pipeline: Any) -> None:
    import pyarrow as pa

    class Topical(ft.Predictor):
        def predict_bulk(self, texts: Any) -> Any:
            return self.model.transform(texts)

    rows = [list(row) for row in pipeline.transform(TEXTS)]
    topics = ft.topics(Topical(pipeline), pa.chunked_array([[*rows, None]]))
    assert sum(topic.share or 0 for topic in topics) == pytest.approx(1)
    assert topics[1].share == pytest.approx(sum(row[1] for row in rows) / len(rows))
    assert "share" in shown(topics)
    for form in (pipeline.transform(TEXTS), rows):
        assert [t.share for t in ft.topics(pipeline, form)] == [t.share for t in topics]


@pytest.mark.parametrize(
    ("model", "predictions", "words"),
    [("text", None, 8), (None, [[0.5, 0.5]], 8), (None, ["text"], 8), (None, None, 0), (None, [], 8)],
)
def test_what_has_no_topics_is_refused(pipeline: Any, model: Any, predictions: Any, words: int) -> None:
    with pytest.raises(ft.Error) as refused:
        ft.topics(pipeline if model is None else model, predictions, words=words)
    assert refused.value.code == "FT0101"
