"""Drawings as SVG, written out: escaped text, colours that follow the reader's light or dark mode, no script and no outside font."""

import math
from html import escape
from itertools import pairwise

from sharpsim.cards._panels import Panel, Series

COLOURS = {
    "best_of_n": ("#0062a3", "#6cb8f0"),
    "normalised": ("#7a4fb5", "#c3a5f0"),
    "majority": ("#007a59", "#4fd0a5"),
    "pass": ("#b84a00", "#f59a52"),
    "ink": ("#1b1f24", "#e8eaed"),
    "quiet": ("#59636e", "#a3abb5"),
    "rule": ("#e1e5ea", "#343b45"),
    "ground": ("#ffffff", "#14181d"),
}
"""Name -> colour on a light and on a dark ground; the lines have a contrast of at least 4.5 with both."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
WIDE, NARROW = (760, 420), (360, 340)


def colours_css() -> str:
    """The colours as CSS variables, with the dark ones where the reader asks for them."""
    light, dark = (";".join(f"--{name}:{pair[mode]}" for name, pair in COLOURS.items()) for mode in (0, 1))
    return f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def drawing(panel: Panel, size: tuple[int, int], *, label: str, style: str = "", offset: tuple[float, float] | None = None) -> str:
    """The panel as an <svg> element of that size in pixels. `label` makes its ids unique; `offset` places it inside another <svg>."""
    plot = _Plot(panel, size)
    place = f'x="{offset[0]:g}" y="{offset[1]:g}" width="{size[0]}" height="{size[1]}" ' if offset else ""
    style = f' class="{style}"' if style else ""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {place}viewBox="0 0 {size[0]} {size[1]}" role="img" '
        f'aria-labelledby="{label}-title {label}-text" font-family="{escape(FONT)}" font-size="13"{style}>'
    )
    return (
        f'{head}<title id="{label}-title">{escape(panel.title)}</title><desc id="{label}-text">{escape(panel.alternative)}</desc>'
        f"{''.join(plot.parts)}</svg>"
    )


class _Plot:
    """Places legend, axes and series; `parts` are the elements in drawing order."""

    def __init__(self, panel: Panel, size: tuple[int, int]):
        self.panel, (self.width, self.height) = panel, size
        self.parts: list[str] = []
        self.left, self.right, self.bottom = 50.0, self.width - 14.0, self.height - 44.0
        self.top = self._legend() + 8
        self._ranges()
        self._axes()
        for series in panel.series:
            self._bars(series) if series.bars else self._line(series)

    def _legend(self) -> float:
        """One entry for each series with a label, in as many rows as they need; returns where it ends."""
        x, y = self.left - 40, 16.0
        for series in self.panel.series:
            if not series.label:
                continue
            needed = 30 + 6.9 * len(series.label)
            if x > self.left and x + needed > self.width:
                x, y = self.left - 40, y + 20
            colour = f"var(--{series.colour})"
            self.parts.append(f'<rect x="{x:.0f}" y="{y - 8:.0f}" width="16" height="6" rx="2" fill="{colour}"/>')
            self.parts.append(f'<text x="{x + 22:.0f}" y="{y:.0f}" fill="var(--ink)">{escape(series.label)}</text>')
            x += needed
        return y + 8 + (18 if self.panel.mark else 0)

    def _ranges(self) -> None:
        xs = [float(x) for series in self.panel.series for x in series.x]
        ys = [self.panel.level[0]] if self.panel.level else []
        ys += [y for series in self.panel.series for part in (series.y, series.low, series.high) for y in part if y is not None]
        self.x_from, self.x_to = (min(xs), max(xs)) if self.panel.log_x else (0.0, 100.0)
        if self.panel.log_x and self.x_from == self.x_to:
            self.x_from, self.x_to = self.x_from / 2, self.x_to * 2
        low, high = min(ys), max(ys)
        if not self.panel.share:
            low, high = min(low, 0.0), max(high, 0.0)
        room = 0.06 * (high - low) or 0.05
        self.y_from, self.y_to = low - room, high + room
        if self.panel.share:
            self.y_from, self.y_to = max(self.y_from, 0.0), min(self.y_to, 1.0)
        self.step = _step((self.y_to - self.y_from) / max(4, self.height // 60))

    def x(self, value: float) -> float:
        share = (
            math.log(value / self.x_from) / math.log(self.x_to / self.x_from)
            if self.panel.log_x
            else (value - self.x_from) / (self.x_to - self.x_from)
        )
        return self.left + share * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.y_from) / (self.y_to - self.y_from) * (self.bottom - self.top)

    def _axes(self) -> None:
        tick = math.ceil(self.y_from / self.step - 1e-9)
        while tick * self.step <= self.y_to + 1e-12:
            value = tick * self.step
            y, text = self.y(value), _percent(value, self.step) if self.panel.share else f"{value:.4g}".replace("-", "\u2212")
            ink = "var(--quiet)" if value == 0 and not self.panel.share else "var(--rule)"
            self.parts.append(f'<line x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{ink}"/>')
            self.parts.append(f'<text x="{self.left - 7}" y="{y + 4.5:.1f}" text-anchor="end" fill="var(--quiet)">{text}</text>')
            tick += 1
        for value, text in self._x_ticks():
            self.parts.append(
                f'<text x="{self.x(value):.1f}" y="{self.bottom + 18:.0f}" text-anchor="middle" fill="var(--quiet)">{text}</text>'
            )
        middle = (self.left + self.right) / 2
        self.parts.append(
            f'<text x="{middle:.0f}" y="{self.height - 8}" text-anchor="middle" fill="var(--ink)">{escape(self.panel.x_label)}</text>'
        )
        if self.panel.level:
            y = self.y(self.panel.level[0])
            self.parts.append(
                f'<line x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--ink)" stroke-dasharray="2 3"/>'
                f'<text x="{self.left + 6}" y="{y - 6:.1f}" fill="var(--ink)">{escape(self.panel.level[1])}</text>'
            )
        if self.panel.mark:
            at, text = self.x(self.panel.mark[0]), self.panel.mark[1]
            side = "end" if at > (self.left + self.right) / 2 else "start"
            self.parts.append(
                f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{self.top - 4}" y2="{self.bottom}" stroke="var(--quiet)" stroke-dasharray="2 4"/>'
                f'<text x="{at:.1f}" y="{self.top - 9}" text-anchor="{side}" fill="var(--quiet)">{escape(text)}</text>'
            )

    def _x_ticks(self) -> list[tuple[float, str]]:
        if not self.panel.log_x:
            return [(float(value), str(value)) for value in (0, 25, 50, 75, 100)]
        powers = range(math.ceil(math.log2(self.x_from) - 1e-9), math.floor(math.log2(self.x_to) + 1e-9) + 1)
        every = max(1, math.ceil(len(powers) * 44 / (self.right - self.left)))
        return [(2.0**power, count_label(2**power)) for power in powers if power >= 0 and power % every == 0]

    def _line(self, series: Series) -> None:
        colour = f"var(--{series.colour})"
        ends = [(x, a, b) for x, a, b in zip(series.x, series.low, series.high, strict=False) if a is not None and b is not None]
        if len(ends) > 1:
            around = [(x, b) for x, _, b in ends] + [(x, a) for x, a, _ in reversed(ends)]
            self.parts.append(f'<polygon points="{self._points(around)}" fill="{colour}" fill-opacity="{0.1 if series.dashed else 0.17}"/>')
        known = [(x, y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
        dash = ' stroke-dasharray="6 5"' if series.dashed else ""
        if len(known) > 1:
            self.parts.append(
                f'<polyline points="{self._points(known)}" fill="none" stroke="{colour}" stroke-width="2.4" stroke-linejoin="round"{dash}/>'
            )
        if not series.dashed and len(known) <= 33:
            self.parts += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="2.8" fill="{colour}"/>' for x, y in known]

    def _bars(self, series: Series) -> None:
        everything = sorted(x for one in self.panel.series for x in one.x)
        gap = min((b - a for a, b in pairwise(everything)), default=20.0)
        width = max(1.0, 0.8 * (self.x(gap) - self.x(0.0)))
        for x, y in zip(series.x, series.y, strict=True):
            if y is not None:
                top, foot = self.y(max(y, 0.0)), self.y(min(y, 0.0))
                self.parts.append(
                    f'<rect x="{self.x(x) - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{max(foot - top, 0.8):.1f}" '
                    f'fill="var(--{series.colour})"/>'
                )

    def _points(self, pairs: list[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in pairs)


def _step(rough: float) -> float:
    unit = 10 ** math.floor(math.log10(rough))
    return next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough * (1 - 1e-9))


def _percent(value: float, step: float) -> str:
    digits = 0 if abs(100 * step - round(100 * step)) < 1e-9 else 1 if step >= 0.001 else 3
    return f"{100 * value:.{digits}f}%"


def count_label(value: int) -> str:
    """A power of two as a label of an axis: 64, 4k, 1M, 2^60."""
    for size, name in ((2**40, "T"), (2**30, "G"), (2**20, "M"), (2**10, "k")):
        if value >= size:
            return f"{value / size:g}{name}" if value < 2**50 else f"2^{value.bit_length() - 1}"
    return str(value)
