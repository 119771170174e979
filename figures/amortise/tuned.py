"""Draws SFT- and DPO-Sharpening of sequence models: lifts through training and for several N, Table 1, sharpness, risk against n and N."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import ROOT, Table, read_table
from figures.engine.style import MARKERS, QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = {
    "": "Accuracy of one draw from the tuned model over that of greedy decoding from the base, through training (the paper's Figure 7): "
    "judged on new prompts, and on the prompts that were tuned on without answers. Coloured lines are means over seeds of temperature-1 "
    "samples with 95% bands over prompts and seeds; best of $N$ at inference time, greedy and the mode are exact for these "
    "prompts. Where right answers are alike and greedy decoding is wrong, one draw rises far above greedy.",
    "loglik": "As the figure of accuracies, for the log-likelihood under the base of one draw (the paper's Figure 8). "
    "The mode is the ceiling, and no tuned model passes it.",
    "N": "Accuracy and log-likelihood of one draw over greedy through training, for SFT-Sharpening with several numbers of draws $N$ (the "
    "paper's Figure 9). Solid lines are means over seeds with 95% bands over prompts and seeds; dash-dotted, best of $N$ at inference "
    "time, is exact, and left out where it is known to no better than 10 points or 1 nat. A larger $N$ makes a better teacher, and a "
    "better student, until $N$ draws hold the mode of nearly every prompt.",
    "table": "The lift of one draw of the tuned model over greedy decoding from the base in accuracy (left) and log-likelihood (right), "
    "beside the paper's Table 1. Bars are 95% intervals over prompts and seeds (the paper's: one standard deviation over seeds); the "
    "ceiling, best of $N$ at inference time, is exact; where its interval over prompts reaches 0 or below there is nothing to win, and the "
    "pair is drawn pale and not counted. The models and tasks are not the paper's, so the signs may be compared and the sizes may not.",
    "sharpness": r"The fraction of prompts on which the policy has at most $1 - \delta$ on the mode (Definition 3.1), against $\delta$. "
    "Modes are proven by search and masses on them are exact; dots for tuned models are means over seeds with 95% intervals over prompts "
    "and seeds. Tuning sharpens, less than best of $N$ does, and what Theorem 4.1' allows (dashed) stays above what is measured.",
    "learning": r"The risk of the tuned model (the fraction of new prompts with at most $1 - \delta$ on the mode) and its mean mass off "
    "the mode, against the prompts $n$ that it was tuned on and the draws $N$ of each, beside the two terms of Theorem 4.1 in the "
    "instance's own form: what the distance to best of $N$ pays for (more prompts lower it), and the prompts whose mode $N$ draws miss "
    "(exact; more draws lower it). Dots are means over seeds with 95% intervals over prompts and seeds. Both sample sizes are needed, "
    "and each lowers its own term.",
    "generalise": "Accuracy over the base's greedy decoding, on new prompts, of one draw and of greedy decoding at the end of "
    "SFT-Sharpening, against the number of distinct prompts $n$ tuned on. Dots are means over seeds with 95% intervals over prompts and "
    "seeds; greedy of the base and best of $N$, the ceiling, are exact for these prompts. What a small network can learn to do at once it "
    "carries over to new prompts; what is search it hardly does.",
}
STAND_IN = "small models trained here on generated tasks stand in for the paper's language models and benchmarks"
PANELS = (("lift_points", "accuracy over greedy (points)"), ("lift_nats", "log-likelihood over greedy (nats)"))
KNOWN = {"lift_points": 10.0, "lift_nats": 1.0}
"""Best of N is drawn for several N where its certified band is no wider than this."""
PAPER = ROOT / "figures" / "paper" / "table_1_sft_sharpening.csv"
Pair = tuple[str, int, str]


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" and "loglik" through training (Figures 7, 8), "table" (Table 1), "sharpness"; with several n and N "N", "learning" and
    "generalise".
    """
    main, table = tables[""], tables["table"]
    largest = main.where(N=int(main["N"].max()))
    largest = largest.take(largest["n"] == _most(largest))
    drawn = {
        "": _training(largest, *PANELS[0], _passed(table)),
        "loglik": _training(largest, *PANELS[1], "Tuning moves one draw towards the mode in log-likelihood; the mode is the ceiling."),
        "table": _table(table),
        "sharpness": _sharpness(tables["sharpness"]),
    }
    if len(tables["learning"].unique("N")) > 1:
        drawn["N"] = _sizes(main)
        drawn["learning"] = _learning(tables["learning"])
    if len(tables["learning"].unique("n")) > 2:
        drawn["generalise"] = _generalise(main)
    return drawn


def _passed(table: Table) -> str:
    """In how many of the pairs and settings that are drawn the tuned model wins."""
    low = table.where(method="SFT")["lift_points_low"]
    won = int((low > 0).sum())
    return f"One draw of the tuned model passes greedy decoding of the base in {won} of {len(low)} panels."


def _most(rows: Table) -> np.ndarray:
    """Of each row's pair and setting the largest number of prompts."""
    names = list(zip(rows["task"].tolist(), rows["level"].tolist(), rows["model"].tolist(), rows["asked"].tolist(), strict=True))
    most = {name: max(n for other, n in zip(names, rows["n"].tolist(), strict=True) if other == name) for name in set(names)}
    return np.array([most[name] for name in names])


def _pairs(rows: Table) -> list[Pair]:
    return list(dict.fromkeys(zip(rows["task"].tolist(), rows["level"].tolist(), rows["model"].tolist(), strict=True)))


def _of(rows: Table, pair: Pair, **equals: Any) -> Table:
    return rows.where(task=pair[0], level=pair[1], model=pair[2], **equals)


def _name(pair: Pair) -> str:
    return f"{pair[2]}, {pair[0]} {pair[1]}"


def _curve(ax: Axes, rows: Table, column: str, label: str, index: int) -> None:
    band(ax, rows["step"], rows[f"{column}_low"], rows[f"{column}_high"], color=colour(index))
    ax.plot(rows["step"], rows[column], color=colour(index), marker=MARKERS[index], markersize=5, label=label, zorder=3)


def _best(ax: Axes, rows: Table, column: str, label: str | None = None, **style: Any) -> None:
    """Best of N at inference time: its certified band, and a line at the band's lower end."""
    band(ax, rows["step"], rows[f"kept_{column}_lower"], rows[f"kept_{column}_upper"], color=style.get("color", QUIET), alpha=0.12)
    theory_line(ax, rows["step"], rows[f"kept_{column}_lower"], label, **style)


def _references(ax: Axes, rows: Table, column: str, N: int) -> None:
    _best(ax, rows, column, f"best of {N} at inference\ntime, exact", linewidth=1.6)
    ax.axhline(0.0, color=QUIET, linestyle="--", linewidth=1.6, label="greedy of the base")
    ax.plot(rows["step"], rows[f"mode_{column}"], color="#000000", linestyle=":", linewidth=1.6, label="exact mode")


def _training(main: Table, column: str, unit: str, said: str) -> Figure:
    kinds = [(pair, asked) for pair in _pairs(main) for asked in dict.fromkeys(_of(main, pair, method="SFT")["asked"].tolist())]
    N, across = int(main["N"].max()), min(3, len(kinds))
    down = -(-len(kinds) // across)
    fig, axes = figure(down, across, width=4.4 + 4.6 * across, height=2.6 + 3.7 * down, squeeze=False)
    labels: dict[str, Any] = {}
    for ax, (pair, asked) in zip(axes.flat, kinds, strict=False):
        _panel(ax, _of(main, pair, asked=asked), column, N)
        ax.set_title(f"{_name(pair)}\n{asked}", fontsize=13)
        labels |= {label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True) if label not in labels}
    for ax in axes.flat[len(kinds) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel(unit)
    for ax in axes[-1]:
        ax.set_xlabel("training steps")
    # Beside the axes: inside them it would cover a band.
    fig.legend(labels.values(), labels.keys(), loc="outside right center")
    claim(fig, said)
    caption(fig, CAPTIONS["" if column == "lift_points" else "loglik"], setting=_how(main))
    return fig


def _panel(ax: Axes, rows: Table, column: str, N: int) -> None:
    sft, dpo = rows.where(method="SFT"), rows.where(method="DPO")
    _references(ax, sft, column, N)
    _curve(ax, sft, column, f"one draw after SFT on best of {N}", 0)
    if column == "lift_points":
        ax.plot(sft["step"], sft["greedy_lift_points"], color=colour(0), linestyle="--", linewidth=1.2, label="its greedy decoding")
    for i, beta in enumerate(dpo.unique("beta"), 1):
        _curve(ax, dpo.where(beta=beta), column, rf"one draw after DPO, $\beta = {beta:g}$", i)


def _how(main: Table) -> str:
    first = next(main.rows())
    sizes = main["n"].tolist()
    span = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    return (
        f"{STAND_IN}; tuned on {span} prompts without answers; judged by {first['draws']} samples for each of "
        f"{min(main['held_out'])} prompts or more; {first['replicates']} seeds."
    )


def _sizes(main: Table) -> Figure:
    sft = main.where(method="SFT", asked="new prompts")
    pair = next(pair for pair in _pairs(sft) if len(_of(sft, pair).unique("N")) > 1)
    own = _of(sft, pair)
    own = own.where(n=int(own["n"].max()))
    fig, axes = figure(1, 2, width=16.5, height=7.4)
    for ax, (column, unit) in zip(axes, PANELS, strict=True):
        for i, N in enumerate(own.unique("N")):
            part = own.where(N=N)
            _curve(ax, part, column, f"$N = {N}$", i)
            if (part[f"kept_{column}_upper"] - part[f"kept_{column}_lower"]).max() <= KNOWN[column]:
                _best(ax, part, column, color=colour(i), linewidth=1.2, linestyle="-.")
        ax.axhline(0.0, color=QUIET, linestyle="--", linewidth=1.6, label="greedy of the base")
        ax.plot([], [], color=QUIET, linestyle="-.", linewidth=1.2, label="best of $N$, exact")
        ax.set(xlabel="training steps", ylabel=unit, title=f"{_name(pair)}, new prompts")
    fig.legend(*axes[1].get_legend_handles_labels(), loc="outside right center")
    claim(fig, "More draws make a better teacher (dash-dotted), and a better student.")
    caption(fig, CAPTIONS["N"], setting=_how(own))
    return fig


LIFTS = {"lift_points": "percent_lift_over_greedy_accuracy", "lift_nats": "lift_over_greedy_sequence_log_likelihood"}
"""Column of ours, and metric of the paper's table, which gives accuracies in per cent of greedy's."""


def _table(rows: Table) -> Figure:
    paper, ours = read_table(PAPER), list(rows.rows())
    names = [
        f"{row['model']}, {row['task']} {row['level']}, {row['asked']}"
        + (rf", DPO $\beta = {row['beta']:g}$" if row["method"] == "DPO" else "")
        for row in ours
    ]
    names += [f"{row['model']}, {row['task']} (the paper's, % of greedy)" for row in paper.where(metric=LIFTS["lift_points"]).rows()]
    fig, axes = figure(1, 2, width=17, height=3.4 + 0.42 * len(names), sharey=True)
    for ax, (column, metric) in zip(axes, LIFTS.items(), strict=True):
        _ours(ax, ours, column)
        _theirs(ax, list(paper.where(metric=metric).rows()), len(ours))
        ax.axvline(0.0, color=QUIET, linestyle="--", linewidth=1.4)
        ax.margins(x=0.12, y=0.02)
    axes[0].set_yticks(range(len(names)), names, fontsize=11)
    axes[0].invert_yaxis()
    axes[0].set(xlabel="accuracy, lift over greedy (points)")
    axes[1].set(xlabel="log-likelihood, lift over greedy (nats)", xscale="symlog")
    # Wider than its axes: it is placed over both, in the room that an empty title keeps.
    axes[0].set_title(" ")
    axes[0].legend(loc="lower left", bbox_to_anchor=(-0.25, 1.0), ncols=4, fontsize=12).set_in_layout(False)
    counted = [row for row in ours if row["above_greedy"] and row["method"] == "SFT"]
    won = sum(row["lift_points_low"] > 0 for row in counted)
    claim(fig, f"Table 1 on small models: above greedy in {won} of {len(counted)} settings whose ceiling is above greedy.")
    setting = f"{STAND_IN}; {ours[0]['replicates']} seeds. The axis of log-likelihoods is linear between -2 and 2 and logarithmic beyond."
    caption(fig, CAPTIONS["table"], setting=setting)
    return fig


def _ours(ax: Axes, rows: list[dict[str, Any]], column: str) -> None:
    seen: set[str] = set()

    def once(label: str) -> str | None:
        return None if label in seen else (seen.add(label), label)[1]

    for i, row in enumerate(rows):
        counts = row["above_greedy"] > 0
        value, low, high = (row[f"{column}{end}"] for end in ("", "_low", "_high"))
        label = once("one draw of the tuned model") if counts else once("the same, nothing to win")
        index = int(row["method"] == "DPO")
        pale: dict[str, Any] = {} if counts else {"alpha": 0.35}
        ax.errorbar([value], [i], xerr=[[max(value - low, 0)], [max(high - value, 0)]], fmt=MARKERS[index], color=colour(index), capsize=3,
                    label=label, **pale)  # fmt: skip
        ax.plot([row[f"kept_{column}_lower"]], [i], color="#000000", marker="|", markersize=14, linestyle="none",
                label=once("ceiling: best of $N$, exact"), **pale)  # fmt: skip
        _written(ax, f"{value:+.1f} [{low:+.1f}, {high:+.1f}]", i)


def _theirs(ax: Axes, rows: list[dict[str, Any]], first: int) -> None:
    for i, row in enumerate(rows, first):
        label = "the paper's" if i == first else None
        ax.errorbar([row["mean"]], [i], xerr=[row["std"]], color=QUIET, marker="D", capsize=3, linestyle="none", label=label)
        _written(ax, f"{row['mean']:+.2f} ± {row['std']:.2f}", i)


def _written(ax: Axes, text: str, height: float) -> None:
    ax.annotate(text, (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=11)


def _sharpness(rows: Table) -> Figure:
    kinds = list(dict.fromkeys(zip(*(rows[name].tolist() for name in ("task", "level", "model", "asked")), strict=True)))
    across = min(4, len(kinds))
    down = -(-len(kinds) // across)
    fig, axes = figure(down, across, width=4.0 + 4.4 * across, height=3.4 + 3.4 * down, squeeze=False, sharey=True, sharex=True)
    for ax, kind in zip(axes.flat, kinds, strict=False):
        own = _of(rows, kind[:3], asked=kind[3])
        _at_the_end(ax, own.where(method="SFT"), own.where(method="DPO"), int(rows["N"].max()))
        ax.set_title(f"{_name(kind[:3])}\n{kind[3]}", fontsize=12)
        ax.set_ylim(-0.03, 1.05)
    for ax in axes.flat[len(kinds) :]:
        ax.set_axis_off()
    # The lowest panel of each column has the labels; the last row may be short.
    for ax in axes.flat[max(0, len(kinds) - across) : len(kinds)]:
        ax.set_xlabel(r"$\delta$")
        ax.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel("prompts not sharp (fraction)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    claim(fig, r"Definition 3.1 after tuning: the fraction of prompts whose mode has mass of at most $1 - \delta$.")
    setting = (
        f"{STAND_IN}; {rows['held_out'].min()} prompts or more. Dashed: Thm 4.1' with its statistical term replaced by the distance found; "
        "dotted: what the shortfall in log-likelihood allows."
    )
    caption(fig, CAPTIONS["sharpness"], setting=setting)
    return fig


def _at_the_end(ax: Axes, end: Table, dpo: Table, N: int) -> None:
    theory_line(ax, end["delta"], end["base"], "base, exact", color=QUIET)
    theory_line(ax, end["delta"], end["best_of_N"], f"best of {N}, exact", linestyle="-.")
    measured(ax, end["delta"], end["tuned"], end["tuned_low"], end["tuned_high"], "after SFT", index=0, linestyle="-")
    for i, beta in enumerate(dpo.unique("beta"), 1):
        part, label = dpo.where(beta=beta), rf"after DPO, $\beta = {beta:g}$"
        measured(ax, part["delta"], part["tuned"], part["tuned_low"], part["tuned_high"], label, index=i)
    bound_line(ax, end["delta"], end["by_distance"], "allowed by the\ndistance to best of $N$")
    bound_line(ax, end["delta"], end["by_shortfall"], "allowed by the shortfall", linestyle=":")


def _learning(rows: Table) -> Figure:
    pair = next(pair for pair in _pairs(rows) if len(_of(rows, pair).unique("N")) > 1)
    own = _of(rows, pair)
    fig, axes = figure(1, 2, width=16, height=7.6, sharey=True)
    for ax, of, fixed in ((axes[0], "n", "N"), (axes[1], "N", "n")):
        line = own.where(**{fixed: int(own[fixed].max())})
        line = line.take(np.argsort(line[of]))
        measured(ax, line[of], line["risk"], line["risk_low"], line["risk_high"], "risk, measured", index=0, linestyle="-")
        measured(ax, line[of], line["missed"], line["missed_low"], line["missed_high"], "mean mass off the mode, measured", index=1)
        bound_line(ax, line[of], line["bound"], "bound on the risk: both terms")
        theory_line(ax, line[of], line["draws_term"], "term of the draws, exact", color=QUIET)
        theory_line(ax, line[of], 1 - line["covered"], "mean mass off the mode of best of $N$, exact", linestyle="-.")
        ax.set(xscale="log", xlabel={"n": f"prompts $n$ (at $N = {line['N'][0]}$)", "N": f"draws $N$ (at $n = {line['n'][0]:,}$)"}[of])
    axes[0].set(ylabel="fraction", ylim=(-0.03, 1.05))
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    claim(fig, "More prompts lower the statistical term, more draws the other: risk falls only with both.")
    caption(
        fig, CAPTIONS["learning"], setting=f"{_name(pair)}, new prompts; {line['replicates'][0]} seeds; $\\delta = {line['delta'][0]:g}$."
    )
    return fig


def _generalise(main: Table) -> Figure:
    new = main.where(method="SFT", asked="new prompts", N=int(main["N"].max()))
    pairs = [pair for pair in _pairs(new) if len(_of(new, pair).unique("n")) > 2]
    fig, axes = figure(1, len(pairs), width=4.5 + 5.8 * len(pairs), height=7.2, squeeze=False)
    for ax, pair in zip(axes[0], pairs, strict=True):
        line = _ends(_of(new, pair))
        for i, (name, label) in enumerate((("lift_points", "one draw after tuning"), ("greedy_lift_points", "its greedy decoding"))):
            measured(ax, line["n"], line[name], line[f"{name}_low"], line[f"{name}_high"], label, index=i, linestyle="-:"[i])
        theory_line(ax, line["n"], line["kept_lift_points_lower"], f"best of {line['N'][0]}, exact")
        ax.axhline(0.0, color=QUIET, linestyle="--", linewidth=1.6, label="greedy of the base")
        ax.set(xscale="log", xlabel="distinct prompts $n$", title=_name(pair))
    axes[0, 0].set_ylabel(PANELS[0][1])
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    claim(fig, "How far sharpening carries over to new prompts, as the number of prompts grows.")
    caption(fig, CAPTIONS["generalise"], setting=f"{STAND_IN}; {new['replicates'][0]} seeds.")
    return fig


def _ends(rows: Table) -> Table:
    """The last evaluation for each n, by n."""
    last = [max((i for i in range(len(rows)) if rows["n"][i] == n), key=lambda i: rows["step"][i]) for n in rows.unique("n")]
    return rows.take(np.array(last))
