"""Draws what the measures of coverage promise: under heavy tails, on three instances, and for sampling against counting."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import MARKERS, QUIET, bound_line, caption, claim, colour, figure, measured, plain, theory_line

CAPTIONS = {
    "": "The probability that none of $N$ draws is the mode, when the mode's mass $P^*$ follows a Beta$(a, 2)$ law over prompts. Lines are "
    "exact, $B(a, 2 + N)/B(a, 2)$; dots are measured, with exact 95% intervals over prompts. Dashed lines are the bound by the whole "
    "profile, dotted lines the bound by the mean $\\bar C_{cov} = E[1/P^*]$, which is infinite for $a \\leq 1$ and then says nothing; "
    "dots end where no miss was counted.",
    "needs": "Draws for each prompt that the measures of coverage promise (circles) and that are needed (squares), for three tasks on "
    "three bases. Every number is computed from the laws, nothing is sampled. The mean asks for fewer draws than the profile on the "
    "milder bases, and for many more than are needed where few prompts are hard.",
    "normaliser": "Draws of the base for a target that is one response of mass $P$: to sample it, to know its mass within the stated "
    "error by a plain mean, and what the median of truncated means is promised to need. All three are exact counts. Counting costs more "
    "than sampling by about one over the squared error.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" best of N under heavy tails, "needs" promised and exact draws, "normaliser" sampling against counting."""
    return {"": _tails(tables[""]), "needs": _needs(tables["needs"]), "normaliser": _normaliser(tables["normaliser"])}


def _tails(rows: Table) -> Figure:
    fig, ax = figure(width=10, height=6.6)
    for i, a in enumerate(rows.unique("a")):
        mine = rows.where(a=a)
        last = i == 0
        theory_line(ax, mine["draws"], mine["exact"], "exact" if last else None, linewidth=1.4)
        bound_line(ax, mine["draws"], mine["bound"], "bound by the profile" if last else None, color=colour(i), linewidth=1.4)
        if np.isfinite(mine["coverage"]).all():
            said = "bound by the mean" if a == rows["a"].max() else None
            ax.plot(mine["draws"], mine["mean_bound"], color=colour(i), linestyle=":", label=said)
        cover = mine["coverage"][0]
        named = f"$a = {a:g}$, $\\bar C_{{cov}}$ " + ("infinite" if np.isinf(cover) else f"$= {cover:.3g}$")
        seen = mine.take(mine["hits"] > 0)
        measured(ax, seen["draws"], seen["measured"], seen["low"], seen["high"], named, index=i)
    ax.set(xscale="log", yscale="log", xlabel="draws $N$", ylabel="probability of no draw at the mode", ylim=(1e-7, 2))
    ax.legend(loc="lower left", fontsize=11)
    claim(fig, "Best of $N$ succeeds also where the coverage coefficient is infinite: its miss falls as $N^{-a}$.")
    caption(fig, CAPTIONS[""], setting=f"{rows['trials'].max()} prompts for each dot.")
    return fig


_AIMS = {"mode": "best of $N$ finds the mode", "tilted": r"one draw of $\pi_\beta$", "normaliser": r"normaliser of $\pi_\beta$"}


def _needs(rows: Table) -> Figure:
    instances = rows.unique("instance")
    fig, axes = figure(1, len(instances), width=15, height=6.2, sharey=True)
    for ax, instance in zip(axes, instances, strict=True):
        mine = rows.where(instance=instance)
        names = [f"{_AIMS[aim]}: {measure}" for aim, measure in zip(mine["aim"], mine["measure"], strict=True)]
        y = -np.arange(len(mine))
        for exact in (False, True):
            some = (mine["measure"] == "exact") == exact
            ax.plot(
                mine["draws"][some], y[some], MARKERS[1] if exact else MARKERS[0], color="#000000" if exact else colour(0), markersize=9
            )
        for x, at in zip(mine["draws"], y, strict=True):
            ax.annotate(f"{x:,.0f}", (x, at), xytext=(9, -4), textcoords="offset points", fontsize=11)
        ax.set(xscale="log", xlim=(0.6, 1e6), xlabel="draws for each prompt", title=plain(instance), yticks=y, yticklabels=names)
    claim(fig, "No measure is best everywhere: the mean is closer on mild bases, the profile where few prompts are hard.")
    caption(fig, CAPTIONS["needs"], setting="within 0.1; for the normaliser with probability 0.9.")
    return fig


def _normaliser(rows: Table) -> Figure:
    fig, ax = figure(width=9.5, height=6.2)
    theory_line(ax, rows["mass"], rows["groups"] * rows["per_group"], "counting, promised", color=QUIET)
    ax.plot(rows["mass"], rows["plain"], MARKERS[1] + "-", color=colour(1), label="counting by a plain mean, exact")
    ax.plot(rows["mass"], rows["sampling"], MARKERS[0] + "-", color=colour(0), label="sampling, exact")
    ax.set(xscale="log", yscale="log", xlabel="mass $P$ of the target under the base", ylabel="draws")
    ax.legend()
    claim(fig, "Sampling a response takes far fewer draws than knowing its mass.")
    caption(fig, CAPTIONS["normaliser"], setting=f"within {rows['eps'][0]:g}, with probability {1 - rows['delta'][0]:g}.")
    return fig
