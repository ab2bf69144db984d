"""A class of a package comes back in a process that has never seen it, versions side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]
Python = Callable[..., str]


def project(word: str) -> dict[str, str]:
    return {
        "foretell.toml": "",
        "events/__init__.py": "from .words import WORD\n",
        "events/words.py": f"WORD = {word!r}\n",
        "events/late.py": f"def late(): return 'late ' + {word!r}\n",
        "events/star.py": f"STAR = {word!r} + '*'\n",
        "events/transform.py": """
            from sklearn.base import BaseEstimator, TransformerMixin
            from events import words as w
            class Shout(TransformerMixin, BaseEstimator):
                def fit(self, X, y=None): return self
                def transform(self, X):
                    import events.late as l
                    return [f"{x} {w.WORD} {l.late()}" for x in X]
            """,
        "topics.py": """
            from __future__ import annotations
            import dataclasses, enum, typing
            import events.words
            import events.transform as t
            from events import WORD
            from events.star import *
            try:
                import not_there
            except ImportError:
                not_there = None

            class Color(enum.Enum):
                RED = 1

            @dataclasses.dataclass
            class Row:
                title: str
                color: Color = Color.RED
                many: typing.ClassVar[int] = 3

            class Base:
                def answer(self): return WORD

            class Topics(Base):
                def answer(self):
                    from events.late import late
                    from . import nothing if False else None
                    return super().answer(), late(), events.words.WORD, STAR
                def fail(self):
                    raise ValueError("the line is shown")  # this very line
            """.replace("from . import nothing if False else None", "import events.late"),
        "train.py": """
            import sys
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import FunctionTransformer
            import topics, events.transform
            from version_tools import save
            model = make_pipeline(events.transform.Shout(), FunctionTransformer())
            print(save(topics.Topics, sys.argv[1], model).digest)
            """,
    }


@pytest.fixture(scope="module")
def two_versions(write: Write, python: Python, workplace: Path) -> tuple[Path, Path]:
    for word in ("one", "two"):
        root = write(project(word), word)
        text = f"import sys; sys.argv.append({str(workplace / ('saved-' + word))!r}); import train"
        python(text, cwd=root, how="command")
        (root / "events" / "words.py").unlink()
    return workplace / "saved-one", workplace / "saved-two"


def test_two_versions_answer_for_themselves_in_one_process(
    two_versions: tuple[Path, Path], write: Write, python: Python
) -> None:
    third = write(project("three"), "three")
    printed = python(
        f"""
        import sys, json
        sys.path.insert(0, {str(third)!r})
        from version_tools import load
        import topics
        answers = []
        one, two = load({str(two_versions[0])!r}), load({str(two_versions[1])!r})
        for code, model in (one, two, one):
            answers.append([code.cls().answer(), model.transform(["x"])])
        answers.append(topics.Topics().answer())
        assert "events.late" in sys.modules and one[0].cls is not two[0].cls
        print(json.dumps(answers))
        """
    )

    def answer(word: str) -> list[str]:
        return [word, f"late {word}", word, word + "*"]

    one, two = ([answer(w), [f"x {w} late {w}"]] for w in ("one", "two"))
    assert json.loads(printed) == [one, two, one, answer("three")]


def test_nothing_appears_under_plain_names(two_versions: tuple[Path, Path], python: Python) -> None:
    printed = python(
        f"""
        import sys
        from version_tools import load
        code, model = load({str(two_versions[0])!r})
        code.cls().answer(); model.transform(["x"])
        print(sorted(n for n in sys.modules if n.partition(".")[0] in ("events", "topics", "train")))
        print(sorted({{n.partition(".")[2] for n in sys.modules if n.startswith("_foretell_") and "." in n}}))
        """
    )
    plain, own = printed.splitlines()
    assert plain == "[]"
    assert own == str(["events", "events.late", "events.star", "events.transform", "events.words", "topics"])


def test_the_language_works_inside_carried_modules(two_versions: tuple[Path, Path], python: Python) -> None:
    printed = python(
        f"""
        import copy, inspect, pickle, sys, traceback, typing
        from version_tools import load
        code, model = load({str(two_versions[0])!r})
        module = code.namespace.module("topics")
        row = module.Row("a")
        print(copy.deepcopy(row) == row, pickle.loads(pickle.dumps(row)) == row)
        print(pickle.loads(pickle.dumps(module.Color.RED)) is module.Color.RED)
        print(typing.get_type_hints(module.Row)["color"] is module.Color)
        print("class Topics(Base)" in inspect.getsource(code.cls))
        try:
            code.cls().fail()
        except ValueError:
            text = traceback.format_exc()
        print("topics.py" in text and "# this very line" in text)
        """
    )
    assert printed.split() == ["True"] * 6
