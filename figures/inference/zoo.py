"""Draws what theory says of the models and tasks: the draws that coverage asks for, the covariance that predicts the gain."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import MARKERS, QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line
from figures.inference.captions import CAPTIONS

STAND_IN = (
    "small models trained here stand in for the paper's language models, tasks with exact answers at two levels each for its benchmarks"
)


def draw_theory(rows: Table) -> Figure:
    """Draw the N at which the log-probability saturates against coverage, and the gain over one draw against the covariance."""
    fig, (left, right) = figure(1, 2, width=15, height=7.4)
    models = list(dict.fromkeys(rows["model"].tolist()))
    for index, model in enumerate(models):
        own = rows.where(model=model)
        told = own.take(np.isfinite(own["saturation"]))
        shape = {"marker": MARKERS[index % len(MARKERS)], "color": colour(index)}
        left.plot(told["coverage_high"], told["saturation"], linestyle="none", label=model, **shape)
        measured(right, own["covariance"], own["gain"], own["gain_low"], own["gain_high"], model, index=index)
        right.errorbar(
            own["covariance"], own["gain"],
            xerr=[own["covariance"] - own["cov_low"], own["cov_high"] - own["covariance"]],
            fmt="none", ecolor=colour(index), elinewidth=1.6,
        )  # fmt: skip
    finite = rows.take(np.isfinite(rows["saturation"]))
    ends = np.array([1.0, max(10.0, float(finite["coverage_high"].max()))])
    theory_line(left, ends, ends, r"$N = C_\mathrm{cov}$", linewidth=1.4)
    left.set(xscale="log", yscale="log", xlabel=r"coverage $C_\mathrm{cov}$", ylabel="$N$ that has 90% of the rise in log-probability")
    left.set_title("saturation")
    left.legend(loc="upper left")
    right.axhline(0, color=QUIET, linestyle="--", linewidth=1.4)
    right.axvline(0, color=QUIET, linestyle="--", linewidth=1.4)
    right.set(xlabel="Cov(correct, log-probability) under one draw (nats)", ylabel=f"gain of best of {rows['N'][0]} over one draw (points)")
    right.set_title("the covariance predicts the gain")
    claim(fig, "$N$ saturates where coverage says; best of $N$ helps where correctness and log-probability go together.")
    setting = (
        f"{STAND_IN}. Right: {rows['prompts'][0]} prompts a task or all there are, {rows['seeds'][0]} seeds with {rows['N'][0]} draws."
    )
    caption(fig, CAPTIONS["cells-theory"], setting=setting)
    return fig


def draw_pairs(rows: Table) -> Figure:
    """Draw the gain at the largest N against its prediction, and against N in the cells with the largest and the least gain."""
    fig, (left, right) = figure(1, 2, width=15, height=7.4)
    most = int(rows["N"].max())
    last = rows.where(N=most)
    for index, model in enumerate(dict.fromkeys(rows["model"].tolist())):
        own = last.where(model=model)
        left.vlines(own["predicted"], own["lower"], own["upper"], color=QUIET, linewidth=1, alpha=0.5)
        measured(left, own["predicted"], own["gain"], own["low"], own["high"], model, index=index)
    ends = np.array([min(last["predicted"].min(), last["gain"].min()) - 3, max(last["predicted"].max(), last["gain"].max()) + 3])
    theory_line(left, ends, ends, "measured = predicted", linewidth=1.4)
    left.set(xlim=ends, ylim=ends, xlabel="predicted gain (points)", ylabel="measured gain (points)", title=f"$N = {most}$, all cells")
    left.legend(loc="lower right")
    order = np.argsort(last["gain"])
    for index, at in enumerate(dict.fromkeys([int(order[-1]), int(order[len(order) // 2]), int(order[0])])):
        model, task = str(last["model"][at]), str(last["task"][at])
        own = rows.where(model=model, task=task)
        band(right, own["N"], own["lower"], own["upper"], color=colour(index))
        theory_line(right, own["N"], own["predicted"], color=colour(index), linewidth=1.8)
        measured(right, own["N"], own["gain"], own["low"], own["high"], f"{task}, {model}", index=index)
    right.axhline(0, color=QUIET, linestyle="--", linewidth=1.4)
    right.set(xscale="log", xlabel="draws $N$", ylabel="gain over one draw (points)", title="largest, median and least gain")
    right.set_xticks(sizes := rows.unique("N"), [str(size) for size in sizes.tolist()], minor=False)
    right.minorticks_off()
    right.legend(loc="upper left")
    claim(fig, "How often pairs are ranked wrongly tells what best of $N$ will gain.")
    caption(fig, CAPTIONS["cells-pairs"], setting=f"{STAND_IN}.")
    return fig


def draw_profile(rows: Table) -> Figure:
    """Draw the fraction of prompts uncovered at N, a panel for each task, a line for each model."""
    tasks, models = (list(dict.fromkeys(rows[name].tolist())) for name in ("task", "model"))
    columns = 3
    fig, axes = figure(-(-len(tasks) // columns), columns, width=15, height=3.6 * -(-len(tasks) // columns) + 1, sharex=True, sharey=True)
    flat = np.atleast_1d(axes).ravel()
    for ax, task in zip(flat, tasks, strict=False):
        for index, model in enumerate(models):
            own = rows.where(task=task, model=model)
            if not len(own):
                continue
            band(ax, own["N"], own["uncovered_low"], own["uncovered_high"], color=colour(index))
            theory_line(ax, own["N"], own["uncovered_high"], model, color=colour(index), linewidth=1.8)
            bound_line(ax, own["N"], own["bound"], color=colour(index), linewidth=1.1)
        ax.set(xscale="log", title=task, ylim=(-0.03, 1.03))
    for ax in flat[len(tasks) :]:
        ax.set_visible(False)
    for ax in flat[::columns]:
        ax.set_ylabel("fraction with $P^* < 1/N$")
    for ax in flat[max(0, len(tasks) - columns) : len(tasks)]:
        ax.set_xlabel("draws $N$")
    handles = {label: line for ax in flat for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside right upper")
    claim(fig, "How many draws a prompt needs before its mode is likely to be among them: the coverage profile.")
    caption(fig, CAPTIONS["cells-profile"], setting=f"{STAND_IN}.")
    return fig
