"""Annotated heat maps, models x tasks: lifts on colours centred at 0, accuracies on one hue; what exceeds the colours keeps its number."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from experiments.engine.rows import Table
from figures.engine.style import PALETTE, QUIET

LIFT = LinearSegmentedColormap.from_list("lift", [PALETTE[1], "#F7F7F7", PALETTE[0]])
"""Orange below greedy, blue above: told apart by every kind of colour blindness, and in grey by the sign of the number."""
SHARE = LinearSegmentedColormap.from_list("share", ["#F7F7F7", PALETTE[2]])


def names(values: Any) -> list[str]:
    """Distinct names in the order in which they come; a name that looks like a number was read as one."""
    return list(dict.fromkeys(str(value) for value in np.asarray(values).tolist()))


def grid(rows: Table, column: str, models: Sequence[str], tasks: Sequence[str]) -> np.ndarray:
    """Values [models, tasks] of a column; NaN where there is no row."""
    made = np.full((len(models), len(tasks)), np.nan)
    for row in rows.rows():
        made[models.index(str(row["model"])), tasks.index(str(row["task"]))] = row[column]
    return made


def heat(ax: Axes, values: np.ndarray, models: Sequence[str], tasks: Sequence[str], *, title: str, lift: bool, marks: Any = None) -> None:
    """One map in per cent. Colours of a lift end at +-30, of a share at 0 and 100; `marks` (bool) sets numbers bold, NaN stays blank."""
    colours, (low, high) = (LIFT, (-30.0, 30.0)) if lift else (SHARE, (0.0, 100.0))
    style: dict[str, Any] = {"edgecolors": "white", "linewidth": 1.5, "rasterized": True}
    ax.pcolormesh(np.ma.masked_invalid(values), cmap=colours.with_extremes(bad="white"), vmin=low, vmax=high, **style)
    for (i, j), value in np.ndenumerate(values):
        if np.isnan(value):
            ax.text(j + 0.5, i + 0.5, "–", ha="center", va="center", color=QUIET)
            continue
        share = abs(value) / high if lift else value / high
        text = f"{value:+.1f}" if lift else f"{value:.1f}"
        bold = marks is not None and bool(marks[i, j])
        colour = "white" if share > 0.75 else "black"
        ax.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=11, color=colour, fontweight="bold" if bold else "normal")
    ax.set(title=title, xlim=(0, len(tasks)), ylim=(len(models), 0))
    ax.set_xticks(np.arange(len(tasks)) + 0.5, tasks, rotation=35, ha="right", rotation_mode="anchor", fontsize=11)
    ax.set_yticks(np.arange(len(models)) + 0.5, models, fontsize=11)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
