"""Panels that `limits` and `limits_adaptive` share: needs along three axes, needs for several powers, and heat maps of a price."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from experiments.engine.rows import Table
from figures.engine.style import THEORY, colour, figure, theory_line

LABELS = {"eps": r"risk $\varepsilon$", "coverage": r"coverage $C_\mathrm{cov} - 1$", "hard_prompts": "hard prompts $d$"}
SYMBOLS = {"eps": r"\varepsilon", "coverage": r"(C_\mathrm{cov} - 1)", "hard_prompts": "d"}


def along_axes(points: Table, fits: Table, curves: dict[str, dict[str, Any]]) -> Figure:
    """Samples against the risk, the coverage and the hard prompts, one line for each curve; fitted exponents stand in their axes."""
    fig, axes = figure(1, 3, width=18, height=7.2, sharey=True)
    for ax, axis in zip(axes, LABELS, strict=True):
        for curve, style in curves.items():
            rows = points.where(curve=curve, axis=axis)
            rows = rows.take(rows["samples"] > 0)
            ax.plot(rows["x"], rows["samples"], **{"markersize": 5, "label": curve, **style})
        ax.set(xscale="log", yscale="log", xlabel=LABELS[axis])
        ax.xaxis.set_minor_formatter(NullFormatter())
    low, high = axes[0].get_ylim()
    # Room above the data for the exponents.
    axes[0].set(ylim=(low, high * (high / low) ** (0.12 + 0.085 * len(curves))), ylabel=r"samples needed for risk $\varepsilon$")
    for ax, axis in zip(axes, LABELS, strict=True):
        _exponents(ax, fits.where(axis=axis), SYMBOLS[axis], curves)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", labelspacing=1.0)
    return fig


def _exponents(ax: Axes, fits: Table, symbol: str, curves: dict[str, dict[str, Any]]) -> None:
    """The fitted power of each curve, in the curve's colour, at the top of the axes that it belongs to."""
    for place, (curve, style) in enumerate(curves.items()):
        found = fits.where(curve=curve)
        if len(found):
            text = rf"{curve}: ${symbol}^{{{found['exponent'][0]:.2f}}}$"
            ax.text(0.5, 0.99 - 0.068 * place, text, transform=ax.transAxes, ha="center", va="top", fontsize=12.5, color=style["color"])


def by_power(rows: Table, exponent: str) -> tuple[Figure, Any]:
    """Needs against the risk for each power over their limit as the risk vanishes, and the hard mass of the witness over the risk."""
    fig, (left, right) = figure(1, 2, width=14, height=6.8)
    for index, power in enumerate(rows.unique("power")):
        part, style = rows.where(power=power), {"marker": "os^"[index % 3], "color": colour(index)}
        theory_line(left, part["eps"], part["limit"], None, linewidth=1.2)
        left.plot(part["eps"], part["samples"], linestyle="none", label=rf"$p = {power:g}$: ${exponent.format(p=power)}$", **style)
        right.plot(part["eps"], part["mass_over_eps"], linestyle="-", linewidth=1, label=f"$p = {power:g}$", **style)
    left.plot([], [], color=THEORY, linewidth=1.2, label=r"limit as $\varepsilon \to 0$")
    left.set(xscale="log", yscale="log", xlabel=r"risk $\varepsilon$", ylabel="samples that any learner needs")
    right.set(xscale="log", xlabel=r"risk $\varepsilon$", ylabel=r"hard mass of the witness, $D/\varepsilon$")
    left.legend()
    right.legend(loc="upper left")
    return fig, right


def heat_map(fig: Figure, ax: Axes, rows: Table, column: str, label: str) -> None:
    """A number over risk and coverage, written into each cell; darker is more."""
    eps, coverage = np.sort(rows.unique("eps"))[::-1], np.sort(rows.unique("coverage"))
    grid = np.full((len(coverage), len(eps)), np.nan)
    for row in rows.rows():
        grid[np.flatnonzero(coverage == row["coverage"])[0], np.flatnonzero(eps == row["eps"])[0]] = row[column]
    drawn = ax.imshow(grid, origin="lower", aspect="auto", cmap="cividis_r")
    middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
    for i, j in np.argwhere(np.isfinite(grid)):
        ax.text(j, i, f"{grid[i, j]:.2f}", ha="center", va="center", fontsize=12, color="white" if grid[i, j] > middle else "black")
    ax.set_xticks(range(len(eps)), [f"{e:.2g}" for e in eps])
    ax.set_yticks(range(len(coverage)), [f"{c:g}" for c in coverage])
    ax.set(xlabel=r"risk $\varepsilon$", ylabel=r"coverage $C_\mathrm{cov}$")
    ax.grid(False)
    fig.colorbar(drawn, ax=ax, label=label)
