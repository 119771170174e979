"""Draws Proposition E.2: a class that holds no sharpened policy, since no member has more than 1/2 on the mode."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import MARKERS, QUIET, bound_line, caption, claim, colour, figure, theory_line

CAPTIONS = {
    "": "The probability of the mode $(2, 1)$ (left) and of each other response $(1, j)$ (right), for members of the class at lower and "
    r"lower temperature $T$. Everything is exact: dots are the member with parameter $\theta/T$, black lines its closed form, "
    "dash-dotted lines the base's law raised to a power, which is what sharpening asks for. A member of the class stops at $1/2$, "
    "and the rest stays on the responses $(1, j)$.",
    "norm": "The largest probability of $(2, 1)$ that an optimiser finds among members whose layers have bounded norm. Lines are exact "
    "maxima and dashed lines the bounds; dots are the best of several restarts, so a dot can only be too low. At no norm does any "
    "member pass $1/2$, nor 0.4194 in the variant where greedy errs without a tie.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" powers of the base beside members of the class, "norm" what an optimiser finds at each norm."""
    return {"": _powers(tables[""]), "norm": _norms(tables["norm"])}


def _powers(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=14, height=6.8)
    for index, n in enumerate(rows.unique("vocabulary")):
        mine = rows.where(vocabulary=n)
        shape = {"color": colour(index), "marker": MARKERS[index], "linestyle": "none", "markersize": 5}
        sharpened = mine.take(mine["power"] > 1)
        left.plot(sharpened["power"], sharpened["sharpened"], color=colour(index), linestyle="-.")
        theory_line(left, mine["power"], mine["mode_exact"], linewidth=1)
        left.plot(mine["power"], mine["mode"], label=f"$n = {n}$", **shape)
        theory_line(right, mine["power"], mine["first_exact"], linewidth=1)
        right.plot(mine["power"], mine["first"], label=f"$n = {n}$", **shape)
        limit = mine["first_limit"][0]
        right.axhline(limit, color=QUIET, linestyle=":")
        right.text(0.05, limit + 0.002, f"$1/(2n)$, $n = {n}$", fontsize=12, color=colour(index))
    left.axhline(rows["bound"][0], color="#000000", linestyle=(0, (5, 3)))
    left.text(0.055, 0.515, "no member has more: $1/2$", fontsize=12)
    left.text(2.6, 0.955, "sharpened law (dash-dot)", fontsize=12, ha="right")
    left.set(xscale="log", xlabel=r"power $1 + 1/\beta$, or $1/T$", ylabel="probability of the mode $(2, 1)$", ylim=(0, 1.03))
    right.set(xscale="log", xlabel="$1/T$", ylabel="probability of each $(1, j)$", ylim=(0, 0.185))
    left.legend(loc="center right", bbox_to_anchor=(1.0, 0.7))
    claim(fig, "Sharpening would put everything on $(2, 1)$; a member of the class stops at $1/2$, however low its temperature.")
    caption(fig, CAPTIONS[""], setting=rf"base $\theta = B e_1$ with $B = {rows['scale'][0]:g}$; dotted, right: the limits $1/(2n)$.")
    return fig


def _norms(rows: Table) -> Figure:
    fig, ax = figure(width=10.5, height=6.6)
    finite = rows.take(np.isfinite(rows["norm"]))
    for index, n in enumerate(rows.unique("vocabulary")):
        paper, strict = finite.where(vocabulary=n, variant="paper"), finite.where(vocabulary=n, variant="strict")
        theory_line(ax, paper["norm"], paper["exact"], "exact maximum" if index == 0 else None, linewidth=1)
        ax.plot(paper["norm"], paper["found"], MARKERS[index], color=colour(index), label=f"optimiser, $n = {n}$")
        if len(strict):
            ax.plot(
                strict["norm"], strict["found"], MARKERS[index], color=colour(index), fillstyle="none", label=f"strict variant, $n = {n}$"
            )
    for variant, text in (("paper", "$1/2$"), ("strict", "strict variant: 0.4194")):
        mine = rows.where(variant=variant)
        if len(mine):
            bound_line(ax, [0, finite["norm"].max()], [mine["bound"][0]] * 2)
            ax.text(finite["norm"].max(), mine["bound"][0] + 0.009, text, fontsize=12, ha="right")
    ax.set(xlabel="norm allowed to each layer", ylabel="largest probability of $(2, 1)$", ylim=(0, 0.55))
    ax.legend(loc="lower right")
    claim(fig, "At no norm does any member pass $1/2$ on the mode, nor 0.4194 in the variant where greedy errs without a tie.")
    free = rows.take(np.isinf(rows["norm"])).where(variant="paper")["found"].max()
    setting = (
        f"best of {rows['restarts'][0]} restarts of SLSQP in the ball; without a limit on the norm (L-BFGS) the best found is {free:.12g}."
    )
    caption(fig, CAPTIONS["norm"], setting=setting)
    return fig
