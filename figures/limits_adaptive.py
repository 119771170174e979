"""What no adaptive learner can beat: the exact frontier with the optimal rules at play, needs, powers, and the price of adaptive SFT."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.limits.panels import along_axes, by_power, heat_map
from figures._style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line

CURVES = {
    "adaptive minimax": {"color": "#000000", "linestyle": "-"},
    "Thm D.2, proof's constant": {"color": QUIET, "linestyle": (0, (5, 3))},
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" the frontier, "scaling" samples needed, "power" and its witness, "price"."""
    return {
        "": _frontier(tables[""], tables["measured"]),
        "scaling": _scaling(tables),
        "power": _power(tables["power"]),
        "price": _price(tables["price"]),
    }


def _frontier(rows: Table, seen: Table) -> Figure:
    fig, ax = figure(width=12.5, height=6.4)
    theory_line(ax, rows["samples"], rows["risk"], "any adaptive learner (exact frontier)", marker=".")
    shown = rows.take(rows["fixed"] >= 0)
    theory_line(ax, shown["fixed"], shown["risk"], "any learner with a fixed design (exact)", linestyle="-.", linewidth=1.4)
    shown = rows.take(rows["bound"] > 0)
    bound_line(ax, shown["bound"], shown["risk"], "Thm D.2, proof's constant", color=QUIET)
    measured(ax, seen["samples"], seen["risk"], seen["risk_low"], seen["risk_high"], "optimal rules, simulated", index=2, linestyle="none")
    first = next(rows.rows())
    for row in rows.rows():
        if row["remaining"] > 1:
            ax.annotate(f"u = {row['remaining']}", (row["samples"], row["risk"]), xytext=(6, 3), textcoords="offset points", fontsize=11)
    ax.set(xlabel="mean samples E[m]", ylabel="expected fraction of prompts that fail", xlim=(0, 40))
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    claim(fig, "Drawing until the secret is seen or u labels are left is optimal, and far cheaper than any fixed design.")
    caption(
        fig,
        f"Hard family, d = {first['hard_prompts']}, M = {first['labels']}, D = {first['hard_mass']}. Dots: {seen['seeds'][0]} seeds with "
        f"{seen['n'][0]} prompts each against the literal oracle; 95% intervals. Mixing "
        "two neighbouring u fills the lines.",
    )
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = along_axes(tables["scaling"], tables["exponents"], CURVES)
    claim(fig, "Any adaptive learner needs order (C - 1) d/eps samples; the proof's constant is over 70 times below the exact need.")
    caption(fig, "Exact family optimum, (C - 1) d/(4 eps) as eps -> 0, at D = 2 eps. At rest: eps = 0.01, C = 3, d = 4.")
    return fig


def _power(rows: Table) -> Figure:
    fig, right = by_power(rows, "eps^-(1/{p:g})")
    right.axhline(2, color=QUIET, linewidth=1)
    claim(fig, "With power p of coverage the adaptive need grows as eps^-(1/p), and meets its limit with the constant.")
    first = next(rows.rows())
    caption(
        fig,
        f"Family optimum at C_cov,1/2,p = {first['coverage']:g}, d = {first['hard_prompts']}. Dots exact; lines: closed-form limit; "
        "D tends to (1 + p) eps.",
    )
    return fig


def _price(rows: Table) -> Figure:
    fig, axes = figure(2, 2, width=15, height=10.5)
    axes = axes.ravel()
    cells = rows.where(kind="map")
    heat_map(fig, axes[0], cells, "price", "samples over the optimum's")
    panels = (
        (cells.where(eps=cells["eps"].min()), "coverage", f"coverage C   (eps = {cells['eps'].min():g})"),
        (rows.where(kind="d"), "hard_prompts", "hard prompts d"),
        (rows.where(kind="delta"), "delta", "response miss allowed, delta"),
    )
    for ax, (part, column, label) in zip(axes[1:], panels, strict=True):
        theory_line(ax, part[column], part["price"], "price = product of", marker="D")
        for index, (factor, name) in enumerate(
            (("visits", "visits to each hard prompt"), ("rule", "draws a visit"), ("easy", "easy prompts' draws"))
        ):
            ax.plot(part[column], part[factor], "os^"[index] + "-", color=colour(index), label=name)
        ax.set(xscale="log", ylim=(0, None), xlabel=label, ylabel="factor over the optimum")
    axes[1].set_xticks(panels[0][0]["coverage"], [f"{c:g}" for c in panels[0][0]["coverage"]], fontsize=11)
    axes[1].minorticks_off()
    axes[1].legend()
    claim(fig, "Adaptive SFT pays for every easy prompt: little at large coverage, most of its price near C = 1.")
    caption(
        fig,
        "Least n E[N_s] on the witness over the exact adaptive minimax; at rest eps = 0.01, C = 3, d = 4, delta = 1/2. The optimum "
        "visits a hard prompt once and an easy one for nothing; blank: no family forces a sample.",
    )
    return fig
