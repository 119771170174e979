"""The style that all drawings share: theory is black, measurements are dots with interval bars, bounds are dashed lines.

The colours can be told apart by colour-blind readers. Sizes are for a projector: a figure fills a slide, and its smallest letters can
be read from the last row. Symbols are typeset by matplotlib's mathtext, between dollars; text of rows has come
through `plain`.
"""

import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""The colours of Okabe and Ito, in the order of their contrast. Black is kept for theory."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
THEORY = "#000000"
QUIET = "#767676"

STYLE: dict[Any, Any] = {
    "font.size": 14,
    "axes.titlesize": 15,
    "axes.labelsize": 15,
    "legend.fontsize": 12,
    "xtick.labelsize": 13,
    "ytick.labelsize": 13,
    "figure.titlesize": 16,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 2.0,
    "lines.markersize": 6.5,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "pdf.fonttype": 42,
    "svg.hashsalt": "sharpsim",
    "mathtext.fontset": "dejavusans",
}


def figure(rows: int = 1, columns: int = 1, *, width: float = 8.0, height: float = 5.0, **subplots: Any) -> tuple[Figure, Any]:
    """A figure and its axes: one Axes for 1 x 1, else an array as matplotlib's `subplots` gives."""
    made = Figure(figsize=(width, height), layout="constrained")
    return made, made.subplots(rows, columns, **subplots)


def colour(index: int) -> str:
    """The colour of the palette at `index`; after the last colour the first comes again."""
    return PALETTE[index % len(PALETTE)]


def theory_line(ax: Axes, x: Any, y: Any, label: str | None = None, **style: Any) -> None:
    """An exact curve: solid, black unless several need telling apart."""
    ax.plot(x, y, **{"color": THEORY, "label": label, "zorder": 2.5, **style})


def bound_line(ax: Axes, x: Any, y: Any, label: str | None = None, **style: Any) -> None:
    """A guarantee of a theorem: dashed."""
    ax.plot(x, y, **{"color": THEORY, "linestyle": (0, (5, 3)), "label": label, "zorder": 2.4, **style})


def measured(ax: Axes, x: Any, y: Any, low: Any, high: Any, label: str | None = None, *, index: int = 0, **style: Any) -> None:
    """Measured points with their interval: `low` and `high` are the interval's ends, not distances."""
    x, y, low, high = (np.asarray(values, dtype=float) for values in (x, y, low, high))
    # An interval end may miss the point by a rounding; a bar of negative length is refused by matplotlib.
    bars = np.stack([np.maximum(y - low, 0.0), np.maximum(high - y, 0.0)])
    shape = {"fmt": MARKERS[index % len(MARKERS)], "color": colour(index), "capsize": 3, "elinewidth": 1.6, "zorder": 3.0}
    ax.errorbar(x, y, yerr=bars, label=label, **{**shape, **style})


UPPER = "upper limit: the interval reaches 0"
"""Legend entry of an arrow that `measured_or_limit` draws."""


def measured_or_limit(
    ax: Axes, x: Any, y: Any, low: Any, high: Any, label: str | None = None, *, index: int = 0, floor: float = 0.0, **style: Any
) -> None:
    """As `measured`, for a logarithmic axis, which has no place for 0.

    A point whose interval starts at `floor` or below is drawn as an upper limit: a bar at the interval's upper end with an arrow
    down from it, and no dot. The legend names the arrow once for each axes.
    """
    x, y, low, high = (np.asarray(values, dtype=float) for values in (x, y, low, high))
    seen = low > floor
    if seen.any() or label is not None:
        measured(ax, x[seen], y[seen], low[seen], high[seen], label, index=index, **style)
    if seen.all():
        return
    ends = np.maximum(high[~seen], floor)
    known = UPPER in ax.get_legend_handles_labels()[1]
    ax.plot(x[~seen], ends, "_", color=colour(index), markersize=10, markeredgewidth=1.8, zorder=3.0)
    if not known:
        ax.plot([], [], color=QUIET, linestyle="none", marker=r"$\downarrow$", markersize=11, label=UPPER)
    arrow = {"arrowstyle": "<|-", "color": colour(index), "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    for place in zip(x[~seen], ends, strict=True):
        ax.annotate("", place, xytext=(0, -24), textcoords="offset points", arrowprops=arrow, zorder=3.0)


def band(ax: Axes, x: Any, low: Any, high: Any, label: str | None = None, **style: Any) -> None:
    """A region that is certified to hold the curve."""
    ax.fill_between(x, low, high, **{"color": QUIET, "alpha": 0.25, "linewidth": 0, "label": label, "zorder": 2.0, **style})


def claim(fig: Figure, text: str) -> None:
    """The sentence that the figure shows, in bold on top, readable in five seconds."""
    fig.suptitle(_wrapped(fig, text, letters_per_inch=7.3), x=0.01, ha="left", fontweight="bold")


def caption(fig: Figure, text: str, *, setting: str = "", **fields: Any) -> None:
    """The drawing's entry of `CAPTIONS`, small, underneath, and the setting that its rows have after it.

    `{name}` in the text is replaced by the field of that name. Other braces stay, since mathtext needs them. The caption is kept as the
    figure's label, which `_save` writes to the JSON beside the PNG.
    """
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", str(value))
    whole = f"{text} Setting: {setting}" if setting else text
    fig.set_label(whole)
    fig.supxlabel(_wrapped(fig, whole, letters_per_inch=11.6), x=0.01, ha="left", fontsize=11, color="#555555")


def plain(text: Any) -> str:
    """Text that comes from a user (a model's or a task's name), kept from being read as mathtext, or as a label that legends leave out."""
    shown = str(text).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


_WORD = re.compile(r"(?:\\\$|\$(?:\\.|[^$\\])*\$|[^\s$])+")
"""A word for wrapping: a formula between dollars is never broken, whatever spaces it has; an escaped dollar is a letter."""


def _shown(word: str) -> int:
    """About how many letters wide a word is once its formulas are typeset."""
    short = re.sub(r"\\(?:mathrm|mathbf|widehat|bar|hat|sqrt|left|right|,|;)", "", word)
    return len(re.sub(r"[{}$^_]", "", re.sub(r"\\[a-zA-Z]+", "x", short)))


def _wrapped(fig: Figure, text: str, letters_per_inch: float) -> str:
    width, lines, used = int(fig.get_figwidth() * letters_per_inch), [""], 0
    for word in _WORD.findall(text):
        need = _shown(word)
        if used and used + 1 + need > width:
            lines.append(word)
            used = need
        else:
            lines[-1] = f"{lines[-1]} {word}" if used else word
            used += need + bool(used)
    return "\n".join(lines)
