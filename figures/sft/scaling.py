"""Four panels of samples needed, one parameter each, with the power laws that the run fitted."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from experiments.engine.rows import Table
from figures._style import QUIET, THEORY, colour, figure

SYMBOLS = {"eps": "risk eps", "C - 1": "coverage C_cov - 1", "C": "coverage C_cov", "d": "hard prompts d", "delta": "miss allowed, delta"}


def scaling(points: Table, fits: Table, *, beside: Table, label: str) -> Figure:
    """Samples against each fitted column, titled with the exponents; `beside` adds other rows, under `label`, to the eps panel."""
    fig, axes = figure(1, len(fits), width=19, height=5.8, sharey=True)
    for ax, fit in zip(axes, fits.rows(), strict=True):
        rows = points.where(axis=fit["axis"])
        ax.plot(rows[fit["column"]], rows["samples"], "o", color=colour(0), label="exact, D = 1.5 eps")
        ends = np.array([fit["from"], fit["to"]])
        ax.plot(ends, fit["scale"] * ends ** fit["exponent"], color=THEORY, linewidth=1.4, label="fitted power law")
        if fit["axis"] == "eps":
            shown = beside.take(beside["samples"] > 0)
            ax.plot(shown["eps"], shown["samples"], "s", color=colour(1), label=label)
        ax.set_title(f"exponent {fit['exponent']:.3f}\n[{fit['low']:.3f}, {fit['high']:.3f}]", fontsize=14)
        ax.set(xscale="log", yscale="log", xlabel=SYMBOLS[fit["name"]])
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.annotate(f"{fit['decades']:.1f} decades", (0.97, 0.03), xycoords="axes fraction", ha="right", fontsize=11, color=QUIET)
    axes[0].set_ylabel("samples needed")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return fig
