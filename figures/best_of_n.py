"""Best of N does exactly what its law says: success, divergence, win rate, and what other self-rewards find."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures._style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Success against N; KL and win rate against N; success by self-reward."""
    return {
        "": _success(tables[""], tables["curve"]),
        "divergence": _divergence(tables["divergence"], tables["law"]),
        "rewards": _rewards(tables["rewards"], tables["law"]),
    }


def _success(rows: Table, exact: Table) -> Figure:
    fig, ax = figure()
    masses = rows.unique("covered_mass")[::-1]
    for i, p in enumerate(masses):
        curve, literal, by_law = (
            exact.where(covered_mass=p),
            rows.where(covered_mass=p, how="literal"),
            rows.where(covered_mass=p, how="law"),
        )
        last = i == len(masses) - 1
        theory_line(ax, curve["draws"], curve["exact"], "exact, 1-(1-p)^N" if last else None, linewidth=1.6)
        bound_line(ax, curve["draws"], curve["bound"], "Prop C.1's bound, 1-exp(-pN)" if last else None, color=QUIET, linewidth=1.6)
        measured(ax, literal["draws"], literal["measured"], literal["low"], literal["high"], f"p = {p:g}", index=i)
        measured(ax, by_law["draws"], by_law["measured"], by_law["low"], by_law["high"], index=i, fillstyle="none")
    ax.set(xlabel="draws N", ylabel="P[best of N is a near-mode]", xscale="log", xlim=(0.8, 1.3e5), ylim=(-0.02, 1.04))
    ax.legend(loc="lower right", fontsize=11)
    claim(fig, "Best of N finds the mode once N passes 1/p, exactly as its law says.")
    caption(
        fig,
        "p: base mass of responses within 10% of the mode's probability. Filled: every draw made; open: drawn from the exact law, "
        "whose cost does not grow with N. 95% intervals.",
    )
    return fig


_NAMES = ("uniform base, no ties", "log-likelihood", "uniform base, many ties")


def _divergence(rows: Table, exact: Table) -> Figure:
    fig, axes = figure(1, 2, width=12.0, height=5.4)
    left, right = axes
    for i, name in enumerate(_NAMES):
        curve, literal = exact.where(reward=name), rows.where(reward=name, how="literal")
        theory_line(left, curve["draws"], curve["kl"], name, color=colour(i))
        theory_line(right, curve["draws"], curve["win_rate"], name, color=colour(i))
        measured(right, literal["draws"], literal["measured"], literal["low"], literal["high"], index=i)
        last = i == len(_NAMES) - 1
        bound_line(left, curve["draws"], curve["kl_bound"], "bound log N - (N-1)/N" if last else None)
        bound_line(right, curve["draws"], curve["win_rate_bound"], "bound N/(N+1)" if last else None)
    left.set(xlabel="draws N", ylabel="KL to the base (nats)", xscale="log", xlim=(0.8, 1e5), ylim=(-0.2, 8))
    right.set(xlabel="draws N", ylabel="win rate against one draw", xscale="log", xlim=(0.8, 1e5), ylim=(0.45, 1.02))
    left.legend(loc="upper left")
    right.legend(loc="lower right")
    claim(fig, "Best of N strays less and wins less than the textbook formulas say.")
    caption(
        fig,
        "Lines: exact. Dots: literal draws, a tie decided by a fair coin, 95% intervals. The formulas are attained only in the limit of "
        "no ties and no atoms: the rewards rank every response (blue), are its log-likelihood (orange), or fall in few levels (green).",
    )
    return fig


_REWARDS = ("log-likelihood", "length-normalised", "majority")


def _rewards(rows: Table, exact: Table) -> Figure:
    fig, axes = figure(1, 2, width=12.0, height=5.2, sharey=True)
    left, right = axes
    for i, name in enumerate(_REWARDS):
        curve, literal = exact.where(reward=name), rows.where(reward=name, how="literal")
        theory_line(left, curve["draws"], curve["best_exact"], linewidth=1.6)
        measured(left, literal["draws"], literal["best_measured"], literal["best_low"], literal["best_high"], name, index=i)
        theory_line(right, curve["draws"], curve["mode_exact"], linewidth=1.6)
        measured(right, literal["draws"], literal["mode_measured"], literal["mode_low"], literal["mode_high"], name, index=i)
    left.set(xlabel="draws N", ylabel="probability", xscale="log", xlim=(0.8, 1e5), ylim=(-0.02, 1.04), title="lands on the reward's best")
    right.set(xlabel="draws N", xscale="log", xlim=(0.8, 1e5), title="lands on the base's mode")
    left.legend(loc="lower right")
    claim(fig, "Every self-reward finds its own best response; only log-likelihood finds the mode.")
    caption(fig, "Lines: exact law. Dots: literal draws with 95% intervals. One random table; lengths and answers drawn at random.")
    return fig
