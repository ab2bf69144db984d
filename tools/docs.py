"""Makes build/docs/errors.md from the catalogue of error codes, and checks the links of every page.

Usage: .venv/bin/python tools/docs.py   (exit status 1; a line for each link that leads nowhere)
"""

import re
import subprocess
import sys
from pathlib import Path

from foretell import _core

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def errors_page() -> str:
    """Every code with its title and explanation, as Markdown."""
    lines = [
        "# Error codes",
        "",
        "A code never changes its meaning. `foretell explain FT0402` prints one.",
        "",
    ]
    for code, title, explanation in _core.catalogue():
        lines += [f"## {code}: {title}", "", explanation, ""]
    return "\n".join(lines)


def anchors(page: str) -> set[str]:
    """The anchors that a page's headings have."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    """Links of a page that lead to no file or no heading; addresses of the web are not followed."""
    found = []
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists():
            found.append(f"{path.relative_to(ROOT)}: no file {name}")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(ROOT)}: no heading #{anchor} in {target.name}")
    return found


def main() -> int:
    made = ROOT / "build" / "docs" / "errors.md"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(errors_page(), encoding="utf-8")
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    pages = [ROOT / name for name in listed]
    found = [line for page in pages for line in broken_links(page)]
    print(
        "\n".join(found) if found else f"docs: {made.relative_to(ROOT)} made, links of {len(pages)} pages ok"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
