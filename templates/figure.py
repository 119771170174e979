"""The probability that N draws all miss a response: simulated, exact, and bounded."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import bound_line, caption, claim, figure, measured, theory_line

CAPTIONS = {
    "": "Probability that $N$ draws all miss a response of probability $p$. Dots: frequency in a simulation, with its interval; solid line: "
    "exact, $(1-p)^N$; dashed line: the bound $e^{-Np}$. The bound is close where $p$ is small."
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """The drawings by part; the main one is "". Everything drawn is a column: nothing is computed here."""
    rows = tables[""].where(p=float(tables[""]["p"].min()))
    fig, ax = figure()
    bound_line(ax, rows["N"], rows["bound"], "bound")
    theory_line(ax, rows["N"], rows["exact"], "exact")
    measured(ax, rows["N"], rows["measured"], rows["low"], rows["high"], "simulated, with its interval")
    ax.set(xlabel="draws $N$", ylabel="probability that all draws miss", xscale="log")
    ax.legend()
    claim(fig, "The simulation agrees with the exact probability, and the bound is above both.")
    caption(fig, CAPTIONS[""])
    return {"": fig}
