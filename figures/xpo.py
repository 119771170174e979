"""Draws XPO: regret against rounds beside its guarantee, SEC between certified bounds, and two formulas that fail as printed."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, band, bound_line, caption, claim, colour, figure, measured, measured_or_limit, theory_line

CAPTIONS = {
    "": "The least regret among the policies of XPO's first $T$ rounds, for a finite list (left) and a linear softmax class (right), "
    r"with three choices of the optimism $\alpha$. Dots are means over seeds with 95% intervals over seeds, and an arrow is a 95% "
    r"upper limit where the interval reaches the floor of the axis; the guarantees are computed. XPO finds $\pi_\beta$ within tens "
    r"of rounds, unless $\alpha$ is as large as the guarantee asks for, which is vacuous at these $T$.",
    "sec": "The sequential extrapolation coefficient (SEC) of a linear class against the rounds (left), and Lemma F.2 on the sum "
    "of traces (right). All numbers are exact or certified: SEC by dynamic programming where the counts can be listed, between "
    "two bounds beyond. SEC is far below its elliptic bound, and the corrected Lemma F.2 is attained while the printed one fails "
    r"once $\lambda > K$.",
    "sign": "The regret of Algorithm 1 against its round, with the sign of the squared term as printed and as corrected. Dots are means "
    "over seeds with 95% intervals over seeds; both signs use the same random keys. With the printed sign the algorithm seeks the "
    r"worst fit, and with plus it finds $\pi_\beta$.",
    "whole": "Algorithm 1 on two lists of two members: the fraction of runs whose last policy leaves more than "
    r"$\delta$ off the mode, against the rounds, beside two bounds. Curves are computed; dots are shares of seeds with 95% intervals, and "
    r"an arrow is a 95% upper limit where no run failed. All runs are at the $\alpha$ that the theorem prescribes; its bound is on the "
    "policy that is chosen by paid comparisons, ours on the last one, from the chance that the wrong member is still ahead.",
}
SCHEDULES = {
    "prescribed": r"$\alpha$ as Thm J.1 prescribes",
    "vanishing": r"$\alpha$ of order $\beta^2/\sqrt{T}$",
    "limit": r"$\alpha \to 0^+$",
}
FLOOR = 1e-7


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" regret against T, "sec" SEC and Lemma F.2, "sign" Algorithm 1 under both signs, "whole" the algorithm as it is."""
    return {
        "": _regret(tables),
        "sec": _sec(tables["sec"], tables["elliptic"]),
        "sign": _sign(tables["sign"]),
        "whole": _whole(tables["whole"], tables["promise"]),
    }


def _regret(tables: dict[str, Table]) -> Figure:
    rows, far = tables[""], tables["guarantee"]
    fig, (left, right) = figure(1, 2, width=15, height=7.4, sharey=True)
    for ax, kind in ((left, "finite"), (right, "linear")):
        for index, (schedule, label) in enumerate(SCHEDULES.items()):
            part = rows.where(**{"class": kind, "schedule": schedule})
            mean, low, high = (part[name].clip(FLOOR) for name in ("least", "least_low", "least_high"))
            measured_or_limit(ax, part["T"] * 1.12 ** (index - 1), mean, low, high, label, index=index, floor=FLOOR)
        ax.axhline(rows["base_regret"][0], color=QUIET, linewidth=1.2, linestyle=":", label="regret of the base (trivial)")
        ax.set(xscale="log", yscale="log", xlabel="rounds $T$ ($2T$ responses)")
    bound_line(left, far["T"], far["bound"], "guarantee (Thm J.1)")
    bound_line(left, far["T"], far["bound_sharp"], "guarantee, $0.628\\,R^2 L$", color=colour(3), linestyle="-.")
    left.set(
        ylabel=r"least regret of $\pi_1, \ldots, \pi_T$ (nats)", title=f"finite list, {rows['members'][0]} laws", ylim=(FLOOR / 30, 1e4)
    )
    right.set(title=f"linear softmax ball, $d = {rows['d'][0]}$")
    fig.legend(*left.get_legend_handles_labels(), loc="outside right center")
    claim(fig, r"XPO finds $\pi_\beta$ within tens of rounds, unless $\alpha$ is as large as the guarantee, vacuous here, asks for.")
    caption(fig, CAPTIONS[""], setting=_regret_setting(rows, far))
    return fig


def _regret_setting(rows: Table, far: Table) -> str:
    informative = far["T"][far["bound"] < far["base_regret"]]
    start = f"$T = {informative.min():.2g}$" if len(informative) else "any $T$ shown"
    return (
        rf"one prompt, {rows['responses'][0]} responses, $\beta = {rows['beta'][0]}$, $\rho = {rows['rho'][0]}$, {rows['seeds'][0]} seeds; "
        f"the floor is {FLOOR:g}. The guarantee is above the trivial value, so vacuous, before {start}; its $\\alpha$ is that "
        f"of the list in "
        "both panels. The linear search is not certified to find each round's global minimum."
    )


def _sec(rows: Table, elliptic: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=14, height=7.0)
    band(left, rows["T"], rows["low"], rows["high"], "between certified bounds")
    known = rows.take(np.isfinite(rows["exact"]))
    theory_line(left, known["T"], known["exact"], "exact", marker="o", markersize=4)
    bound_line(left, rows["T"], rows["harmonic"], "closed form", color=colour(0), linestyle="-.")
    bound_line(left, rows["T"], rows["linear"], "Lemma J.5 (elliptic potential)", color=colour(1))
    left.set(
        xscale="log",
        yscale="log",
        xlabel="rounds $T$",
        ylabel="SEC",
        ylim=(0.4, 2e3),
        title=f"{rows['members'][0]} laws of a linear class, $d = {rows['d'][0]}$",
    )
    left.legend(loc="upper left")
    for index, d in enumerate(elliptic.unique("d")):
        part = elliptic.where(d=d)
        theory_line(right, part["lam"], part["attained"], f"attained, $d = T = {d}$", color=colour(index))
        bound_line(right, part["lam"], part["printed"].clip(1e-3), f"as printed, $d = T = {d}$", color=colour(index), linestyle=":")
        right.plot(part["lam"][::3], part["corrected"][::3], "o", color=colour(index), markersize=4, label=f"corrected, $d = T = {d}$")
    right.axvline(1.0, color=QUIET, linewidth=1)
    right.set(
        xscale="log", yscale="log", ylim=(5e-3, 1e3), xlabel=r"$\lambda/K$", ylabel="sum of traces", title="Lemma F.2, traces at most $K$"
    )
    right.legend(loc="upper right", fontsize=11)
    claim(fig, r"SEC is far below its elliptic bound; the corrected Lemma F.2 is attained, the printed one fails once $\lambda > K$.")
    setting = (
        rf"left $\lambda = {rows['lam'][0]:.4g}$, with beam search from below and a tail bound from above where SEC is not "
        rf"exact; right the "
        r"matrices $K e_1 e_1^\top, \ldots, K e_d e_d^\top$, which attain the corrected bound (dots on the lines)."
    )
    caption(fig, CAPTIONS["sec"], setting=setting)
    return fig


def _sign(rows: Table) -> Figure:
    fig, ax = figure(width=10, height=6.6)
    for index, (sign, label) in enumerate((("minus", "as printed: minus the squares"), ("plus", "corrected: plus the squares"))):
        part = rows.where(sign=sign)
        measured(ax, part["T"], part["regret"], part["low"], part["high"], label, index=1 - index)
    ax.axhline(rows["base_regret"][0], color=QUIET, linewidth=1.2, linestyle=":", label="regret of the base")
    ax.set(xscale="log", xlabel="round $t$", ylabel=r"regret of $\pi_{t+1}$ (nats)", ylim=(0, None))
    ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.45))
    claim(fig, r"With the printed sign Algorithm 1 seeks the worst fit; with plus it finds $\pi_\beta$.")
    setting = rf"finite list that holds $\pi_\beta$, $\alpha = {rows['alpha'][0]}$, {rows['seeds'][0]} seeds."
    caption(fig, CAPTIONS["sign"], setting=setting)
    return fig


def _whole(rows: Table, promise: Table) -> Figure:
    fig, ax = figure(width=12, height=7.0)
    ax.axhspan(1, 1e5, color=QUIET, alpha=0.12, linewidth=0)
    ax.text(1.2, 1.15, "vacuous: a bound above 1 says nothing", fontsize=12, color=QUIET)
    for index, other in enumerate(dict.fromkeys(rows["other"])):
        part, said = rows.where(other=other), promise.where(other=other)
        name = f"other member: {other}, mass {part['other_mass'][0]:.3g} on the mode"
        bound_line(ax, said["T"], said["bound"], f"Thm J.2, {name}", color=colour(index), linestyle=((0, (5, 3)), "-.")[index % 2])
        shown = said.take(said["last_bound"] > 1e-3)
        theory_line(ax, shown["T"], shown["last_bound"], f"bound of the last iterate (ours), {other}", color=colour(index))
        measured_or_limit(
            ax, part["T"] * 1.15 ** (2 * index - 1), part["last"], part["last_low"], part["last_high"],
            f"last iterate measured, {other}", index=index,
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="rounds $T$", ylabel="risk: fraction of runs that fail", ylim=(1e-2, 1e5))
    ax.legend(loc="upper right", fontsize=11)
    claim(fig, "The theorem's guarantee speaks from hundreds of thousands of rounds on; one that knows the list, from dozens.")
    first = rows.take(rows["T"] == rows["T"].max())
    setting = (
        rf"one prompt, two responses, $P^* = {rows['mode'][0]}$, $\beta = {rows['beta'][0]}$, $\delta = {rows['delta'][0]}$, "
        rf"$\pi_\beta$ has mass {rows['mass'][0]:.3g} on the mode; $\rho = {rows['rho'][0]}$, {rows['seeds'][0]} seeds. Each member is "
        rf"judged by {rows['validation'][0]:,} responses: {first['responses_used'][0]:,} in all at $T = {first['T'][0]:,}$."
    )
    caption(fig, CAPTIONS["whole"], setting=setting)
    return fig
