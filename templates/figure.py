"""What the figure shows, in one sentence."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import bound_line, caption, claim, figure, measured, theory_line


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """The drawings by part; the main one is "". Everything drawn is a column: nothing is computed here."""
    rows = tables[""]
    fig, ax = figure()
    bound_line(ax, rows["n"], rows["bound"], "bound")
    theory_line(ax, rows["n"], rows["exact"], "exact")
    measured(ax, rows["n"], rows["measured"], rows["low"], rows["high"], "simulated, 95% interval")
    ax.set(xlabel="prompts n", ylabel="fraction of prompts that fail", xscale="log")
    ax.legend()
    claim(fig, "The exact risk is what the simulation finds; the bound is above both.")
    caption(fig, "delta = 0.1; dots: mean over seeds with an exact binomial interval.")
    return {"": fig}
