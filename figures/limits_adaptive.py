"""Draws the limits of adaptive learners: the exact frontier, samples needed, powers of coverage, and the price of adaptive SFT."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line
from figures.limits.panels import along_axes, by_power, heat_map

CAPTIONS = {
    "": "The expected fraction of prompts that fail against the mean number of samples, for every adaptive learner on the hard family. "
    "Lines are exact; dots are means over seeds of the optimal rules on literal draws, with 95% intervals over seeds. The rule that "
    "draws until the secret is seen or $u$ labels are left is optimal (mixing two neighbouring $u$ fills the line), and far cheaper "
    "than any fixed design.",
    "scaling": r"The mean number of samples that every adaptive learner needs for risk $\varepsilon$, against one parameter at a "
    "time. Both curves are exact numbers; the powers at the top are least-squares fits to the lines of their colour. The need is "
    r"of order $(C_\mathrm{cov} - 1)\,d/\varepsilon$, and the constant of the paper's proof is more than 70 times below it.",
    "power": "The mean number of samples that every adaptive learner needs when coverage is measured with power $p$ (left), and the hard "
    r"mass of the family that forces them (right). Dots are exact optima over families, lines the closed-form limit as $\varepsilon "
    r"\to 0$. The need grows as $\varepsilon^{-1/p}$ and meets its limit with the constant, and $D/\varepsilon$ tends to $1 + p$.",
    "price": r"The least $n\,\mathbb{E}[N_s]$ of adaptive SFT over the exact adaptive minimax, and the three factors whose product "
    "it is. All numbers are exact; a blank cell is one where no family forces a sample. The optimum visits a hard prompt once and "
    r"an easy one for nothing, so adaptive SFT pays most where easy prompts dominate, near $C_\mathrm{cov} = 1$.",
}
CURVES = {
    "adaptive minimax": {"color": "#000000", "linestyle": "-"},
    "Thm D.2, proof's constant": {"color": QUIET, "linestyle": (0, (5, 3))},
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" the frontier, "scaling" samples needed, "power" with its witness, "price"."""
    return {
        "": _frontier(tables[""], tables["measured"]),
        "scaling": _scaling(tables),
        "power": _power(tables["power"]),
        "price": _price(tables["price"]),
    }


def _frontier(rows: Table, seen: Table) -> Figure:
    fig, ax = figure(width=13.5, height=7.2)
    theory_line(ax, rows["samples"], rows["risk"], "any adaptive learner (exact frontier)", marker=".")
    shown = rows.take(rows["fixed"] >= 0)
    theory_line(ax, shown["fixed"], shown["risk"], "any learner with a fixed design (exact)", linestyle="-.", linewidth=1.4)
    shown = rows.take(rows["bound"] > 0)
    bound_line(ax, shown["bound"], shown["risk"], "Thm D.2, proof's constant", color=QUIET)
    label = "optimal rules, simulated, 95% interval"
    measured(ax, seen["samples"], seen["risk"], seen["risk_low"], seen["risk_high"], label, index=2, linestyle="none")
    for row in rows.rows():
        if row["remaining"] > 1:
            place, text = (row["samples"], row["risk"]), f"$u = {row['remaining']}$"
            ax.annotate(text, place, xytext=(8, 2), textcoords="offset points", fontsize=12)
    ax.set(xlabel=r"mean samples $\mathbb{E}[m]$", ylabel="expected fraction of prompts that fail", xlim=(0, 40))
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    first = next(rows.rows())
    claim(fig, "Drawing until the secret is seen or $u$ labels are left is optimal, and far cheaper than any fixed design.")
    setting = (
        rf"hard family with $d = {first['hard_prompts']}$, $M = {first['labels']}$ labels, hard mass $D = {first['hard_mass']}$; "
        f"{seen['seeds'][0]} seeds with {seen['n'][0]} prompts each."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = along_axes(tables["scaling"], tables["exponents"], CURVES)
    claim(
        fig,
        r"Any adaptive learner needs order $(C_\mathrm{cov} - 1)\,d/\varepsilon$ samples; the proof's constant is over 70 times too small.",
    )
    setting = (
        r"where a parameter does not vary, $\varepsilon = 0.01$, $C_\mathrm{cov} = 3$, $d = 4$. As $\varepsilon \to 0$ the need tends to "
        r"$(C_\mathrm{cov} - 1)\,d/(4\varepsilon)$, at $D = 2\varepsilon$."
    )
    caption(fig, CAPTIONS["scaling"], setting=setting)
    return fig


def _power(rows: Table) -> Figure:
    fig, right = by_power(rows, r"\varepsilon^{{-1/{p:g}}}")
    right.axhline(2, color=QUIET, linewidth=1)
    right.annotate("2, the limit at $p = 1$", (1e-13, 2), xytext=(0, 6), textcoords="offset points", fontsize=12, color=QUIET)
    claim(fig, r"With power $p$ of coverage the adaptive need grows as $\varepsilon^{-1/p}$, and meets its limit with the constant.")
    first = next(rows.rows())
    setting = rf"coverage $C_{{\mathrm{{cov}},1/2,p}} = {first['coverage']:g}$, $d = {first['hard_prompts']}$."
    caption(fig, CAPTIONS["power"], setting=setting)
    return fig


FACTORS = (("visits", "visits to each hard prompt"), ("rule", "draws a visit"), ("easy", "draws on easy prompts"))


def _price(rows: Table) -> Figure:
    fig, axes = figure(2, 2, width=15, height=11.2)
    axes = axes.ravel()
    cells = rows.where(kind="map")
    heat_map(fig, axes[0], cells, "price", "price: samples over the optimum")
    least = cells["eps"].min()
    panels = (
        (cells.where(eps=least), "coverage", rf"coverage $C_\mathrm{{cov}}$   (at $\varepsilon = {least:g}$)"),
        (rows.where(kind="d"), "hard_prompts", "hard prompts $d$"),
        (rows.where(kind="delta"), "delta", r"response miss allowed, $\delta$"),
    )
    for ax, (part, column, label) in zip(axes[1:], panels, strict=True):
        theory_line(ax, part[column], part["price"], "price, the product of", marker="D")
        for index, (factor, name) in enumerate(FACTORS):
            ax.plot(part[column], part[factor], "os^"[index] + "-", color=colour(index), label=name)
        ax.set(xscale="log", ylim=(0, None), xlabel=label, ylabel="factor over the optimum")
    axes[1].set_xticks(panels[0][0]["coverage"], [f"{c:g}" for c in panels[0][0]["coverage"]], fontsize=11)
    axes[1].minorticks_off()
    axes[1].legend()
    claim(fig, r"Adaptive SFT pays for every easy prompt: little at large coverage, most of its price near $C_\mathrm{cov} = 1$.")
    setting = r"where a parameter does not vary, $\varepsilon = 0.01$, $C_\mathrm{cov} = 3$, $d = 4$, $\delta = 1/2$."
    caption(fig, CAPTIONS["price"], setting=setting)
    return fig
