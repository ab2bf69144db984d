"""Each C++ layer includes only what it may: error <- arrow <- {predict, text} <- models, and so on.

Usage: python3 tools/check_layers.py   (exit status 1; a line for each include that is not allowed)
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What a layer may include besides itself.
ALLOWED = {
    "error": set(),
    "digest": {"error"},
    "arrow": {"error"},
    "predict": {"error", "arrow"},
    "parity": {"error", "arrow", "predict"},
    "text": {"error", "arrow"},
    "models": {"error", "digest", "arrow", "predict", "text"},
    "store": {"error", "digest"},
    "cache": {"error", "digest", "store"},
    "run": {"error", "store"},
    "open": {"error", "arrow", "predict", "text", "models", "store", "cache"},
    "python": {"error", "arrow", "predict", "parity", "text", "models", "store", "cache", "run", "open"},
}

# The layer of each public header.
PUBLIC = {
    "error.h": "error",
    "arrow.h": "arrow",
    "schema.h": "arrow",
    "batch.h": "arrow",
    "builder.h": "arrow",
    "predictor.h": "predict",
    "map.h": "predict",
    "parity.h": "parity",
    "storage.h": "store",
    "store.h": "store",
    "open.h": "open",
    "unit.h": "run",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def layer_of(include: str) -> str | None:
    """The layer that an include names; None for one that is not ours."""
    folder, _, rest = include.partition("/")
    if folder == "foretell":
        return PUBLIC.get(rest, "no layer: list it in tools/check_layers.py")
    return folder if folder in ALLOWED else None


def check(path: Path, layer: str) -> list[str]:
    """A line for each include of `path` that `layer` may not have."""
    found = []
    for include in INCLUDE.findall(path.read_text(encoding="utf-8")):
        other = layer_of(include)
        if other is not None and other != layer and other not in ALLOWED[layer]:
            found.append(f'{path.relative_to(ROOT)}: {layer} may not include "{include}" ({other})')
    return found


def main() -> int:
    found = []
    for folder in sorted(path for path in (ROOT / "src").iterdir() if path.is_dir()):
        if folder.name not in ALLOWED:
            found.append(f"src/{folder.name}: list this layer in tools/check_layers.py")
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".h", ".cc"}:
                found += check(path, folder.name)
    for path in sorted((ROOT / "include" / "foretell").glob("*.h")):
        if path.name == "foretell.h":
            continue
        layer = PUBLIC.get(path.name)
        if layer is None:
            found.append(f"include/foretell/{path.name}: list this header in tools/check_layers.py")
        else:
            found += check(path, layer)
    print("\n".join(found) if found else "layers: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
