"""Draws the map of writers: where greedy decoding is right, where sharpening wins and where it hurts; and what may say which."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import ScaledTranslation

from experiments.engine.rows import Table
from figures.engine.style import THEORY, caption, claim, figure

CAPTIONS = {
    "map": "Which way to answer is right on the law of a text, for each share of careful writers, who all write the same right steps, and "
    "each number of phrasings of the careless ones, most of whom make the same mistake (left); and three quantities of that law (right). "
    "All is exact, and every place of the grid agrees with the closed forms drawn as lines; only trained models, where drawn, are "
    "measured: dots lie where their corpus does and have the colour of the region that base's accuracies show (white: undecided), arrows "
    "lead from the share of careful writing of base to that after tuning, with its 95% interval, and the numbers are accuracies of one "
    "draw before and after. "
    "Sharpening wins where right answers are alike and wrong ones differ; a positive covariance promises no false gain but misses some, "
    "margin and coverage do not know which answers are right, and "
    r"$C_\mathrm{cov} > 2$ finds where greedy loses because equally likely phrasings count as one mode.",
}
COLOURS = {
    "greedy_right": "#56B4E9",
    "sharpening_wins": "#009E73",
    "mode_wrong": "#D55E00",
    "too_few_draws": "#E69F00",
    "undecided": "#FFFFFF",
}
"""Blue, green, vermilion and orange of Okabe and Ito, which colour-blind readers can tell apart; the regions have their names in them."""
DARK = {"greedy_right": "#0B4F7A", "sharpening_wins": "#00543D", "mode_wrong": "#7F3300", "too_few_draws": "#6B4A00"}
TINT = 0.38
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
FEW_SHARES = (0.01, 0.1, 0.5, 0.9)
FEW_PHRASINGS = (1, 4, 16, 64, 256)
PHRASINGS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LABELS = {
    "greedy_right": (0.815, 0.44, "Greedy is right", "most writers are careful;\nbest of {N} has nothing to add"),
    "sharpening_wins": (0.475, 0.535, "Sharpening wins", "the mode is right, greedy\nis not: best of {N} beats\nboth greedy and one draw"),
    "mode_wrong": (0.155, 0.4, "Sharpening hurts", "the common mistake\nis the mode: more draws,\nfewer right answers"),
    "too_few_draws": (0.104, 0.905, "{N} draws\nare too\nfew", ""),
}
"""Region -> place in the axes, its name, and what happens there."""
MARKERS = {"transformer-small": "o", "transformer-large": "s", "gru": "^", "ngram": "D"}
LINES: dict[str, tuple[str, float, str]] = {
    "mode": (r"$P = r\,(1 - s)/s$", 0.3, "top"),
    "greedy": (r"$s = 1/2$", 0.0, "top"),
    "covariance": (r"covariance $= 0$", 0.74, "bottom"),
}
"""Border -> its equation, how far along the line it stands, and on which side."""
HALO = [withStroke(linewidth=3, foreground="#FFFFFF", alpha=0.6)]
Lines = dict[str, Table]


def draw(tables: dict[str, Table]) -> dict[str, Figure]:
    """The part "map"; nothing where its rows are not there. Models are drawn where there are rows of them."""
    return {"map": _figure(tables)} if "map" in tables else {}


def _figure(tables: dict[str, Table]) -> Figure:
    places = tables["map"]
    lines = _lines(tables["map-borders"], places)
    fig, axes = figure(3, 2, width=17, height=11.2, width_ratios=(2.3, 1))
    grid = axes[0, 0].get_gridspec()
    for ax in axes[:, 0]:
        ax.remove()
    main = fig.add_subplot(grid[:, 0])
    _regions(main, places, lines)
    if "map-models" in tables:
        _models(fig, main, tables["map-models"])
    first = next(places.rows())
    judged = tables["map-predictors"].where(rate=first["rate"], N=first["N"])
    _quantities(fig, axes[:, 1], places, judged, lines)
    claim(fig, "Sharpening wins where right answers are alike and wrong ones differ; where the common mistake is the mode, it hurts.")
    caption(fig, CAPTIONS["map"], setting=_setting(first))
    # The slopes of lines are known once the axes have their places.
    fig.draw_without_rendering()
    for name, (text, part, side) in LINES.items():
        _along(main, lines[name], text, part, side)
    return fig


def _lines(borders: Table, places: Table) -> Lines:
    """The borders of the rate and N that are drawn."""
    drawn = borders.where(rate=places["rate"][0], N=places["N"][0])
    return {str(name): drawn.where(border=name) for name in drawn.unique("border")}


def _axes(ax: Axes, places: Table, shares: tuple[float, ...], phrasings: tuple[int, ...]) -> None:
    """Shares in log-odds, phrasings in the logarithm: the border of the mode is a straight line."""
    ax.set(xscale="logit", yscale="log", xlim=(places["share"].min(), places["share"].max()), ylim=(1, places["phrasings"].max()))
    ax.xaxis.set(major_locator=FixedLocator(shares), major_formatter=FuncFormatter(lambda x, _: f"{x:g}"), minor_locator=NullLocator())
    ax.yaxis.set(major_locator=FixedLocator(phrasings), major_formatter=FuncFormatter(lambda y, _: f"{y:g}"), minor_locator=NullLocator())
    ax.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    ax.yaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    ax.grid(False)


def _regions(ax: Axes, places: Table, lines: Lines) -> None:
    """The regions in colour, with their names in them, between the closed forms of their borders."""
    low, high = places["share"].min(), places["share"].max()
    half, fewest, mode, zero = lines["greedy"]["share"][0], lines["best_of_n"]["share"][0], lines["mode"], lines["covariance"]
    spans = {"too_few_draws": (low, fewest), "sharpening_wins": (fewest, half), "greedy_right": (half, high)}
    for name, (left, right) in spans.items():
        ax.axvspan(left, right, color=COLOURS[name], alpha=TINT, linewidth=0, zorder=1)
    # White below the colour: what lies under the border of the mode is in no other region.
    for shade, alpha in (("#FFFFFF", 1.0), (COLOURS["mode_wrong"], TINT)):
        ax.fill_between(mode["share"], 1, mode["phrasings"], color=shade, alpha=alpha, linewidth=0, zorder=1.5)
    _borders(ax, lines, linewidth=2.6)
    ax.plot(zero["share"], zero["phrasings"], color=THEORY, linestyle=(0, (1, 1.4)), linewidth=1.8, zorder=2.4)
    _axes(ax, places, SHARES, PHRASINGS)
    ax.set(xlabel="share of careful writers $s$ (spaced by log-odds)", ylabel="phrasings of the careless writers $P$")
    _names(ax, int(places["N"][0]))


def _names(ax: Axes, N: int) -> None:
    for name, (x, y, title, text) in LABELS.items():
        style: dict[str, Any] = {"ha": "center", "transform": ax.transAxes, "zorder": 4, "color": DARK[name], "path_effects": HALO}
        ax.text(x, y, title.format(N=N), va="bottom", fontweight="bold", fontsize=21 if text else 12.5, **style)
        ax.text(x, y - 0.006, text.format(N=N), va="top", fontsize=14, linespacing=1.25, **style)


def _along(ax: Axes, line: Table, text: str, part: float, side: str) -> None:
    """Writes the equation of a border along it, `part` of its way through the axes; `side` "bottom" is above the line, "top" below it."""
    low, high = ax.get_ylim()
    inside = line.take((line["phrasings"] >= low) & (line["phrasings"] <= high))
    start = int(part * (len(inside) - 1))
    first, last = inside.take([start, start + 1]).rows()
    ends = ax.transData.transform([(row["share"], row["phrasings"]) for row in (first, last)])
    angle = np.arctan2(*(ends[1] - ends[0])[::-1])
    away = (4 if side == "bottom" else -4) * np.array([-np.sin(angle), np.cos(angle)])
    ax.annotate(
        text, (first["share"], first["phrasings"]), xytext=tuple(away), textcoords="offset points", rotation=float(np.degrees(angle)),
        rotation_mode="anchor", fontsize=14, ha="left", va=side, zorder=4, path_effects=HALO,
    )  # fmt: skip


def _borders(ax: Axes, lines: Lines, **style: Any) -> None:
    for name in ("mode", "greedy", "best_of_n"):
        ax.plot(lines[name]["share"], lines[name]["phrasings"], **{"color": THEORY, "linewidth": 1.8, "zorder": 2.5, **style})


def _quantities(fig: Figure, axes: Any, places: Table, predictors: Table, lines: Lines) -> None:
    """The three quantities that may draw a border, as maps; above each how often it is right."""
    shares, phrasings = places.unique("share"), places.unique("phrasings")
    shape, values = (len(shares), len(phrasings)), places["covariance"]
    panels = (
        ("covariance", TwoSlopeNorm(0.0, values.min(), values.max()), "PuOr_r", "#000000", [0.0]),
        ("margin", Normalize(0.0, places["margin"].max()), "cividis", "#FFFFFF", []),
        ("coverage", LogNorm(1.0, places["coverage"].max()), "cividis", "#FFFFFF", [float(places["N"][0])]),
    )
    for ax, title, (column, norm, cmap, ink, levels) in zip(axes, _titles(predictors), panels, strict=True):
        # Rows are in the order of the grid. Under the border of the mode coverage is another mode's, and jumps.
        field = places[column].reshape(shape).T
        other = (places["region"] == "mode_wrong").reshape(shape).T & (column == "coverage")
        drawn = ax.pcolormesh(shares, phrasings, field, shading="nearest", norm=norm, cmap=cmap, rasterized=True)
        if levels and field.min() < levels[0] < field.max():
            seen = np.ma.masked_where(other, field)
            marks = ax.contour(shares, phrasings, seen, levels=levels, colors=ink, linewidths=1.8, linestyles=":")
            ax.clabel(marks, fmt=lambda level: f"{level:g}", fontsize=11)
        _borders(ax, lines, linewidth=1.6)
        _axes(ax, places, FEW_SHARES, FEW_PHRASINGS)
        ax.set_ylabel("$P$")
        name, _, told = title.partition("\n")
        ax.set_title(f"{name}\n", fontsize=14, loc="left", fontweight="bold")
        # As long as the axes and their bar of colours.
        ax.text(0, 1.03, told, fontsize=12.5, color="#555555", transform=ax.transAxes).set_in_layout(False)
        bar = fig.colorbar(drawn, ax=ax, aspect=14)
        if column == "covariance":
            # The two sides of 0 have scales of their own.
            ends = (values.min(), 0.0, values.max())
            bar.set_ticks(ends, labels=[f"{end:.2g}" for end in ends])
    axes[-1].set_xlabel("share of careful writers $s$")


def _titles(predictors: Table) -> list[str]:
    """What each quantity says, and at how many of the places it is right."""

    def agree(border: str, quantity: str, source: str, **rule: Any) -> str:
        return f"{100 * predictors.where(border=border, quantity=quantity, threshold_from=source, **rule)['agree'][0]:.3g}%"

    N, one, greedy = predictors["N"][0], "best of N beats one draw", "best of N beats greedy"
    guess = 100 * predictors.where(border=one)["happens"][0]
    below, above = agree(one, "C_cov", "theory", above=False), agree(greedy, "C_cov", "theory", threshold=2.0)
    return [
        f"Covariance of correctness and $\\log\\pi$\n> 0 where best of {N} beats one draw: {agree(one, 'covariance', 'theory')} right",
        f"Margin, nats\nbest threshold for the same: {agree(one, 'margin', 'chosen')} (always yes: {guess:.2g}%)",
        f"Coverage $C_\\mathrm{{cov}}$\n≤ {N} for the same: {below}; > 2 where greedy loses: {above}",
    ]


def _models(fig: Figure, ax: Axes, rows: Table) -> None:
    """A dot where the corpus of each model lies, in the colour of the region that was measured, and an arrow to where tuning takes it."""
    ends, heights, placed = ax.get_xlim(), rows["phrasings"].tolist(), []
    for row in rows.rows():
        # Models at one height are shifted apart.
        middle = (heights.count(row["phrasings"]) - 1) / 2
        shift = ScaledTranslation(0, (middle - placed.count(row["phrasings"])) * 14 / 72, fig.dpi_scale_trans)
        placed.append(row["phrasings"])
        _model(ax, row, ax.transData + shift, ends)
    for name in dict.fromkeys(rows["model"].tolist()):
        shape = {"marker": MARKERS.get(name, "o"), "markersize": 10, "markerfacecolor": "none", "markeredgecolor": THEORY}
        ax.plot([], [], linestyle="none", label=name, **shape)
    ax.plot([], [], color=THEORY, marker=">", linewidth=1.8, label="base → tuned: careful writing,\nand accuracy of one draw")
    ax.legend(loc="lower right", fontsize=12.5, bbox_to_anchor=(0.99, 0.02))


def _model(ax: Axes, row: dict[str, Any], where: Any, ends: tuple[float, float]) -> None:
    shares = ("share", "base_careful", "tuned_careful", "tuned_careful_low", "tuned_careful_high")
    x, y = {name: float(np.clip(row[name], *ends)) for name in shares}, row["phrasings"]
    arrow = {"arrowstyle": "-|>", "color": THEORY, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 16}
    ax.annotate("", (x["tuned_careful"], y), (x["base_careful"], y), xycoords=where, textcoords=where, arrowprops=arrow, zorder=5)
    interval = [x["tuned_careful_low"], x["tuned_careful_high"]]
    ax.plot(interval, [y, y], "|-", color=THEORY, transform=where, markersize=9, linewidth=1.2, zorder=5)
    shape = {"marker": MARKERS.get(row["model"], "o"), "markersize": 11, "markeredgecolor": THEORY, "markeredgewidth": 1.6}
    ax.plot([x["share"]], [y], color=COLOURS[row["measured"]], transform=where, zorder=6, **shape)
    # On the side that the arrow does not go to.
    side = -1 if row["tuned_careful"] >= row["base_careful"] else 1
    start = (min if side < 0 else max)(x["share"], x["base_careful"])
    text = ax.annotate(
        f"{row['one_draw']:.2f} → {row['tuned']:.2f}", (start, y), xytext=(9 * side, 0), xycoords=where, textcoords="offset points",
        ha="right" if side < 0 else "left", va="center_baseline", fontsize=11.5, zorder=6, path_effects=HALO,
    )  # fmt: skip
    text.set_in_layout(False)


def _setting(first: dict[str, Any]) -> str:
    return (
        f"arithmetic on {first['prompts']} prompts, {100 * first['affected']:.0f}% of which the mistake answers wrongly (on the others all "
        f"responses are right, and regions are those of the former); careless writers make it with probability $r = {first['rate']:g}$; "
        f"$N = {first['N']}$."
    )
