"""scikit-learn models by skops: no pickle, only the types that the operator trusts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foretell.error import error, missing_extra

FILE = "model/model.skops"
TRUSTED = "FORETELL_TRUSTED_TYPES"
"""The operator's list of types, divided by commas; worker processes inherit it."""


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as cause:
        raise missing_extra("skops", "skops") from cause
    return skops.io


def save_skops(model: object, directory: Path) -> dict[str, Any]:
    io = _skops()
    path = Path(directory) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        io.dump(model, path)
        types = sorted(io.get_untrusted_types(file=path))
    except Exception as cause:
        message = f"skops cannot save the model: {type(cause).__name__}: {cause}"
        raise error("FT0804", message, "save it without loader='skops'") from cause
    size = path.stat().st_size
    return {
        "loader": "skops",
        "file": FILE,
        "file_bytes": size,
        "untrusted_types": types,
        "shared_bytes": 0,
        "private_bytes": size,
    }


def load_skops(
    description: Mapping[str, Any], files: Mapping[str, Path], trusted_types: Sequence[str] = ()
) -> Any:
    """FT0503 when the file holds a type that neither skops, ``trusted_types`` nor the operator's list trusts.

    What the description says about types is for people to read and never trusted.
    """
    io = _skops()
    listed = os.environ.get(TRUSTED, "").split(",")
    trusted = sorted({*trusted_types, *(name.strip() for name in listed if name.strip())})
    path = Path(files[FILE]) if FILE in files else None
    if path is None or not path.is_file() or path.stat().st_size != description.get("file_bytes"):
        raise error("FT0506", f"{FILE} is missing or has another size than the version names")
    try:
        wanted = set(io.get_untrusted_types(file=path)) - set(trusted)
    except Exception as cause:
        raise error("FT0506", f"{FILE} is not a skops file that can be read: {cause}") from cause
    if wanted:
        message = f"the model holds types that are not trusted here: {', '.join(sorted(wanted))}"
        raise error(
            "FT0503", message, f"if you know where they come from, list them, divided by commas, in {TRUSTED}"
        )
    try:
        return io.load(path, trusted=trusted)
    except Exception as cause:
        raise error("FT0502", f"skops cannot load the model: {type(cause).__name__}: {cause}") from cause
