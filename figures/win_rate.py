"""Draws how a proxy reward hacks best of N while the best k of N stays, and what no rule can beat."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import MARKERS, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = {
    "": "The probability of losing against one draw, $1 - R$, when the proxy reward is right but for its top share $s$, which in "
    "truth is worst. Lines are exact, dashed lines the bounds; dots are measured, with exact 95% intervals over draws. Best of $N$ "
    "turns up again at about $\\sqrt{2/e}$ draws, $e$ the pairwise error; a random one of the best $k = N \\sqrt{e}$ of $N$ stays.",
    "minimax": "The loss $1 - R$ that is guaranteed in every world with pairwise error $e$, and the loss that no rule avoids in all of "
    "them (black); dots are exact losses in a world whose best responses by the proxy are worst in truth. The best $k$ of $N$ meets the "
    "lower bound as $e \\to 0$; best of $N$, at its best $N$, is $\\sqrt{2}$ times worse, and chi-square regularisation of ranks 1.155 "
    "times. Chi-square regularisation of the proxy's values can lose half of the time at its best strength, whatever $e$ is.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" losses against N in hacked worlds, "minimax" guarantees against the error."""
    return {"": _hacked(tables[""], tables["curve"]), "minimax": _minimax(tables["minimax"], tables["regularised"])}


def _hacked(rows: Table, exact: Table) -> Figure:
    fig, axes = figure(1, 2, width=14.5, height=6.6, sharey=True)
    for ax, rule in zip(axes, ("best of N", "best k of N"), strict=True):
        for i, share in enumerate(exact.unique("share")[::-1]):
            curve, seen = exact.where(rule=rule, share=share), rows.where(rule=rule, share=share)
            last = share == exact["share"].min()
            theory_line(ax, curve["draws"], curve["exact"], "exact" if last else None, linewidth=1.4)
            bound_line(ax, curve["draws"], curve["bound"], "bound" if last else None, color=colour(i), linewidth=1.4)
            named = f"$s = {share:g}$, $e = {curve['error'][0]:.2g}$"
            measured(ax, seen["draws"], seen["measured"], seen["low"], seen["high"], named, index=i)
        title = "best of $N$" if rule == "best of N" else r"a random one of the best $N \sqrt{e}$ of $N$"
        ax.set(xscale="log", yscale="log", xlabel="draws $N$", ylim=(0.05, 1.4), title=title)
    axes[0].set_ylabel("probability of losing to one draw")
    axes[1].legend(loc="upper right")
    claim(fig, "More draws by a wrong reward end in a loss; keeping the best few, and choosing among them at random, does not.")
    caption(fig, CAPTIONS[""], setting=f"{rows['trials'].max()} repetitions of each dot.")
    return fig


def _minimax(rows: Table, worlds: Table) -> Figure:
    fig, ax = figure(width=9.5, height=6.4)
    ax.plot(rows["error"], rows["best_of_n"], color=colour(0), label="best of $N$ at its best $N$, guaranteed")
    ax.plot(rows["error"], rows["best_k_of_n"], color=colour(1), label="best $k$ of $N$, $N$ large, guaranteed")
    ax.plot(rows["error"], rows["chi_square"], color=colour(2), label="chi-square on ranks, guaranteed")
    theory_line(ax, rows["error"], rows["lower"], "no rule is below this in every world")
    for rule, index in (("best k of N", 1), ("chi-square on ranks", 2), ("chi-square on values", 3)):
        own = worlds.where(rule=rule)
        label = "chi-square on values, in one world" if index == 3 else None
        ax.plot(own["error"], own["exact"], linestyle="none", marker=MARKERS[index], color=colour(index), label=label)
    ax.set(
        xscale="log", yscale="log", xlabel="pairwise error $e$ of the proxy", ylabel="probability of losing to one draw", ylim=(5e-4, 1.2)
    )
    ax.legend(loc="upper left")
    claim(fig, "The least loss that can be had in every world is about $\\sqrt{e}$, and the best $k$ of $N$ has it.")
    caption(fig, CAPTIONS["minimax"])
    return fig
