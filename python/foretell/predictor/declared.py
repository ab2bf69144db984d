"""Where the rows of a predictor come from, as its class declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.sources import Source


def declared_source(data: Any) -> Source:
    """What a predictor declares, as a source: relative paths start at the folder of ``foretell.toml``.

    Where there is no such file at or above the current folder, they start at the current folder.
    """
    from foretell.project import find_project
    from foretell.sources import as_source

    project = find_project()
    source = as_source(data)
    return source.with_base(project.root) if project is not None and project.file.is_file() else source
