"""XPO: regret against rounds beside its guarantee, SEC between certified bounds, and the two formulas that fail as printed."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import QUIET, band, bound_line, caption, claim, colour, figure, measured, theory_line

SCHEDULES = {"prescribed": "alpha as Thm J.1 prescribes", "vanishing": "alpha of order beta^2 / sqrt(T)", "limit": "alpha -> 0+"}
FLOOR = 1e-7


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" regret against T, "sec" SEC and Lemma F.2, "sign" Algorithm 1 under both signs."""
    return {"": _regret(tables), "sec": _sec(tables["sec"], tables["elliptic"]), "sign": _sign(tables["sign"])}


def _regret(tables: dict[str, Table]) -> Figure:
    rows, far = tables[""], tables["guarantee"]
    fig, (left, right) = figure(1, 2, width=13, height=6.4, sharey=True)
    for ax, kind in ((left, "finite"), (right, "linear")):
        for index, (schedule, label) in enumerate(SCHEDULES.items()):
            part = rows.where(**{"class": kind, "schedule": schedule})
            mean, low, high = (part[name].clip(FLOOR) for name in ("least", "least_low", "least_high"))
            measured(ax, part["T"] * 1.06 ** (index - 1), mean, low, high, label, index=index)
        ax.axhline(rows["base_regret"][0], color=QUIET, linewidth=1.2, linestyle=":", label="the base's own regret (trivial)")
        ax.set(xscale="log", yscale="log", xlabel="rounds T (2T responses)")
    bound_line(left, far["T"], far["bound"], "guarantee (Thm J.1)")
    bound_line(left, far["T"], far["bound_sharp"], "guarantee, 0.628 R^2 L", color=colour(3), linestyle="-.")
    left.set(ylabel="least regret of pi_1..pi_T, nats", title=f"finite list, {rows['members'][0]} laws", ylim=(FLOOR / 2, 1e5))
    right.set(title=f"linear softmax ball, d = {rows['d'][0]}")
    left.legend(loc="upper right", fontsize=10)
    right.legend(loc="upper right", fontsize=10)
    claim(fig, "XPO finds pi_beta within tens of rounds, unless alpha is as large as the guarantee, vacuous here, asks for.")
    informative = far["T"][far["bound"] < far["base_regret"]]
    start = f"T = {informative.min():.2g}" if len(informative) else "no T shown"
    caption(
        fig,
        f"One prompt, {rows['responses'][0]} responses, beta = {rows['beta'][0]}, rho = {rows['rho'][0]}; mean and 95% interval over "
        f"{rows['seeds'][0]} seeds; at or below {FLOOR:g} drawn there. The guarantee is above the trivial value, vacuous, before {start}. "
        "Its alpha is the list's in both panels. "
        "The linear search is not certified to find each round's global minimum.",
    )
    return fig


def _sec(rows: Table, elliptic: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13, height=6.2)
    band(left, rows["T"], rows["low"], rows["high"], "between certified bounds")
    known = rows.take(np.isfinite(rows["exact"]))
    theory_line(left, known["T"], known["exact"], "exact", marker="o", markersize=4)
    bound_line(left, rows["T"], rows["harmonic"], "closed form", color=colour(0), linestyle="-.")
    bound_line(left, rows["T"], rows["linear"], "Lemma J.5 (elliptic potential)", color=colour(1))
    left.set(
        xscale="log",
        yscale="log",
        xlabel="rounds T",
        ylabel="SEC",
        ylim=(0.4, 2e3),
        title=f"{rows['members'][0]} laws of a linear class, d = {rows['d'][0]}",
    )
    left.legend(loc="upper left")
    for index, d in enumerate(elliptic.unique("d")):
        part = elliptic.where(d=d)
        theory_line(right, part["lam"], part["attained"], f"attained, d = T = {d}", color=colour(index))
        bound_line(right, part["lam"], part["printed"].clip(1e-3), f"as printed, d = T = {d}", color=colour(index), linestyle=":")
        right.plot(part["lam"][::3], part["corrected"][::3], "o", color=colour(index), markersize=4, label=f"corrected, d = T = {d}")
    right.axvline(1.0, color=QUIET, linewidth=1)
    right.set(
        xscale="log", yscale="log", ylim=(5e-3, 1e3), xlabel="lambda / K", ylabel="sum of traces", title="Lemma F.2, traces at most K"
    )
    right.legend(loc="upper right", fontsize=11)
    claim(fig, "SEC is far below its elliptic bound; the corrected Lemma F.2 is attained, the printed one fails once lambda > K.")
    caption(
        fig,
        f"Left: lam = {rows['lam'][0]:.4g}. Exact by dynamic programming over counts where they can be listed; beyond, beam search from "
        "below and a tail bound from above. Right: K e_1 e_1', .., K e_d e_d' attain the corrected bound (dots on the lines).",
    )
    return fig


def _sign(rows: Table) -> Figure:
    fig, ax = figure(width=9, height=6.0)
    for index, (sign, label) in enumerate((("minus", "as printed: minus the squares"), ("plus", "corrected: plus the squares"))):
        part = rows.where(sign=sign)
        measured(ax, part["T"], part["regret"], part["low"], part["high"], label, index=1 - index)
    ax.axhline(rows["base_regret"][0], color=QUIET, linewidth=1.2, linestyle=":", label="the base's own regret")
    ax.set(xscale="log", xlabel="round t", ylabel="regret of pi_(t+1), nats", ylim=(0, None))
    ax.legend()
    claim(fig, "With the printed sign Algorithm 1 seeks the worst fit; with plus it finds pi_beta.")
    caption(
        fig, f"Finite list that holds pi_beta, alpha = {rows['alpha'][0]}; mean and 95% interval over {rows['seeds'][0]} seeds, same keys."
    )
    return fig
