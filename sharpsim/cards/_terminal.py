"""A card as plain text for a terminal: nothing from a log is printed that could move the cursor or turn the text around."""

import textwrap
from typing import Any

from sharpsim.cards._panels import RULES
from sharpsim.cards._prose import sections, title
from sharpsim.cards._text import between, percent

WIDTH = 100
Content = dict[str, Any]


def plain(content: Content) -> str:
    """Title, sentences, the curves at a few N, and the sections in short."""
    lines = [title(content), content["basis"], ""]
    lines += [line for sentence in content["sentences"] for line in [*textwrap.wrap(sentence, WIDTH), ""]]
    lines += [*_curves(content)]
    for section in sections(content):
        said = [*section.warnings, *section.paragraphs, *(f"- {item}" for item in section.items)]
        if said or section.rows:
            lines += ["", section.title]
            lines += [line for text in said for line in textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")]
            lines += [f"  {line}" for line in _columns(section.head, section.rows)]
    return "\n".join(lines) + "\n"


def _curves(content: Content) -> list[str]:
    curves = {name: curve for name, curve in content["curves"].items() if curve}
    if not curves:
        return []
    sizes = sorted({N for curve in curves.values() for N in curve["N"]})
    last = sizes[-1]
    shown = [N for N in sizes if N & (N - 1) == 0 or last == N]
    rows = []
    for N in shown:
        cells = []
        for curve in curves.values():
            at = curve["N"].index(N) if N in curve["N"] else None
            cells.append("" if at is None else f"{percent(curve['value'][at])} {between(*_ends(curve, at))}".strip())
        rows.append((str(N), *cells))
    return _columns(("N", *(RULES[name] for name in curves)), rows)


def _ends(curve: Content, at: int) -> tuple[float | None, float | None]:
    low, high = curve["low"][at], curve["high"][at]
    return (low, high) if low is not None and high - low > 1e-9 else (None, None)


def _columns(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]
