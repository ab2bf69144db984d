"""Objects of a loaded version in other processes: joblib's loky workers, a spawned pool; saved again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]
Python = Callable[..., str]

PROJECT = {
    "foretell.toml": "",
    "steps/__init__.py": "",
    "steps/words.py": "WORD = '{word}'\n",
    "steps/late.py": "from steps.words import WORD\ndef late(): return 'late ' + WORD\n",
    "steps/transform.py": """
        import os
        import numpy as np
        from sklearn.base import BaseEstimator, TransformerMixin
        from . import words
        class Mark(TransformerMixin, BaseEstimator):
            def fit(self, X, y=None): return self
            def transform(self, X):
                from .late import late
                return np.array([[f"{x} {words.WORD} {late()}", str(os.getpid())] for x in X])
        def mark(x):
            import steps.late
            return str(Mark().transform([x])[0, 0])
        """,
    "topics.py": "class Topics:\n    import steps.transform\n",
    "train.py": """
        import sys
        from sklearn.pipeline import FeatureUnion
        import topics
        from steps.transform import Mark
        from version_tools import save
        save(topics.Topics, sys.argv[1], FeatureUnion([("a", Mark()), ("b", Mark())], n_jobs=2))
        """,
}


def train(write: Write, python: Python, word: str, saved: Path) -> None:
    root = write({name: text.replace("{word}", word) for name, text in PROJECT.items()}, word)
    python(f"import sys; sys.argv.append({str(saved)!r}); import train", cwd=root, how="command")


@pytest.fixture(scope="module")
def versions(write: Write, python: Python, workplace: Path) -> tuple[str, str]:
    for word in ("one", "two"):
        train(write, python, word, workplace / f"saved-{word}")
    return str(workplace / "saved-one"), str(workplace / "saved-two")


def test_joblib_workers_answer_by_version(versions: tuple[str, str], python: Python) -> None:
    pytest.importorskip("sklearn")
    printed = python(
        f"""
        import os
        from joblib import Parallel, delayed
        from version_tools import load
        print(sorted(set(Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(2)))))   # workers started before
        for saved in {versions!r}:
            code, model = load(saved)
            out = model.fit_transform(["x"])
            assert str(os.getpid()) not in set(out[0])
            out = model.transform(["x"])
            print(out[0, 0], out[0, 2], str(os.getpid()) in set(out[0]))
            mark = code.namespace.module("steps.transform").mark
            print(Parallel(n_jobs=2)(delayed(mark)("y") for _ in range(2)))
        """
    )
    expected = ["[0, 1]"]
    for word in ("one", "two"):
        expected.append(f"x {word} late {word} x {word} late {word} False")
        expected.append(str([f"y {word} late {word}"] * 2))
    assert printed.splitlines() == expected


def test_a_spawned_pool_answers_by_version(versions: tuple[str, str], python: Python) -> None:
    printed = python(
        f"""
        import multiprocessing
        from version_tools import load
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                for saved in {versions!r}:
                    code, model = load(saved)
                    module = code.namespace.module("steps.transform")
                    print(pool.map(module.mark, ["z"]), pool.apply(module.Mark().transform, (["a"],))[0, 0])
        """
    )
    assert printed.splitlines() == [f"['z {w} late {w}'] a {w} late {w}" for w in ("one", "two")]


def test_a_loaded_model_saves_again(versions: tuple[str, str], python: Python, tmp_path: Path) -> None:
    again = str(tmp_path / "again")
    printed = python(
        f"""
        import json
        from version_tools import load, save
        code, model = load({versions[0]!r})
        print(save(code.cls, {again!r}, model).digest == code.digest)
        """
    )
    assert printed.strip() == "True"
    pickled = (Path(again) / "model/model.pickle").read_bytes()
    assert b"_foretell_" not in pickled
    text = f"from version_tools import load; print(load({again!r})[1].steps if 0 else " + (
        f"load({again!r})[1].transformer_list[0][1].transform(['q'])[0, 0])"
    )
    assert python(text).strip() == "q one late one"


def test_an_old_model_with_new_code(
    versions: tuple[str, str], write: Write, python: Python, tmp_path: Path
) -> None:
    """The old model's classes mean the new code where it has them, and come along where it has not."""
    new = str(tmp_path / "new")
    root = write(
        {"foretell.toml": "", "topics.py": "class Topics:\n    def answer(self): return 'new'\n"}, "n"
    )
    python(
        f"from version_tools import load, save; import topics; "
        f"save(topics.Topics, {new!r}, load({versions[0]!r})[1])",
        cwd=root,
        how="command",
    )
    printed = python(
        f"""
        from version_tools import load
        code, model = load({new!r})
        print(code.cls().answer(), model.transformer_list[0][1].transform(["q"])[0, 0])
        """
    )
    assert printed.strip() == "new q one late one"


def test_main_objects_in_workers_and_saved_again(python: Python, tmp_path: Path) -> None:
    saved, again = str(tmp_path / "a"), str(tmp_path / "b")
    python(
        f"""
        from version_tools import save
        FACTOR = 3
        class Times:
            def times(self, x): return x * FACTOR
        class P:
            def answer(self, x): return Times().times(x)
        save(P, {saved!r}, Times())
        """
    )
    printed = python(
        f"""
        from joblib import Parallel, delayed
        from version_tools import load, save
        code, model = load({saved!r})
        FACTOR = 1000
        print(Parallel(n_jobs=2)(delayed(model.times)(i) for i in range(3)))
        print(Parallel(n_jobs=2)(delayed(code.cls().answer)(i) for i in range(3)))
        save(code.cls, {again!r}, model)
        """
    )
    assert printed.splitlines() == ["[0, 3, 6]"] * 2
    text = f"from version_tools import load; c, m = load({again!r}); print(c.cls().answer(2), m.times(2))"
    assert python(text).strip() == "6 6"
