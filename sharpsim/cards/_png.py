"""A card as a PNG: title, sentences and drawings below each other. The one file of the library's cards that needs matplotlib."""

import io
import textwrap
from typing import Any

from sharpsim.cards._panels import Panel, Series, panels
from sharpsim.cards._prose import title
from sharpsim.cards._svg import COLOURS, count_label

WIDTH, PANEL, DPI = 9.0, 4.6, 150


def png(content: dict[str, Any]) -> bytes:
    """The picture, 1350 pixels wide."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = panels(content)
    sentences = ["\n".join(textwrap.wrap(sentence, 100)) for sentence in content["sentences"]]
    lines = 3 + sum(text.count("\n") + 2 for text in sentences)
    top = 0.235 * lines + 0.2
    height = top + PANEL * len(drawn)
    # Text of a log is never mathematics: no dollar is a sign to matplotlib.
    with rc_context({"text.parse_math": False, "font.size": 11}):
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        text = [title(content), content["basis"], "", *[f"{sentence}\n" for sentence in sentences]]
        figure.text(0.04, 1 - 0.25 / height, text[0], fontsize=15, fontweight="bold", va="top")
        figure.text(0.04, 1 - 0.62 / height, "\n".join(text[1:]), fontsize=11, va="top", linespacing=1.35)
        for number, panel in enumerate(drawn):
            bottom = (height - top - PANEL * (number + 1) + 0.75) / height
            axes = figure.add_axes((0.1, bottom, 0.86, (PANEL - 1.35) / height))
            _draw(axes, panel)
        content_bytes = io.BytesIO()
        figure.savefig(content_bytes, format="png", metadata={"Software": None})
    return content_bytes.getvalue()


def _draw(axes: Any, panel: Panel) -> None:
    scale = 100 if panel.share else 1
    if panel.log_x:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(lambda value, _: count_label(round(value)) if value >= 1 else "")
    for series in panel.series:
        _series(axes, series, scale, bars=sum(len(one.x) for one in panel.series))
    axes.set_title(panel.title, loc="left", fontsize=12)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(f"{panel.y_label}, %" if panel.share else panel.y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e1e5ea", linewidth=0.7)
    axes.set_axisbelow(True)
    if panel.level:
        axes.axhline(scale * panel.level[0], color="#1b1f24", linestyle=":", linewidth=1, label=panel.level[1])
    if panel.mark:
        axes.axvline(panel.mark[0], color="#59636e", linestyle=":", linewidth=1)
    axes.legend(frameon=False, fontsize=9.5)


def _series(axes: Any, series: Series, scale: float, *, bars: int) -> None:
    colour = COLOURS[series.colour][0]
    kept = [(x, scale * y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
    if not kept:
        return
    x, y = zip(*kept, strict=True)
    if series.bars:
        axes.bar(x, y, width=80 / bars, color=colour, label=series.label)
        return
    axes.plot(x, y, color=colour, label=series.label or None, linestyle="--" if series.dashed else "-", linewidth=1.8)
    ends = [
        (x, scale * a, scale * b) for x, a, b in zip(series.x, series.low, series.high, strict=False) if a is not None and b is not None
    ]
    if len(ends) > 1:
        axes.fill_between(*zip(*ends, strict=True), color=colour, alpha=0.1 if series.dashed else 0.17, linewidth=0)
