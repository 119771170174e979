"""The house style: theory black, measurements dots with interval bars, bounds dashed; colours that colour-blind readers can tell apart.

Sizes are for a projector: a figure fills a slide and its smallest letters can be read from the last row.
"""

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Okabe and Ito's colours, darkest contrasts first. Black is theory's alone."""
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
}


def figure(rows: int = 1, columns: int = 1, *, width: float = 8.0, height: float = 5.0, **subplots: Any) -> tuple[Figure, Any]:
    """A figure and its axes: one Axes for 1 x 1, else an array as matplotlib's `subplots` gives."""
    made = Figure(figsize=(width, height), layout="constrained")
    return made, made.subplots(rows, columns, **subplots)


def colour(index: int) -> str:
    """The palette's colour at `index`, around and around."""
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


def band(ax: Axes, x: Any, low: Any, high: Any, label: str | None = None, **style: Any) -> None:
    """A region that is certified to hold the curve."""
    ax.fill_between(x, low, high, **{"color": QUIET, "alpha": 0.25, "linewidth": 0, "label": label, "zorder": 2.0, **style})


def claim(fig: Figure, text: str) -> None:
    """The sentence that the figure shows, on top, readable in five seconds."""
    fig.suptitle(_wrapped(fig, text, letters_per_inch=7.3), x=0.01, ha="left", fontweight="bold")


def caption(fig: Figure, text: str) -> None:
    """How to read it and under which setting, small, underneath."""
    fig.supxlabel(_wrapped(fig, text, letters_per_inch=11.6), x=0.01, ha="left", fontsize=11, color=QUIET)


def _wrapped(fig: Figure, text: str, letters_per_inch: float) -> str:
    return textwrap.fill(text, width=int(fig.get_figwidth() * letters_per_inch))
