"""A class that no file holds: script, ``python -i``, ``python -c``, a notebook, inside a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]
Python = Callable[..., str]

HELPERS = {
    "foretell.toml": "",
    "helpers/__init__.py": "",
    "helpers/text.py": "def loud(x): return x.upper() + '!'\n",
    "helpers/late.py": "def late(): return 'late'\n",
    "mixins.py": "class Mixin:\n    def mixed(self): return 'mixed'\n",
}
CLASS = '''
import re
import helpers.text as text
from mixins import Mixin
from version_tools import save
OFFSET = 7
def shift(x): return x + OFFSET
class Row:
    def __init__(self, n): self.n = n
class Topics(Mixin):
    def answer(self, x):
        import helpers.late
        from helpers import late as again
        return text.loud(x), shift(1), helpers.late.late(), again.late(), self.mixed(), Row(2).n
    def fail(self):
        raise ValueError("told")  # the line in main

class Model:
    """Only the model names it."""
    def predict(self, x): return Row(x).n + OFFSET

model = [Model(), Row(1), lambda x: x * 3]
'''
EXPECTED = "(('HI!', 8, 'late', 'late', 'mixed', 2), 12, 12, True)"


def check(python: Python, saved: Path) -> None:
    printed = python(
        f"""
        import sys, traceback
        from version_tools import load
        code, model = load({str(saved)!r})
        print((code.cls().answer("hi"), model[0].predict(5), model[2](4),
               type(model[1]) is code.cls.answer.__globals__["Row"]))
        assert code.cls.__module__.startswith("_foretell_"), code.cls.__module__
        assert not [n for n in sys.modules if n.partition(".")[0] in ("helpers", "mixins")]
        """
    )
    assert printed.strip() == EXPECTED


@pytest.mark.parametrize("how", ["script", "command", "interactive"])
def test_main_comes_back_elsewhere(how: str, write: Write, python: Python, tmp_path: Path) -> None:
    root = write(HELPERS)
    saved = tmp_path / "saved"
    call = f"save(Topics, {str(saved)!r}, model)"
    text = CLASS + f"\n_ = {call}\n"
    if how == "interactive":
        text = f"exec(compile({CLASS!r}, '<stdin>', 'exec'))\n{call}\n"
    python(text, cwd=root, how=how)
    for file in ("helpers/text.py", "helpers/late.py", "mixins.py"):
        (root / file).unlink()
    check(python, saved)


def test_a_prompt_line_by_line(write: Write, python: Python, tmp_path: Path) -> None:
    root, saved = write(HELPERS), tmp_path / "saved"
    lines: list[str] = []
    for line in CLASS.splitlines():
        if line and not line.startswith(" ") and lines and lines[-1].startswith((" ", "def", "class")):
            lines.append("")
        if line:
            lines.append(line)
    python("\n".join([*lines, "", f"_ = save(Topics, {str(saved)!r}, model)", ""]), root, "interactive")
    check(python, saved)


def test_a_script_shows_its_source_and_does_not_run_again(
    write: Write, python: Python, tmp_path: Path
) -> None:
    root, saved = write(HELPERS), tmp_path / "saved"
    python(CLASS + f"\nprint('RUNNING')\nsave(Topics, {str(saved)!r}, model)\n", cwd=root)
    printed = python(
        f"""
        import traceback
        from version_tools import load
        code, model = load({str(saved)!r})
        try:
            code.cls().fail()
        except ValueError:
            print(traceback.format_exc())
        """
    )
    assert "# the line in main" in printed
    assert "RUNNING" not in printed


def test_a_class_made_inside_a_function(write: Write, python: Python, tmp_path: Path) -> None:
    root = write(
        {
            **HELPERS,
            "maker.py": """
        import helpers.text
        WORD = "w"
        def make(n):
            class Topics:
                def answer(self): return n, WORD, helpers.text.loud("a")
            return Topics
        """,
        }
    )
    saved = tmp_path / "saved"
    text = f"from version_tools import save; import maker; save(maker.make(5), {str(saved)!r}, [1])"
    python(text, cwd=root, how="command")
    text = f"from version_tools import load; print(load({str(saved)!r})[0].cls().answer())"
    assert python(text).strip() == "(5, 'w', 'A!')"


def test_a_notebook(
    write: Write, python: Python, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ipykernel")
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    root, saved = write(HELPERS), tmp_path / "saved"
    tools = str(workplace / "tools")
    cells = [f"import sys; sys.path[:0] = [{tools!r}, '']", CLASS, f"save(Topics, {str(saved)!r}, model)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(root)}}).execute()
    check(python, saved)
    assert any("def answer" in p.read_text() for p in (saved / "code/__main__").iterdir())


def test_redefined_in_one_process_both_answer(write: Write, python: Python, tmp_path: Path) -> None:
    text = """
        from version_tools import save, load, class_digest
        class P:
            def answer(self): return 1
        a = save(P, "OUT/a", [P()])
        same = class_digest(P)
        P.answer = lambda self: 2
        assert class_digest(P) != same == a.class_digest
        save(P, "OUT/b", [P()])
        class P:
            def answer(self): return 3
        save(P, "OUT/c", [P()])
        print([load(f"OUT/{x}")[1][0].answer() for x in "abc"], P().answer())
        """
    assert python(text.replace("OUT", str(tmp_path))).strip() == "[1, 2, 3] 3"


def test_the_digest_of_a_script_is_the_same_in_another_process(write: Write, python: Python) -> None:
    root = write(HELPERS)
    text = CLASS.replace("return text.loud", "assert x in {'hi', 'ho', 'hu'}\n        return text.loud")
    text += "\nfrom version_tools import class_digest\nprint(class_digest(Topics))\n"
    first = python(text, cwd=root)
    assert python("\n\n" + text, cwd=root, how="command") == first
    assert python(text.replace("OFFSET = 7", "OFFSET = 8"), cwd=root) != first


def test_a_module_run_as_main_keeps_its_relative_imports(
    write: Write, python: Python, tmp_path: Path
) -> None:
    train = """
        import sys
        from . import helper
        from version_tools import save
        class P:
            def answer(self):
                from .helper import h
                from . import helper as again
                return helper.h() + h() + again.h()
        save(P, sys.argv[1])
        """
    root = write(
        {
            "foretell.toml": "",
            "pkg/__init__.py": "",
            "pkg/helper.py": "def h(): return 'h'\n",
            "pkg/train.py": train,
        }
    )
    saved = str(tmp_path / "saved")
    run = f"import runpy, sys; sys.argv[1:] = [{saved!r}]; runpy.run_module('pkg.train', alter_sys=True, "
    python(run + "run_name='__main__')", cwd=root, how="command")
    text = f"from version_tools import load; print(load({saved!r})[0].cls().answer())"
    assert python(text).strip() == "hhh"
