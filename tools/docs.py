"""Makes build/docs/html: every page, the reference from the docstrings, the catalogue of error codes.

Usage: .venv/bin/python tools/docs.py   (exit status 1; a line for each link that leads nowhere, and for
each page or docstring that Sphinx does not understand)
"""

import re
import shutil
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


def stage(pages: list[Path], folder: Path) -> None:
    """Copies the pages, as they lie to each other, and makes the error catalogue beside them."""
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages:
        copy = folder / page.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, copy)
    (folder / "docs" / "reference" / "errors.md").write_text(errors_page(), encoding="utf-8")


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    pages = [ROOT / name for name in listed]
    found = [line for page in pages for line in broken_links(page)]
    if found:
        print("\n".join(found))
        return 1
    built = ROOT / "build" / "docs"
    stage(pages, built / "pages")
    options = ["-W", "--keep-going", "-q", "-E", "-c", str(ROOT / "docs"), "-d", str(built / "doctrees")]
    sphinx = [sys.executable, "-m", "sphinx", *options, str(built / "pages"), str(built / "html")]
    if subprocess.run(sphinx, cwd=ROOT, check=False).returncode != 0:
        return 1
    (built / "html" / "index.html").write_text(
        '<meta http-equiv="refresh" content="0; url=docs/index.html">\n'
    )
    print(f"docs: {len(pages)} pages, their links are ok; open build/docs/html/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
