"""Draws the limits of every learner: exact minimax risk, samples needed, the price of SFT-Sharpening, powers of coverage, cost."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, bound_line, caption, claim, colour, figure, measured_or_limit, theory_line
from figures.limits.panels import along_axes, by_power, heat_map

CAPTIONS = {
    "": "The expected fraction of prompts that fail on the hard family, against the number of samples $m$. Lines are exact or bounds; "
    "dots are means over seeds of the optimal learner on literal draws, with 95% intervals over seeds. No learner is below the "
    "black line, which candidate elimination attains; adaptive learners, whose cost is a mean, may fall below the fixed designs.",
    "scaling": r"The samples needed for risk $\varepsilon$, against one parameter at a time, for every learner (minimax) and for "
    "SFT-Sharpening on the same worst family. All numbers are exact; the powers at the top are least-squares fits to the lines of "
    r"their colour. Any learner needs $1/\varepsilon^2$ samples, or $1/\varepsilon$ if it is adaptive, and SFT-Sharpening needs "
    "only a constant factor more.",
    "price": "The least $nN$ of SFT-Sharpening over the exact minimax number of samples, on the family that is worst for every "
    "learner. All numbers are exact; the price is the product of two factors, the split (the best learner at SFT's $N$ over the "
    r"best at $N = 1$) and the estimator (SFT over the best learner at that $N$). The price hardly depends on $\varepsilon$, "
    r"$C_\mathrm{cov}$ and $d$, and a smaller $\delta$ raises it through the split.",
    "power": "The samples that every learner needs when coverage is measured with power $p$ (left), and the hard mass of the family that "
    r"forces them (right). Dots are exact optima over families, lines the closed-form limit as $\varepsilon \to 0$; steps on the "
    r"right come from whole numbers of labels. The need grows as $\varepsilon^{-(1 + 1/p)}$ and meets its limit with the constant.",
    "work": r"The number of table entries computed for all of $e(0), \ldots, e(K)$, against the number of labels. The counts are "
    r"exact; the truncation that the band makes is certified. The cost grows as $K\sqrt{M}$, which makes the exact risk affordable "
    "for large $M$.",
}
CURVES = {
    "minimax": {"color": "#000000", "linestyle": "-"},
    "SFT": {"color": colour(0), "marker": "o", "linestyle": "-"},
    "adaptive minimax": {"color": "#000000", "linestyle": (0, (1, 1.5))},
    "adaptive SFT": {"color": colour(1), "marker": "s", "linestyle": "-"},
    "Thm 3.1, proof's constant": {"color": QUIET, "linestyle": (0, (5, 3))},
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" risk against samples, "scaling" samples needed, "price", "power" with its witness, "work" (cost of the risk)."""
    return {
        "": _risk(tables[""], tables["measured"]),
        "scaling": _scaling(tables),
        "price": _price(tables["price"]),
        "power": _power(tables["power"]),
        "work": _work(tables["work"]),
    }


def _risk(rows: Table, seen: Table) -> Figure:
    fig, ax = figure(width=14, height=7.6)
    theory_line(ax, rows["m"], rows["minimax"], "any learner, one response a prompt (exact minimax)")
    theory_line(ax, rows["m"], rows["minimax_4"], "any learner, four responses a prompt (exact)", linestyle="-.", linewidth=1.4)
    theory_line(ax, rows["m"], rows["adaptive"], "any adaptive learner, mean cost (exact)", linestyle=(0, (1, 1.5)))
    ax.plot(rows["m"], rows["sft"], color=colour(0), label="SFT-Sharpening, best $n$ and $N$ (exact)")
    ax.plot(rows["m"], rows["sft_adaptive"], color=colour(1), label="adaptive SFT, best $n$ and stop (exact)")
    bound_line(ax, rows["m"], rows["bound"], "the paper's lower bound, proof's constant", color=QUIET)
    bound_line(ax, rows["m"], rows["bound_sharp"], "the same without Markov's inequality", color=QUIET, linestyle=":")
    for index, N in enumerate(seen.unique("N")):
        part, label = seen.where(N=N), f"optimal learner, simulated, $N = {N}$"
        measured_or_limit(ax, part["m"], part["risk"], part["risk_low"], part["risk_high"], label, index=index + 2)
    ax.set(yscale="log", ylim=(5e-4, 1), xlabel="samples $m$", ylabel="expected fraction of prompts that fail")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    first = next(rows.rows())
    claim(
        fig,
        "The exact risk that no learner can beat is attained by candidate elimination; SFT-Sharpening stays within a factor in samples.",
    )
    setting = (
        rf"hard family with $d = {first['hard_prompts']}$, $M = {first['labels']}$ labels, hard mass $D = {first['hard_mass']}$; a prompt "
        rf"fails if $\widehat{{\pi}}(y^*|x) \leq 1/2$; {seen['seeds'][0]} seeds (empirical Bernstein intervals); SFT uses $N "
        rf"\geq 3$, below "
        "which its own law is not sharp."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = along_axes(tables["scaling"], tables["exponents"], CURVES)
    claim(
        fig, r"Any learner needs $1/\varepsilon^2$ samples, $1/\varepsilon$ if adaptive; SFT-Sharpening meets both rates within a factor."
    )
    setting = (
        r"where a parameter does not vary, $\varepsilon = 0.01$, $C_\mathrm{cov} = 3$, $d = 4$; $\delta = 1/2$; the family is "
        r"searched over "
        r"all $M$ and $D$. The printed bound holds only for $\varepsilon \leq 1/16$ and a family of 8 labels. Adaptive SFT also pays for "
        r"easy prompts, so its cost is of order $C_\mathrm{cov}$, not $C_\mathrm{cov} - 1$."
    )
    caption(fig, CAPTIONS["scaling"], setting=setting)
    return fig


def _price(rows: Table) -> Figure:
    fig, axes = figure(1, 3, width=19, height=6.8, width_ratios=(1.6, 1, 1))
    heat_map(fig, axes[0], rows.where(kind="map"), "price", "price: SFT's samples over the optimum")
    panels = ((axes[1], "d", "hard_prompts", "hard prompts $d$"), (axes[2], "delta", "delta", r"response miss allowed, $\delta$"))
    for ax, kind, column, label in panels:
        part = rows.where(kind=kind)
        theory_line(ax, part[column], part["price"], "price, the product of", marker="D")
        ax.plot(part[column], part["split"], "o-", color=colour(0), label="split: $N$ a prompt, not 1")
        ax.plot(part[column], part["estimator"], "s-", color=colour(1), label="estimator: mode of best-of-$N$ labels")
        ax.set(xscale="log", xlabel=label, ylim=(1, None), ylabel="factor over the optimum")
    axes[1].set_ylim(1, 2.2)
    axes[1].legend(loc="upper center")
    claim(
        fig,
        r"SFT-Sharpening costs 1.8 to 2 times the exact optimum, whatever $\varepsilon$, $C_\mathrm{cov}$ and $d$; a smaller "
        r"$\delta$ costs "
        "more.",
    )
    setting = (
        r"left $d = 4$, $\delta = 1/2$; middle and right, where a parameter does not vary, $\varepsilon = 0.01$, $C_\mathrm{cov} = 3$, "
    )
    caption(fig, CAPTIONS["price"], setting=setting + r"$d = 4$, $\delta = 1/2$.")
    return fig


def _power(rows: Table) -> Figure:
    fig, right = by_power(rows, r"\varepsilon^{{-(1 + 1/{p:g})}}")
    right.axhline(1.6487, color=QUIET, linewidth=1)
    right.annotate(
        r"$\sqrt{e}$, the limit at $p = 1$", (1e-13, 1.6487), xytext=(0, 6), textcoords="offset points", fontsize=12, color=QUIET
    )
    claim(
        fig,
        r"With power $p$ of coverage the exact need grows as $\varepsilon^{-(1 + 1/p)}$, and meets its limit with the constant.",
    )
    first = next(rows.rows())
    setting = rf"coverage $C_{{\mathrm{{cov}},1/2,p}} = {first['coverage']:g}$, $d = {first['hard_prompts']}$."
    caption(fig, CAPTIONS["power"], setting=setting)
    return fig


def _work(rows: Table) -> Figure:
    fig, ax = figure(width=10, height=6.2)
    ax.plot(rows["labels"], rows["work"], "o-", color=colour(0), label="band")
    theory_line(ax, rows["labels"], rows["dense"], "dense recursion, $K M$", linestyle="--")
    ax.set(xscale="log", yscale="log", xlabel="labels $M$, with $K = M$ draws", ylabel=r"entries computed for $e(0), \ldots, e(K)$")
    ax.legend()
    claim(fig, r"All $e(k)$ come from one pass over a band that grows as $K\sqrt{M}$, not $KM$.")
    caption(fig, CAPTIONS["work"], setting=f"absolute truncation at most {rows['truncation'].max():.1g} at every $M$ shown.")
    return fig
