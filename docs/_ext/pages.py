"""Small helpers of the page writers: Markdown escapes, tables, and files that are written only when their text changes."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent

_MARKED = re.compile(r"([\\*_|<>$\[\]{}~#^])")
_FORMULA = re.compile(r"(\$[^$]+\$)")


def escaped(text: str) -> str:
    """Plain text as Markdown shows it unchanged; backticks and bold words stay what they are."""
    parts = re.split(r"(`[^`]+`|\*\*[A-Z][a-z]+\*\*)", text)
    return "".join(part if place % 2 else _MARKED.sub(r"\\\1", part) for place, part in enumerate(parts))


def with_formulas(text: str) -> str:
    """A caption as Markdown: formulas between dollar signs are drawn, the rest is shown unchanged."""
    parts = _FORMULA.split(text)
    return "".join(part if place % 2 else escaped(part) for place, part in enumerate(parts))


def spoken(text: str) -> str:
    """A caption without dollar signs, braces and backslashes, for readers who hear it."""
    return _FORMULA.sub(lambda found: re.sub(r"\\mathrm|\\mathcal|[\\{}$]", "", found[0]), text)


def row(*cells: object) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("\n", " ") for cell in cells) + " |"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    return "\n".join([row(*head), row(*("---" for _ in head)), *(row(*cells) for cells in rows)])


def fence(directive: str, body: str, *, mark: str = "```", title: str = "", **options: str) -> str:
    """A MyST directive with its options and its body."""
    lines = [f"{mark}{{{directive}}} {title}".rstrip(), *(f":{name}: {value}".rstrip() for name, value in options.items())]
    return "\n".join([*lines, "", body.strip("\n"), mark])


class Writer:
    """Writes the generated pages below docs/ and removes the generated pages that are no longer wanted."""

    FOLDERS = ("statements", "api", "source")

    def __init__(self) -> None:
        self.written: set[Path] = set()

    def write(self, name: str, text: str) -> None:
        """Write docs/NAME unless it already has this text, so that Sphinx reads again only what changed."""
        path = DOCS / name
        self.written.add(path)
        if path.exists() and path.read_text() == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def clean(self) -> None:
        """Remove pages of earlier builds that this build did not write."""
        for folder in self.FOLDERS:
            for path in (DOCS / folder).rglob("*"):
                if path.is_file() and path not in self.written:
                    path.unlink()
