"""The notebook of the demo, executed from its first cell to its last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "event_topics" / "notebook.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORETELL_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
        patch.delenv("FORETELL_STORE", raising=False)
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
        return client.execute()


def shown(notebook: Any) -> list[str]:
    """What each code cell shows at its end, as HTML."""
    return [
        output["data"].get("text/html", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]


def test_it_runs_and_shows_tables(executed: Any) -> None:
    tables = "\n".join(shown(executed))
    told_by_cells = ("EventTopics@1", "EventTopics@2", "production", "Topics</caption>", "rows/s", "bulk")
    for told in (*told_by_cells, "Topics of the document</caption>"):
        assert told in tables


def test_it_lies_in_the_project_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in notebook.cells)
