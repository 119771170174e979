"""Draws rows of cells (a model on a task): the paper's Figures 1a and 2 as heat maps, 1c and 6 as histograms, and its own numbers."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import ROOT, Table, read_table
from figures.engine.style import QUIET, caption, claim, colour, figure, measured
from figures.inference.captions import CAPTIONS
from figures.inference.curves import GIVEN, OURS, game_figure, lift_figure, loglik_figure, multiples
from figures.inference.heat import grid, heat, names

MAPS = (("1a", "best of N"), ("2a", "length-normalised"), ("2b", "majority"), ("2c", "pass@N"))
PAPER = (
    ("1a", "figure_1a_lift_best_of_50", "percent_lift_over_greedy", "lift, best of 50 (%)"),
    ("2a", "figure_2a_lift_length_normalised", "percent_lift_over_greedy", "lift, length-normalised (%)"),
    ("2b", "figure_2b_lift_majority", "percent_lift_over_greedy", "lift, majority (%)"),
    ("2d", "figure_2d_greedy_accuracy", "percent_accuracy", "greedy accuracy (%)"),
)  # fmt: skip


def draw_cells(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "heat", "cells-curves", "cells-loglik", "cells-histogram", "paper"; "cells-24" where a task is the Game of 24."""
    # A user's samples come alone; ours come with the exact curves of the pretrained network.
    source = OURS if "" in tables else GIVEN
    cells, loglik, histogram = (tables[name] for name in ("cells", "cells-loglik", "cells-histogram"))
    made = {
        "heat": heat_figure(cells, source), "cells-curves": lift_figure(cells, source), "cells-loglik": loglik_figure(loglik, source),
        "cells-histogram": histogram_figure(histogram, cells, source), "paper": paper_figure(),
    }  # fmt: skip
    game = game_figure(cells, loglik, source)
    return made if game is None else made | {"cells-24": game}


def heat_figure(rows: Table, source: str) -> Figure:
    """Draw Figures 1a, 2a, 2b, 2c and 2d on one page, at the largest N of each cell."""
    models, tasks = names(rows["model"]), names(rows["task"])
    last = rows.take(_is_last(rows))
    lifted = bool(np.isfinite(rows["lift_percent"]).any())
    fig, axes = figure(2, 3, width=max(13.0, 3 * (2.0 + 0.62 * len(tasks))), height=2 * (2.4 + 0.42 * len(models)) + 1.6)
    for ax, (number, rule) in zip(axes.flat, MAPS, strict=False):
        _rule_map(ax, last.where(rule=rule), models, tasks, number, lifted=lifted)
    greedy = 100 * grid(last.where(rule="best of N"), "greedy", models, tasks)
    heat(axes[1, 1], greedy, models, tasks, title="2d: greedy accuracy (%)", lift=False)
    axes[1, 2].set_axis_off()
    note = "lift = 100 (accuracy - greedy) / greedy\nbold: its 95% interval excludes 0\n–: no rows, or greedy is never right\n"
    note += "colours end at ±30%, numbers do not\n2c uses the answer key: an upper limit"
    axes[1, 2].text(0.0, 0.95, note, va="top", fontsize=13, color=QUIET, transform=axes[1, 2].transAxes)
    best = last.where(rule="best of N")
    if lifted:
        told = best.take(np.isfinite(best["lift_low"]))
        up, down = int((told["lift_low"] > 0).sum()), int((told["lift_high"] < 0).sum())
        claim(
            fig, f"Best of $N$ beats greedy in {up} of {len(best)} cells and loses in {down}: inference-time sharpening helps some pairs."
        )
    else:
        claim(fig, "Accuracy of each way to answer; without greedy decodings there is no lift.")
    caption(fig, CAPTIONS["heat"], setting=f"{source}. {_protocol(best)}")
    return fig


def _rule_map(ax: Axes, rows: Table, models: list[str], tasks: list[str], number: str, *, lifted: bool) -> None:
    """One rule: lift over greedy in per cent, or accuracy where there is no greedy decoding; pass@N is always an accuracy."""
    rule, drawn = MAPS[[known for known, _ in MAPS].index(number)][1], sorted(rows.unique("N").tolist())
    as_lift = lifted and rule != "pass@N"
    values = grid(rows, "lift_percent", models, tasks) if as_lift else 100 * grid(rows, "accuracy", models, tasks)
    # An interval of NaN ends is clear of nothing.
    clear = (grid(rows, "percent_low", models, tasks) > 0) | (grid(rows, "percent_high", models, tasks) < 0) if as_lift else None
    size = f"{drawn[0]}" if len(drawn) == 1 else f"$N$ = {drawn[0]} to {drawn[-1]}" if drawn else "$N$"
    what = {"best of N": f"best of {size}", "majority": f"majority of {size}", "pass@N": f"pass@{size}"}.get(rule, rule)
    heat(ax, values, models, tasks, title=f"{number}: {'lift, ' + what if as_lift else what} (%)", lift=as_lift, marks=clear)


def _is_last(rows: Table) -> np.ndarray:
    """Whether a row has the largest N of its cell."""
    keys = [(str(row["model"]), str(row["task"])) for row in rows.rows()]
    top: dict[tuple[str, str], int] = {}
    for key, N in zip(keys, rows["N"].tolist(), strict=True):
        top[key] = max(N, top.get(key, 0))
    return np.array([top[key] == N for key, N in zip(keys, rows["N"].tolist(), strict=True)])


def _protocol(rows: Table) -> str:
    spans = [
        f"{min(c)}" if min(c) == max(c) else f"{min(c)} to {max(c)}" for c in (rows[n].tolist() for n in ("prompts", "seeds", "draws"))
    ]
    over = " or ".join(rows.unique("over").tolist())
    return f"Each cell has {spans[0]} prompts, {spans[1]} seeds with {spans[2]} draws at temperature 1; intervals over {over}."


def histogram_figure(rows: Table, cells: Table, source: str) -> Figure:
    """Draw Figures 1c and 6: log-probabilities of correct and incorrect draws on every task, of the model of the best greedy accuracy."""
    one = cells.where(rule="best of N", N=cells["N"].min())
    column = "greedy" if np.isfinite(one["greedy"]).any() else "accuracy"
    means = {name: np.nanmean(one[column][one["model"].astype(str) == name]) for name in names(one["model"]) if _told(one, name, column)}
    model = max(means, key=lambda name: means[name])
    mine = rows.take(rows["model"].astype(str) == model)
    fig, axes = multiples(names(mine["task"]))
    for task, ax in axes.items():
        part = mine.take(mine["task"].astype(str) == task)
        for index, given in enumerate(("correct", "incorrect")):
            half = part.where(given=given)
            if not len(half):
                continue
            ax.stairs(half["density"], [*half["left"], half["right"][-1]], fill=True, color=colour(index), alpha=0.35, label=given)
            measured(ax, half["centre"], half["density"], half["low"], half["high"], index=index, markersize=3, capsize=0)
        ax.set(title=task, xlabel="log-probability (nats)", ylabel="density (per nat)")
        # A bin with a handful of draws has an interval as high as the page.
        ax.set_ylim(0, 1.25 * part["density"].max())
    next(iter(axes.values())).legend(loc="upper left")
    claim(fig, f"Log-probability is worth sharpening where correct draws are the likely ones ({model}).")
    caption(fig, CAPTIONS["cells-histogram"], setting=f"{source}. Draws at temperature 1.")
    return fig


def _told(rows: Table, model: str, column: str) -> bool:
    return bool(np.isfinite(rows[column][rows["model"].astype(str) == model]).any())


def paper_figure() -> Figure:
    """Draw the paper's own heat maps: numbers read off its figures, blank where they could not be read."""
    fig, axes = figure(2, 2, width=15, height=10.5)
    models, tasks = (names(read_table(_paper(PAPER[0][1]))[column]) for column in ("model", "task"))
    for ax, (number, file, column, title) in zip(axes.flat, PAPER, strict=True):
        heat(ax, grid(read_table(_paper(file)), column, models, tasks), models, tasks, title=f"{number}: {title}", lift="lift" in column)
    lifts = read_table(_paper(PAPER[0][1]))[PAPER[0][2]]
    claim(fig, f"The paper's numbers, read off its figures: best of 50 lifts {int((lifts > 0).sum())} of {len(lifts)} pairs.")
    caption(fig, CAPTIONS["paper"], setting="–: not read; colours end at ±30% of lift, numbers do not.")
    return fig


def _paper(file: str) -> Path:
    return ROOT / "figures" / "paper" / f"{file}.csv"
