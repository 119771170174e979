"""Panels of samples needed against one parameter each, with the fitted power laws. Used by `sft` and `sft_adaptive`."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from experiments.engine.rows import Table
from figures.engine.style import QUIET, THEORY, colour, figure

SYMBOLS = {
    "eps": (r"risk $\varepsilon$", r"\varepsilon"),
    "C - 1": (r"coverage $C_\mathrm{cov} - 1$", r"(C_\mathrm{cov} - 1)"),
    "C": (r"coverage $C_\mathrm{cov}$", r"C_\mathrm{cov}"),
    "d": ("hard prompts $d$", "d"),
    "delta": (r"response miss allowed, $\delta$", r"\delta"),
}


def scaling(points: Table, fits: Table, *, beside: Table, label: str) -> Figure:
    """Samples against each fitted column; `beside` adds other rows, under `label`, to the panel of the risk."""
    fig, axes = figure(1, len(fits), width=19, height=6.2, sharey=True)
    for ax, fit in zip(axes, fits.rows(), strict=True):
        rows = points.where(axis=fit["axis"])
        ax.plot(rows[fit["column"]], rows["samples"], "o", color=colour(0), label=r"exact, $D = 1.5\,\varepsilon$")
        ends = np.array([fit["from"], fit["to"]])
        ax.plot(ends, fit["scale"] * ends ** fit["exponent"], color=THEORY, linewidth=1.4, label="fitted power law")
        if fit["axis"] == "eps":
            shown = beside.take(beside["samples"] > 0)
            ax.plot(shown["eps"], shown["samples"], "s", color=colour(1), label=label)
        ax.set(xscale="log", yscale="log", xlabel=SYMBOLS[fit["name"]][0])
        ax.xaxis.set_minor_formatter(NullFormatter())
    low, high = axes[0].get_ylim()
    # Room above the data for the exponents.
    axes[0].set(ylim=(low, high * (high / low) ** 0.22), ylabel="samples needed")
    for ax, fit in zip(axes, fits.rows(), strict=True):
        _exponent(ax, fit)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return fig


def _exponent(ax: Axes, fit: dict[str, Any]) -> None:
    """The fitted law inside the axes that it belongs to: what grows as what, the interval of the fit, the range that it covers."""
    symbol = SYMBOLS[fit["name"]][1]
    ax.text(
        0.5, 0.98, rf"samples $\propto {symbol}^{{{fit['exponent']:.3f}}}$",
        transform=ax.transAxes, ha="center", va="top", fontsize=15,
    )  # fmt: skip
    text = f"[{fit['low']:.3f}, {fit['high']:.3f}], {fit['decades']:.1f} decades"
    ax.text(0.5, 0.89, text, transform=ax.transAxes, ha="center", va="top", fontsize=12, color=QUIET)
