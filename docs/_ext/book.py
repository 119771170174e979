"""The book's own Sphinx extension: before Sphinx reads, it writes the pages of statements, of the API and of source files."""

from typing import Any

import api_pages
import statement_pages
from docstrings import restructured
from pages import Writer
from source_pages import Sources

_SOURCES = Sources()


def write_pages(app: Any) -> None:
    """Write all generated pages; those whose text did not change keep their time stamp."""
    writer = Writer()
    _SOURCES.collect()
    api_pages.write_all(writer)
    statement_pages.write_all(writer, _SOURCES)
    _SOURCES.write(writer)
    writer.clean()


def _read(app: Any, docname: str, content: list[str]) -> None:
    if not docname.startswith(Writer.FOLDERS):
        content[0] = _SOURCES.rewrite(docname, content[0])


def _accessible(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Sphinx gives the captions of the navigation the role of headings and no level, which screen readers need."""
    tree = context.get("furo_navigation_tree")
    if tree:
        context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def _docstring(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    lines[:] = restructured(lines)


def setup(app: Any) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("html-page-context", _accessible, priority=900)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
