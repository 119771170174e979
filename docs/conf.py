"""How Sphinx builds the book: `make docs`. The pages of statements, of the API and of source files are written by `docs/_ext`."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]

# The kernels that execute the pages find `sharpsim` and `experiments`, and draw without a screen.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
os.environ.setdefault("MPLBACKEND", "Agg")
# The in-process frontend is used by the kernels alone; without this line they warn about frozen modules.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

project = "sharpsim"
author = "The sharpsim authors"
copyright = "The sharpsim authors. Text and figures: CC BY 4.0. Code: MIT"
html_title = "The sharpening book"

extensions = [
    "myst_nb",
    "sphinx_proof",
    "sphinx_exercise",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "book",
    "notebooks",
]
exclude_patterns = ["_ext", "_slides", "_static", "snippets", "proofs", "build"]
suppress_warnings = ["toc.empty_glob", "myst.header", "mystnb.unknown_mime_type"]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline", "attrs_block"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

# A page is executed once; the cache, in the build folder, executes it again only when its cells change.
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "docs" / "cells")
nb_execution_timeout = 60
nb_execution_raise_on_error = True
nb_execution_show_tb = True

# One file from MathJax's npm package, which docs/assets.py puts there; no page asks the network for anything.
mathjax_path = "mathjax/tex-svg-full.js"

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static", "explorables/grids"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_show_sourcelink = False
html_copy_source = False
# Summaries of search results are fetched page by page, which browsers refuse from file://.
html_show_search_summary = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"navigation_with_keys": True}
copybutton_exclude = ".linenos, .gp, .go"

proof_minimal_theme = True
