"""Where the rows of a predictor come from, as its class declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.predictor.predictor import Predictor
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


def source_for_spark(predictor: Predictor, source: Source | None = None) -> Source:
    """``source``, by default the declared one, for a frame or a stream: text is read in the types that the predictor
    declares, as a plan's is. FT0707 without a source."""
    from foretell.predictor.contract import Contract

    found = declared_source(predictor._source()) if source is None else source
    return found.typed(Contract.of(predictor, predictor._saved).input or {})
