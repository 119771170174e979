"""Draws which learners pay coverage: samples to sharpen against the dimension, the guarantees, and all algorithms in one picture."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, THEORY, band, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = {
    "": "The samples that each learner needs to sharpen with probability 0.9, against the dimension, on the cube (left, Example J.1) "
    "and on hidden arms (right, Example J.1'). Lines are exact; dots are the least number at which 90% of seeds succeed, with 95% "
    "intervals over seeds. On the cube a few evaluated base draws determine the base, so no exploration is needed; on hidden arms "
    "base draws do not show the secret, no learner of Definition 3.2 is below the black line, and only XPO, which may evaluate its "
    "own responses, escapes.",
    "codes": r"The samples to sharpen on other packings (left, lexicodes of Hamming distance $\lceil d/4 \rceil$, whose size jumps "
    "with the distance) and on the cube in larger dimensions (middle), and the growth rates fitted to all of them (right). Lines "
    "are exact; dots are the least number at which 90% of seeds succeed, with 95% intervals over seeds; rates are least squares "
    "with Student 95% intervals, whose residuals are curvature and rounding, not noise. Base draws and SFT grow exponentially in "
    "$d$, while XPO and DPO hardly do.",
    "guarantees": "The samples that each theorem asks for until its risk is below 1, which with one prompt means sharpened, "
    "beside what XPO needs. Dashed and dotted lines are computed from the theorems; triangles are measured as in the other "
    "drawings of this stem. The guarantees lie many orders of magnitude above the measurements, and where XPO's line passes below "
    "SFT's the theorems themselves separate the two.",
    "picture": "The mass on the mode that each algorithm reaches with $m$ samples, and the mass that its theorem promises with "
    "probability 0.9 (bands). Lines named exact and the bands are computed; dots are means over seeds with 95% intervals over "
    "seeds. Every promise is kept, by all but best of $N$ with far fewer samples than promised; left of its band a theorem is "
    "vacuous, and above the end of its band DPO's is vacuous for every $m$.",
}
NAMES = {
    "sft": "best of $N$ and SFT, exact", "sft_adaptive": "adaptive SFT, exact mean", "fit": "fits the likelihoods",
    "dpo": "DPO, linear class", "xpo": "XPO, linear class", "best": "best learner, centre unknown",
    "minimax": "every learner that draws from base, exact", "query": "free to query any response, exact",
}  # fmt: skip
COLOURS = {"sft": 1, "sft_adaptive": 4, "fit": 3, "dpo": 0, "xpo": 2, "best": 5}
MASS = {"best_of_n": "best of $N$", "sft": "SFT", "sft_adaptive": "adaptive SFT", "dpo": "DPO", "xpo": "XPO"}
MASS_COLOURS = {"best_of_n": 3, "sft": 1, "sft_adaptive": 4, "dpo": 0, "xpo": 2}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" both examples, "codes" other packings and growth rates, "guarantees", "picture" of all algorithms."""
    return {
        "": _separation(tables), "codes": _codes(tables), "guarantees": _guarantees(tables["guarantees"]), "picture": _picture(tables),
    }  # fmt: skip


def _curves(ax: Axes, rows: Table, learners: tuple[str, ...]) -> None:
    for learner in learners:
        mine = rows.where(learner=learner)
        shown = mine.take(np.isfinite(mine["samples"]))
        if not len(shown):
            continue
        index = COLOURS.get(learner, 0)
        if shown["exact"].astype(bool).all():
            style = {"color": THEORY} if learner in ("minimax",) else {"color": colour(index)} if learner in COLOURS else {"color": QUIET}
            theory_line(
                ax, shown["dimension"], shown["samples"], NAMES[learner], linestyle="-." if learner == "sft_adaptive" else "-", **style
            )
        else:
            measured(ax, shown["dimension"], shown["samples"], shown["low"], shown["high"], NAMES[learner], index=index, markersize=5)


def _rate(growth: Table, instance: str, learner: str, kind: str) -> str:
    row = next(growth.where(instance=instance, learner=learner).rows())
    return f"{row[kind]:.2f} [{row[kind + '_low']:.2f}, {row[kind + '_high']:.2f}]"


def _separation(tables: dict[str, Table]) -> Figure:
    rows, growth = tables[""], tables["growth"]
    fig, (left, right) = figure(1, 2, width=16, height=8.4, sharey=True)
    cube, arms = rows.where(instance="cube"), rows.where(instance="arms")
    short = cube.take(cube["dimension"] <= arms["dimension"].max())
    _curves(left, short, ("sft", "sft_adaptive", "dpo", "xpo", "fit", "best"))
    _curves(right, arms, ("minimax", "sft", "dpo", "xpo", "query"))
    left.set(yscale="log", xlabel="dimension $d$ ($2^d$ responses)", ylabel="samples to sharpen\nwith probability 0.9")
    right.set(xlabel="arms $d$ ($2^d$ responses in bulk)")
    left.set_title("J.1, the cube: structure escapes coverage,\nwith or without exploration", fontsize=15)
    right.set_title("J.1', hidden arms: only exploration escapes", fontsize=15)
    left.set_ylim(0.7, 3e9)
    for ax, text in ((left, _cube_rates(growth)), (right, _arms_rates(growth))):
        ax.legend(loc="upper left")
        ax.annotate(text, (0.98, 0.27), xycoords="axes fraction", ha="right", va="bottom", fontsize=12, color="#555555")
    first = next(rows.rows())
    claim(fig, r"Waiting until base draws the mode costs $e^{\Theta(d)}$ samples; reading likelihoods, or exploring, costs order $d$.")
    setting = (
        f"one prompt; sharpened means more than {1 - first['delta']:g} of the mass on the mode; XPO is at $\\alpha \\to 0^+$, "
        f"last iterate. A "
        "learner that is free to query any response needs order $d$."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _cube_rates(growth: Table) -> str:
    found = [_rate(growth, "cube", *what) for what in (("sft", "rate"), ("dpo", "degree"), ("xpo", "degree"))]
    names = "SFT $\\propto e^{rd}$, $r = $", "DPO $\\propto d^{\\,k}$, $k = $", "XPO $\\propto d^{\\,k}$, $k = $"
    return "\n".join(name + value for name, value in zip(names, found, strict=True))


def _arms_rates(growth: Table) -> str:
    found = _rate(growth, "arms", "minimax", "rate"), _rate(growth, "arms", "xpo", "degree")
    return f"base draws $\\propto e^{{rd}}$, $r = ${found[0]}\nXPO $\\propto d^{{\\,k}}$, $k = ${found[1]}"


RATES = (
    ("arms", "minimax", "J.1', base draws"), ("cube", "sft", "cube, SFT"), ("lexicode", "sft", "lexicode, SFT"),
    ("arms", "xpo", "J.1', XPO"), ("cube", "xpo", "cube, XPO"), ("cube", "dpo", "cube, DPO"), ("lexicode", "xpo", "lexicode, XPO"),
)  # fmt: skip


def _codes(tables: dict[str, Table]) -> Figure:
    rows, growth = tables[""], tables["growth"]
    fig, (left, middle, right) = figure(1, 3, width=17, height=8.0)
    codes, cube = rows.where(instance="lexicode"), rows.where(instance="cube")
    _curves(left, codes, ("sft", "dpo", "xpo", "fit", "best"))
    left.set(yscale="log", ylim=(1, 1e9), ylabel="samples to sharpen with probability 0.9", title="lexicodes")
    _curves(middle, cube, ("sft", "dpo", "xpo", "fit"))
    middle.set(xscale="log", yscale="log", title="cube, product form")
    middle.set_xticks([2, 4, 8, 16, 32, 64], ["2", "4", "8", "16", "32", "64"])
    middle.minorticks_off()
    for ax in (left, middle):
        ax.set_xlabel("dimension $d$", fontsize=18)
    _growth_rates(right, growth)
    for ax in (left, middle, right):
        ax.tick_params(labelsize=16)
        ax.yaxis.label.set_size(18)
        ax.title.set_size(18)
    left.set_xticks([4, 8, 12, 16])
    left.legend(loc="upper left", fontsize=16)
    claim(fig, "Other packings and larger dimensions agree: coverage is exponential in $d$, what is needed is linear.")
    largest = next(codes.where(learner="sft", dimension=codes["dimension"].max()).rows())
    setting = (
        rf"lexicodes: neighbours at least 1 away, $C_\mathrm{{cov}} = {largest['coverage']:.0f}$ at $d = "
        rf"{largest['dimension']}$; the product "
        f"form needs no list of responses: the cost of SFT is drawn up to {cube.where(learner='sft')['samples'].max():.2g}."
    )
    caption(fig, CAPTIONS["codes"], setting=setting)
    return fig


def _growth_rates(ax: Axes, growth: Table) -> None:
    """Fitted rates by name, and the reference of a doubling with each dimension."""
    shown = [(name, row) for instance, learner, name in RATES for row in growth.where(instance=instance, learner=learner).rows()]
    for place, (_, row) in enumerate(shown):
        shade = COLOURS.get(row["learner"])
        ax.errorbar(
            row["rate"], place, xerr=[[row["rate"] - row["rate_low"]], [row["rate_high"] - row["rate"]]], fmt="o", capsize=4, markersize=8,
            color=THEORY if shade is None else colour(shade),
        )  # fmt: skip
    ax.axvline(np.log(2), color=QUIET, linewidth=1.4, linestyle=":")
    ax.text(np.log(2) - 0.02, len(shown) - 0.55, r"$\log 2$: doubles", ha="right", va="center", fontsize=15, color="#555555")
    ax.set_yticks(range(len(shown)), [f"{name}\n$d = {row['from']}$ to ${row['to']}$" for name, row in shown])
    ax.set(ylim=(len(shown) - 0.3, -0.5), xlim=(-0.05, 0.8), title="fitted growth rates, 95%")
    ax.set_xlabel(r"growth rate $\mathrm{d}\log m / \mathrm{d}d$", fontsize=18)


def _guarantees(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=15, height=7.2, sharey=True)
    for ax, instance, title in zip(axes, ("cube", "arms"), ("J.1, the cube", "J.1', hidden arms"), strict=True):
        mine = rows.where(instance=instance)
        bound_line(ax, mine["dimension"], mine["asked"], "XPO asks: Thm J.3, explicit", color=colour(2))
        bound_line(ax, mine["dimension"], mine["asked_sharp"], "XPO asks: sharper constants", color=colour(2), linestyle=":")
        bound_line(ax, mine["dimension"], mine["sft_asked"], "SFT asks: Thm 4.1', class of relabellings", color=colour(1))
        ax.plot(mine["dimension"], mine["measured"], "^", color=colour(2), label="XPO, measured")
        ax.set(yscale="log", xlabel="dimension $d$" if instance == "cube" else "arms $d$", title=title)
    axes[0].legend(loc="lower right", bbox_to_anchor=(1.0, 0.1))
    axes[0].set_ylabel("samples")
    claim(fig, "Guarantees lie many orders of magnitude above what is measured; of these two only XPO's is polynomial.")
    setting = r"$\delta = 0.3$, $\rho = 0.1$, $\beta = g_m/(2\log(2|\mathcal{Y}|/\delta))$, the radius $B$ as small as Thm J.3 allows."
    caption(fig, CAPTIONS["guarantees"], setting=setting)
    return fig


def _picture(tables: dict[str, Table]) -> Figure:
    rows, promised = tables["picture"], tables["promised"]
    fig, ax = figure(width=16, height=9.0)
    first = next(rows.rows())
    for name, label in MASS.items():
        _reached(ax, rows.where(algorithm=name), label, MASS_COLOURS[name])
        _kept(ax, promised.where(algorithm=name), label, colour(MASS_COLOURS[name]))
    ax.axhline(first["limit"], color=THEORY, linewidth=1.2, label=rf"$\pi_\beta$, exact: {first['limit']:.6f}")
    ax.set(xscale="log", ylim=(-0.02, 1.06), xlabel="samples spent $m$", ylabel="mass on the mode")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    claim(fig, "One base, every algorithm, one axis: what happens (points, left) and what the theorems promise (bands, right).")
    setting = (
        rf"cube of $d = {first['dimension']}$, one prompt; each algorithm has the {2 ** int(first['dimension'])} relabellings of "
        rf"its own target "
        rf"as class; SFT takes $n = {first['pairs']}$ pairs, so $N = m/{first['pairs']}$; $\beta = {first['beta']}$; "
        f"{int(rows['seeds'].max())} seeds. Bands: Prop C.1, Thm 4.1', D.1, 4.2', and J.1 with SEC by Lemma J.5."
    )
    caption(fig, CAPTIONS["picture"], setting=setting)
    return fig


def _reached(ax: Axes, mine: Table, label: str, index: int) -> None:
    mine = mine.take(np.argsort(mine["samples"]))
    if mine["exact"].astype(bool).all():
        theory_line(ax, mine["samples"], mine["mass"], f"{label}, exact", color=colour(index))
        return
    ax.plot(mine["samples"], mine["mass"], color=colour(index), linewidth=1)
    measured(ax, mine["samples"], mine["mass"], mine["low"], mine["high"], f"{label}, measured", index=index, markersize=5)


def _kept(ax: Axes, promised: Table, label: str, shade: str) -> None:
    kept = promised.take(np.isfinite(promised["samples"]))
    if len(kept):
        kept = kept.take(np.argsort(kept["samples"]))
        band(ax, kept["samples"], kept["mass"], np.ones(len(kept)), color=shade, alpha=0.3)
        bound_line(ax, kept["samples"], kept["mass"], f"{label}, promised", color=shade, linewidth=1.5)
