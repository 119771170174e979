"""Panels that the fixed and the adaptive limits share: needs along three axes, needs for several powers, and heat maps of a price."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from experiments.engine.rows import Table
from figures._style import colour, figure, theory_line

LABELS = {"eps": "risk eps", "coverage": "coverage C - 1", "hard_prompts": "hard prompts d"}


def along_axes(points: Table, fits: Table, curves: dict[str, dict[str, Any]]) -> Figure:
    """Samples against eps, C - 1 and d, one line per curve; the legend carries the exponents in that order."""
    fig, axes = figure(1, 3, width=18, height=6.6, sharey=True)
    handles = []
    for curve, style in curves.items():
        exponents = []
        for ax, axis in zip(axes, LABELS, strict=True):
            rows = points.where(curve=curve, axis=axis)
            rows = rows.take(rows["samples"] > 0)
            drawn = ax.plot(rows["x"], rows["samples"], **{"markersize": 5, **style})
            found = fits.where(curve=curve, axis=axis)
            exponents.append(f"{found['exponent'][0]:.2f}" if len(found) else "-")
        drawn[0].set_label(f"{curve}\n   eps {exponents[0]}, C-1 {exponents[1]}, d {exponents[2]}")
        handles.append(drawn[0])
    for ax, label in zip(axes, LABELS.values(), strict=True):
        ax.set(xscale="log", yscale="log", xlabel=label)
        ax.xaxis.set_minor_formatter(NullFormatter())
    axes[0].set_ylabel("samples needed for risk eps")
    fig.legend(handles=handles, loc="outside right center", title="fitted exponents", labelspacing=1.0)
    return fig


def by_power(rows: Table, exponent: str) -> tuple[Figure, Any]:
    """Needs against eps for each power over their limit as eps vanishes, and the witness's D/eps."""
    fig, (left, right) = figure(1, 2, width=14, height=6.0)
    for index, power in enumerate(rows.unique("power")):
        part = rows.where(power=power)
        theory_line(left, part["eps"], part["limit"], None, linewidth=1.2)
        left.plot(part["eps"], part["samples"], "os^"[index % 3], color=colour(index), label=f"p = {power:g}: {exponent.format(p=power)}")
        right.plot(
            part["eps"], part["mass_over_eps"], "os^"[index % 3], linestyle="-", linewidth=1, color=colour(index), label=f"p = {power:g}"
        )
    left.plot([], [], color="#000000", linewidth=1.2, label="limit as eps -> 0")
    left.set(xscale="log", yscale="log", xlabel="risk eps", ylabel="samples any learner needs")
    right.set(xscale="log", xlabel="risk eps", ylabel="witness: hard mass D over eps")
    left.legend()
    right.legend()
    return fig, right


def heat_map(fig: Figure, ax: Axes, rows: Table, column: str, label: str) -> None:
    """A number over (eps, C), written into each cell; darker is more."""
    eps, coverage = np.sort(rows.unique("eps"))[::-1], np.sort(rows.unique("coverage"))
    grid = np.full((len(coverage), len(eps)), np.nan)
    for row in rows.rows():
        grid[np.flatnonzero(coverage == row["coverage"])[0], np.flatnonzero(eps == row["eps"])[0]] = row[column]
    drawn = ax.imshow(grid, origin="lower", aspect="auto", cmap="cividis_r")
    middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
    for i, j in np.argwhere(np.isfinite(grid)):
        ax.text(j, i, f"{grid[i, j]:.2f}", ha="center", va="center", fontsize=12, color="white" if grid[i, j] > middle else "black")
    ax.set_xticks(range(len(eps)), [f"{e:.3g}" for e in eps])
    ax.set_yticks(range(len(coverage)), [f"{c:g}" for c in coverage])
    ax.set(xlabel="risk eps", ylabel="coverage C")
    ax.grid(False)
    fig.colorbar(drawn, ax=ax, label=label)
