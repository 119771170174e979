"""DPO: risk against its guarantee, what a vanishing margin does, the strength beta, scaling, what each class needs, the lemmas."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" the family against n, "margin", "beta", "scaling", "classes", "lemmas" (the last alone on a user's base)."""
    made = {"lemmas": _lemmas(tables["lemmas"])}
    if "" in tables:
        made[""] = _family(tables[""], tables["guarantee"])
        made["margin"] = _margin(tables["margin"])
        made["beta"] = _beta(tables["beta"])
        made["scaling"] = _scaling(tables["scaling"], tables["exponents"])
        made["classes"] = _classes(tables["classes"])
    return made


def _family(rows: Table, guarantee: Table) -> Figure:
    fig, ax = figure(width=11, height=6.2)
    ax.axhspan(1, 1e4, color=QUIET, alpha=0.12, linewidth=0)
    ax.text(1.3, 1.35, "vacuous: a bound above 1 says nothing", fontsize=12, color=QUIET)
    bound_line(ax, guarantee["n"], guarantee["bound"], "Thm 4.2', explicit", color=colour(1))
    bound_line(ax, guarantee["n"], guarantee["bound_sharp"], "Thm 4.2', sharp form (ours)", color=colour(2), linestyle="-.")
    theory_line(ax, rows["n"], rows["exact_worst"], "exact, worst zero-loss member", color=colour(3))
    theory_line(ax, rows["n"], rows["exact_risk"], "exact, uniform zero-loss member")
    measured(ax, rows["n"], rows["risk"], rows["risk_low"], rows["risk_high"], "DPO simulated, 95% interval")
    eps, needed, asked = guarantee["eps"][0], guarantee["n_needed"][0], guarantee["n_asked"][0]
    ax.annotate("", xy=(asked, eps), xytext=(needed, eps), arrowprops={"arrowstyle": "<->", "color": QUIET, "linewidth": 1.5})
    ax.text((needed * asked) ** 0.5, eps * 1.2, f"needed {needed}, asked for {asked:.1e}", ha="center", fontsize=12, color=QUIET)
    ax.set(xscale="log", yscale="log", ylim=(2e-3, 5e3), xlim=(1, 1e13), xlabel="pairs n", ylabel="fraction of prompts that fail")
    ax.legend(loc="upper right")
    first = next(rows.rows())
    claim(fig, "DPO succeeds after some thirty pairs; its guarantee is true, and vacuous below a hundred million.")
    caption(
        fig,
        f"Margin family: {first['hard_prompts']} prompts, {first['labels']} responses, margin {first['margin']:g}; Pi = the tilted laws of "
        f"all members, delta = {first['delta']}, rho = {first['rho']}, beta = {first['beta']:.2g} (half of eps = {eps:g} goes to "
        f"beta log C_conc); {first['seeds']} seeds.",
    )
    return fig


def _margin(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13.5, height=6.2)
    fixed, demanded = rows.where(method="fixed"), rows.where(method="demanded")
    sft, guarantee = rows.where(method="sft"), rows.where(method="guarantee")
    for index, beta in enumerate(fixed.unique("held")):
        part = fixed.where(held=beta)
        theory_line(left, part["margin"], part["risk"], color=colour(index), linewidth=1.2)
        measured(left, part["margin"], part["measured"], part["measured_low"], part["measured_high"], f"DPO, beta = {beta:g}", index=index,
                 markersize=5)  # fmt: skip
        right.plot(part["margin"], part["samples"], color=colour(index), linewidth=4, alpha=0.6, label=f"DPO, beta = {beta:g}")
    theory_line(left, demanded["margin"], demanded["risk"], color=colour(4), linewidth=1.2)
    measured(left, demanded["margin"], demanded["measured"], demanded["measured_low"], demanded["measured_high"], "DPO, beta demanded",
             index=4, markersize=5)  # fmt: skip
    theory_line(left, sft["margin"], sft["risk"], "SFT, exact")
    left.set(xscale="log", ylim=(-0.03, 1.06), xlabel="margin g_m", ylabel="fraction of prompts that fail")
    left.legend(loc="center left", bbox_to_anchor=(0.0, 0.6))
    theory_line(right, demanded["margin"], demanded["samples"], "DPO, beta demanded", color=colour(4))
    theory_line(right, sft["margin"], sft["samples"], "SFT")
    bound_line(right, guarantee["margin"], guarantee["samples"], "Thm 4.2' asks DPO for")
    right.set(xscale="log", yscale="log", ylim=(10, None), xlabel="margin g_m", ylabel="samples m")
    right.legend(loc="upper right")
    claim(
        fig,
        "A vanishing margin leaves SFT alone and breaks DPO at any fixed beta. At the beta it demands, DPO pays no samples for it here.",
    )
    first, other = next(demanded.rows()), next(sft.rows())
    caption(
        fig,
        f"Same family. Left: DPO with n = {first['n']} pairs (lines exact, dots {first['seeds']} seeds), SFT over all tables with n = "
        f"{other['n']}. Right: least m for risk {first['eps']:g} (exact; no curve where no m is enough). DPO's rewards are free of noise, "
        "which is why only the guarantee pays 1/margin^2.",
    )
    return fig


def _beta(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13.5, height=6.0)
    first = next(rows.rows())
    bound_line(left, rows["beta"], rows["bias_bound"], "bias bound")
    theory_line(left, rows["beta"], rows["bias"], "miss of pi_beta, exact")
    left.axhline(first["delta"] / 2, color=QUIET, linewidth=1)
    left.text(1.2e-4, first["delta"] / 2 * 1.3, "delta / 2", color=QUIET, fontsize=12)
    left.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-7, 8), xlabel="beta", ylabel="mass of pi_beta off the mode")
    theory_line(right, rows["beta"], rows["risk"], f"DPO, n = {first['n']}, exact")
    bound_line(right, rows["beta"], rows["bound_limit"], "Thm 4.2' as n -> inf", color=colour(1))
    right.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-3, 100), xlabel="beta", ylabel="fraction of prompts that fail")
    for index, (name, label) in enumerate((
        ("beta_for_risk", "beta for the theorem"), ("beta_printed", "paper's formula"), ("beta_by_bias", "by the bias bound"),
        ("beta_exact", "demanded, exact"),
    )):  # fmt: skip
        for ax in (left, right):
            ax.axvline(first[name], color=colour(index + 1), linestyle=":", linewidth=2.2, label=label if ax is left else None)
    for ax, corner in ((left, "lower left"), (right, "upper left")):
        ax.legend(loc=corner, fontsize=11, frameon=True, facecolor="white", edgecolor="none", framealpha=1.0)
    claim(fig, "pi_beta is sharp up to a beta of the order of the margin; the theorem wants one that is smaller by order eps delta.")
    caption(
        fig,
        f"Same family, margin {first['margin']:g}, delta = {first['delta']}. Right: the dashed line is beta log C_conc / (delta log(1 + "
        "g_m)), which the bound never goes below.",
    )
    return fig


def _scaling(rows: Table, exponents: Table) -> Figure:
    fig, axes = figure(2, 3, width=14, height=8.6)
    names = {
        "eps": "risk eps",
        "delta": "delta",
        "margin": "margin g_m",
        "coverage": "coverage C_cov",
        "hard_prompts": "d = log|Pi| / log M",
    }
    for ax, (axis, name) in zip(axes.flat, names.items(), strict=False):
        part = rows.where(axis=axis)
        bound_line(ax, part["x"], part["guarantee"], "Thm 4.2' asks for", color=colour(1), marker=".")
        theory_line(ax, part["x"], part["samples_worst"], "worst zero-loss member", color=colour(3), marker=".")
        theory_line(ax, part["x"], part["samples"], "uniform zero-loss member", marker=".")
        fits = {row["column"]: row for row in exponents.where(axis=axis).rows()}
        ax.set_title(f"fitted: {fits['guarantee']['exponent']:z.2f} asked, {fits['samples']['exponent']:z.2f} needed", fontsize=13)
        ax.set(xscale="log", yscale="log", xlabel=name, ylabel="samples m")
    last = axes.flat[5]
    handles, labels = axes.flat[0].get_legend_handles_labels()
    last.legend(handles, labels, loc="center", fontsize=15)
    last.set_axis_off()
    claim(fig, "The guarantee grows as 1/eps^2, 1/delta^2, 1/margin^2; DPO on this family needs coverage times class size, and log 1/eps.")
    first = next(rows.rows())
    caption(
        fig,
        "Least m = 2n with exact risk <= eps, and least m with bound <= eps at the beta that fits. At rest: eps = 0.1, delta = 0.3, "
        f"margin 0.5, M = 8, d = 4; rho = {first['rho']}. The guarantee's growth in C_cov includes that of C_loss and log|Pi|.",
    )
    return fig


def _classes(rows: Table) -> Figure:
    fig, ax = figure(width=11, height=6.4)
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
    ax.plot([], [], color=QUIET, linestyle=":", linewidth=1.8, label="some other zero-loss member is left")
    ax.set(xscale="log", ylim=(-0.03, 1.06), xlabel="pairs n", ylabel="probability that DPO fails")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    first = next(rows.rows())
    claim(fig, "One base, one target: how many pairs identify pi_beta is up to the class, not to coverage alone.")
    caption(
        fig,
        f"Linear softmax base, d = {first['dimension']}, {first['responses']} responses, margin {first['margin']:.3g}, C_cov = "
        f"{first['coverage']:.3g}, delta = {first['delta']}, beta = {first['beta']:.3g} (demanded). All tables: what was never connected "
        "keeps its base mass; the dotted line is P[not all responses are connected].",
    )
    return fig


def _lemmas(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=13.5, height=6.2)
    corrected = rows["target_conc_bound"]
    left.plot(corrected, rows["target_conc"], "o", color=colour(0), markersize=5, alpha=0.6, label="corrected bound")
    part = rows.take(rows["slack"] > 0)
    left.plot(part["target_conc_printed"], part["target_conc"], "X", color=colour(1), markersize=6, label="as printed, C_cov,g/(1-g)")
    right.plot(rows["regret_bound"], rows["regret"], "o", color=colour(0), markersize=5, label="regret, change of measure")
    right.plot(
        np.sqrt(rows["fourth_bound"]), np.sqrt(rows["fourth"]), "s", color=colour(2), markersize=5, label="root of E f^4 (Lemma J.2)"
    )
    for ax, ends in ((left, (0.8, 300)), (right, (1e-3, 1e3))):
        ax.plot(ends, ends, color="#000000", linewidth=1.2)
        ax.set(xscale="log", yscale="log", xlabel="bound", ylabel="exact")
        ax.legend(loc="upper left")
    left.set(xlim=(0.8, 30), ylim=(0.8, 15))
    left.set_title("concentrability of pi_beta (Lemma 4.1')")
    right.set_title("inside Theorem 4.2'")
    claim(fig, "Each lemma's exact quantity lies below its bound (the diagonal); the printed Lemma 4.1' does not always hold.")
    caption(
        fig,
        "One dot per table, beta and slack (random tables, or the given base). Above the diagonal a bound is false. Left: no bounds > 30.",
    )
    return fig
