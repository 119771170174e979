"""Draws DPO: risk beside its guarantees, a vanishing margin, the strength beta, scaling, what each class needs, the lemmas."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.dpo.guarantees import CAPTIONS as GUARANTEES
from figures.dpo.guarantees import family, prefixes
from figures.engine.style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = GUARANTEES | {
    "margin": "What a small margin $g_m$ of the base does to DPO and to SFT: the fraction of prompts that fail (left), and the "
    "samples needed for risk {eps} (right; no line where no number is enough). Lines are exact; dots are means over seeds with "
    r"95% intervals over seeds. At a fixed $\beta$ DPO fails once the margin is small, at the $\beta$ that the margin demands it "
    "does not; its rewards are free of noise here, which is why only the guarantee pays $1/g_m^2$.",
    "beta": r"The mass that $\pi_\beta$ leaves off the mode (left) and the fraction of prompts on which DPO fails (right), against the "
    r"strength $\beta$. All curves and the four values of $\beta$ (vertical) are computed, none is simulated; the guarantee never goes "
    r"below $\beta \log C_\mathrm{conc} / (\delta \log(1 + g_m))$ (dashed, right). $\pi_\beta$ is sharp up to a $\beta$ of the order "
    r"of the margin, and the theorem wants one that is smaller by order $\varepsilon\delta$.",
    "scaling": r"The samples $m = 2n$ that DPO needs for risk $\varepsilon$, and those that the guarantee asks for, against one "
    r"parameter at a time. All numbers are exact; the exponents are least-squares fits. The guarantee grows as $1/\varepsilon^2$, "
    r"$1/\delta^2$ and $1/g_m^2$, while the need grows with coverage times the size of the class, and with $\log(1/\varepsilon)$.",
    "classes": "The probability that DPO fails on one base and one target, against the number of pairs, for four policy classes. "
    "Lines named exact are exact; dots are fractions of seeds with 95% intervals over seeds; dotted, in the colour of its class, "
    r"the probability that some other member without loss is left. How many pairs identify $\pi_\beta$ depends on the class, not "
    "on coverage alone.",
    "lemmas": r"Exact quantities of DPO's analysis against their bounds: the concentrability of $\pi_\beta$ (left), and two steps "
    r"of the proof of Theorem 4.2' (right). One dot is one table, $\beta$ and slack, and every number is exact; above the diagonal "
    "a bound is false. Each corrected bound holds, and the printed Lemma 4.1' does not always.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" the family against n, "prefixes", "margin", "beta", "scaling", "classes", "lemmas" (the last alone on a user's base)."""
    made = {"lemmas": _lemmas(tables["lemmas"])}
    if "" in tables:
        made[""] = family(tables[""], tables["guarantee"])
        made["prefixes"] = prefixes(tables["prefixes"])
        made["margin"] = _margin(tables["margin"])
        made["beta"] = _beta(tables["beta"])
        made["scaling"] = _scaling(tables["scaling"], tables["exponents"])
        made["classes"] = _classes(tables["classes"])
    return made


def _margin(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=15.5, height=7.4)
    fixed, demanded = rows.where(method="fixed"), rows.where(method="demanded")
    sft, guarantee = rows.where(method="sft"), rows.where(method="guarantee")
    for index, beta in enumerate(fixed.unique("held")):
        part = fixed.where(held=beta)
        _simulated(left, part, rf"DPO, $\beta = {beta:g}$", index)
        right.plot(part["margin"], part["samples"], color=colour(index), linewidth=4, alpha=0.6, label=rf"DPO, $\beta = {beta:g}$")
    _simulated(left, demanded, r"DPO, $\beta$ demanded by $g_m$", 4)
    theory_line(left, sft["margin"], sft["risk"], "SFT, exact")
    left.set(xscale="log", ylim=(-0.03, 1.06), xlabel="margin $g_m$", ylabel="fraction of prompts that fail")
    left.legend(loc="center left", bbox_to_anchor=(0.0, 0.6))
    theory_line(right, demanded["margin"], demanded["samples"], r"DPO, $\beta$ demanded by $g_m$", color=colour(4))
    theory_line(right, sft["margin"], sft["samples"], "SFT")
    bound_line(right, guarantee["margin"], guarantee["samples"], "what Thm 4.2' asks of DPO")
    right.set(xscale="log", yscale="log", ylim=(10, None), xlabel="margin $g_m$", ylabel="samples $m$")
    right.legend(loc="upper right")
    claim(
        fig,
        r"A vanishing margin leaves SFT alone and breaks DPO at any fixed $\beta$. At the $\beta$ that the margin demands, DPO pays no "
        "samples for it here.",
    )
    first, other = next(demanded.rows()), next(sft.rows())
    setting = (
        f"the same family; left DPO with $n = {first['n']}$ pairs, SFT over all tables with $n = {other['n']}$; {first['seeds']} seeds."
    )
    caption(fig, CAPTIONS["margin"], setting=setting, eps=f"{first['eps']:g}")
    return fig


def _simulated(ax: Axes, part: Table, label: str, index: int) -> None:
    theory_line(ax, part["margin"], part["risk"], color=colour(index), linewidth=1.2)
    low, high = part["measured_low"], part["measured_high"]
    measured(ax, part["margin"], part["measured"], low, high, label, index=index, markersize=5)


STRENGTHS = (
    ("beta_for_risk", r"$\beta$ of the theorem"),
    ("beta_printed", r"$\beta$ of the paper's formula"),
    ("beta_by_bias", r"$\beta$ by the bias bound"),
    ("beta_exact", r"$\beta$ demanded, exact"),
)


def _beta(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=15.5, height=7.0)
    first = next(rows.rows())
    bound_line(left, rows["beta"], rows["bias_bound"], "bias bound")
    theory_line(left, rows["beta"], rows["bias"], r"miss of $\pi_\beta$, exact")
    left.axhline(first["delta"] / 2, color=QUIET, linewidth=1)
    left.text(1.2e-4, first["delta"] / 2 * 1.3, r"$\delta/2$", color=QUIET, fontsize=14)
    left.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-7, 8), xlabel=r"$\beta$", ylabel=r"mass of $\pi_\beta$ off the mode")
    theory_line(right, rows["beta"], rows["risk"], f"DPO, $n = {first['n']}$, exact")
    bound_line(right, rows["beta"], rows["bound_limit"], r"Thm 4.2' as $n \to \infty$", color=colour(1))
    right.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-3, 100), xlabel=r"$\beta$", ylabel="fraction of prompts that fail")
    for index, (name, label) in enumerate(STRENGTHS):
        for ax in (left, right):
            dashes = (":", "--", "-.", "-")[index]
            ax.axvline(first[name], color=colour(index + 1), linestyle=dashes, linewidth=1.8, label=label if ax is left else None)
    for ax, corner in ((left, "lower left"), (right, "upper left")):
        ax.legend(loc=corner, fontsize=12, frameon=True, facecolor="white", edgecolor="none", framealpha=1.0)
    claim(
        fig,
        r"$\pi_\beta$ is sharp up to a $\beta$ of the order of the margin; the theorem wants one smaller by order $\varepsilon\delta$.",
    )
    caption(fig, CAPTIONS["beta"], setting=rf"the same family, margin $g_m = {first['margin']:g}$, $\delta = {first['delta']}$.")
    return fig


AXES = {
    "eps": (r"risk $\varepsilon$", r"\varepsilon"),
    "delta": (r"response miss allowed, $\delta$", r"\delta"),
    "margin": ("margin $g_m$", "g_m"),
    "coverage": (r"coverage $C_\mathrm{cov}$", r"C_\mathrm{cov}"),
    "hard_prompts": (r"$d = \log|\Pi| / \log M$", "d"),
}


def _scaling(rows: Table, exponents: Table) -> Figure:
    fig, axes = figure(2, 3, width=16, height=10.6)
    for ax, (axis, (name, symbol)) in zip(axes.flat, AXES.items(), strict=False):
        part = rows.where(axis=axis)
        bound_line(ax, part["x"], part["guarantee"], "Thm 4.2' asks for", color=colour(1), marker=".")
        theory_line(ax, part["x"], part["samples_worst"], "needed, worst member without loss", color=colour(3), marker=".")
        theory_line(ax, part["x"], part["samples"], "needed, uniform member without loss", marker=".")
        fits = {row["column"]: row["exponent"] for row in exponents.where(axis=axis).rows()}
        ax.set(xscale="log", yscale="log", xlabel=name, ylabel="samples $m$")
        low, high = part["samples"].min() / 3, part["guarantee"].max()
        ax.set_ylim(low, high * (high / low) ** 0.28)
        ax.text(
            0.5,
            0.98,
            rf"asked $\propto {symbol}^{{{fits['guarantee']:z.2f}}}$",
            transform=ax.transAxes,
            ha="center",
            va="top",
            color=colour(1),
        )
        ax.text(0.5, 0.87, rf"needed $\propto {symbol}^{{{fits['samples']:z.2f}}}$", transform=ax.transAxes, ha="center", va="top")
    last = axes.flat[5]
    handles, labels = axes.flat[0].get_legend_handles_labels()
    last.legend(handles, labels, loc="center", fontsize=15)
    last.set_axis_off()
    claim(
        fig,
        r"The guarantee grows as $1/\varepsilon^2$, $1/\delta^2$, $1/g_m^2$; DPO on this family needs coverage times class size, and "
        r"$\log(1/\varepsilon)$.",
    )
    first = next(rows.rows())
    setting = (
        r"least $m$ with exact risk at most $\varepsilon$, and least $m$ with bound at most $\varepsilon$ at the $\beta$ that "
        r"fits. Where a "
        rf"parameter does not vary, $\varepsilon = 0.1$, $\delta = 0.3$, $g_m = 0.5$, $M = 8$, $d = 4$; $\rho = {first['rho']}$. The "
        r"guarantee's growth in $C_\mathrm{cov}$ includes that of $C_\mathrm{loss}$ and $\log|\Pi|$."
    )
    caption(fig, CAPTIONS["scaling"], setting=setting)
    return fig


def _classes(rows: Table) -> Figure:
    fig, ax = figure(width=13, height=6.8)
    told = {
        "generic list": "12 laws that differ everywhere",
        "swap list": "12 laws that differ at two responses",
        "linear ball": "linear softmax",
        "all tables": "all tables",
    }
    for index, (name, label) in enumerate(told.items()):
        part = rows.where(**{"class": name})
        if part["seeds"][0] == 0:
            theory_line(ax, part["n"], part["risk"], f"{label}, exact", color=colour(index))
            ax.plot(part["n"], part["other"], color=colour(index), linestyle=":", linewidth=1.8)
        else:
            ax.plot(part["n"], part["risk"], color=colour(index), linewidth=1)
            measured(ax, part["n"], part["risk"], part["risk_low"], part["risk_high"], f"{label}, simulated", index=index)
            ax.plot(part["n"], part["other"], color=colour(index), linestyle=":", linewidth=1.8)
    ax.plot([], [], color=QUIET, linestyle=":", linewidth=1.8, label="some other member without loss is left")
    ax.set(xscale="log", ylim=(-0.03, 1.06), xlabel="pairs $n$", ylabel="probability that DPO fails")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    first = next(rows.rows())
    claim(fig, r"One base, one target: how many pairs identify $\pi_\beta$ is up to the class, not to coverage alone.")
    setting = (
        rf"linear softmax base, $d = {first['dimension']}$, {first['responses']} responses, margin $g_m = {first['margin']:.3g}$, "
        rf"$C_\mathrm{{cov}} = {first['coverage']:.3g}$, $\delta = {first['delta']}$, $\beta = {first['beta']:.3g}$ (demanded). "
        rf"All tables: a "
        "response that no pair connects keeps its base mass; the dotted line is the probability that not all are connected."
    )
    caption(fig, CAPTIONS["classes"], setting=setting)
    return fig


def _lemmas(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=15, height=7.0)
    left.plot(rows["target_conc_bound"], rows["target_conc"], "o", color=colour(0), markersize=5, alpha=0.6, label="corrected bound")
    part, printed = rows.take(rows["slack"] > 0), r"as printed, $C_{\mathrm{cov},\gamma}/(1 - \gamma)$"
    left.plot(part["target_conc_printed"], part["target_conc"], "X", color=colour(1), markersize=6, label=printed)
    right.plot(rows["regret_bound"], rows["regret"], "o", color=colour(0), markersize=5, label="regret, change of measure")
    fourth = np.sqrt(rows["fourth_bound"]), np.sqrt(rows["fourth"])
    right.plot(*fourth, "s", color=colour(2), markersize=5, label=r"$\sqrt{\mathbb{E} f^4}$ (Lemma J.2)")
    for ax, ends in ((left, (0.8, 300)), (right, (1e-3, 1e3))):
        ax.plot(ends, ends, color="#000000", linewidth=1.2, label="exact = bound")
        ax.set(xscale="log", yscale="log", xlabel="bound", ylabel="exact value")
        ax.legend(loc="upper left")
    left.set(xlim=(0.8, 30), ylim=(0.8, 25))
    left.set_title(r"concentrability of $\pi_\beta$ (Lemma 4.1')")
    right.set_title("inside Theorem 4.2'")
    claim(fig, "Each lemma's exact quantity lies below its bound (the diagonal); the printed Lemma 4.1' does not always hold.")
    caption(fig, CAPTIONS["lemmas"], setting="random tables, or the base that was given; left, bounds above 30 are outside the axes.")
    return fig
