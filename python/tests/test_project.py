from __future__ import annotations

from pathlib import Path

import pytest

from foretell.error import Error
from foretell.project import find_project


def test_the_nearest_file_wins_over_the_git_root(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / ".git").mkdir()
    found = find_project(inner)
    assert found is not None
    assert (found.root, dict(found.config), found.store) == (tmp_path / "outer", {}, None)
    (tmp_path / "foretell.toml").write_text('store = "m"\n')
    found = find_project(inner)
    assert found is not None
    assert found.root == tmp_path
    assert found.store == str(tmp_path / "m")
    (inner / "foretell.toml").write_text("[jobs.a]\nx = 1\n")
    found = find_project(inner)
    assert found is not None
    assert found.config["jobs"]["a"]["x"] == 1
    assert found.store is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"store = \n", "line 1"),
        (b"a = 1\nb = ]\n", "line 2"),
        (b"\xff", "cannot be read"),
        (b"store = 3", "store"),
        (b'store = ""', "store"),
        (b"[store]\nurl = 3", "store"),
        (b'[store]\nuri = "x"', "store.uri"),
    ],
)
def test_a_bad_file_is_named_with_its_place(tmp_path: Path, text: bytes, named: str) -> None:
    (tmp_path / "foretell.toml").write_bytes(text)
    with pytest.raises(Error, match=r"foretell\.toml") as caught:
        _ = (find_project(tmp_path) or pytest.fail("not found")).store
    assert caught.value.code == "FT0106"
    assert named in caught.value.message
