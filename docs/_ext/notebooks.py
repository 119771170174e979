"""The lectures as Jupyter notebooks: written to build/notebooks when Sphinx starts, with a link at the top of each lecture page.

`notebook(path)` converts one lecture. Code cells stay as they are. What Jupyter cannot show becomes plain Markdown: a directive becomes its
text under a bold title, an included function becomes its code, and a solution is folded.
"""

import ast
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from pages import DOCS, ROOT

LECTURES = DOCS / "lectures"
OUT = ROOT / "build" / "notebooks"

_FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})(?:\{(?P<name>[\w:-]+)\})?[ ]*(?P<title>.*)$")
_OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
_ROLE = re.compile(r"\{([\w:-]+)\}`([^`]+)`")
# These directives have no content that a notebook could show.
_SILENT = {"toctree", "raw", "contents", "index"}
NEEDS = '*Lecture of the sharpening book. To run it: `pip install "sharpsim[reproduce]"`. Text: CC BY 4.0. Code: MIT.*'


def lectures() -> list[Path]:
    """The lectures, in their order."""
    return sorted(LECTURES.glob("[0-9][0-9]-*.md"))


def under_title(text: str, line: str) -> str:
    """The text of a page with a paragraph inserted below its title."""
    return re.sub(r"^# .*$", lambda title: f"{title.group()}\n\n{line}", text, count=1, flags=re.MULTILINE)


def function(path: Path, name: str) -> str:
    """The source of one function or class of a Python file."""
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise ValueError(f"`pyobject` must be a function or class of {path.name}; got {name!r}.")


def _role(found: re.Match[str]) -> str:
    name, text = found.groups()
    if name == "math":
        return f"${text}$"
    shown, angle, _ = text.partition(" <")
    return shown if angle else f"`{text}`"


def _directive(name: str, title: str, body: list[str], folder: Path, titles: dict[str, str]) -> str:
    options = {}
    while body and (option := _OPTION.match(body[0])):
        options[option[1]] = option[2]
        body = body[1:]
    if name == "literalinclude":
        path = folder / title
        code = function(path, options["pyobject"]) if "pyobject" in options else path.read_text(encoding="utf-8").rstrip()
        return f"```python\n{code}\n```"
    inside = plain("\n".join(body), folder, titles).strip()
    if name in _SILENT:
        return ""
    if name == "math":
        return f"$$\n{inside}\n$$"
    if name == "code-block":
        return f"```{title}\n{inside}\n```"
    if name == "solution":
        return f"<details>\n<summary><b>Solution of exercise {titles.get(title, title)}</b></summary>\n\n{inside}\n\n</details>"
    word = name.removeprefix("prf:").capitalize()
    if "label" in options:
        titles[options["label"]] = title.split(":")[0].split(" (")[0]
    return f"**{f'{word} {title}'.strip()}**\n\n{inside}"


def plain(text: str, folder: Path, titles: dict[str, str] | None = None) -> str:
    """MyST text with its directives and roles as plain Markdown; code cells and code blocks are left as they are."""
    titles = {} if titles is None else titles
    lines, out, place = text.split("\n"), [], 0
    while place < len(lines):
        opened = _FENCE.match(lines[place])
        if not opened:
            out.append(_ROLE.sub(_role, lines[place]))
            place += 1
            continue
        end = next((at for at in range(place + 1, len(lines)) if lines[at].rstrip() == opened["mark"]), len(lines))
        if opened["name"] in (None, "code-cell"):
            out += lines[place : end + 1]
        else:
            out.append(_directive(opened["name"], opened["title"].strip(), lines[place + 1 : end], folder, titles))
        place = end + 1
    return "\n".join(out)


def notebook(path: Path) -> Any:
    """One lecture as a notebook of version 4.5 without outputs. The same text gives the same notebook."""
    text = under_title(plain(path.read_text(encoding="utf-8"), path.parent), NEEDS)
    made = jupytext.reads(text, fmt="md:myst")
    for place, cell in enumerate(made.cells):
        cell["id"] = f"cell-{place}"
    made.nbformat, made.nbformat_minor = 4, 5
    made.metadata.pop("jupytext", None)
    nbformat.validate(made)
    return made


def write_notebooks(app: Any = None) -> None:
    """Write all notebooks to build/notebooks."""
    OUT.mkdir(parents=True, exist_ok=True)
    for path in lectures():
        (OUT / f"{path.stem}.ipynb").write_text(nbformat.writes(notebook(path)) + "\n", encoding="utf-8")


def _link(app: Any, docname: str, content: list[str]) -> None:
    folder, _, stem = docname.rpartition("/")
    if folder == LECTURES.name and (OUT / f"{stem}.ipynb").exists():
        line = f"{{download}}`Download this lecture as a Jupyter notebook <../../build/notebooks/{stem}.ipynb>`"
        content[0] = under_title(content[0], line)


def setup(app: Any) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.connect("builder-inited", write_notebooks)
    app.connect("source-read", _link)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
