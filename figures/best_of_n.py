"""Draws best of N beside its exact law: success, divergence from the base, win rate, and success under other self-rewards."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.engine.style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line

CAPTIONS = {
    "": "The probability that best of $N$ returns a near-mode, a response within 10% of the mode's probability, against the number of "
    "draws; $p$ is the base's mass on near-modes. Lines are exact; dots are measured over repeated draws with exact binomial 95% "
    "intervals, filled where every draw was made and open where the result was drawn from the exact law. Best of $N$ succeeds once "
    "$N$ passes $1/p$, and the bound of Proposition C.1 is close for small $p$.",
    "divergence": "The divergence of best of $N$ from its base (left) and its win rate against one draw (right), for three bases "
    "and rewards. Lines are exact; dots are literal draws with 95% intervals over draws, and a fair coin decides a tie. Both "
    "textbook formulas are upper bounds, attained only in the limit of no ties and no atoms.",
    "rewards": "The probability that best of $N$ returns the best response of its reward (left) and the mode of the base (right), "
    "for three self-rewards. Lines are the exact law; dots are literal draws with exact binomial 95% intervals over draws. Every "
    "self-reward finds its own best response, and only log-likelihood finds the mode.",
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" success against N, "divergence" KL and win rate against N, "rewards" success under each self-reward."""
    return {
        "": _success(tables[""], tables["curve"]),
        "divergence": _divergence(tables["divergence"], tables["law"]),
        "rewards": _rewards(tables["rewards"], tables["law"]),
    }


def _success(rows: Table, exact: Table) -> Figure:
    fig, ax = figure(width=10, height=6.4)
    masses = rows.unique("covered_mass")[::-1]
    for i, p in enumerate(masses):
        curve, literal, by_law = (
            exact.where(covered_mass=p),
            rows.where(covered_mass=p, how="literal"),
            rows.where(covered_mass=p, how="law"),
        )
        last = i == len(masses) - 1
        theory_line(ax, curve["draws"], curve["exact"], "exact, $1 - (1 - p)^N$" if last else None, linewidth=1.6)
        bound_line(ax, curve["draws"], curve["bound"], "Prop C.1's bound, $1 - e^{-pN}$" if last else None, color=QUIET, linewidth=1.6)
        measured(ax, literal["draws"], literal["measured"], literal["low"], literal["high"], f"$p = {p:g}$", index=i)
        measured(ax, by_law["draws"], by_law["measured"], by_law["low"], by_law["high"], index=i, fillstyle="none")
    ax.set(xlabel="draws $N$", ylabel="probability that best of $N$ is a near-mode", xscale="log", xlim=(0.8, 1.3e5), ylim=(-0.02, 1.04))
    ax.legend(loc="center right", bbox_to_anchor=(1.02, 0.36), fontsize=11)
    claim(fig, "Best of $N$ finds the mode once $N$ passes $1/p$, exactly as its law says.")
    caption(fig, CAPTIONS[""], setting=f"{rows['trials'].max()} repetitions of each dot.")
    return fig


_NAMES = ("uniform base, no ties", "log-likelihood", "uniform base, many ties")


def _divergence(rows: Table, exact: Table) -> Figure:
    fig, axes = figure(1, 2, width=14.0, height=6.4)
    left, right = axes
    for i, name in enumerate(_NAMES):
        curve, literal = exact.where(reward=name), rows.where(reward=name, how="literal")
        theory_line(left, curve["draws"], curve["kl"], name, color=colour(i))
        theory_line(right, curve["draws"], curve["win_rate"], name, color=colour(i))
        measured(right, literal["draws"], literal["measured"], literal["low"], literal["high"], index=i)
        last = i == len(_NAMES) - 1
        bound_line(left, curve["draws"], curve["kl_bound"], r"bound $\log N - (N-1)/N$" if last else None)
        bound_line(right, curve["draws"], curve["win_rate_bound"], "bound $N/(N+1)$" if last else None)
    left.set(xlabel="draws $N$", ylabel="KL to the base (nats)", xscale="log", xlim=(0.8, 1e5), ylim=(-0.2, 8))
    right.set(xlabel="draws $N$", ylabel="win rate against one draw", xscale="log", xlim=(0.8, 1e5), ylim=(0.45, 1.02))
    left.legend(loc="upper left")
    right.legend(loc="lower right")
    claim(fig, "Best of $N$ diverges less from its base, and wins less, than the textbook formulas say.")
    setting = "the reward ranks every response (blue), is the log-likelihood (orange), or takes few values (green)"
    caption(fig, CAPTIONS["divergence"], setting=f"{setting}; {rows['trials'].max()} repetitions of each dot.")
    return fig


_REWARDS = ("log-likelihood", "length-normalised", "majority")


def _rewards(rows: Table, exact: Table) -> Figure:
    fig, axes = figure(1, 2, width=14.0, height=6.4, sharey=True)
    left, right = axes
    for i, name in enumerate(_REWARDS):
        curve, literal = exact.where(reward=name), rows.where(reward=name, how="literal")
        theory_line(left, curve["draws"], curve["best_exact"], linewidth=1.6)
        measured(left, literal["draws"], literal["best_measured"], literal["best_low"], literal["best_high"], name, index=i)
        theory_line(right, curve["draws"], curve["mode_exact"], linewidth=1.6)
        measured(right, literal["draws"], literal["mode_measured"], literal["mode_low"], literal["mode_high"], name, index=i)
    left.set(
        xlabel="draws $N$",
        ylabel="probability",
        xscale="log",
        xlim=(0.8, 1e5),
        ylim=(-0.02, 1.04),
        title="returns the reward's best response",
    )
    right.set(xlabel="draws $N$", xscale="log", xlim=(0.8, 1e5), title="returns the base's mode")
    left.legend(loc="lower right")
    claim(fig, "Every self-reward finds its own best response; only log-likelihood finds the mode.")
    setting = f"one random table, lengths and answers drawn at random; {rows['best_trials'].max()} repetitions of each dot."
    caption(fig, CAPTIONS["rewards"], setting=setting)
    return fig
