"""Draws what the result is about, in one sentence."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import bound_line, caption, claim, figure, measured_or_limit, theory_line

CAPTIONS = {
    "": r"The fraction of prompts that fail, against the number of prompts $n$. Lines are exact; dots are means over seeds with 95% "
    "intervals over seeds, and an arrow is an upper limit. The simulation agrees with the exact risk, and the bound is above both.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """The drawings by part; the main one is "". Everything drawn is a column: nothing is computed here."""
    rows = tables[""]
    fig, ax = figure()
    bound_line(ax, rows["n"], rows["bound"], "bound")
    theory_line(ax, rows["n"], rows["exact"], "exact")
    measured_or_limit(ax, rows["n"], rows["measured"], rows["low"], rows["high"], "simulated, 95% interval")
    ax.set(xlabel="prompts $n$", ylabel="fraction of prompts that fail", xscale="log", yscale="log")
    ax.legend()
    claim(fig, "The exact risk is what the simulation finds; the bound is above both.")
    caption(fig, CAPTIONS[""], setting=r"$\delta = 0.1$; exact binomial intervals.")
    return {"": fig}
