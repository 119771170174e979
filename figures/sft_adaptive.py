"""Adaptive SFT-Sharpening: what a prompt costs, its risk and cost on the family, and where a fixed N is cheaper."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.sft.scaling import scaling
from figures._style import band, bound_line, caption, claim, colour, figure, measured, theory_line


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" risk and cost on the family, "stopping" cost and miss per prompt, "scaling", "crossing"."""
    made = {"stopping": _stopping(tables["stopping"])}
    if "" in tables:
        made[""] = _family(tables[""])
        made["scaling"] = _scaling(tables)
        made["crossing"] = _crossing(tables["crossing"])
    return made


def _family(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13, height=6.0)
    bound_line(left, rows["n"], rows["bound"], "bound, explicit constants", linestyle=":", color=colour(1))
    bound_line(left, rows["n"], rows["bound_sharp"], "bound, sharp", color=colour(2))
    bound_line(left, rows["n"], rows["bound_instance"], "bound, instance form", linestyle="-.", color=colour(3))
    theory_line(left, rows["n"], rows["exact_risk"], "exact risk")
    measured(left, rows["n"], rows["risk"], rows["risk_low"], rows["risk_high"], "simulated, 95% interval")
    left.set(xscale="log", yscale="log", ylim=(1e-5, 3e4), xlabel="prompts n", ylabel="fraction of prompts that fail")
    left.legend(loc="upper right")
    band(right, rows["n"], rows["samples_bound_low"], rows["samples_bound_high"], "Thm D.1, corrected")
    theory_line(right, rows["n"], rows["exact_samples"], "exact E[m]")
    measured(right, rows["n"], rows["samples"], rows["samples_low"], rows["samples_high"], "simulated, 95% interval")
    right.set(xscale="log", yscale="log", xlabel="prompts n", ylabel="samples spent")
    right.legend(loc="upper left")
    first = next(rows.rows())
    claim(fig, "The adaptive rule's risk is what its exact law says, and its cost lies between the corrected bounds.")
    caption(
        fig,
        f"Hard family, d = {first['hard_prompts']}, M = {first['labels']}, D = {first['hard_mass']}; delta = {first['delta']}, "
        f"s = log(2/delta), rho = {first['rho']}; {first['seeds']} seeds (risk: empirical Bernstein interval, bars may leave the axes).",
    )
    return fig


def _stopping(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13, height=6.0)
    for index, stop in enumerate(rows.unique("stop")):
        part = rows.where(stop=stop)
        part = part.take(np.argsort(part["mode_inverse"]))
        bound_line(left, part["mode_inverse"], part["mean_bound_low"], color=colour(index), linewidth=1)
        measured(left, part["mode_inverse"], part["mean"], part["mean_low"], part["mean_high"], f"s = {stop:g}", index=index, markersize=4)
        shown = part.take(part["miss_exact"] > 1e-6)
        low, high = shown["miss_low"].clip(1e-6), shown["miss_high"]
        measured(right, shown["miss_bound"], shown["miss"].clip(1e-6), low, high, f"s = {stop:g}", index=index, markersize=4)
    right.plot([1e-6, 1], [1e-6, 1], color="#000000", label="bound of Lemma I.1")
    left.set(xscale="log", yscale="log", xlabel="1 / P*(x)", ylabel="draws until the rule stops")
    right.set(
        xscale="log",
        yscale="log",
        xlim=(1e-6, 1.5),
        ylim=(5e-7, 1.5),
        xlabel="(1 - |Y*| P*)^ceil(s/P*)",
        ylabel="kept response is not the mode",
    )
    left.set_ylim(0.2, None)
    left.legend(title="mean of literal draws; dashed: s/P*", loc="lower right", ncols=3, columnspacing=0.8)
    right.legend(loc="upper left")
    claim(fig, "A prompt costs about s/P* draws, and the rule misses the mode at most as often as Lemma I.1 allows.")
    caption(fig, f"Each dot is one prompt of a random base, {rows['draws'][0]} literal runs, 95% interval. Zero misses are drawn at 1e-6.")
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = scaling(tables["scaling"], tables["exponents"], beside=tables["fixed"], label="fixed N, same families")
    claim(fig, "Adaptive SFT-Sharpening's exact cost on the same families: 1/eps instead of 1/eps^2.")
    caption(
        fig,
        "Least n E[N_s] with exact risk <= eps over n and s; D = 1.5 eps, M = floor(2 (C - 1 + D)/D). At rest: eps = 0.02, C = 3, d = 4, "
        "delta = 0.5. Every prompt costs a draw, so the cost is of order C, not C - 1.",
    )
    return fig


def _crossing(rows: Table) -> Figure:
    fig, ax = figure(width=9, height=6.0)
    theory_line(ax, rows["eps"], rows["fixed"], "fixed N: n N enough for Thm 4.1'", color=colour(0))
    theory_line(ax, rows["eps"], rows["adaptive"], "adaptive: n E[N_s] enough for Thm D.1", color=colour(1), linestyle="-.")
    ax.set(xscale="log", yscale="log", xlabel="risk eps", ylabel="samples that the guarantee asks for")
    ax.legend()
    first = next(rows.rows())
    claim(fig, "When many responses tie for the mode, a fixed N is cheaper until eps is small: 1/eps^2 meets 1/eps.")
    caption(
        fig,
        f"One prompt, {first['ties']} equally likely responses: C_cov = {first['coverage']:.3g}, but the stopping rule pays for "
        f"Cbar_cov = {first['mode_coverage']:.3g}. log|Pi| = {first['log_class_size']:g}, delta = {first['delta']}, rho = {first['rho']}.",
    )
    return fig
