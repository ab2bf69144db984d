"""Native models: one file, mapped as it is; no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foretell.error import error
from foretell.models.native import NativeModel

FILE = "model/native.foretell"


def save_native(model: object, directory: Path) -> dict[str, Any]:
    if not isinstance(model, NativeModel):
        raise error(
            "FT0501", f"loader='native' needs a native model, not a {type(model).__name__}", "see ft.compile"
        )
    path = Path(directory) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    return {
        "loader": "native",
        "file": FILE,
        "file_bytes": model.nbytes,
        "title": model.description.get("title", ""),
        "made_with": model.description.get("made_with", {}),
        "shared_bytes": model.nbytes,
        "private_bytes": 0,
    }


def load_native(description: Mapping[str, Any], files: Mapping[str, Path]) -> NativeModel:
    """FT0506 when the file is not there in the size that the version names, or does not fit together."""
    path = Path(files[FILE]) if FILE in files else None
    if path is None or not path.is_file() or path.stat().st_size != description.get("file_bytes"):
        raise error("FT0506", f"{FILE} is missing or has another size than the version names")
    return NativeModel.open(path)
