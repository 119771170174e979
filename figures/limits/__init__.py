"""What no learner can beat: exact risk of every learner, samples needed, the price of SFT-Sharpening, the witness and the powers."""

from matplotlib.figure import Figure

from experiments.engine.rows import Table
from figures.limits.panels import along_axes, by_power, heat_map
from figures._style import QUIET, bound_line, caption, claim, colour, figure, measured, theory_line

CURVES = {
    "minimax": {"color": "#000000", "linestyle": "-"},
    "SFT": {"color": colour(0), "marker": "o", "linestyle": "-"},
    "adaptive minimax": {"color": "#000000", "linestyle": (0, (1, 1.5))},
    "adaptive SFT": {"color": colour(1), "marker": "s", "linestyle": "-"},
    "Thm 3.1, proof's constant": {"color": QUIET, "linestyle": (0, (5, 3))},
}


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """Parts: "" risk against samples, "scaling" samples needed, "price", "power" and its witness, "work" of the pass."""
    return {
        "": _risk(tables[""], tables["measured"]),
        "scaling": _scaling(tables),
        "price": _price(tables["price"]),
        "power": _power(tables["power"]),
        "work": _work(tables["work"]),
    }


def _risk(rows: Table, seen: Table) -> Figure:
    fig, ax = figure(width=13, height=7.0)
    theory_line(ax, rows["m"], rows["minimax"], "any learner (exact minimax), one response a prompt")
    theory_line(ax, rows["m"], rows["minimax_4"], "any learner that takes 4 a prompt", linestyle="-.", linewidth=1.4)
    theory_line(ax, rows["m"], rows["adaptive"], "any adaptive learner, mean cost (exact)", linestyle=(0, (1, 1.5)))
    ax.plot(rows["m"], rows["sft"], color=colour(0), label="SFT-Sharpening, best n and N (exact)")
    ax.plot(rows["m"], rows["sft_adaptive"], color=colour(1), label="adaptive SFT, best n and stop (exact)")
    bound_line(ax, rows["m"], rows["bound"], "the paper's lower bound, proof's constant", color=QUIET)
    bound_line(ax, rows["m"], rows["bound_sharp"], "the same without Markov's inequality", color=QUIET, linestyle=":")
    for index, N in enumerate(seen.unique("N")):
        part = seen.where(N=N)
        measured(ax, part["m"], part["risk"], part["risk_low"], part["risk_high"], f"optimal learner, simulated, N = {N}", index=index + 2)
    ax.set(yscale="log", ylim=(5e-4, 1), xlabel="samples m", ylabel="expected fraction of prompts that fail")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside right center")
    first = next(rows.rows())
    claim(
        fig, "The exact risk that no learner can beat, attained by candidate elimination; SFT-Sharpening stays within a factor in samples."
    )
    caption(
        fig,
        f"Hard family, d = {first['hard_prompts']}, M = {first['labels']}, hard mass D = {first['hard_mass']}; a prompt fails if "
        f"pihat(y*|x) <= 1/2. Dots: {seen['seeds'][0]} seeds against the literal oracle, 95% empirical Bernstein interval. SFT needs "
        "N >= 3, or its own law at the right secret is not sharp. Mean cost lets adaptive learners fall below the fixed designs.",
    )
    return fig


def _scaling(tables: dict[str, Table]) -> Figure:
    fig = along_axes(tables["scaling"], tables["exponents"], CURVES)
    claim(fig, "Any learner needs 1/eps^2 samples, 1/eps if adaptive; SFT-Sharpening meets both rates within a small factor.")
    caption(
        fig,
        "Exact numbers. Minimax: the most that any hard family with C_cov = C forces on every learner (witness searched over all M, D). "
        "SFT: the least n N (n E[N_s]) on the same witness, delta = 1/2. At rest: eps = 0.01, C = 3, d = 4. The printed bound "
        "speaks only where eps <= 1/16 and its family has 8 labels. Adaptive SFT pays for easy prompts, so it is of order C, not C - 1.",
    )
    return fig


def _price(rows: Table) -> Figure:
    fig, axes = figure(1, 3, width=19, height=6.2, width_ratios=(1.5, 1, 1))
    heat_map(fig, axes[0], rows.where(kind="map"), "price", "SFT's samples over any learner's")
    for ax, kind, column, label in (
        (axes[1], "d", "hard_prompts", "hard prompts d"),
        (axes[2], "delta", "delta", "response miss allowed, delta"),
    ):
        part = rows.where(kind=kind)
        theory_line(ax, part[column], part["price"], "price = product of", marker="D")
        ax.plot(part[column], part["split"], "o-", color=colour(0), label="its split: N per prompt, not 1")
        ax.plot(part[column], part["estimator"], "s-", color=colour(1), label="its estimator: mode of best-of-N labels")
        ax.set(xscale="log", xlabel=label, ylim=(1, None))
    axes[1].legend(loc="lower center")
    axes[1].set_ylabel("factor over the optimum")
    claim(fig, "SFT-Sharpening costs 1.8 to 2 times the exact optimum, whatever eps, C and d; a smaller delta costs more.")
    caption(
        fig,
        "Least n N over all n and N on the witness family, over the exact minimax m. Split: the best learner at SFT's N over the best at "
        "N = 1; estimator: SFT over the best learner at that N. Left: d = 4, delta = 1/2. Middle, right: eps = 0.01, C = 3, d = 4 at rest.",
    )
    return fig


def _power(rows: Table) -> Figure:
    fig, right = by_power(rows, "eps^-(1 + 1/{p:g})")
    right.axhline(1.6487, color=QUIET, linewidth=1)
    right.annotate("sqrt(e), the limit at p = 1", (1e-13, 1.6487), xytext=(0, 6), textcoords="offset points", fontsize=12, color=QUIET)
    claim(fig, "With power p of coverage the exact need grows as eps^-(1 + 1/p), and meets its limit with the constant.")
    first = next(rows.rows())
    caption(
        fig,
        f"Family optimum at C_cov,1/2,p = {first['coverage']:g}, d = {first['hard_prompts']}. Dots exact; lines: closed-form limit. "
        "Steps on the right: the witness has a whole number of labels.",
    )
    return fig


def _work(rows: Table) -> Figure:
    fig, ax = figure(width=9, height=5.6)
    ax.plot(rows["labels"], rows["work"], "o-", color=colour(0), label="band")
    theory_line(ax, rows["labels"], rows["dense"], "dense recursion, K M", linestyle="--")
    ax.set(xscale="log", yscale="log", xlabel="labels M, draws K = M", ylabel="entries computed for e(0), .., e(K)")
    ax.legend()
    claim(fig, "All e(k) come from one pass over a band that grows as K sqrt(M), not K M.")
    caption(fig, f"Certified truncation at most {rows['truncation'].max():.1g}, absolute, at every M shown.")
    return fig
