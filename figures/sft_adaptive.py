"""Draws adaptive SFT-Sharpening: the cost of a prompt, risk and cost on the hard family, and where a fixed N is cheaper."""

import numpy as np
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import band, bound_line, caption, claim, colour, figure, measured, measured_or_limit, theory_line
from figures.sft.scaling import scaling

CAPTIONS = {
    "": "The risk of adaptive SFT-Sharpening beside three forms of its bound (left), and the samples that it spends (right), against "
    "the number of prompts $n$. Black lines and bounds are exact; dots are means over seeds with 95% intervals over seeds, and an "
    "arrow is a 95% upper limit where the interval reaches 0. The simulated risk follows the exact law, and the cost lies between "
    "the corrected bounds of Theorem D.1.",
    "stopping": "The stopping rule on prompts of random bases: the mean number of draws against $1/P^*$ (left), and how often the "
    "kept response is not the mode against the bound of Lemma I.1 (right). Each dot is a prompt, measured by literal runs with "
    "95% intervals over runs; an arrow is a 95% upper limit where no miss was seen. A prompt costs about $s/P^*$ draws, and no "
    "rate of misses is clear of the bound.",
    "scaling": r"The mean samples $n\,\mathbb{E}[N_s]$ that adaptive SFT-Sharpening needs for risk $\varepsilon$, against one "
    "parameter at a time. All points are exact (the least cost over $n$ and $s$); the interval of each exponent is that of its "
    r"least-squares fit. The cost grows as $1/\varepsilon$, where a fixed $N$ (squares) pays $1/\varepsilon^2$; every prompt costs "
    r"at least one draw, so it grows with $C_\mathrm{cov}$, not with $C_\mathrm{cov} - 1$.",
    "crossing": r"The samples that the two guarantees ask for at risk $\varepsilon$, for one prompt whose mode is shared by many "
    "equally likely responses. Both lines are computed from the theorems; nothing is simulated. A fixed $N$ is cheaper until "
    r"$\varepsilon$ is small, because the adaptive rule waits for one response, with cost $\bar{C}_\mathrm{cov}$ instead of "
    r"$C_\mathrm{cov}$.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" risk and cost on the family, "stopping" cost and misses of each prompt, "scaling", "crossing"."""
    made = {"stopping": _stopping(tables["stopping"])}
    if "" in tables:
        made[""] = _family(tables[""])
        made["scaling"] = _scaling(tables)
        made["crossing"] = _crossing(tables["crossing"])
    return made


def _family(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=14, height=7.0)
    bound_line(left, rows["n"], rows["bound"], "bound, explicit constants", linestyle=":", color=colour(1))
    bound_line(left, rows["n"], rows["bound_sharp"], "bound, sharp", color=colour(2))
    bound_line(left, rows["n"], rows["bound_instance"], "bound, instance form", linestyle="-.", color=colour(3))
    theory_line(left, rows["n"], rows["exact_risk"], "exact risk")
    measured_or_limit(left, rows["n"], rows["risk"], rows["risk_low"], rows["risk_high"], "simulated, 95% interval")
    left.set(xscale="log", yscale="log", ylim=(1e-5, 1e7), xlabel="prompts $n$", ylabel="fraction of prompts that fail")
    left.legend(loc="upper right")
    band(right, rows["n"], rows["samples_bound_low"], rows["samples_bound_high"], "Thm D.1, corrected")
    theory_line(right, rows["n"], rows["exact_samples"], r"exact $\mathbb{E}[m]$")
    measured(right, rows["n"], rows["samples"], rows["samples_low"], rows["samples_high"], "simulated, 95% interval")
    right.set(xscale="log", yscale="log", xlabel="prompts $n$", ylabel="samples spent $m$")
    right.legend(loc="upper left")
    first = next(rows.rows())
    claim(fig, "The adaptive rule's risk is what its exact law says, and its cost lies between the corrected bounds.")
    setting = (
        rf"$d = {first['hard_prompts']}$, $M = {first['labels']}$ labels, hard mass $D = {first['hard_mass']}$, $\delta = "
        rf"{first['delta']}$, "
        rf"$s = \log(2/\delta)$, $\rho = {first['rho']}$, {first['seeds']} seeds (risk: empirical Bernstein intervals)."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _stopping(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=15, height=7.0)
    for index, stop in enumerate(rows.unique("stop")):
        part = rows.where(stop=stop)
        part = part.take(np.argsort(part["mode_inverse"]))
        bound_line(left, part["mode_inverse"], part["mean_bound_low"], color=colour(index), linewidth=1)
        measured(
            left, part["mode_inverse"], part["mean"], part["mean_low"], part["mean_high"], f"$s = {stop:g}$", index=index, markersize=4
        )
        part = part.take(part["miss_exact"] > 1e-6)
        rate, low, high = (part[name] for name in ("miss", "miss_low", "miss_high"))
        measured_or_limit(right, part["miss_bound"], rate, low, high, f"$s = {stop:g}$", index=index, markersize=4, elinewidth=1)
    bound_line(left, [], [], "$s/P^*$", linewidth=1)
    right.plot([1e-6, 1], [1e-6, 1], color="#000000", label="bound of Lemma I.1")
    left.set(xscale="log", yscale="log", xlabel="$1/P^*(x)$", ylabel="mean draws until the rule stops", ylim=(0.2, None))
    ticks = [t for t in (1, 2, 4, 8, 16, 32) if t <= 1.1 * rows["mode_inverse"].max()]
    left.set_xticks(ticks, [str(t) for t in ticks])
    left.minorticks_off()
    right.set(xscale="log", yscale="log", xlim=(1e-5, 1.5), ylim=(5e-6, 3))
    right.set(xlabel=r"bound $(1 - |Y^*|\,P^*)^{\lceil s/P^* \rceil}$", ylabel="rate at which the kept response is no mode")
    left.legend(loc="lower right", ncols=4, columnspacing=0.8)
    right.legend(loc="upper left", fontsize=11)
    claim(fig, "A prompt costs about $s/P^*$ draws, and the rule misses the mode at most as often as Lemma I.1 allows.")
    caption(
        fig,
        CAPTIONS["stopping"],
        setting=f"{rows['draws'][0]} literal runs for each prompt and each $s$; exact binomial intervals for rates.",
    )
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = scaling(tables["scaling"], tables["exponents"], beside=tables["fixed"], label="fixed $N$, same families")
    claim(fig, r"Adaptive SFT-Sharpening's exact cost on the same families: $1/\varepsilon$ instead of $1/\varepsilon^2$.")
    setting = (
        r"$D = 1.5\,\varepsilon$, $M = \lfloor 2 (C_\mathrm{cov} - 1 + D)/D \rfloor$; where a parameter does not vary, "
        r"$\varepsilon = 0.02$, $C_\mathrm{cov} = 3$, $d = 4$, $\delta = 0.5$."
    )
    caption(fig, CAPTIONS["scaling"], setting=setting)
    return fig


def _crossing(rows: Table) -> Figure:
    fig, ax = figure(width=10, height=6.4)
    theory_line(ax, rows["eps"], rows["fixed"], "fixed $N$: $nN$ enough for Thm 4.1'", color=colour(0))
    theory_line(ax, rows["eps"], rows["adaptive"], r"adaptive: $n\,\mathbb{E}[N_s]$ enough for Thm D.1", color=colour(1), linestyle="-.")
    ax.set(xscale="log", yscale="log", xlabel=r"risk $\varepsilon$", ylabel="samples that the guarantee asks for")
    ax.legend()
    first = next(rows.rows())
    claim(
        fig,
        r"When many responses tie for the mode, a fixed $N$ is cheaper until $\varepsilon$ is small: $1/\varepsilon^2$ meets "
        r"$1/\varepsilon$.",
    )
    setting = (
        rf"one prompt, {first['ties']} equally likely responses, $C_\mathrm{{cov}} = {first['coverage']:.3g}$, "
        rf"$\bar{{C}}_\mathrm{{cov}} = {first['mode_coverage']:.3g}$, $\log|\Pi| = {first['log_class_size']:g}$, "
        rf"$\delta = {first['delta']}$, $\rho = {first['rho']}$."
    )
    caption(fig, CAPTIONS["crossing"], setting=setting)
    return fig
