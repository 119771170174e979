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
    "needs": "Draws for each prompt that the measures of coverage promise, and that are needed (black bars), for three tasks on random "
    "rows, on the hard family, and on a trained model. Every number is computed from the laws, nothing is sampled. For the normaliser "
    "the need is not known, only the promises.",
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
    fig, axes = figure(1, len(_AIMS), width=16, height=6.8, sharey=True)
    instances = list(dict.fromkeys(rows["instance"].tolist()))
    for ax, (aim, title) in zip(axes, _AIMS.items(), strict=True):
        mine = rows.where(aim=aim)
        for i, measure in enumerate(dict.fromkeys(mine["measure"].tolist())):
            some = mine.where(measure=measure)
            y = [-instances.index(instance) for instance in some["instance"].tolist()]
            exact = measure == "exact"
            shape = (
                {"marker": "|", "color": "#000000", "markersize": 22, "markeredgewidth": 3}
                if exact
                else {"marker": MARKERS[i], "color": colour(i)}
            )
            ax.plot(some["draws"], y, linestyle="none", label="needed" if exact else measure, **{"markersize": 9, **shape})
        ax.set(xscale="log", xlim=(0.6, 2e5), xlabel="draws for each prompt", title=title)
        ax.legend(loc="lower right", fontsize=11)
    axes[0].set(yticks=-np.arange(len(instances)), yticklabels=[plain(name) for name in instances], ylim=(-len(instances) - 0.6, 0.6))
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
