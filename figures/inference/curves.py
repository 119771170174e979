"""Draws rows of cells against N, a panel for each task and a line for each model: the paper's Figures 1b, 3, 4 and 5."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import MARKERS, QUIET, THEORY, band, caption, claim, colour, figure
from figures.inference.captions import CAPTIONS
from figures.inference.heat import names

OURS = "small models trained here stand in for the paper's language models, and tasks with exact answers for its benchmarks"
GIVEN = "models and tasks as the table of samples names them"
GAME = "24"
"""A task with this in its name is the paper's Game of 24."""
KNOWN_ACCURACY, KNOWN_LOG_PROB = 0.1, 1.0
"""Width, as accuracy and in nats, up to which an exact band is drawn."""


def multiples(titles: Sequence[str]) -> tuple[Figure, dict[str, Axes]]:
    """A panel for each title, at most four in a row, as square as can be; panels left over are taken away."""
    columns = min(4, max(1, int(np.ceil(np.sqrt(len(titles))))))
    rows = -(-len(titles) // columns)
    fig, axes = figure(rows, columns, width=max(11.0, 4.4 * columns), height=max(7.0, 3.6 * rows + 2.4), squeeze=False)
    for ax in axes.flat[len(titles) :]:
        ax.remove()
    return fig, dict(zip(titles, axes.flat, strict=False))


def lift_figure(cells: Table, source: str) -> Figure:
    """Draw Figures 1b and 3: lift of best of N over greedy in points against N (accuracy where no greedy decoding was given)."""
    best = cells.where(rule="best of N")
    fig, axes = multiples(names(best["task"]))
    lifted = bool(np.isfinite(best["lift_points"]).any())
    for task, ax in axes.items():
        _lift_panel(ax, best, task, names(best["model"]), lifted)
    _legend(fig, next(iter(axes.values())), best)
    claim(fig, _ends(best) if lifted else "Accuracy of best of $N$, task by task.")
    caption(fig, CAPTIONS["cells-curves"], setting=f"{source}.{_exact(best)}")
    return fig


def _ends(best: Table) -> str:
    """Rows of a curve stand in the order of N: the last is its end."""
    ends = {(row["model"], row["task"]): (row["lift_low"], row["lift_high"]) for row in best.rows()}
    up, down = sum(low > 0 for low, _ in ends.values()), sum(high < 0 for _, high in ends.values())
    return f"Best of $N$ ends above greedy in {up} of {len(ends)} curves, and below it in {down}."


def loglik_figure(rows: Table, source: str) -> Figure:
    """Draw Figure 4: mean log-probability of what best of N keeps against N; dashed, that of greedy."""
    fig, axes = multiples(names(rows["task"]))
    for task, ax in axes.items():
        _loglik_panel(ax, rows, task, names(rows["model"]))
    _legend(fig, next(iter(axes.values())), rows)
    claim(fig, "Mean log-probability of what best of $N$ keeps, task by task.")
    caption(fig, CAPTIONS["cells-loglik"], setting=f"{source}.{_exact(rows)}")
    return fig


def game_figure(cells: Table, loglik: Table, source: str) -> Figure | None:
    """Draw Figure 5: both for the Game of 24, a row for each of its levels; None where no task is one."""
    best = cells.where(rule="best of N")
    tasks = [task for task in names(best["task"]) if GAME in task]
    if not tasks:
        return None
    lifted = bool(np.isfinite(best["lift_points"]).any())
    fig, axes = figure(len(tasks), 2, width=13, height=3.8 * len(tasks) + 2.0, squeeze=False)
    for (left, right), task in zip(axes, tasks, strict=True):
        _lift_panel(left, best, task, names(best["model"]), lifted)
        _loglik_panel(right, loglik, task, names(best["model"]))
    _legend(fig, axes[0, 0], best.take(np.isin(best["task"].astype(str), tasks)))
    claim(fig, "Game of 24: best of $N$ against greedy, and the log-probability that it reaches.")
    caption(fig, CAPTIONS["cells-24"], setting=f"{source}.{_exact(best)}")
    return fig


def _lift_panel(ax: Axes, best: Table, task: str, models: Sequence[str], lifted: bool) -> None:
    for index, model in enumerate(models):
        part = _cell(best, model, task)
        if not len(part):
            continue
        value, low, high = ("lift_points", "lift_low", "lift_high") if lifted else ("accuracy", "low", "high")
        _line(ax, part["N"], part[value], part[low], part[high], model, index)
        if "exact_lower" in part.columns:
            # The band is given as accuracy; on this axis, over greedy in points.
            shift, scale = (part["greedy"], 100) if lifted else (0.0, 1)
            ends = (scale * (part[name] - shift) for name in ("exact_lower", "exact_upper"))
            _exact_band(ax, part["N"], *ends, widest=KNOWN_ACCURACY * scale)
    if lifted:
        ax.axhline(0, color=QUIET, linestyle="--", linewidth=1.4)
    _axis_of_draws(ax, best)
    ax.set(title=task, ylabel="lift over greedy (points)" if lifted else "accuracy")


def _loglik_panel(ax: Axes, rows: Table, task: str, models: Sequence[str]) -> None:
    for index, model in enumerate(models):
        part = _cell(rows, model, task)
        if not len(part):
            continue
        _line(ax, part["N"], part["mean"], part["low"], part["high"], model, index)
        if np.isfinite(part["greedy"][0]):
            ax.axhline(float(part["greedy"][0]), color=colour(index), linestyle="--", linewidth=1.2)
        if "exact_lower" in part.columns:
            _exact_band(ax, part["N"], part["exact_lower"], part["exact_upper"], widest=KNOWN_LOG_PROB)
    _axis_of_draws(ax, rows)
    ax.set(title=task, ylabel="log-probability (nats)")


def _axis_of_draws(ax: Axes, rows: Table) -> None:
    ax.set(xscale="log", xlabel="draws $N$")
    ticks = rows.unique("N").tolist()
    ax.set_xticks(ticks, [str(N) for N in ticks])
    ax.minorticks_off()


def _cell(rows: Table, model: str, task: str) -> Table:
    return rows.take((rows["model"].astype(str) == model) & (rows["task"].astype(str) == task))


def _line(ax: Axes, N: Any, value: Any, low: Any, high: Any, label: str, index: int) -> None:
    # Past the seventh model the colours come again, dotted.
    style = "-" if index < len(MARKERS) else ":"
    band(ax, N, low, high, color=colour(index), alpha=0.22)
    ax.plot(N, value, color=colour(index), marker=MARKERS[index % len(MARKERS)], markersize=5, linestyle=style, linewidth=1.6, label=label)


def _exact_band(ax: Axes, N: Any, lower: Any, upper: Any, *, widest: float) -> None:
    # A band that says little would hide what was measured; the rows have all of them.
    known = np.isfinite(lower) & np.isfinite(upper) & (upper - lower <= widest)
    band(ax, N[known], lower[known], upper[known], color=THEORY, alpha=0.35, zorder=3.4)
    ax.plot(N[known], lower[known], color=THEORY, linewidth=0.9, zorder=3.5)
    ax.plot(N[known], upper[known], color=THEORY, linewidth=0.9, zorder=3.5)


def _exact(rows: Table) -> str:
    return "" if "exact_lower" in rows.columns else " The exact law is not known here."


def _legend(fig: Figure, first: Axes, rows: Table) -> None:
    """One legend for all panels: every model, whether or not the first panel has it."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour(i), marker=MARKERS[i % len(MARKERS)], linestyle="-" if i < len(MARKERS) else ":", label=model)
        for i, model in enumerate(names(rows["model"]))
    ]
    fig.legend(handles=handles, loc="outside right upper", fontsize=12)
