"""The likeliest sequence is a maximum cut, and finding it costs what coverage says."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import MARKERS, QUIET, THEORY, bound_line, caption, claim, colour, figure, theory_line

FAMILIES = ("connected", "cycle", "complete", "bipartite", "Petersen", "random")


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" cuts and search effort, "scale" the B that suffices."""
    return {"": _effort(tables[""]), "scale": _scale(tables["scale"])}


def _effort(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13, height=6.2)
    sharp = rows.where(resolved=True)
    for index, family in enumerate(FAMILIES):
        mine, style = sharp.where(family=family), {"marker": MARKERS[index], "color": colour(index), "linestyle": "none", "alpha": 0.75}
        if len(mine):
            label = "all connected, n <= 6" if family == "connected" else family
            left.plot(mine["maximum_cut"], mine["found_cut"], label=label, **style)
            right.plot(mine["mode_coverage"], mine["expansions"], **style)
    largest = int(sharp["maximum_cut"].max())
    theory_line(left, [0, largest], [0, largest], "maximum cut", linewidth=1)
    left.plot(sharp["maximum_cut"], sharp["greedy_cut"], "_", color=QUIET, label="greedy's sequence")
    left.set(xlabel="maximum cut by brute force (edges)", ylabel="cut in the sequence found (edges)")
    left.legend(loc="upper left")
    ends = rows.take(np.argsort(rows["vertices"]))
    bound_line(right, ends["mode_coverage"], ends["expansions_low"], "2^(n+1) - 1, no fewer", linestyle=":")
    over = rows.take(np.argsort(rows["mode_coverage"]))
    bound_line(right, over["mode_coverage"], over["expansions_bound"], "bound H/P*", color=colour(1))
    right.set(xscale="log", yscale="log", xlabel="1/P*, at least 2^n", ylabel="prefixes expanded by search")
    right.legend(loc="upper left")
    claim(fig, "On every graph the likeliest sequence is a maximum cut, and finding it takes two to three times 2^n steps.")
    scale, coupling = rows["scale"][0], rows["coupling"].max()
    caption(
        fig,
        f"{len(sharp)} models, B = {scale:g}, coupling {coupling:g} ({rows['coupling'].min():g} where float64 could not tell cuts apart at "
        f"{coupling:g}: {len(rows) - len(sharp)} left out). Greedy meets ties at every vertex and puts all on one side: cut 0.",
    )
    return fig


def _scale(rows: Table) -> Figure:
    fig, ax = figure(width=9, height=5.6)
    theory_line(ax, rows["scale"], rows["expected"] / rows["graphs"], "graphs whose least B is below, exact", drawstyle="steps-post")
    ax.plot(rows["scale"], rows["measured"], "o", color=colour(0), label="argmax by enumeration is a maximum cut")
    ax.axvline(rows["bound"][0], color=colour(1), linestyle=(0, (5, 3)), label=f"bound {rows['bound'][0]:.4f}: enough for any graph")
    ax.axvline(1.0, color=THEORY, linestyle=":", label="Prop E.1's B >= 1")
    ax.set(xscale="log", xlabel="scale B of the last layer", ylabel="fraction of connected graphs", ylim=(0, 1.05))
    ax.legend(loc="lower left")
    claim(fig, "A last layer of B = 0.14 already makes the argmax a maximum cut; the proposition asks for 1.")
    caption(
        fig,
        f"All {rows['graphs'][0]} connected graphs on 2 to 6 vertices, coupling {rows['coupling'][0]:g}. Below its least B a graph's "
        "likeliest sequences put all vertices on one side. The last to need it is the triangle, at 0.1333.",
    )
    return fig
