"""Draws SFT- and DPO-Sharpening of sequence models: lift through training, lift for several N, Table 1, and sharpness."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import ROOT, Table, read_table
from figures.engine.style import MARKERS, QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = {
    "": "Accuracy (left) and log-likelihood under the base (right) of one draw from the tuned model, over those of greedy decoding from "
    "the base, through training (the paper's Figures 7 and 8). Coloured lines are means over seeds of temperature-1 samples with "
    "95% bands over seeds; best of $N$ at inference time, greedy and the mode are exact. Tuning on its own best draws moves the "
    "model towards best of $N$, and the mode is the ceiling.",
    "N": "The same two lifts through training, for SFT-Sharpening with several numbers of draws $N$ (the paper's Figure 9). Solid lines "
    "are means over seeds of temperature-1 samples with 95% bands over seeds; dash-dotted, best of $N$ at inference time, is exact. "
    "A larger $N$ makes a better teacher, but the tuned models hardly differ.",
    "table": "The lift of the tuned model over greedy decoding in accuracy (left) and log-likelihood (right), beside the paper's Table 1. "
    "Values are means over seeds and bars are one standard deviation over seeds; best of $N$ at inference time is exact. The models "
    "and tasks are not the paper's, so the signs of lifts may be compared and their sizes may not.",
    "sharpness": r"The fraction of prompts on which the policy has at most $1 - \delta$ on the mode (Definition 3.1), through "
    r"training (left) and at the end against $\delta$ (right). Modes are proven by search and masses on them are exact; lines and "
    "dots for tuned models are means over seeds with 95% intervals over seeds. Tuning sharpens, less than best of $N$ does, and "
    "what Theorem 4.1' allows (dashed) stays above what is measured.",
}
STAND_IN = "small models trained here on generated tasks stand in for the paper's language models and benchmarks"
PANELS = (("lift_points", "accuracy over greedy (points)"), ("lift_nats", "log-likelihood over greedy (nats)"))
PAPER = ROOT / "figures" / "paper" / "table_1_sft_sharpening.csv"


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" through training (Figures 7, 8), "N" if there are several (Figure 9), "table" (Table 1), "sharpness"."""
    main = tables[""]
    drawn = {"": _training(main), "table": _table(tables["table"]), "sharpness": _sharpness(main, tables["sharpness"])}
    if len(main.where(method="SFT").unique("N")) > 1:
        drawn["N"] = _sizes(main)
    return drawn


def _cells(rows: Table) -> list[tuple[str, int, str]]:
    return list(dict.fromkeys(zip(rows["task"].tolist(), rows["level"].tolist(), rows["model"].tolist(), strict=True)))


def _of(rows: Table, cell: tuple[str, int, str], **equals: Any) -> Table:
    return rows.where(task=cell[0], level=cell[1], model=cell[2], **equals)


def _name(cell: tuple[str, int, str]) -> str:
    return f"{cell[2]}, {cell[0]} {cell[1]}"


def _curve(ax: Axes, rows: Table, column: str, label: str, index: int) -> None:
    band(ax, rows["step"], rows[f"{column}_low"], rows[f"{column}_high"], color=colour(index))
    ax.plot(rows["step"], rows[column], color=colour(index), marker=MARKERS[index], markersize=5, label=label, zorder=3)


def _ceiling(ax: Axes, rows: Table, column: str, label: str | None, **style: Any) -> None:
    band(ax, rows["step"], rows[f"kept_{column}_lower"], rows[f"kept_{column}_upper"])
    theory_line(ax, rows["step"], rows[f"kept_{column}_lower"], label, linewidth=1.6, **style)


def _references(ax: Axes, rows: Table, column: str) -> None:
    ax.axhline(0.0, color=QUIET, linestyle="--", linewidth=1.6, label="greedy")
    ax.plot(rows["step"], rows[f"mode_{column}"], color="#000000", linestyle=":", linewidth=1.6, label="exact mode")


def _grid(cells: list[tuple[str, int, str]]) -> tuple[Figure, Any]:
    return figure(len(cells), 2, width=16.5, height=3.0 + 4.4 * len(cells), squeeze=False, sharex=True)


def _dress(fig: Figure, axes: Any, cells: list[tuple[str, int, str]]) -> None:
    for row, cell in zip(axes, cells, strict=True):
        for ax, (_, label) in zip(row, PANELS, strict=True):
            ax.set(ylabel=label, title=_name(cell))
    for ax in axes[-1]:
        ax.set_xlabel("training steps")
    # Beside the axes: inside them it would cover a band.
    fig.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside right center")


def _training(main: Table) -> Figure:
    cells, N = _cells(main), int(main["N"].max())
    fig, axes = _grid(cells)
    for row, cell in zip(axes, cells, strict=True):
        for ax, (column, _) in zip(row, PANELS, strict=True):
            sft = _of(main, cell, method="SFT", N=N)
            _ceiling(ax, sft, column, f"best of {N} at inference\ntime, exact")
            _references(ax, sft, column)
            _curve(ax, sft, column, f"SFT on best of {N}", 0)
            dpo = _of(main, cell, method="DPO")
            for i, beta in enumerate(dpo.unique("beta"), 1):
                _curve(ax, dpo.where(beta=beta), column, rf"DPO loss, $\beta = {beta:g}$", i)
    _dress(fig, axes, cells)
    claim(fig, "Tuning on its own best draws moves one draw of the model towards best of $N$; the mode is the ceiling.")
    caption(fig, CAPTIONS[""], setting=_how(main))
    return fig


def _how(main: Table) -> str:
    first = next(main.rows())
    return (
        f"{STAND_IN}; {first['draws']} samples for each of {first['held_out']} held-out prompts, after tuning on {first['prompts']} "
        f"training prompts without answers; {first['replicates']} seeds."
    )


def _sizes(main: Table) -> Figure:
    cells, sft = _cells(main), main.where(method="SFT")
    fig, axes = _grid(cells)
    for row, cell in zip(axes, cells, strict=True):
        for ax, (column, _) in zip(row, PANELS, strict=True):
            for i, N in enumerate(sft.unique("N")):
                part = _of(sft, cell, N=N)
                _curve(ax, part, column, f"$N = {N}$", i)
                theory_line(ax, part["step"], part[f"kept_{column}_lower"], color=colour(i), linewidth=1.2, linestyle="-.")
            _references(ax, part, column)
            ax.plot([], [], color=QUIET, linestyle="-.", linewidth=1.2, label="best of $N$, exact")
    _dress(fig, axes, cells)
    claim(fig, "More draws make a better teacher (dash-dotted), but the tuned models hardly differ between values of $N$.")
    caption(fig, CAPTIONS["N"], setting=_how(main))
    return fig


LIFTS = {"lift_percent": "percent_lift_over_greedy_accuracy", "lift_nats": "lift_over_greedy_sequence_log_likelihood"}
"""Column of ours, and metric of the paper's table."""


def _table(rows: Table) -> Figure:
    paper, ours = read_table(PAPER), list(rows.rows())
    names = [
        f"{row['model']}, {row['task']} {row['level']}\n{row['method']}, $N = {row['N']}$"
        + (rf", $\beta = {row['beta']:g}$" if row["method"] == "DPO" else "")
        for row in ours
    ]
    names += [f"{row['model']}\n{row['task']} (the paper's)" for row in paper.where(metric=LIFTS["lift_percent"]).rows()]
    fig, axes = figure(1, 2, width=16, height=3.4 + 0.8 * len(names), sharey=True)
    for ax, (column, metric) in zip(axes, LIFTS.items(), strict=True):
        _ours(ax, ours, column)
        _theirs(ax, list(paper.where(metric=metric).rows()), len(ours))
        ax.axvline(0.0, color=QUIET, linestyle="--", linewidth=1.4)
        ax.margins(x=0.12)
    axes[0].set_yticks(range(len(names)), names, fontsize=11)
    axes[0].invert_yaxis()
    axes[0].set(xlabel="accuracy, lift over greedy (% of greedy)")
    axes[1].set(xlabel="log-likelihood, lift over greedy (nats)", xscale="symlog")
    # Wider than its axes: it is placed over both, in the room that an empty title keeps.
    axes[0].set_title(" ")
    axes[0].legend(loc="lower left", bbox_to_anchor=(-0.25, 1.0), ncols=4, fontsize=12).set_in_layout(False)
    claim(fig, "Table 1 on small models: the tuned model's lift over greedy, beside the paper's.")
    setting = (
        f"{STAND_IN}; {ours[0]['replicates']} seeds. Best: the evaluation of the largest held-out log-likelihood (in the paper the best "
        "model during training). The axis of log-likelihoods is linear between -2 and 2 and logarithmic beyond."
    )
    caption(fig, CAPTIONS["table"], setting=setting)
    return fig


def _ours(ax: Axes, rows: list[dict[str, Any]], column: str) -> None:
    for i, row in enumerate(rows):
        for when, shift, style in (("best", -0.16, 0), ("last", 0.16, 1)):
            value, std = row[f"{when}_{column}"], row[f"{when}_{column}_std"]
            label = f"{when} evaluation" if i == 0 else None
            measured(ax, [value], [i + shift], [i + shift], [i + shift], label, index=style, xerr=[std])
            _written(ax, value, std, i + shift)
        ax.plot([row[f"kept_{column}_lower"]], [i], color="#000000", marker="|", markersize=14, linestyle="none",
                label="best of $N$ at inference time, exact" if i == 0 else None)  # fmt: skip


def _theirs(ax: Axes, rows: list[dict[str, Any]], first: int) -> None:
    for i, row in enumerate(rows, first):
        label = "the paper's, best evaluation" if i == first else None
        ax.errorbar([row["mean"]], [i], xerr=[row["std"]], color=QUIET, marker="D", capsize=3, linestyle="none", label=label)
        _written(ax, row["mean"], row["std"], i)


def _written(ax: Axes, value: float, std: float, height: float) -> None:
    ax.annotate(f"{value:.2f} ± {std:.2f}", (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=11)


def _sharpness(main: Table, rows: Table) -> Figure:
    cells, N = _cells(rows), int(rows["N"].max())
    fig, axes = figure(len(cells), 2, width=17.5, height=3.6 + 4.6 * len(cells), squeeze=False, sharey=True)
    for (left, right), cell in zip(axes, cells, strict=True):
        end = _of(rows, cell, method="SFT", N=N)
        _through(left, _of(main, cell, method="SFT", N=N), end, N)
        _at_the_end(right, end, _of(rows, cell, method="DPO"), N)
        left.set(title=_name(cell), ylabel="prompts not sharp (fraction)")
        right.set(title=_name(cell), ylim=(-0.03, 1.05))
    axes[-1, 0].set_xlabel("training steps")
    axes[-1, 1].set_xlabel(r"$\delta$")
    handles, labels = (a + b for a, b in zip(*(ax.get_legend_handles_labels() for ax in axes[0]), strict=True))
    fig.legend(handles, labels, loc="outside right center")
    claim(fig, r"Definition 3.1 through training: the fraction of prompts whose mode has mass of at most $1 - \delta$.")
    setting = (
        f"{STAND_IN}; {rows['held_out'][0]} held-out prompts. Dashed: Thm 4.1' with its statistical term replaced by the distance found; "
        "dotted: what the shortfall in log-likelihood allows."
    )
    caption(fig, CAPTIONS["sharpness"], setting=setting)
    return fig


def _through(ax: Axes, curve: Table, end: Table, N: int) -> None:
    for i, delta in enumerate(end["delta"]):
        _curve(ax, curve, f"unsharpened_{delta:g}", rf"left: SFT, $\delta = {delta:g}$", i)
        ax.axhline(float(end.where(delta=delta)["best_of_N"][0]), color=colour(i), linestyle="-.", linewidth=1.2)
    ax.plot([], [], color=QUIET, linestyle="-.", linewidth=1.2, label=f"left: best of {N}, exact")


def _at_the_end(ax: Axes, end: Table, dpo: Table, N: int) -> None:
    theory_line(ax, end["delta"], end["base"], "right: base, exact", color=QUIET)
    theory_line(ax, end["delta"], end["best_of_N"], f"right: best of {N}, exact", linestyle="-.")
    measured(ax, end["delta"], end["tuned"], end["tuned_low"], end["tuned_high"], "right: after SFT", index=0, linestyle="-")
    for i, beta in enumerate(dpo.unique("beta"), 1):
        part, label = dpo.where(beta=beta), rf"right: after DPO, $\beta = {beta:g}$"
        measured(ax, part["delta"], part["tuned"], part["tuned_low"], part["tuned_high"], label, index=i)
    bound_line(ax, end["delta"], end["by_distance"], "right: allowed by the\ndistance to best of $N$")
    bound_line(ax, end["delta"], end["by_shortfall"], "right: allowed by the shortfall", linestyle=":")
