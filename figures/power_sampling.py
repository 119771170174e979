"""Draws how near samplers of pi^alpha come for their calls, what length does to them, low temperature, and the biases of estimates."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import bound_line, caption, claim, colour, figure, measured_or_limit, theory_line

CAPTIONS = {
    "": "Total variation between $\\pi^\\alpha$ and the law of what a sampler returns, against its expected calls of the base: tokens. "
    "Lines are exact, by powers of transition matrices or by an integral; dots are drawn particles, with exact 95% intervals over "
    "repetitions. Chains start from a draw of the base and propose with the base.",
    "length": "Chains with a cut uniform over the current length: with the length in the acceptance, without it, and with proposals that "
    "stop at the current length, as in the published code. Lines are exact total variations to $\\pi^\\alpha$, dashed lines those of the "
    "stationary laws. Dots with a dotted line are the whole published algorithm, by the number of its steps a part.",
    "proposals": "Chains with proposals of the base (solid) and of the base at temperature $1/\\alpha$ (dashed), whole responses or blocks "
    "with the length in the acceptance. Everything is exact. Where low temperature is far from $\\pi^\\alpha$, its proposals mix far more "
    "slowly.",
    "temperature": "Total variation between $\\pi^\\alpha$ and the base at temperature $1/\\alpha$ token by token, against $\\alpha$, and "
    "the bound $\\tanh(D/4)$ (dashed). On the right, the mass of the mode of $\\pi^\\alpha$ under both. Everything is exact.",
    "bias": "Biases of the plug-in and of the jackknife with $K$ rollouts: of $\\log \\zeta$ of the empty prefix, and of next-token laws, "
    "summed along an answer as total variations. All are exact integrals; below $3 \\cdot 10^{-11}$ they are rounding and not drawn. "
    "Black lines have slopes $-1$ and $-2$.",
}
_METHODS = ("independent", "blocks, mended", "importance resampling", "rollouts", "best of N")
_LEAST = 3e-11
"""Biases below this are their own rounding."""


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" all methods, "length", "proposals" of base or at low temperature, "temperature" by itself, "bias" of estimates."""
    curve = tables["curve"]
    return {
        "": _methods(curve, tables["particles"]),
        "length": _length(curve, tables["kernels"]),
        "proposals": _proposals(curve),
        "temperature": _temperature(tables["temperature"]),
        "bias": _bias(tables["bias"]),
    }


def _names(rows: Table) -> list[str]:
    return list(dict.fromkeys(rows["instance"].tolist()))


def _panels(rows: Table, height: float) -> tuple[Figure, list[tuple[Axes, str, float]]]:
    """One panel for each base, at the largest power."""
    names, alpha = _names(rows), float(rows["alpha"].max())
    fig, axes = figure(1, len(names), width=16, height=height, sharey=True, squeeze=False)
    for ax, name in zip(axes[0], names, strict=True):
        ax.set(xscale="log", yscale="log", xlabel="calls of the base", title=name)
    axes[0][0].set_ylabel(r"total variation to $\pi^\alpha$")
    return fig, [(ax, name, alpha) for ax, name in zip(axes[0], names, strict=True)]


def _methods(curve: Table, particles: Table) -> Figure:
    fig, panels = _panels(curve, 7.0)
    for ax, name, alpha in panels:
        for i, method in enumerate(_METHODS):
            mine = curve.where(instance=name, alpha=alpha, method=method, suffix="base")
            shown = mine.take(mine["variation"] > 1e-5)
            theory_line(ax, shown["calls"], shown["variation"], method, color=colour(i), linestyle=":" if method == "best of N" else "-")
        low = curve.where(instance=name, alpha=alpha, method="temperature")
        ax.plot(low["calls"], low["variation"], "*", color="#000000", markersize=14, label="low temperature", zorder=4)
        drawn = particles.where(instance=name, alpha=alpha, suffix="base")
        values = (drawn["variation"], drawn["variation_low"], drawn["variation_high"])
        measured_or_limit(ax, drawn["calls"], *values, "particles", index=5, floor=1e-3)
        ax.set(ylim=(5e-5, 1.3), xlim=(1.5, 2e4))
    fig.legend(*panels[0][0].get_legend_handles_labels(), loc="outside right center", fontsize=11)
    claim(fig, "Chains reach the power law geometrically, resampling and rollouts as one over their calls, best of $N$ never.")
    caption(fig, CAPTIONS[""], setting=f"$\\alpha = {curve['alpha'].max():g}$.")
    return fig


_KERNELS = {"blocks, mended": "length in the acceptance", "blocks, no length": "no length", "truncated": "no length, cut at it"}


def _length(curve: Table, kernels: Table) -> Figure:
    fig, panels = _panels(curve, 6.6)
    for ax, name, alpha in panels:
        for i, (kernel, label) in enumerate(_KERNELS.items()):
            mine = curve.where(instance=name, alpha=alpha, method=kernel, suffix="base")
            theory_line(ax, mine["calls"], mine["variation"], label, color=colour(i))
            bias = float(kernels.where(instance=name, alpha=alpha, kernel=kernel, suffix="base")["bias"][0])
            if bias > 0:
                bound_line(ax, [mine["calls"].min(), mine["calls"].max()], [bias, bias], color=colour(i), linewidth=1.4)
        whole = curve.where(instance=name, alpha=alpha, method="published")
        ax.plot(whole["calls"], whole["variation"], "o:", color=colour(3), label="published algorithm")
        ax.set(ylim=(1e-4, 1.5))
    panels[0][0].legend(loc="lower left", fontsize=11)
    claim(fig, "Without the length in the acceptance a chain is biased, and cut at the length it moves away again with more steps.")
    caption(fig, CAPTIONS["length"], setting=f"$\\alpha = {curve['alpha'].max():g}$, blocks proposed by the base.")
    return fig


def _proposals(curve: Table) -> Figure:
    fig, panels = _panels(curve, 6.4)
    for ax, name, alpha in panels:
        for i, (kernel, label) in enumerate({"independent": "whole responses", "blocks, mended": "blocks"}.items()):
            for suffix, line in (("base", "-"), ("tempered", (0, (5, 3)))):
                mine = curve.where(instance=name, alpha=alpha, method=kernel, suffix=suffix)
                said = f"{label}, {'base' if suffix == 'base' else 'low temperature'}"
                theory_line(ax, mine["calls"], mine["variation"], said, color=colour(i), linestyle=line)
        ax.set(ylim=(1e-4, 1.3))
    panels[-1][0].legend(loc="upper right", fontsize=11)
    claim(fig, "Proposals at low temperature can mix tens of times more slowly than those of the base.")
    caption(fig, CAPTIONS["proposals"], setting=f"$\\alpha = {curve['alpha'].max():g}$.")
    return fig


def _temperature(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=14.5, height=6.4)
    for i, name in enumerate(_names(rows)):
        mine = rows.where(instance=name)
        axes[0].plot(mine["alpha"], mine["variation"], color=colour(i), label=name)
        bound_line(axes[0], mine["alpha"], mine["bound"], color=colour(i), linewidth=1.4)
        axes[1].plot(mine["alpha"], mine["mode"], color=colour(i), label=name)
        axes[1].plot(mine["alpha"], mine["mode_tempered"], color=colour(i), linestyle=(0, (5, 3)))
    axes[0].set(xlabel=r"power $\alpha$", ylabel="total variation", ylim=(-0.02, 1.05))
    axes[1].set(xlabel=r"power $\alpha$", ylabel=r"mass of the mode of $\pi^\alpha$", ylim=(-0.02, 1.05))
    axes[1].plot([], [], color="#000000", label=r"$\pi^\alpha$")
    axes[1].plot([], [], color="#000000", linestyle=(0, (5, 3)), label="low temperature")
    axes[1].legend(loc="center right", fontsize=11)
    claim(fig, "Low temperature is another law than the power law, and on the trained model it loses the mode.")
    caption(fig, CAPTIONS["temperature"])
    return fig


def _bias(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=14.5, height=6.4, sharey=True)
    alpha = float(rows["alpha"].max())
    for ax, of in zip(axes, ("log zeta", "next token"), strict=True):
        for i, name in enumerate(_names(rows)):
            for estimator, marker in (("plug-in", "o-"), ("jackknife", "s--")):
                mine = rows.where(instance=name, alpha=alpha, of=of, estimator=estimator)
                seen = mine.take(np.abs(mine["bias"]) > _LEAST)
                ax.plot(seen["rollouts"], np.abs(seen["bias"]), marker, color=colour(i), label=f"{name}, {estimator}", linewidth=1.4)
        ends = np.array([rows["rollouts"].min(), rows["rollouts"].max()], dtype=float)
        for slope, label in ((-1, "slopes $-1$, $-2$"), (-2, None)):
            theory_line(ax, ends, ends ** float(slope), label, linewidth=1.0)
        title = r"bias of $\log \zeta$" if of == "log zeta" else "bias of next tokens"
        ax.set(xscale="log", yscale="log", xlabel="rollouts $K$", title=title)
    axes[0].set_ylabel("size of the bias")
    axes[0].legend(loc="lower left", fontsize=11)
    claim(fig, "The plug-in's bias falls as one over the rollouts, the jackknife's as their inverse square.")
    caption(fig, CAPTIONS["bias"], setting=f"$\\alpha = {alpha:g}$.")
    return fig
