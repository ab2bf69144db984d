"""How `make docs` turns the pages into HTML; tools/docs.py calls it."""

import foretell

project = "foretell"
version = release = foretell.__version__
project_copyright = "the foretell authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
root_doc = "docs/index"
exclude_patterns: list[str] = []

html_theme = "furo"
html_title = f"foretell {release}"
html_copy_source = False

myst_heading_anchors = 4
# Links to files that are not pages (headers, folders) are checked by tools/docs.py.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
