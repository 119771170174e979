"""Who pays coverage, who does not, and why: samples to sharpen against d; guarantees beside them; one picture of the whole theory."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import QUIET, THEORY, band, bound_line, caption, claim, colour, figure, measured, theory_line

NAMES = {
    "sft": "best of N and SFT, exact", "sft_adaptive": "adaptive SFT, exact mean", "fit": "fits the likelihoods",
    "dpo": "DPO, linear class", "xpo": "XPO, linear class", "best": "best learner, centre unknown",
    "minimax": "every learner that draws from base, exact", "query": "free to query any response, exact",
}  # fmt: skip
COLOURS = {"sft": 1, "sft_adaptive": 4, "fit": 3, "dpo": 0, "xpo": 2, "best": 5}
MASS = {"best_of_n": "best of N", "sft": "SFT", "sft_adaptive": "adaptive SFT", "dpo": "DPO", "xpo": "XPO"}
MASS_COLOURS = {"best_of_n": 3, "sft": 1, "sft_adaptive": 4, "dpo": 0, "xpo": 2}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" both examples, "codes" other packings and the growth, "guarantees", "picture"."""
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
    fig, (left, right) = figure(1, 2, width=16, height=7.2, sharey=True)
    cube, arms = rows.where(instance="cube"), rows.where(instance="arms")
    short = cube.take(cube["dimension"] <= arms["dimension"].max())
    _curves(left, short, ("sft", "sft_adaptive", "dpo", "xpo", "fit", "best"))
    _curves(right, arms, ("minimax", "sft", "dpo", "xpo", "query"))
    left.set(yscale="log", xlabel="dimension d (2^d responses)", ylabel="samples to sharpen with probability 0.9")
    right.set(xlabel="arms d (2^d responses in bulk)")
    left.set_title("J.1, the cube: structure escapes coverage,\nwith or without exploration", fontsize=15)
    right.set_title("J.1', hidden arms: only exploration escapes", fontsize=15)
    for ax in (left, right):
        ax.legend(loc="upper left")
    left.set_ylim(0.7, 3e9)
    notes = (
        (left, f"SFT: rate {_rate(growth, 'cube', 'sft', 'rate')} per dimension\nDPO: degree {_rate(growth, 'cube', 'dpo', 'degree')}\n"
         f"XPO: degree {_rate(growth, 'cube', 'xpo', 'degree')}"),
        (right, f"base draws: rate {_rate(growth, 'arms', 'minimax', 'rate')} per arm\n"
         f"XPO: degree {_rate(growth, 'arms', 'xpo', 'degree')}"),
    )  # fmt: skip
    for ax, text in notes:
        ax.annotate(text, (0.98, 0.25), xycoords="axes fraction", ha="right", va="bottom", fontsize=12, color=QUIET)
    first = next(rows.rows())
    claim(fig, "Waiting until base draws the mode costs exp(d) samples; reading likelihoods, or exploring, costs order d.")
    caption(
        fig,
        f"One prompt, more than {1 - first['delta']:g} of the mass on the mode. Left: base is linear in the features and "
        "likelihoods carry no "
        "noise, so a few evaluated base draws determine it: exploration is not what separates. Right: base draws say nothing of where the "
        "secret arm is, so no learner of Def 3.2 is below the black line; XPO may evaluate responses it made itself. "
        "The gap is one of access: "
        "a learner free to query needs d. Dots: least samples at which 90% of seeds succeed, 95% interval; "
        "XPO at alpha -> 0+, last iterate.",
    )
    return fig


def _codes(tables: dict[str, Table]) -> Figure:
    rows, growth = tables[""], tables["growth"]
    fig, (left, middle, right) = figure(1, 3, width=19, height=6.6)
    codes, cube = rows.where(instance="lexicode"), rows.where(instance="cube")
    _curves(left, codes, ("sft", "dpo", "xpo", "fit", "best"))
    left.set(
        yscale="log",
        ylim=(1, 1e5),
        xlabel="dimension d",
        ylabel="samples to sharpen with probability 0.9",
        title="lexicodes, neighbours at least 1 away",
    )
    left.legend(loc="upper left")
    _curves(middle, cube, ("sft", "dpo", "xpo", "fit"))
    middle.set(xscale="log", yscale="log", xlabel="dimension d", title="the cube by its product form")
    middle.set_xticks([2, 4, 8, 16, 32, 64], ["2", "4", "8", "16", "32", "64"])
    middle.minorticks_off()
    middle.legend(loc="upper left")
    for index, (instance, learner, name) in enumerate((
        ("arms", "minimax", "J.1': base draws"), ("cube", "sft", "cube: SFT"), ("lexicode", "sft", "lexicode: SFT"),
        ("arms", "xpo", "J.1': XPO"), ("cube", "xpo", "cube: XPO"), ("cube", "dpo", "cube: DPO"), ("lexicode", "xpo", "lexicode: XPO"),
    )):  # fmt: skip
        for row in growth.where(instance=instance, learner=learner).rows():
            shade = COLOURS.get(learner)
            right.errorbar(
                row["rate"], -index, xerr=[[row["rate"] - row["rate_low"]], [row["rate_high"] - row["rate"]]], fmt="o", capsize=3,
                color=THEORY if shade is None else colour(shade),
            )  # fmt: skip
            right.annotate(
                f"{name}, d = {row['from']}..{row['to']}",
                (row["rate"], -index),
                textcoords="offset points",
                xytext=(0, 8),
                ha="center",
                fontsize=11,
            )
    right.axvline(np.log(2), color=QUIET, linewidth=1, linestyle=":")
    right.set(xlabel="growth rate, d log m / dd (dotted: log 2)", yticks=[], ylim=(-6.6, 0.8), xlim=(-0.3, 1.0), title="fitted rates, 95%")
    largest, farthest = (
        next(codes.where(learner="sft", dimension=codes["dimension"].max()).rows()),
        cube.where(learner="sft")["samples"].max(),
    )
    claim(fig, "Other packings and larger dimensions tell the same story: coverage is exponential in d, what is needed is linear.")
    caption(
        fig,
        "Lexicodes of Hamming distance ceil(d/4), whose size jumps with the distance: coverage "
        f"{largest['coverage']:.0f} at d = {largest['dimension']}. The product form needs no list of responses: "
        f"SFT's cost goes up to {farthest:.2g}. "
        "Lines are exact; dots: 90% of seeds succeed, 95% interval. Rates are least squares with Student intervals; their residuals are "
        "curvature and rounding, not noise.",
    )
    return fig


def _guarantees(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=15, height=6.4, sharey=True)
    for ax, instance, title in zip(axes, ("cube", "arms"), ("J.1, the cube", "J.1', hidden arms"), strict=True):
        mine = rows.where(instance=instance)
        bound_line(ax, mine["dimension"], mine["asked"], "XPO asks: Thm J.3, explicit", color=colour(2))
        bound_line(ax, mine["dimension"], mine["asked_sharp"], "XPO asks: sharper constants", color=colour(2), linestyle=":")
        bound_line(ax, mine["dimension"], mine["sft_asked"], "SFT asks: Thm 4.1', class of relabellings", color=colour(1))
        ax.plot(mine["dimension"], mine["measured"], "^", color=colour(2), label="XPO, measured")
        ax.set(yscale="log", xlabel="dimension d" if instance == "cube" else "arms d", title=title)
    axes[0].legend(loc="lower right", bbox_to_anchor=(1.0, 0.1))
    axes[0].set_ylabel("samples")
    claim(fig, "Guarantees lie many orders of magnitude above what is measured; of these two only XPO's is polynomial.")
    caption(
        fig,
        "Samples until each theorem's risk is below 1, which with one prompt means sharpened; delta = 0.3, rho = 0.1, "
        "beta = g_m/(2 log(2|Y|/delta)), B as small as Thm J.3 allows. Where XPO's line passes below SFT's, "
        "the theorems themselves separate; "
        "before that, only measurements do.",
    )
    return fig


def _picture(tables: dict[str, Table]) -> Figure:
    rows, promised = tables["picture"], tables["promised"]
    fig, ax = figure(width=16, height=8.2)
    first = next(rows.rows())
    for name, label in MASS.items():
        mine, shade = rows.where(algorithm=name), colour(MASS_COLOURS[name])
        mine = mine.take(np.argsort(mine["samples"]))
        index = MASS_COLOURS[name]
        if mine["exact"].astype(bool).all():
            theory_line(ax, mine["samples"], mine["mass"], f"{label}, exact", color=shade)
        else:
            ax.plot(mine["samples"], mine["mass"], color=shade, linewidth=1)
            measured(ax, mine["samples"], mine["mass"], mine["low"], mine["high"], f"{label}, measured", index=index, markersize=5)
        kept = promised.where(algorithm=name)
        kept = kept.take(np.isfinite(kept["samples"]))
        if len(kept):
            kept = kept.take(np.argsort(kept["samples"]))
            band(ax, kept["samples"], kept["mass"], np.ones(len(kept)), color=shade, alpha=0.3)
            bound_line(ax, kept["samples"], kept["mass"], f"{label}, promised", color=shade, linewidth=1.5)
    ax.axhline(first["limit"], color=THEORY, linewidth=1.2, label=f"pi_beta, exact: {first['limit']:.6f}")
    ax.set(xscale="log", ylim=(-0.02, 1.06), xlabel="samples spent m", ylabel="mass on the mode")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    claim(fig, "One base, every algorithm, one axis: what happens (points, left) and what the theorems promise (bands, right).")
    caption(
        fig,
        f"Cube of d = {first['dimension']}, one prompt. Each algorithm has the {2 ** int(first['dimension'])} relabellings of its own "
        f"target as class; SFT takes n = {first['pairs']} pairs, so N = m/{first['pairs']}; beta = {first['beta']}. Dots: mean "
        f"over {int(rows['seeds'].max())} seeds, 95% interval. Bands: mass that the theorem promises with probability 0.9 "
        "(Prop C.1, Thm 4.1', D.1, "
        "4.2', J.1 with SEC by Lemma J.5); left of its band a theorem is vacuous, and above the end "
        "of its band DPO's is, whatever m.",
    )
    return fig
