"""SFT-Sharpening: risk against n and N on the hard family with every strength of the bound; random tables; samples needed."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.sft.scaling import scaling
from figures._style import bound_line, caption, claim, colour, figure, measured, theory_line

STRENGTHS = (
    ("bound", "bound, explicit constants", ":"),
    ("bound_sharp", "bound, sharp", "--"),
    ("bound_instance", "bound, instance form", "-."),
)


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" risk on the family, "tables" sandwich on random bases, "scaling" samples needed."""
    made = {"tables": _tables(tables["tables"])}
    if "" in tables:
        made[""] = _family(tables[""])
        made["scaling"] = _scaling(tables)
    return made


def _family(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=15, height=6.2, sharey=True)
    for ax, axis, label in zip(axes, ("n", "N"), ("prompts n", "responses per prompt N"), strict=True):
        part = rows.where(axis=axis)
        for column, name, dashes in STRENGTHS:
            bound_line(ax, part[axis], part[column], name, linestyle=dashes, color=colour(STRENGTHS.index((column, name, dashes)) + 1))
        theory_line(ax, part[axis], part["exact_risk"], "exact risk")
        measured(ax, part[axis], part["risk"], part["risk_low"], part["risk_high"], "simulated, 95% interval")
        ax.axhline(float(part["hard_mass"][0]), color="#767676", linewidth=1)
        ax.annotate(
            "all hard prompts fail", (part[axis][-1], float(part["hard_mass"][0]) * 0.9), color="#767676", fontsize=12, ha="right", va="top"
        )
        other = f"N = {part['N'][0]}" if axis == "n" else f"n = {part['n'][0]}"
        ax.set(xlabel=f"{label}   ({other})", xscale="log", yscale="log", ylim=(1e-5, 30))
    axes[0].set_ylabel("fraction of prompts that fail")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    first = next(rows.rows())
    claim(fig, "SFT-Sharpening's exact risk falls exponentially in n; the guarantees need many times more prompts.")
    caption(
        fig,
        f"Hard family, d = {first['hard_prompts']}, M = {first['labels']} labels, hard mass D = {first['hard_mass']}; "
        f"delta = {first['delta']}, bounds with probability {1 - first['rho']:g} (Thm 4.1'). "
        f"Dots: mean of {first['seeds']} seeds, empirical Bernstein interval "
        "(down to 0 where a bar leaves the axes). Below N = 5 best-of-N itself is not sharp, so every hard prompt fails.",
    )
    return fig


def _tables(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=13, height=6.0)
    ax = axes[0]
    ax.plot([1e-4, 1], [1e-4, 1], color="#000000")
    for index, column in enumerate(("bound", "bound_sharp", "bound_instance")):
        measured(ax, rows["risk"].clip(1e-4), rows[column], rows[column], rows[column], STRENGTHS[index][1], index=index + 1, capsize=0)
    ax.axhline(1, color="#767676", linewidth=1)
    ax.annotate("above: vacuous", (2e-2, 1.15), color="#767676", fontsize=12)
    ax.set(xscale="log", yscale="log", xlabel="mean simulated risk (0 drawn at 1e-4)", ylabel="bound of Thm 4.1'")
    ax.legend(loc="lower right", title="class: relabelled rows")
    ax = axes[1]
    ax.plot([0, 1], [0, 1], color="#000000", label="exact law")
    measured(ax, rows["all_exact"], rows["all_risk"], rows["all_low"], rows["all_high"], "simulated, 95% interval")
    ax.set(xlabel="exact risk", ylabel="simulated risk")
    ax.legend(loc="upper left", title="class: all tables")
    claim(fig, "On random tables every simulated risk lies below every bound, and on its exact value.")
    caption(
        fig, f"{len(rows)} settings of (base, n, N); {rows['seeds'][0]} seeds each; delta = {rows['delta'][0]}, rho = {rows['rho'][0]}."
    )
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = scaling(tables["scaling"], tables["exponents"], beside=tables["fixed"], label="exact, one fixed family")
    claim(fig, "SFT-Sharpening's exact cost on the hard family: 1/eps^2, linear in C - 1 and d, only log(1/delta).")
    caption(
        fig,
        "Least n N with exact risk <= eps, over all n and N; D = 1.5 eps, M = floor(2 (C - 1 + D)/D). At rest: eps = 0.02, C = 3, d = 4, "
        "delta = 0.5. Titles: fitted exponent and its 95% interval. Squares: one fixed family, which has no power law.",
    )
    return fig
