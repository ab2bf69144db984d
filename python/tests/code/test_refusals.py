"""What cannot be carried is refused at save, by name; damaged code is refused at load."""

from __future__ import annotations

import importlib
import json
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell import models
from foretell.code import carry, class_digest, load_class
from foretell.error import Error

Write = Callable[..., Path]
Import = Callable[[Path, str], Any]


@pytest.fixture
def import_from(monkeypatch: pytest.MonkeyPatch) -> Iterator[Import]:
    """Imports a module from a folder; forgets all modules of that folder afterwards."""
    before = set(sys.modules)

    def get(root: Path, name: str) -> Any:
        monkeypatch.syspath_prepend(str(root))
        return importlib.import_module(name)

    yield get
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("topics", "helpers", "pkg"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("import importlib; importlib.import_module(NAME)", "FT0802", "topics.py:4 imports .* computed name"),
        ("import importlib as i; i.import_module(NAME + 'x')", "FT0802", "topics.py:4"),
        ("__import__(NAME)", "FT0802", "topics.py:4"),
        ("__import__('helpers')", "FT0802", "topics.py:4 .*helpers by a call"),
        ("import fast.kernel", "FT0803", "fast.kernel is a compiled extension .*fast/kernel"),
        ("from fast import kernel", "FT0803", "fast.kernel"),
        ("import broken", "FT0801", "broken.py is not Python"),
    ],
)
def test_refused_by_name(line: str, code: str, words: str, write: Write, import_from: Import) -> None:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    text = f"NAME = 'json'\nclass Topics:\n    def f(self):\n        {line}\n"
    root = write(
        {
            "foretell.toml": "",
            "topics.py": text,
            "helpers.py": "",
            "broken.py": "def (\n",
            "fast/__init__.py": "",
            f"fast/kernel{suffix}": "",
        }
    )
    topics = import_from(root, "topics")
    with pytest.raises(Error, match=words) as caught:
        carry(topics.Topics, root / "out")
    assert caught.value.code == code
    assert not (root / "out").exists()


def test_a_literal_import_of_an_installed_module_is_fine(write: Write, import_from: Import) -> None:
    text = "import importlib\njson = importlib.import_module('json')\nclass Topics:\n    x = 1\n"
    root = write({"foretell.toml": "", "topics.py": text})
    assert list(carry(import_from(root, "topics").Topics, root / "out").modules) == ["topics"]


def test_a_main_function_with_a_computed_import(python: Callable[..., str]) -> None:
    printed = python(
        """
        import importlib
        from foretell.code import carry
        class P:
            def fine(self): return importlib.import_module("json")
        carry(P, "a")
        class P:
            def f(self, x): return importlib.import_module(x)
        try:
            carry(P, "b")
        except Exception as e:
            print(e.code, e.message)
        """
    )
    assert printed.startswith("FT0802 script_of_test.py:8 imports a module by a computed name")


def test_an_unpicklable_global_of_main_is_named(python: Callable[..., str]) -> None:
    printed = python(
        """
        import threading
        from foretell.code import carry
        client = {"lock": threading.Lock()}
        class P:
            def f(self): return client
        try:
            carry(P, "b")
        except Exception as e:
            print(e.code, e.message)
        """
    )
    assert printed.startswith("FT0801 P.f: global client['lock']: cannot pickle '_thread.lock'")


def test_a_class_without_a_file(tmp_path: Path) -> None:
    made = type("Made", (), {"__module__": "json"})
    with pytest.raises(Error, match=r"FT0801.*Made is in no file of the project"):
        carry(made, tmp_path, project_root=tmp_path)


def test_what_is_carried_and_what_is_not(write: Write, import_from: Import) -> None:
    root = write(
        {
            "foretell.toml": "",
            "venv/pyvenv.cfg": "",
            "venv/lib/inside.py": "",
            "site-packages/inside2.py": "",
            "pkg/__init__.py": "",
            "pkg/topics.py": """
                import sys, numpy, foretell
                import typing
                from . import used
                from .sub.deep import *
                if typing.TYPE_CHECKING:
                    from not_here import X
                class Topics:
                    def f(self):
                        import namespaced.leaf
                        try:
                            import pkg.missing
                        except ImportError:
                            pass
                """,
            "pkg/used.py": "",
            "pkg/unused.py": "",
            "pkg/sub/__init__.py": "from .deep import __all__\n",
            "pkg/sub/deep/__init__.py": "__all__ = ['leaf']\n",
            "pkg/sub/deep/leaf.py": "import pkg.topics\n",
            "namespaced/leaf.py": "",
        }
    )
    carried = carry(import_from(root, "pkg.topics").Topics, root / "out")
    assert carried.modules == {
        "namespaced": "",
        "namespaced.leaf": "code/namespaced/leaf.py",
        "pkg": "code/pkg/__init__.py",
        "pkg.sub": "code/pkg/sub/__init__.py",
        "pkg.sub.deep": "code/pkg/sub/deep/__init__.py",
        "pkg.sub.deep.leaf": "code/pkg/sub/deep/leaf.py",
        "pkg.topics": "code/pkg/topics.py",
        "pkg.used": "code/pkg/used.py",
    }
    assert "numpy" in carried.imports
    assert not {"foretell", "sys", "typing"} & set(carried.imports)
    assert carried.entry == "pkg.topics:Topics"
    written = {p.relative_to(root / "out").as_posix() for p in (root / "out").rglob("*.py")}
    assert written == set(carried.sources)
    description = json.loads(json.dumps(carried.to_json()))
    loaded = load_class(description, {path: root / "out" / path for path in carried.sources})
    assert loaded.cls().f() is None
    assert str(root) not in json.dumps(description)


def test_the_class_digest_follows_the_code(write: Write, import_from: Import) -> None:
    root = write({"foretell.toml": "", "topics.py": "import helpers\nclass Topics: pass\n", "helpers.py": ""})
    topics = import_from(root, "topics").Topics
    carried = carry(topics, root / "out")
    assert class_digest(topics) == carried.class_digest
    (root / "helpers.py").write_text("x = 1\n")
    assert class_digest(topics) != carried.class_digest
    assert carry(topics, root / "out2").digest != carried.digest


@pytest.fixture
def saved(write: Write, import_from: Import) -> tuple[dict[str, Any], dict[str, Path]]:
    root = write({"foretell.toml": "", "topics.py": "class Topics: pass\n"})
    carried = carry(import_from(root, "topics").Topics, root / "out")
    return carried.to_json(), {path: root / "out" / path for path in carried.sources}


@pytest.mark.parametrize(
    "change",
    [
        {"entry": "topics:Other"},
        {"entry": "os:getcwd"},
        {"digest": "0" * 64},
        {"kind": "main"},
        {"kind": 3},
        {"modules": {"topics": "code/other.py"}},
        {"modules": None},
        {"sources": {"code/topics.py": "0" * 64}},
        {"main": {"path": "x"}},
        {"packages": None},
    ],
    ids=str,
)
def test_a_changed_description_is_refused(
    change: dict[str, Any], saved: tuple[dict[str, Any], dict[str, Path]]
) -> None:
    with pytest.raises(Error) as caught:
        load_class({**saved[0], **change}, saved[1])
    assert caught.value.code == "FT0805"


def test_a_newer_format_is_refused(saved: tuple[dict[str, Any], dict[str, Path]]) -> None:
    with pytest.raises(Error, match=r"FT0407.*format 2"):
        load_class({**saved[0], "format": 2}, saved[1])


def test_changed_and_missing_files_are_refused(saved: tuple[dict[str, Any], dict[str, Path]]) -> None:
    description, files = saved
    with pytest.raises(Error, match=r"FT0805.*lacks code/topics.py"):
        load_class(description, {})
    files["code/topics.py"].write_text("class Topics: evil = 1\n")
    with pytest.raises(Error, match=r"FT0805.*code/topics.py has the digest"):
        load_class(description, files)


def test_a_missing_library_is_named(write: Write, import_from: Import) -> None:
    root = write({"foretell.toml": "", "topics.py": "class Topics: pass\n"})
    topics = import_from(root, "topics").Topics
    (root / "topics.py").write_text("import no_such_library\nclass Topics: pass\n")
    carried = carry(topics, root / "out")
    with pytest.raises(Error, match=r"FT0502.*topics:Topics cannot be imported.*no_such_library"):
        load_class(carried.to_json(), {path: root / "out" / path for path in carried.sources})


def test_a_file_that_changed_since_its_import_is_refused(write: Write, import_from: Import) -> None:
    text = "import helpers\nclass Topics:\n    @staticmethod\n    def f(x): return x in {'a', 'b', 'c'}\n"
    root = write({"foretell.toml": "", "topics.py": text, "helpers.py": "def g(): return 1\n"})
    topics = import_from(root, "topics").Topics
    (root / "topics.py").write_text("# a comment\n" + text)
    carry(topics, root / "fine")
    (root / "helpers.py").write_text("def g(): return 2\n")
    with pytest.raises(Error, match=r"FT0801: helpers\.py has changed since it was imported: g is another"):
        carry(topics, root / "out")
    (root / "helpers.py").write_text("def g(): return 1\n")
    (root / "topics.py").write_text(text.replace("'c'", "'d'"))
    with pytest.raises(Error, match=r"FT0801: topics\.py .* Topics\.f is another one now"):
        carry(topics, root / "out")


def test_a_model_of_project_code_that_was_not_carried(write: Write, import_from: Import) -> None:
    root = write(
        {"foretell.toml": "", "topics.py": "class Topics: pass\n", "helpers.py": "class Step: pass\n"}
    )
    topics = import_from(root, "topics").Topics
    step = import_from(root, "helpers").Step()
    with pytest.raises(Error, match=r"FT0801: the model names helpers\.Step, which is not among"):
        models.save(step, root / "out", carry(topics, root / "out"))
    carried = carry(topics, root / "with", model=step)
    assert sorted(carried.modules) == ["helpers", "topics"]
    assert carried.class_digest == class_digest(topics)
    description = models.save(step, root / "with", carried)
    files = {p.relative_to(root / "with").as_posix(): p for p in (root / "with").rglob("*") if p.is_file()}
    assert type(models.load(description, files)) is type(step)
    loaded = load_class(carried.to_json(), files)
    own = models.load(description, files, loaded)
    assert type(own) is loaded.namespace.module("helpers").Step is not type(step)


def test_modules_need_no_cloudpickle_and_main_names_it(python: Callable[..., str], write: Write) -> None:
    root = write({"foretell.toml": "", "topics.py": "class Topics: pass\n"})
    printed = python(
        """
        import sys
        sys.modules["cloudpickle"] = None
        from version_tools import save, load
        import topics
        save(topics.Topics, "out", [topics.Topics()])
        print(type(load("out")[1][0]) is load("out")[0].cls)
        from foretell import models
        class P: pass
        for attempt in (lambda: save(P, "no"), lambda: models.save([lambda: 1], "no")):
            try:
                attempt()
            except Exception as e:
                print(e.code, e.message)
        """,
        cwd=root,
    )
    assert printed.splitlines() == ["True", *["FT0107 cloudpickle is not installed"] * 2]
