"""Draws Proposition 3.1: how often greedy decoding misses the most likely sequence, and the margin that proves it cannot above 1/2."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, THEORY, bound_line, caption, claim, colour, figure, measured

CAPTIONS = {
    "": "The fraction of sequence policies on which greedy decoding misses the most likely sequence, against its probability $P^*$. "
    "Blue dots are measured on generated policies in bins of $P^*$, with exact binomial 95% intervals over policies; squares are "
    "single policies built to fail, the last exactly at $1/2$. Above $1/2$ greedy never misses the mode, as Proposition 3.1 says; "
    "at every value up to $1/2$ it can.",
    "margin": "The least margin by which the mode leads another token on its own path, against its probability $P^*$. All values "
    "are exact, by enumeration, for a random choice of the generated policies; below 0 greedy leaves the mode. The margin is at "
    r"least the log-odds $\log(P^*/(1 - P^*))$, which is positive above $1/2$, and the constructed policies attain it.",
}
MODE = "probability $P^*$ of the most likely sequence"


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" the frequency of misses against P*, "margin" the margin that proves it."""
    return {"": _misses(tables[""], tables["trap"]), "margin": _margins(tables["margin"], tables["trap"])}


def _misses(rows: Table, traps: Table) -> Figure:
    fig, ax = figure(width=10, height=6.4)
    pooled = rows.where(shape="all")
    ax.axvspan(0.5, 1.0, color=colour(2), alpha=0.10, linewidth=0)
    # What Prop 3.1 allows: anything up to 1/2, nothing above.
    bound_line(ax, [0, 0.5, 0.5, 1], [1, 1, 0, 0], "what Prop 3.1 allows")
    measured(ax, pooled["mode_probability"], pooled["measured"], pooled["low"], pooled["high"], "generated policies, 95% interval")
    ax.plot(traps["mode_probability"], traps["miss"], "s", color=colour(1), label="constructed traps", zorder=3.1, clip_on=False)
    ax.text(0.75, 0.42, "greedy is the mode", ha="center", va="center", color=colour(2), fontsize=16)
    ax.set(xlabel=MODE, ylabel="fraction missed by greedy", xlim=(0, 1), ylim=(-0.02, 1.08))
    ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.78))
    claim(fig, "Above probability $1/2$ greedy never misses the mode; up to $1/2$ it can.")
    caption(fig, CAPTIONS[""], setting="tabular policies with Dirichlet conditionals, pooled over shapes and concentrations.")
    return fig


def _margins(rows: Table, traps: Table) -> Figure:
    fig, ax = figure(width=10, height=6.4)
    hit, miss = rows.where(miss=False), rows.where(miss=True)
    curve = rows.take(rows["mode_probability"].argsort())
    curve = curve.take(curve["mode_probability"] >= 0.5)
    bound_line(ax, curve["mode_probability"], curve["bound"], r"bound $\log(P^*/(1 - P^*))$")
    bound_line(ax, traps["mode_probability"], traps["bound"])
    ax.plot(hit["mode_probability"], hit["margin"], "o", color=colour(0), markersize=4, alpha=0.7, label="greedy finds the mode")
    ax.plot(miss["mode_probability"], miss["margin"], "X", color=colour(1), markersize=6, label="greedy misses it")
    ax.plot(traps["mode_probability"], traps["margin"], "s", color=colour(1), fillstyle="none", markersize=9, label="traps: on the bound")
    ax.axhline(0, color=THEORY, linewidth=1)
    ax.axvline(0.5, color=QUIET, linewidth=1)
    ax.set(xlabel=MODE, ylabel="margin of greedy (nats)", xlim=(0, 1), ylim=(-4.5, 6))
    ax.legend(loc="upper left")
    claim(fig, "The mode leads each step by at least its log-odds, so above $1/2$ greedy stays on it.")
    caption(fig, CAPTIONS["margin"])
    return fig
