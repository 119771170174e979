"""SFT- and RLHF-Sharpening of sequence models: lift through training, against N, Table 1, and how sharp the tuned model is."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import ROOT, Table, read_table
from figures._style import MARKERS, QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line

STAND_IN = "Small models trained here on generated tasks stand in for the paper's language models and benchmarks"
PANELS = (("lift_points", "accuracy over greedy (points)"), ("lift_nats", "log-likelihood over greedy (nats)"))
PAPER = ROOT / "figures" / "paper" / "table_1_sft_sharpening.csv"


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" through training (Figures 7, 8), "N" where there are several (Figure 9), "table" (Table 1), "sharpness"."""
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
    return figure(len(cells), 2, width=14, height=2.2 + 4.2 * len(cells), squeeze=False, sharex=True)


def _dress(axes: Any, cells: list[tuple[str, int, str]]) -> None:
    for row, cell in zip(axes, cells, strict=True):
        for ax, (_, label) in zip(row, PANELS, strict=True):
            ax.set(ylabel=label, title=_name(cell))
    for ax in axes[-1]:
        ax.set_xlabel("training steps")
    axes[0, 1].legend(loc="best", fontsize=11, framealpha=0.85, frameon=True, edgecolor="none")


def _training(main: Table) -> Figure:
    cells, N = _cells(main), int(main["N"].max())
    fig, axes = _grid(cells)
    for row, cell in zip(axes, cells, strict=True):
        for ax, (column, _) in zip(row, PANELS, strict=True):
            sft = _of(main, cell, method="SFT", N=N)
            _ceiling(ax, sft, column, f"best of {N} at inference time, exact")
            _references(ax, sft, column)
            _curve(ax, sft, column, f"SFT on best of {N}", 0)
            dpo = _of(main, cell, method="DPO")
            for i, beta in enumerate(dpo.unique("beta"), 1):
                _curve(ax, dpo.where(beta=beta), column, f"DPO loss, beta = {beta:g}", i)
    _dress(axes, cells)
    claim(fig, "Tuning on its own best draws moves one draw of the model towards best of N; the mode is the ceiling.")
    caption(fig, f"Figures 7 and 8. {STAND_IN}. {_how(main)} Log-likelihood under base.")
    return fig


def _how(main: Table) -> str:
    first = next(main.rows())
    return (
        f"Temperature-1 samples of the tuned model, {first['draws']} for each of {first['held_out']} held-out prompts, after tuning on "
        f"{first['prompts']} training prompts without answers; bands: 95% over {first['replicates']} seeds."
    )


def _sizes(main: Table) -> Figure:
    cells, sft = _cells(main), main.where(method="SFT")
    fig, axes = _grid(cells)
    for row, cell in zip(axes, cells, strict=True):
        for ax, (column, _) in zip(row, PANELS, strict=True):
            for i, N in enumerate(sft.unique("N")):
                part = _of(sft, cell, N=N)
                _curve(ax, part, column, f"N = {N}", i)
                theory_line(ax, part["step"], part[f"kept_{column}_lower"], color=colour(i), linewidth=1.2, linestyle="-.")
            _references(ax, part, column)
            ax.plot([], [], color=QUIET, linestyle="-.", linewidth=1.2, label="best of N, exact")
    _dress(axes, cells)
    claim(fig, "More draws make a better teacher (dash-dotted), hardly a better pupil: tuned models barely tell N = 10 from N = 50.")
    caption(fig, f"Figure 9: SFT-Sharpening at several N. {STAND_IN}. {_how(main)}")
    return fig


def _table(rows: Table) -> Figure:
    paper = read_table(PAPER)
    kinds = {"lift_percent": "percent_lift_over_greedy_accuracy", "lift_nats": "lift_over_greedy_sequence_log_likelihood"}
    ours = list(rows.rows())
    names = [
        f"{row['model']}, {row['task']} {row['level']}\n{row['method']}, N = {row['N']}"
        + (f", beta = {row['beta']:g}" if row["method"] == "DPO" else "")
        for row in ours
    ]
    theirs = [f"{row['model']}\n{row['task']} (the paper's)" for row in paper.where(metric=kinds["lift_percent"]).rows()]
    fig, axes = figure(1, 2, width=15, height=2.6 + 0.72 * len(names + theirs), sharey=True)
    for ax, (column, metric) in zip(axes, kinds.items(), strict=True):
        for i, row in enumerate(ours):
            for when, shift, style in (("best", -0.16, 0), ("last", 0.16, 1)):
                value, std = row[f"{when}_{column}"], row[f"{when}_{column}_std"]
                label = f"{when} evaluation" if i == 0 else None
                measured(ax, [value], [i + shift], [i + shift], [i + shift], label, index=style, xerr=[std])
                ax.annotate(f"{value:.2f} ± {std:.2f}", (1.02, i + shift), xycoords=("axes fraction", "data"), va="center", fontsize=10)
            ax.plot([row[f"kept_{column}_lower"]], [i], color="#000000", marker="|", markersize=14, linestyle="none",
                    label="best of N at inference time, exact" if i == 0 else None)  # fmt: skip
        for i, row in enumerate(paper.where(metric=metric).rows(), len(ours)):
            ax.errorbar([row["mean"]], [i], xerr=[row["std"]], color=QUIET, marker="D", capsize=3, linestyle="none",
                        label="the paper's, best evaluation" if i == len(ours) else None)  # fmt: skip
            ax.annotate(f"{row['mean']:.2f} ± {row['std']:.2f}", (1.02, i), xycoords=("axes fraction", "data"), va="center", fontsize=10)
        ax.axvline(0.0, color=QUIET, linestyle="--", linewidth=1.4)
        ax.margins(x=0.12)
    axes[0].set_yticks(range(len(names + theirs)), names + theirs, fontsize=10)
    axes[0].invert_yaxis()
    axes[0].set(xlabel="accuracy, lift over greedy (% of greedy)")
    axes[1].set(xlabel="log-likelihood, lift over greedy (nats)", xscale="symlog")
    # Wider than its axes: it is placed over both, in the room that an empty title keeps.
    axes[0].set_title(" ")
    axes[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=10).set_in_layout(False)
    claim(fig, "Table 1 on small models: the tuned model's lift over greedy, beside the paper's.")
    caption(
        fig,
        f"{STAND_IN}: the sizes of lifts are not to be compared, their signs are. Mean and standard deviation over {ours[0]['replicates']} "
        "seeds. Best: the evaluation of the largest held-out log-likelihood (the paper: best model during training).",
    )
    return fig


def _sharpness(main: Table, rows: Table) -> Figure:
    cells, N = _cells(rows), int(rows["N"].max())
    fig, axes = figure(len(cells), 2, width=14, height=2.2 + 4.2 * len(cells), squeeze=False, sharey=True)
    for (left, right), cell in zip(axes, cells, strict=True):
        curve, end = _of(main, cell, method="SFT", N=N), _of(rows, cell, method="SFT", N=N)
        for i, delta in enumerate(end["delta"]):
            column = f"unsharpened_{delta:g}"
            _curve(left, curve, column, f"delta = {delta:g}", i)
            at = end.where(delta=delta)
            left.axhline(float(at["best_of_N"][0]), color=colour(i), linestyle="-.", linewidth=1.2)
        left.plot([], [], color=QUIET, linestyle="-.", linewidth=1.2, label=f"best of {N}, exact")
        theory_line(right, end["delta"], end["base"], "base, exact", color=QUIET)
        theory_line(right, end["delta"], end["best_of_N"], f"best of {N}, exact", linestyle="-.")
        measured(right, end["delta"], end["tuned"], end["tuned_low"], end["tuned_high"], "after SFT", index=0, linestyle="-")
        dpo = _of(rows, cell, method="DPO")
        for i, beta in enumerate(dpo.unique("beta"), 1):
            part = dpo.where(beta=beta)
            measured(right, part["delta"], part["tuned"], part["tuned_low"], part["tuned_high"], f"after DPO, beta = {beta:g}", index=i)
        bound_line(right, end["delta"], end["by_distance"], "allowed by distance to best of N")
        bound_line(right, end["delta"], end["by_shortfall"], "allowed by shortfall", linestyle=":")
        left.set(title=_name(cell), ylabel="prompts not sharp")
        right.set(title=_name(cell), ylim=(-0.03, 1.05))
    axes[-1, 0].set_xlabel("training steps")
    axes[-1, 1].set_xlabel("delta")
    for ax in axes[0]:
        ax.legend(loc="best", fontsize=10, framealpha=0.85, frameon=True, edgecolor="none")
    claim(fig, "Definition 3.1 through training: the fraction of prompts whose mode has mass of at most 1 - delta.")
    caption(
        fig,
        f"{STAND_IN}. Modes proven by search on {rows['held_out'][0]} held-out prompts; masses on them exact. Dashed: Thm 4.1' with "
        "its statistical term replaced by the distance found. Dotted: what the shortfall in log-likelihood pays for.",
    )
    return fig
