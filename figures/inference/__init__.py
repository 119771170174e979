"""Draws inference-time sharpening of sequence models: a pretrained network in detail, and a table of models and tasks.

This module draws the network (accuracy, log-probability, histograms, coverage, greedy). `cells` has the heat maps and histograms of
models and tasks, `curves` their curves against N, `zoo` what theory says of them, `captions` the captions of all.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line
from figures.inference.captions import CAPTIONS
from figures.inference.cells import draw_cells
from figures.inference.zoo import draw_pairs, draw_profile, draw_theory

MODEL = "a 0.8M-parameter network that pronounces English words (g2p-en) stands in for the paper's language models"
RULES = ("best of N", "majority", "length-normalised", "pass@N")


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" accuracy and lift, "loglik", "histogram", "coverage" with the cost of search, "greedy" against P*, and those of `cells`.

    A part without rows is not drawn: a user's own samples have the rows of `cells` alone.
    """
    return (_network(tables) if "" in tables else {}) | (draw_cells(tables) if "cells" in tables else {}) | _zoo(tables)


def _zoo(tables: dict[str, Table]) -> dict[str, Figure]:
    if "cells-theory" not in tables:
        return {}
    drawn = {"cells-theory": draw_theory, "cells-pairs": draw_pairs, "cells-profile": draw_profile}
    return {part: draw_part(tables[part]) for part, draw_part in drawn.items()}


def _network(tables: dict[str, Table]) -> dict[str, Figure]:
    return {
        "": _accuracy(tables[""]),
        "loglik": _loglik(tables["loglik"]),
        "histogram": _histogram(tables["histogram"]),
        "coverage": _coverage(tables["coverage"], tables["words"]),
        "greedy": _greedy(tables["greedy"]),
    }


def _tasks(rows: Table) -> list[str]:
    return [str(name) for name in dict.fromkeys(rows["words"].tolist()) if name != "all"]


def _accuracy(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=16, height=7.2)
    whole = rows.where(words="all")
    _rules(left, whole)
    for index, task in enumerate(_tasks(rows)):
        part = rows.where(words=task, rule="best of N")
        band(right, part["N"], part["lift_lower"], part["lift_upper"], color=colour(index))
        theory_line(right, part["N"], part["lift_lower"], linewidth=1.4)
        measured(right, part["N"], part["lift_measured"], part["lift_low"], part["lift_high"], task, index=index)
    right.axhline(0, color=QUIET, linestyle="--", linewidth=1.6)
    right.annotate("greedy", (1000, -0.3), color=QUIET, fontsize=12, ha="right", va="top")
    right.set(xscale="log", xlabel="draws $N$", ylabel="lift over greedy (points)", title="lift of best of $N$, by word length")
    right.legend(loc="lower right")
    claim(fig, "Best of $N$ overtakes greedy decoding at about $N = 10$ and ends at the exact mode; long words gain most.")
    first = next(rows.rows())
    setting = (
        f"{MODEL}; {whole['count'][0]} words, whose three ranges of length stand in for tasks; exact law from "
        f"{first['expansions']} expansions "
        f"a word; {first['seeds']} seeds with {first['draws']} draws, smaller $N$ by subsampling."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _rules(ax: Axes, whole: Table) -> None:
    """Accuracy of each way to answer; exact where the law is known."""
    for index, rule in enumerate(RULES):
        part = whole.where(rule=rule)
        if rule in ("best of N", "pass@N"):
            band(ax, part["N"], part["lower"], part["upper"])
            theory_line(ax, part["N"], part["lower"], linewidth=1.4)
        measured(ax, part["N"], part["measured"], part["low"], part["high"], rule.replace("N", "$N$"), index=index)
    ax.axhline(float(whole["mode"][0]), color=QUIET, linestyle="-", linewidth=1.2, label="exact mode")
    ax.axhline(float(whole["greedy"][0]), color=QUIET, linestyle="--", linewidth=1.6, label="greedy")
    ax.set(xscale="log", xlabel="draws $N$", ylabel="accuracy", title="accuracy, all words")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.42), fontsize=11)


def _loglik(rows: Table) -> Figure:
    fig, ax = figure(width=11, height=7.2)
    for index, task in enumerate(["all", *_tasks(rows)]):
        part = rows.where(words=task)
        band(ax, part["N"], part["lower"], part["upper"], color=colour(index))
        theory_line(ax, part["N"], part["lower"], linewidth=1.4)
        measured(ax, part["N"], part["measured"], part["low"], part["high"], f"{task} words" if task == "all" else task, index=index)
        ax.axhline(float(part["greedy"][0]), color=colour(index), linestyle="--", linewidth=1.4)
    ax.plot([], [], color=QUIET, linestyle="--", label="greedy")
    ax.set(xscale="log", xlabel="draws $N$", ylabel="mean log-probability (nats)")
    ax.legend(loc="lower right")
    claim(fig, "Log-probability rises with $N$, passes greedy's by $N = 10$ and saturates.")
    floor = float(rows["floor"][0])
    setting = f"{MODEL}; ranges of word length stand in for tasks; the floor is {floor:g} nats, and lower values count as {floor:g}."
    caption(fig, CAPTIONS["loglik"], setting=setting)
    return fig


def _histogram(rows: Table) -> Figure:
    fig, axes = figure(2, 2, width=14, height=9.6, sharex=True, sharey=True)
    for ax, task in zip(axes.flat, ["all", *_tasks(rows)], strict=False):
        for index, given in enumerate(("correct", "incorrect")):
            part = rows.where(words=task, given=given)
            ax.stairs(part["density"], [*part["left"], part["right"][-1]], fill=True, color=colour(index), alpha=0.35, label=given)
            measured(ax, part["centre"], part["density"], part["low"], part["high"], index=index, markersize=3.5, capsize=0)
            theory_line(ax, part["centre"], part["head"], linewidth=1.2)
        ax.set(title="all words" if task == "all" else task)
    axes[0, 0].legend(loc="upper left")
    for ax in axes[:, 0]:
        ax.set_ylabel("density (per nat)")
    for ax in axes[1, :]:
        ax.set_xlabel("log-probability (nats)")
    claim(fig, "Correct pronunciations are the likely ones: the network's own log-probability is a reward worth sharpening.")
    caption(fig, CAPTIONS["histogram"], setting=f"{MODEL}; ranges of word length stand in for tasks.")
    return fig


def _coverage(rows: Table, words: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=15, height=6.8)
    theory_line(left, rows["N"], rows["uncovered"], "exact, all words")
    bound_line(left, rows["N"], rows["bound"], rf"bound $C_\mathrm{{cov}}/N$, $C_\mathrm{{cov}} = {rows['coverage'][0]:.3g}$")
    left.set(xscale="log", xlabel="draws $N$", ylabel="fraction of words with $P^* < 1/N$", title="coverage profile")
    left.legend(loc="upper right")
    right.plot(
        words["mode_probability"], words["expansions"], label="expansions, one dot a word",
        marker="o", linestyle="none", markersize=3, alpha=0.35, color=colour(0),
    )  # fmt: skip
    order = words.take(words["mode_probability"].argsort())
    bound_line(right, order["mode_probability"], order["bound"], "bound $H/P^*$")
    right.set(xscale="log", yscale="log", xlabel="mode probability $P^*$", ylabel="prefixes expanded", title="cost of the exact mode")
    for handle in right.legend(loc="upper right").legend_handles:
        # As seen among thousands the dots would be invisible in the legend.
        handle.set_alpha(1.0)
    claim(fig, "Coverage is the price of sharpening: it decides how many words $N$ draws reach and what exact search costs.")
    setting = f"{MODEL}; {rows['count'][0]} words; the search proves the mode among sequences of up to 20 phonemes out of 74."
    caption(fig, CAPTIONS["coverage"], setting=setting)
    return fig


def _greedy(rows: Table) -> Figure:
    fig, ax = figure(width=11, height=7.0)
    ax.axvspan(0.5, 1.0, color="#000000", alpha=0.07, linewidth=0)
    ax.annotate("Prop 3.1: greedy\ncannot fail here", (0.75, 0.04), ha="center", fontsize=13)
    measured(ax, rows["centre"], rows["frequency"], rows["low"], rows["high"], "greedy finds the mode, 95% interval", index=0)
    ax.plot(rows["centre"], rows["mode_accuracy"], color=colour(1), marker="s", linestyle=":", label="accuracy of the mode")
    ax.plot(rows["centre"], rows["greedy_accuracy"], color=colour(2), marker="^", linestyle=":", label="accuracy of greedy")
    ax.set(xlabel="mode probability $P^*$", ylabel="fraction of words", xlim=(0, 1), ylim=(0, 1.04))
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.17))
    claim(fig, "Greedy never misses a mode above $1/2$; below, it misses more the less likely the mode is.")
    caption(fig, CAPTIONS["greedy"], setting=f"{MODEL}.")
    return fig
