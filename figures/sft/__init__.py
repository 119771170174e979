"""Draws SFT-Sharpening: risk against $n$ and $N$ on the hard family beside the bounds, random tables, and samples needed."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, bound_line, caption, claim, colour, figure, measured, measured_or_limit, theory_line
from figures.sft.scaling import scaling

CAPTIONS = {
    "": "The risk of SFT-Sharpening on the hard family, against the number of prompts $n$ (left) and of responses $N$ (right), beside "
    "three forms of Theorem 4.1'. The black line and the bounds are exact; dots are means over seeds with 95% intervals over seeds, "
    "an arrow is a 95% upper limit where the interval reaches 0, and squares are importance sampling with 95% intervals over draws. "
    "The risk falls exponentially in $n$, much earlier than any bound says; for small $N$ best of $N$ is itself not sharp, and every "
    "hard prompt fails.",
    "tables": "SFT-Sharpening on random tables: the bounds of Theorem 4.1' against the simulated risk (left), and the simulated "
    "against the exact risk (right). Bounds and exact risks are computed; simulated risks are means over seeds, on the right with "
    "95% intervals over seeds. No simulated risk passes a bound (all lie above the diagonal), and the simulated risks agree with "
    "their exact values.",
    "scaling": r"The samples $nN$ that SFT-Sharpening needs for risk $\varepsilon$, against one parameter at a time. All points "
    "are exact (the least $nN$ over all $n$ and $N$); the interval of each exponent is that of its least-squares fit. The cost "
    r"grows as $1/\varepsilon^2$, in proportion to $C_\mathrm{cov} - 1$ and to $d$, and hardly with $\delta$.",
}
STRENGTHS = (
    ("bound", "bound, explicit constants", ":"),
    ("bound_sharp", "bound, sharp", "--"),
    ("bound_instance", "bound, instance form", "-."),
)


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" risk on the family, "tables" bounds and risks on random bases, "scaling" samples needed."""
    made = {"tables": _tables(tables["tables"])}
    if "" in tables:
        made[""] = _family(tables[""])
        made["scaling"] = _scaling(tables)
    return made


def _family(rows: Table) -> Figure:
    fig, axes = figure(1, 2, width=15, height=6.8, sharey=True)
    for ax, axis, label in zip(axes, ("n", "N"), ("prompts $n$", "responses per prompt $N$"), strict=True):
        part = rows.where(axis=axis)
        for index, (column, name, dashes) in enumerate(STRENGTHS, 1):
            bound_line(ax, part[axis], part[column], name, linestyle=dashes, color=colour(index))
        theory_line(ax, part[axis], part["exact_risk"], "exact risk")
        measured_or_limit(ax, part[axis], part["risk"], part["risk_low"], part["risk_high"], "simulated, 95% interval")
        rare = part.take(part["rare_low"] > 0)
        measured(
            ax, rare[axis], rare["rare_risk"], rare["rare_low"], rare["rare_high"], "importance sampling,\n95% interval", index=4, fmt="s"
        )
        hard = float(part["hard_mass"][0])
        ax.axhline(hard, color=QUIET, linewidth=1, label=f"all hard prompts fail ({hard:g})")
        other = f"$N = {part['N'][0]}$" if axis == "n" else f"$n = {part['n'][0]}$"
        ax.set(xlabel=f"{label}   (at {other})", xscale="log", yscale="log", ylim=(1e-12, 200))
    axes[0].set_ylabel("fraction of prompts that fail")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    first = next(rows.rows())
    claim(fig, "SFT-Sharpening's exact risk falls exponentially in $n$; the guarantees need many times more prompts.")
    setting = (
        rf"$d = {first['hard_prompts']}$, $M = {first['labels']}$ labels, hard mass $D = {first['hard_mass']}$, $\delta = "
        rf"{first['delta']}$, "
        rf"bounds with probability {1 - first['rho']:g}, {first['seeds']} seeds (empirical Bernstein intervals)."
    )
    caption(fig, CAPTIONS[""], setting=setting)
    return fig


def _tables(rows: Table) -> Figure:
    fig, (left, right) = figure(1, 2, width=14, height=6.6)
    left.plot([1e-4, 1], [1e-4, 1], color="#000000", label="risk = bound")
    for index, column in enumerate(("bound", "bound_sharp", "bound_instance")):
        left.plot(rows["risk"].clip(1e-4), rows[column], "os^"[index], color=colour(index + 1), markersize=5, label=STRENGTHS[index][1])
    left.axhline(1, color=QUIET, linewidth=1)
    left.annotate("above 1: says nothing", (1.1e-2, 1.15), color=QUIET, fontsize=12)
    left.set(xscale="log", yscale="log", xlabel=r"mean simulated risk (0 is drawn at $10^{-4}$)", ylabel="bound of Thm 4.1'")
    left.set_title("class: relabelled rows")
    left.legend(loc="lower right")
    _agreement(right, rows)
    claim(fig, "On random tables every simulated risk lies below every bound, and on its exact value.")
    setting = (
        rf"{len(rows)} combinations of base, $n$ and $N$, {rows['seeds'][0]} seeds each, "
        rf"$\delta = {rows['delta'][0]}$, $\rho = {rows['rho'][0]}$."
    )
    caption(fig, CAPTIONS["tables"], setting=setting)
    return fig


def _agreement(ax: Axes, rows: Table) -> None:
    ax.plot([0, 1], [0, 1], color="#000000", label="simulated = exact")
    measured(ax, rows["all_exact"], rows["all_risk"], rows["all_low"], rows["all_high"], "simulated, 95% interval")
    ax.set(xlabel="exact risk", ylabel="simulated risk", title="class: all tables")
    ax.legend(loc="upper left")


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = scaling(tables["scaling"], tables["exponents"], beside=tables["fixed"], label="exact, one fixed family\n(no power law)")
    claim(
        fig,
        r"SFT-Sharpening's exact cost on the hard family: $1/\varepsilon^2$, linear in $C_\mathrm{cov} - 1$ and $d$, hardly more for "
        r"small $\delta$.",
    )
    setting = (
        r"$D = 1.5\,\varepsilon$, $M = \lfloor 2 (C_\mathrm{cov} - 1 + D)/D \rfloor$; where a parameter does not vary, "
        r"$\varepsilon = 0.02$, $C_\mathrm{cov} = 3$, $d = 4$, $\delta = 0.5$."
    )
    caption(fig, CAPTIONS["scaling"], setting=setting)
    return fig
