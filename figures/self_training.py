"""Draws where rounds of self-training go under each reward, who takes over in votes, the parts of a fall, and where to stop."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = {
    "": "One question with four answers, the first of which is correct and has the most mass, by little. Lines are exact masses; for votes "
    "of $N$ answers they are exact means, and the middle 90% of the law of the correct answer's mass is shaded. Rewards that follow from "
    "the policy keep its order and end at the mode; a vote is a random label, and each run of it ends at one answer.",
    "curve": "A world of questions, each trained by itself: means over its prompts, exact for votes too, with one standard deviation over "
    "votes shaded. The key is drawn from base, so base is calibrated. Accuracy passes a peak where wrong modes overtake and ends at the "
    "share of right modes; with votes it ends higher, since flips rescue more than they lose.",
    "takeover": "The probability that the likelier of two answers takes over, when each round's label is a vote of $N$ answers of the "
    "current policy, against the step $1/\\beta$. Lines are exact, dashed ones the probability that it wins one vote (a lower bound), "
    "dotted ones the normal limit of small steps. Dots are measured, with exact 95% intervals over runs.",
    "parts": "The change of accuracy since base in rounds of votes on parameters that prompts share, by cause. The parts add up to the "
    "black line; its shade is a 95% interval over repeats. Four parts are exact and keep their sign, sharing may have either.",
    "models": "Trained sequence models in rounds, on the same prompts: each round they are fine-tuned on one of their own draws for "
    "each prompt, which base's likelihood, their own likelihood, or a vote prefers. Dots are measured, with 95% intervals "
    "over prompts and draws (left) or over prompts (right); at the right the change of accuracy is split into prompts where "
    "base preferred a right response and the others. Where the mode is wrong, rounds lose accuracy, and "
    "pass@$k$ falls to it.",
    "stopping": "Left: accuracy where belief stops against that of the best round, one dot a world, and a bar to the accuracy at the "
    "end. Right: the share of worlds in which a rule stops within .01 of the best round, with exact 95% intervals over worlds. Rules above "
    "the line see no label of the world; belief stops where the accuracy that base expects is largest.",
}
_NAMES = {
    "fixed": r"$\log p_0$",
    "likelihood": r"$\log p_t$, or $-$entropy",
    "majority": "mode of $p_0$",
    "self-certainty": "self-certainty",
    "entropy": "entropy, in the logits",
    "vote": "vote of $N$ answers",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" one question, "curve" a world, "takeover" of two answers, "parts" of a fall, trained "models", "stopping" rules."""
    return {
        "": _question(tables["question"]),
        "curve": _curves(tables["curve"]),
        "takeover": _takeover(tables["takeover"], tables[""].where(claim="takeover")),
        "parts": _parts(tables["parts"]),
        "models": _models(tables["models"]),
        "stopping": _stopping(tables["worlds"], tables["stopping"]),
    }


def _question(rows: Table) -> Figure:
    kinds = ("fixed", "likelihood", "self-certainty", "vote")
    fig, axes = figure(1, 4, width=16.5, height=5.8, sharey=True)
    for ax, kind in zip(axes, kinds, strict=True):
        for answer in rows.unique("answer"):
            one = rows.where(reward=kind, answer=answer)
            named = f"answer {answer + 1}" + (", correct" if answer == 0 else "")
            ax.plot(one["round"], one["mean"], color=colour(answer), label=named)
            if kind == "vote" and answer == 0:
                band(ax, one["round"], one["low"], one["high"], color=colour(answer), alpha=0.12)
        ax.set(title=_NAMES[kind], xlabel="round $t$", ylim=(-0.02, 1.02))
    axes[0].set_ylabel("mass of the answer")
    axes[2].legend(loc="center right")
    claim(fig, "Rewards read off the policy end at its mode, at their own pace; votes end where the votes happened to fall.")
    caption(fig, CAPTIONS[""])
    return fig


def _curves(rows: Table) -> Figure:
    fig, axes = figure(1, 4, width=16.5, height=6.2)
    shown = {"accuracy": "accuracy", "log_likelihood": r"mean of $\log p_0$ (nats)", "entropy": "entropy (nats)", "pass_at_k": "pass@$k$"}
    for ax, (column, title) in zip(axes, shown.items(), strict=True):
        for i, kind in enumerate(_NAMES):
            one = rows.where(reward=kind)
            ax.plot(one["round"], one[column], color=colour(i), label=_NAMES[kind])
            if kind == "vote" and column == "accuracy":
                low, high = one[column] - one["deviation"], one[column] + one["deviation"]
                band(ax, one["round"], low, high, color=colour(i), alpha=0.2)
        ax.set(title=title, xlabel="round $t$")
    axes[2].legend(loc="upper right", fontsize=11)
    claim(fig, "On tables no reward brings accuracy below its start here; all give up the diversity that pass@$k$ lives on.")
    caption(fig, CAPTIONS["curve"])
    return fig


def _takeover(rows: Table, seen: Table) -> Figure:
    odds = rows.unique("log_odds")
    fig, axes = figure(1, len(odds), width=5.2 * len(odds), height=6.2, sharey=True)
    for ax, L in zip(np.atleast_1d(axes), odds, strict=True):
        for i, N in enumerate(rows.unique("draws")):
            one, dots = rows.where(log_odds=L, draws=N), seen.where(log_odds=L, draws=N)
            ax.plot(1 / one["beta"], one["exact"], color=colour(i), label=f"$N = {N}$")
            bound_line(ax, 1 / one["beta"], one["bound"], color=colour(i), linewidth=1.2)
            ax.plot(1 / one["beta"], one["normal"], color=colour(i), linestyle=":", linewidth=1.4)
            if len(dots):
                measured(ax, 1 / dots["beta"], dots["measured"], dots["low"], dots["high"], index=i)
        mass = 1 / (1 + np.exp(-L))
        ax.set(xscale="log", xlabel="step $1/\\beta$ of a round", title=f"log-odds {L:g}, mass {mass:.3f}", ylim=(0.45, 1.02))
    np.atleast_1d(axes)[0].set_ylabel("P[the initial majority takes over]")
    np.atleast_1d(axes)[-1].legend(loc="lower left")
    claim(fig, "Many rounds of votes are lost no more often than one vote, and in small steps far less often.")
    caption(fig, CAPTIONS["takeover"], setting=f"{seen['trials'].max()} runs of each dot.")
    return fig


def _parts(rows: Table) -> Figure:
    fig, ax = figure(width=10.5, height=6.6)
    t = rows["round"]
    shown = {
        "right_modes": "right modes sharpen", "rescues": "rescues: flips to a right answer", "wrong_modes": "wrong modes sharpen",
        "flips": "flips away from a right mode", "sharing": "sharing",
    }  # fmt: skip
    for i, (column, name) in enumerate(shown.items()):
        ax.plot(t, rows[column], color=colour(i), label=name, linewidth=3 if column == "sharing" else 2)
    theory_line(ax, t, rows["voted"] - rows["start"], "sum without sharing: each prompt by itself", linestyle=(0, (1, 1)))
    theory_line(ax, t, rows["total"], "total", linewidth=3)
    band(ax, t, rows["shared_low"] - rows["start"], rows["shared_high"] - rows["start"])
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.set(xlabel="round $t$", ylabel="change of accuracy since base")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    claim(fig, "The fall here is not sharpening but sharing: prompts by themselves would gain.")
    caption(fig, CAPTIONS["parts"], setting=f"{rows['repeats'].max()} repeats of the shared rounds.")
    return fig


def _stopping(worlds: Table, rules: Table) -> Figure:
    fig, axes = figure(1, 2, width=15, height=6.6, width_ratios=(1, 1.1))
    ax = axes[0]
    ax.vlines(worlds["best"], worlds["end"], worlds["stopped"], color=QUIET, linewidth=0.5, alpha=0.6)
    ax.plot(worlds["best"], worlds["stopped"], "o", color=colour(0), markersize=4, label="where belief stops")
    ax.plot(worlds["best"], worlds["end"], "_", color=colour(1), markersize=6, label="at the end")
    theory_line(ax, [0, 1], [0, 1], "the best round", linewidth=1.2)
    ax.set(xlabel="accuracy at the best round", ylabel="accuracy", xlim=(0.1, 0.9), ylim=(0, 0.9))
    ax.legend(loc="upper left")
    ax = axes[1]
    order = [*rules["rule"]][::-1]
    for place, rule in enumerate(order):
        one = rules.where(rule=rule)
        value, ends = float(one["measured"][0]), (float(one["low"][0]), float(one["high"][0]))
        ax.plot(ends, (place, place), color=colour(0), linewidth=1.8)
        ax.plot(value, place, "o", color=colour(0))
        ax.text(1.02, place, f"{float(one['stopped'][0]):.3f}", va="center", fontsize=13)
    ax.text(1.02, len(order) - 0.45, "accuracy", va="center", fontsize=13, fontweight="bold")
    ax.axhline(1.5, color=QUIET, linewidth=0.8)
    ax.set(yticks=range(len(order)), xlim=(0, 1), ylim=(-0.5, len(order) - 0.3), xlabel="share of worlds within .01 of the best round")
    ax.set_yticklabels(order)
    best, start = float(rules["best"][0]), float(rules["start"][0])
    claim(fig, "The accuracy that base expects of its own training tells where to stop, better than ten labels do.")
    caption(
        fig,
        CAPTIONS["stopping"],
        setting=f"{rules['trials'].max()} worlds; mean accuracy {start:.3f} of base, {best:.3f} at the best round of each world.",
    )
    return fig


def _models(rows: Table) -> Figure:
    cells = list(dict.fromkeys(zip(rows["task"].tolist(), rows["model"].tolist(), strict=True)))
    fig, axes = figure(len(cells), 3, width=16.5, height=4.6 * len(cells) + 1.2, squeeze=False)
    for (left, middle, right), (task, model) in zip(axes, cells, strict=True):
        for index, reward in enumerate(dict.fromkeys(rows["reward"].tolist())):
            one = rows.where(task=task, model=model, reward=reward)
            measured(left, one["round"], one["accuracy"], one["low"], one["high"], _NAMES[reward], index=index)
            middle.plot(one["round"], one["pass_at_k"], marker="o", color=colour(index))
            shift = 0.06 * (index - 1)
            for part, filled in (("right_modes", True), ("wrong_modes", False)):
                ends = one[part] - one[f"{part}_low"], one[f"{part}_high"] - one[part]
                shape = {"fmt": "o-" if filled else "s--", "markerfacecolor": colour(index) if filled else "white"}
                right.errorbar(one["round"] + shift, one[part], yerr=ends, color=colour(index), **shape)
        right.axhline(0, color=QUIET, linewidth=1)
        left.set(ylabel=f"{task}, {model}\naccuracy of one draw", ylim=(0.35, 1))
        middle.set(ylabel="pass@$k$", ylim=(0.5, 1.02))
        right.set(ylabel="change by part")
        for ax in (left, middle, right):
            ax.set_xlabel("round $t$")
    axes[0, 0].legend(loc="lower right")
    axes[0, 2].set_title("right modes (filled), wrong modes (open)")
    claim(fig, "Rounds help a model whose mode is mostly right; they cost one whose mode is wrong, and both their diversity.")
    caption(fig, CAPTIONS["models"], setting=f"{rows['prompts'].max()} prompts, {rows['draws'].max()} draws of each in each round.")
    return fig
