"""Draws DPO's guarantees beside its risk: on the margin family, where they say nothing, and on the class of prefixes, where they do."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, bound_line, caption, claim, colour, figure, measured_or_limit, theory_line

CAPTIONS = {
    "": "The fraction of prompts that fail after DPO on the margin family, against the number of pairs $n$, beside two forms of the "
    "guarantee. Solid lines and guarantees are exact; dots are means over seeds with 95% intervals over seeds, and an arrow is a "
    "95% upper limit where the interval reaches 0. DPO succeeds after {needed} pairs, while the guarantee says nothing until $n$ is "
    "above a hundred million.",
    "prefixes": "The fraction of prompts that fail after DPO on a class on which the guarantee is below 1 at sizes that are run. The solid "
    "line and the bounds are exact; dots are means over seeds with 95% intervals over seeds, and an arrow is a 95% upper limit where "
    "the interval reaches 0. The printed theorem bounds regret, at a rate near $n^{-1/2}$; counting the pairs on which a policy differs "
    r"from $\pi_\beta$ gives $1/n$, and is below 1 from {asked} pairs on, the theorem at {printed}.",
}


def family(rows: Table, guarantee: Table) -> Figure:
    """The margin family: both forms of Theorem 4.2' beside the exact and the simulated risk."""
    fig, ax = figure(width=12, height=7.0)
    ax.axhspan(1, 1e4, color=QUIET, alpha=0.12, linewidth=0)
    ax.text(1.3, 1.35, "vacuous: a bound above 1 says nothing", fontsize=12, color=QUIET)
    bound_line(ax, guarantee["n"], guarantee["bound"], "Thm 4.2', explicit", color=colour(1))
    bound_line(ax, guarantee["n"], guarantee["bound_sharp"], "Thm 4.2', sharp form (ours)", color=colour(2), linestyle="-.")
    theory_line(ax, rows["n"], rows["exact_worst"], "exact, worst member without loss", color=colour(3))
    theory_line(ax, rows["n"], rows["exact_risk"], "exact, uniform member without loss")
    measured_or_limit(ax, rows["n"], rows["risk"], rows["risk_low"], rows["risk_high"], "DPO simulated, 95% interval")
    eps, needed, asked = guarantee["eps"][0], guarantee["n_needed"][0], guarantee["n_asked"][0]
    ax.annotate("", xy=(asked, eps), xytext=(needed, eps), arrowprops={"arrowstyle": "<->", "color": QUIET, "linewidth": 1.5})
    place = (needed * asked) ** 0.5, eps * 0.85
    ax.text(*place, f"{needed} pairs needed, {asked:.1e} asked for", ha="center", va="top", fontsize=12, color=QUIET)
    ax.set(xscale="log", yscale="log", ylim=(2e-3, 2e4), xlim=(1, 1e13), xlabel="pairs $n$", ylabel="fraction of prompts that fail")
    ax.legend(loc="upper right")
    first = next(rows.rows())
    claim(fig, "DPO succeeds after some thirty pairs; its guarantee is true, and vacuous below a hundred million.")
    setting = (
        rf"{first['hard_prompts']} prompts, {first['labels']} responses, margin $g_m = {first['margin']:g}$; $\Pi$ holds the "
        rf"tilted laws of all "
        rf"members; $\delta = {first['delta']}$, $\rho = {first['rho']}$, $\beta = {first['beta']:.2g}$ (half of $\varepsilon = "
        rf"{eps:g}$ goes to "
        rf"$\beta \log C_\mathrm{{conc}}$); {first['seeds']} seeds."
    )
    caption(fig, CAPTIONS[""], setting=setting, needed=needed)
    return fig


PREFIX_BOUNDS = (
    ("bound", "Thm 4.2', explicit", "--"),
    ("bound_sharp", "Thm 4.2', sharp form (ours)", "-."),
    ("bound_average", "zero-loss form (ours), $C$ on average", ":"),
    ("bound_everywhere", "zero-loss form (ours), $C$ at every prompt", "-"),
)


def prefixes(rows: Table) -> Figure:
    """The class of prefixes: four bounds beside the exact and the simulated risk."""
    fig, ax = figure(width=12, height=7.0)
    ax.axhspan(1, 1e4, color=QUIET, alpha=0.12, linewidth=0)
    ax.text(1.2, 1.25, "a bound above 1 says nothing", fontsize=12, color=QUIET)
    for index, (name, label, dashes) in enumerate(PREFIX_BOUNDS):
        bound_line(ax, rows["n"], rows[name], label, color=colour(index + 1), linestyle=dashes)
    seen = rows.take(rows["exact_risk"] > 1e-4)
    theory_line(ax, seen["n"], seen["exact_risk"], "exact risk")
    measured_or_limit(ax, rows["n"], rows["risk"], rows["risk_low"], rows["risk_high"], "DPO simulated, 95% interval")
    ax.set(xscale="log", yscale="log", ylim=(3e-4, 1e4), xlim=(0.9, None), xlabel="pairs $n$", ylabel="fraction of prompts that fail")
    ax.legend(loc="upper right", fontsize=12)
    first = next(rows.rows())
    asked, printed = (int(rows["n"][rows[name] < 1].min()) for name in ("bound_everywhere", "bound"))
    claim(fig, "Here the guarantee is below 1 where DPO is run, and counting disagreements makes it hundreds of times smaller.")
    setting = (
        rf"{first['prompts']} prompts, a mode of {first['mode']:g} beside {first['others']} equal responses; $\Pi$ has "
        rf"$\pi_\beta$ on the first $s$ prompts and base beyond, $s = 0, \ldots, {first['prompts']}$; $\delta = {first['delta']:g}$, "
        rf"$\rho = {first['rho']:g}$, $\beta = {first['beta']:g}$; {rows['seeds'].min()} to {rows['seeds'].max()} seeds."
    )
    caption(fig, CAPTIONS["prefixes"], setting=setting, asked=f"{asked:,}", printed=f"{printed:,}")
    return fig
