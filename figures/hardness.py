"""Draws Proposition E.1: the most likely sequence is a maximum cut, what it costs to find, and the scale that suffices."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import MARKERS, QUIET, THEORY, bound_line, caption, claim, colour, figure, theory_line

CAPTIONS = {
    "": "The cut in the most likely sequence against the maximum cut of the graph (left), and the prefixes that best-first search "
    "expands to prove the mode, against $1/P^*$ (right). All numbers are exact: maximum cuts by brute force, modes proven by the "
    "search, nothing is sampled. On every graph the most likely sequence is a maximum cut, and the search costs two to three times "
    "$2^n$ steps, as coverage predicts.",
    "scale": "The fraction of connected graphs whose most likely sequence is a maximum cut, against the scale $B$ of the last layer. The "
    "line is exact and the dots are found by enumeration; nothing is sampled. A scale of $B = {bound}$ suffices for every graph, "
    r"where Proposition E.1 asks for $B \geq 1$.",
}
FAMILIES = ("connected", "cycle", "complete", "bipartite", "Petersen", "random")


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" cuts and cost of the search, "scale" the scale B that suffices."""
    return {"": _effort(tables[""]), "scale": _scale(tables["scale"])}


def _effort(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=14, height=7.0)
    sharp = rows.where(resolved=True)
    for index, family in enumerate(FAMILIES):
        mine, style = sharp.where(family=family), {"marker": MARKERS[index], "color": colour(index), "linestyle": "none", "alpha": 0.75}
        if len(mine):
            label = r"all connected, $n \leq 6$" if family == "connected" else family
            left.plot(mine["maximum_cut"], mine["found_cut"], label=label, **style)
            right.plot(mine["mode_coverage"], mine["expansions"], **style)
    _lines(left, right, rows, sharp)
    claim(fig, "On every graph the most likely sequence is a maximum cut, and finding it takes two to three times $2^n$ steps.")
    scale, coupling, least = rows["scale"][0], rows["coupling"].max(), rows["coupling"].min()
    setting = (
        f"{len(sharp)} models, $B = {scale:g}$, coupling {coupling:g} ({least:g} where float64 cannot tell the cuts apart at {coupling:g}; "
        f"{len(rows) - len(sharp)} left out). Greedy meets a tie at every vertex and puts all on one side: cut 0."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _lines(left: Axes, right: Axes, rows: Table, sharp: Table) -> None:
    """What the dots are held against: the maximum cut, greedy's cut, and the two bounds on the search."""
    largest = int(sharp["maximum_cut"].max())
    theory_line(left, [0, largest], [0, largest], "maximum cut", linewidth=1)
    left.plot(sharp["maximum_cut"], sharp["greedy_cut"], "_", color=QUIET, label="sequence of greedy")
    left.set(xlabel="maximum cut by brute force (edges)", ylabel="cut in the sequence found (edges)")
    left.legend(loc="upper left")
    ends = rows.take(np.argsort(rows["vertices"]))
    bound_line(right, ends["mode_coverage"], ends["expansions_low"], "$2^{n+1} - 1$, no fewer", linestyle=":")
    over = rows.take(np.argsort(rows["mode_coverage"]))
    bound_line(right, over["mode_coverage"], over["expansions_bound"], "bound $H/P^*$", color=colour(1))
    right.set(xscale="log", yscale="log", xlabel="$1/P^*$, at least $2^n$", ylabel="prefixes expanded by search")
    right.legend(loc="upper left")


def _scale(rows: Table) -> Figure:
    fig, ax = figure(width=10, height=6.2)
    theory_line(ax, rows["scale"], rows["expected"] / rows["graphs"], "graphs whose least $B$ is below, exact", drawstyle="steps-post")
    ax.plot(rows["scale"], rows["measured"], "o", color=colour(0), label="argmax by enumeration is a maximum cut")
    ax.axvline(rows["bound"][0], color=colour(1), linestyle=(0, (5, 3)), label=f"$B = {rows['bound'][0]:.4f}$: enough for any graph")
    ax.axvline(1.0, color=THEORY, linestyle=":", label=r"Prop E.1: $B \geq 1$")
    ax.set(xscale="log", xlabel="scale $B$ of the last layer", ylabel="fraction of connected graphs", ylim=(0, 1.05))
    ax.legend(loc="lower left")
    claim(fig, "A last layer of $B = 0.14$ already makes the mode a maximum cut; the proposition asks for 1.")
    setting = (
        f"all {rows['graphs'][0]} connected graphs on 2 to 6 vertices, coupling {rows['coupling'][0]:g}. Below its least $B$ a "
        f"graph's most "
        "likely sequences put all vertices on one side; the triangle needs the largest, 0.1333."
    )
    caption(fig, CAPTIONS["scale"], setting=setting, bound=f"{rows['bound'][0]:.2g}")
    return fig
