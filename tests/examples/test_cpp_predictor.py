"""The C++ example, built as its README says: against the installed library, by find_package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from foretell.store import Store

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cpp_predictor"
BUILD = ROOT / "build" / "dev"


def run(
    *command: object, stdin: Path | None = None, cache: Path | None = None
) -> subprocess.CompletedProcess[str]:
    env = os.environ | ({"FORETELL_CACHE": str(cache)} if cache else {})
    with (stdin or Path(os.devnull)).open() as lines:
        return subprocess.run(
            [str(word) for word in command], stdin=lines, env=env, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cmake") is None or not (BUILD / "libforetell.a").exists():
        pytest.skip("needs cmake and the library that `make build` makes")
    folder = tmp_path_factory.mktemp("cpp")
    for command in (
        ("cmake", "--install", BUILD, "--component", "cpp", "--prefix", folder / "prefix"),
        ("cmake", "-S", EXAMPLE, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}"),
        ("cmake", "--build", folder / "build"),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert not list((folder / "prefix").rglob("*.so"))
    return folder / "build" / "cpp_predictor"


def test_it_saves_and_scores_as_its_readme_shows(program: Path, tmp_path: Path) -> None:
    kinds, cache = tmp_path / "kinds", tmp_path / "cache"
    saved = run(program, "save", kinds, EXAMPLE / "weights.tsv", cache=cache)
    assert (saved.returncode, saved.stdout) == (0, f"EventKind@1 saved in {kinds}\n")
    scored = run(program, "score", kinds, stdin=EXAMPLE / "events.tsv", cache=cache)
    assert scored.returncode == 0, scored.stderr
    assert scored.stdout in (EXAMPLE / "README.md").read_text()
    assert scored.stdout.count("\n") == 5

    store = Store(str(kinds))
    assert [version.version for version in store.versions("EventKind")] == [1]
    run(program, "save", kinds, EXAMPLE / "weights.tsv", cache=cache)
    assert "version 2" in run(program, "score", kinds, stdin=EXAMPLE / "events.tsv", cache=cache).stdout
    store.rollback("EventKind", "production")
    assert "version 1" in run(program, "score", kinds, stdin=EXAMPLE / "events.tsv", cache=cache).stdout


def test_what_it_cannot_use_is_refused_with_a_code(program: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("concert\tmusic\t2.0\nband\tmusic\tmuch\n")
    refused = run(program, "save", tmp_path / "kinds", tmp_path / "bad.tsv")
    assert refused.returncode == 1
    assert refused.stderr.startswith("FT0101: ")
    assert "line 2 is 'band" in refused.stderr
    assert not (tmp_path / "kinds").exists()
    nothing = run(program, "score", tmp_path / "kinds")
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("FT0410: ")
    assert run(program).returncode == 2
