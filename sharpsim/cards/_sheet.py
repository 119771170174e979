"""A card as one SVG: title, sentences and drawings below each other, in the reader's light or dark mode."""

import textwrap
from html import escape
from typing import Any

from sharpsim.cards._panels import panels
from sharpsim.cards._prose import title
from sharpsim.cards._svg import FONT, WIDE, colours_css, drawing

LINE, MARGIN = 22, 24
LETTERS = 92


def sheet(content: dict[str, Any]) -> str:
    """The SVG, a whole document."""
    parts, y = [], MARGIN + 20.0
    head = textwrap.wrap(title(content), 60)
    for line in head:
        parts.append(_text(line, y, size=22, weight=650))
        y += 30
    parts.append(_text(content["basis"], y, ink="quiet", size=13))
    y += 30
    for sentence in content["sentences"]:
        lines = textwrap.wrap(sentence, LETTERS)
        parts.append(f'<rect x="{MARGIN}" y="{y - 15:.0f}" width="4" height="{LINE * len(lines)}" fill="var(--best_of_n)"/>')
        for line in lines:
            parts.append(_text(line, y, x=MARGIN + 16))
            y += LINE
        y += 12
    for panel in panels(content):
        y += 18
        parts.append(_text(panel.title, y, size=17, weight=650))
        parts.append(drawing(panel, WIDE, label=panel.name, offset=(MARGIN, y + 8)))
        y += WIDE[1] + 26
    width, height = WIDE[0] + 2 * MARGIN, int(y) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape("Sharpening card. " + " ".join(content["sentences"]))}" font-family="{escape(FONT)}" font-size="15">'
        f"<style>{colours_css()}</style>"
        f'<rect width="{width}" height="{height}" fill="var(--ground)"/>{"".join(parts)}</svg>\n'
    )


def _text(line: str, y: float, *, x: float = MARGIN, ink: str = "ink", size: int = 15, weight: int = 400) -> str:
    return f'<text x="{x}" y="{y:.0f}" fill="var(--{ink})" font-size="{size}" font-weight="{weight}">{escape(line)}</text>'
