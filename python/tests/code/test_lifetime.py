"""Versions come and go: one namespace a digest, memory flat over a hundred swaps, threads."""

from __future__ import annotations

import gc
import importlib
import json
import linecache
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foretell.code import LoadedCode, carry, load_class

Write = Callable[..., Path]


def version(write: Write, word: str) -> tuple[dict[str, Any], dict[str, Path]]:
    root = write(
        {
            "foretell.toml": "",
            "swapped/__init__.py": "",
            "swapped/helper.py": f"import logging\nlogger = logging.getLogger(__name__)\nWORD = {word!r}\n",
            "swapped/topics.py": """
                import dataclasses
                import swapped.helper
                @dataclasses.dataclass
                class Row:
                    x: int
                class Topics:
                    def answer(self):
                        from . import helper
                        return helper.WORD
                    def fail(self):
                        raise ValueError("told")
                """,
        },
        word,
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "swapped"]:
        del sys.modules[name]
    sys.path.insert(0, str(root))
    try:
        importlib.invalidate_caches()
        carried = carry(importlib.import_module("swapped.topics").Topics, root / "out")
    finally:
        sys.path.remove(str(root))
    return json.loads(json.dumps(carried.to_json())), {p: root / "out" / p for p in carried.sources}


def traces(digest: str) -> list[str]:
    name = digest[:16]
    logger = list(logging.Logger.manager.loggerDict)
    return [entry for entry in [*sys.modules, *linecache.cache, *logger] if name in entry]


def test_one_digest_is_one_namespace_and_goes_with_its_last_user(write: Write) -> None:
    description, files = version(write, "a")
    loaded: LoadedCode | None = load_class(description, files)
    assert loaded is not None
    assert load_class(description, files).cls is loaded.cls
    cls = loaded.cls
    digest = loaded.digest
    del loaded
    gc.collect()
    # A class alone keeps its version, late imports included.
    assert cls().answer() == "a"
    assert load_class(description, files).cls is cls
    try:
        cls().fail()
    except ValueError:
        assert 'raise ValueError("told")' in traceback.format_exc()
    assert {entry.partition(".")[0] for entry in traces(digest)} >= {f"_foretell_{digest[:16]}"}
    del cls
    gc.collect()
    assert traces(digest) == []


def test_a_hundred_swaps_leave_memory_flat(write: Write, python: Callable[..., str], tmp_path: Path) -> None:
    pairs = [version(write, word) for word in ("a", "b")]
    (tmp_path / "pairs.json").write_text(
        json.dumps([[d, {k: str(v) for k, v in f.items()}] for d, f in pairs])
    )
    printed = python(
        f"""
        import gc, json, os, sys, tracemalloc
        from pathlib import Path
        import numpy as np
        from foretell import models
        from foretell.code import load_class
        directory = Path({str(tmp_path / "model")!r})
        described = models.save([np.ones(2_000_000), list(range(10_000))], directory)
        files = {{p.relative_to(directory).as_posix(): p for p in directory.rglob("*") if p.is_file()}}
        def resident():
            return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        pairs = json.loads(open({str(tmp_path / "pairs.json")!r}).read())
        def swap(times):
            for i in range(times):
                loaded = load_class(*pairs[i % 2])
                assert loaded.cls().answer() == "ab"[i % 2]
                loaded.namespace.module("swapped.topics").Row(1)
                model = models.load(described, files, loaded)
                assert model[0].sum() == 2_000_000
            del loaded, model
            gc.collect()
            return tracemalloc.get_traced_memory()[0], len(sys.modules)
        tracemalloc.start()
        swap(20)
        before, modules = swap(2)
        pages = resident()
        after, modules_after = swap(100)
        print(json.dumps([after - before, modules_after - modules, resident() - pages]))
        """
    )
    grown, modules, resident = json.loads(printed)
    assert modules == 0
    assert grown < 20_000, f"{grown} bytes more after 100 swaps"
    # 100 models of 16 MB in arrays and some in objects went by.
    assert resident < 16_000_000, f"{resident} bytes more resident after 100 swaps"


def test_many_threads_load_and_run_one_version(write: Write) -> None:
    description, files = version(write, "t")
    start = threading.Barrier(8)
    seen: list[Any] = []

    def work() -> None:
        start.wait()
        for _ in range(5):
            loaded = load_class(description, files)
            seen.append((loaded.cls, loaded.cls().answer()))

    keep = load_class(description, files)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {(keep.cls, "t")}
    assert len(seen) == 40


def test_threads_that_load_first_wait_for_one_import(write: Write) -> None:
    description, files = version(write, "u")
    start = threading.Barrier(8)
    loaded: list[LoadedCode] = []

    def work() -> None:
        start.wait()
        loaded.append(load_class(description, files))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item.cls for item in loaded}) == 1
    assert {item.cls().answer() for item in loaded} == {"u"}


def test_a_module_that_fails_can_be_tried_again(write: Write, tmp_path: Path) -> None:
    description, files = version(write, "v")
    loaded = load_class(description, files)
    with pytest.raises(ModuleNotFoundError, match=r"swapped\.nothing"):
        loaded.namespace.import_("swapped.nothing")
    with pytest.raises(ModuleNotFoundError, match=r"swapped\.nothing"):
        loaded.namespace.import_("nothing", {"__package__": f"{loaded.namespace.prefix}.swapped"}, level=1)
