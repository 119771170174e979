"""The drawings of a card as data, for any renderer: what is on the axes, each series with its band, and a text for who cannot see them."""

from dataclasses import dataclass, field
from typing import Any

from sharpsim.cards._text import many, number, percent

RULES = {
    "best_of_n": "likeliest of N",
    "normalised": "likeliest per token",
    "majority": "majority vote",
    "pass": "some draw is right (pass@N)",
}
"""The curves of a card, and their names on it."""
STILL, SHOWN = 0.002, 32
BARS = 200
"""Most prompts that are drawn one by one; of more, as many quantiles."""
Content = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """A line through (x, y) with a band from `low` to `high`; None where a number is not known. `colour` names a colour of the card."""

    label: str
    colour: str
    x: list[float]
    y: list[float | None]
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    dashed: bool = False
    bars: bool = False


@dataclass(frozen=True)
class Panel:
    """One drawing. `mark`: an x at which a vertical line stands; `level`: a y of a horizontal one; each with its label.

    `alternative` says in words what is seen.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    alternative: str
    log_x: bool = True
    share: bool = True
    mark: tuple[float, str] | None = None
    level: tuple[float, str] | None = None


def panels(content: Content) -> list[Panel]:
    """The drawings for which the card has numbers, in the order of the page."""
    return [panel for panel in (_accuracy(content), _coverage(content), _covariance(content)) if panel is not None]


def _accuracy(content: Content) -> Panel | None:
    curves = {name: curve for name, curve in content["curves"].items() if curve}
    if content["kind"] == "exact" and curves:
        end = _flat_from([curve for name, curve in curves.items() if name != "majority"])
        curves = {name: _cut(curve, end) for name, curve in curves.items()}
    series = []
    for name, curve in curves.items():
        series.append(_band(RULES[name], name, curve))
        ahead = content["predictions"].get(name)
        if ahead and ahead["N"]:
            # From the last measured point on, so that the line does not break.
            joined = {key: [curve[key][-1], *ahead[key]] for key in ("N", "value", "low", "high")}
            series.append(_band("", name, joined, dashed=True))
    if not series:
        if not content.get("on_modes"):
            return None
        modes = content["on_modes"]
        series = [_band("best of N returns a mode", "best_of_n", _cut(modes, _flat_from([modes])))]
        told = f"from {percent(series[0].y[0] or 0)} at N = 1 to {percent(series[0].y[-1] or 0)} at N = {series[0].x[-1]:,}"
        return Panel("accuracy", "Mass on the modes", "draws N", "probability", tuple(series), f"Probability of a mode: {told}.")
    told = "; ".join(
        f"{RULES[name]}: {percent(curve['value'][0])} at N = 1, {percent(curve['value'][-1])} at N = {curve['N'][-1]:,}"
        for name, curve in curves.items()
    )
    last = content["draws"] and content["draws"]["curves_to"]
    ahead = any(item.dashed for item in series)
    mark = (last, f"{last} draws logged, then prediction") if ahead else None
    level = None
    if content["greedy"]:
        level = content["greedy"]["value"], f"greedy {percent(content['greedy']['value'])}"
        told += f"; greedy decoding: {percent(level[0])}"
    title = "Accuracy against the number of draws"
    return Panel("accuracy", title, "draws N", "accuracy", tuple(series), f"{told}.", mark=mark, level=level)


def _cut(curve: Content, end: float) -> Content:
    """The part of a curve up to an N."""
    size = sum(end >= N for N in curve["N"])
    return {name: values[:size] for name, values in curve.items()}


def _flat_from(curves: list[Content]) -> float:
    """Four times the last N at which some curve is further than `STILL` from its end, at least `SHOWN`: what lies beyond is not drawn."""
    moving = [
        N for curve in curves for N, value in zip(curve["N"], curve["value"], strict=True) if not abs(value - curve["value"][-1]) <= STILL
    ]
    return max(SHOWN, 4 * max(moving, default=1))


def _band(label: str, colour: str, curve: Content, *, dashed: bool = False) -> Series:
    return Series(label, colour, curve["N"], curve["value"], curve["low"], curve["high"], dashed)


def _coverage(content: Content) -> Panel | None:
    found = content["coverage"]
    if not found or not found.get("profile"):
        return None
    profile = found["profile"]
    if content["kind"] == "exact":
        last = max((N for N, value in zip(profile["N"], profile["high"], strict=True) if value > 0), default=1)
        profile = _cut(profile, max(SHOWN, 2 * last))
    low, high = profile["low"], profile["high"]
    if low == high:
        series = (Series("not covered", "majority", profile["N"], high),)
    else:
        series = (
            Series("not covered, at most", "pass", profile["N"], high),
            Series("not covered, at least", "best_of_n", profile["N"], low),
        )
    half = next((N for N, value in zip(profile["N"], high, strict=True) if value <= 0.5), None)
    told = f"{percent(high[0])} at N = 1, {percent(high[-1])} at N = {many(profile['N'][-1])}"
    told += f"; half of the prompts are covered from N = {many(half)} on" if half else "; never down to half"
    return Panel(
        "coverage", "Prompts whose likeliest response has probability below 1/N", "draws N", "share of prompts", series,
        f"Share of prompts not covered by N draws, {'at most ' if low != high else ''}{told}.",
    )  # fmt: skip


def _covariance(content: Content) -> Panel | None:
    found = content["likelihood"]
    if not found or not found["prompts"]:
        return None
    pairs = sorted(zip(found["prompts"], found["signs"], strict=True))
    values = [value for value, _ in pairs]
    size = min(len(values), BARS)
    shown = [pairs[round(i * (len(values) - 1) / max(size - 1, 1))] for i in range(size)]
    at = [100 * (i + 0.5) / size for i in range(size)]
    kinds = ((-1, "wrong answers are likelier", "pass"), (0, "cannot be told", "quiet"), (1, "right answers are likelier", "best_of_n"))
    series = []
    for kind, label, colour in kinds:
        mine = [i for i, (_, sign) in enumerate(shown) if sign == kind]
        if mine:
            series.append(Series(label, colour, [at[i] for i in mine], [shown[i][0] for i in mine], bars=True))
    told = (
        f"Covariance of correctness and log-probability of {len(values):,} prompts, sorted: from {number(values[0])} to "
        f"{number(values[-1])} nats; below zero for {sum(value < 0 for value in values):,} prompts."
    )
    title, across = "Is a right answer likelier, prompt by prompt?", "prompts, % in ascending order"
    return Panel("covariance", title, across, "covariance, nats", tuple(series), told, log_x=False, share=False)
