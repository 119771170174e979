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
    """One drawing. `mark`: an x at which a vertical line stands, and its label. `alternative` says in words what is seen."""

    name: str
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    alternative: str
    log_x: bool = True
    share: bool = True
    mark: tuple[float, str] | None = None


def panels(content: Content) -> list[Panel]:
    """The drawings for which the card has numbers, in the order of the page."""
    return [panel for panel in (_accuracy(content), _coverage(content), _covariance(content)) if panel is not None]


def _accuracy(content: Content) -> Panel | None:
    curves = {name: curve for name, curve in content["curves"].items() if curve}
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
        series = [_band("best of N returns a mode", "best_of_n", content["on_modes"])]
        told = f"from {percent(series[0].y[0] or 0)} at N = 1 to {percent(series[0].y[-1] or 0)} at N = {series[0].x[-1]:,}"
        return Panel("accuracy", "Mass on the modes", "draws N", "probability", tuple(series), f"Probability of a mode: {told}.")
    told = "; ".join(
        f"{RULES[name]}: {percent(curve['value'][0])} at N = 1, {percent(curve['value'][-1])} at N = {curve['N'][-1]:,}"
        for name, curve in curves.items()
    )
    last = content["draws"] and content["draws"]["curves_to"]
    ahead = any(item.dashed for item in series)
    mark = (last, f"{last} draws logged, then prediction") if ahead else None
    return Panel("accuracy", "Accuracy against the number of draws", "draws N", "accuracy", tuple(series), f"{told}.", mark=mark)


def _band(label: str, colour: str, curve: Content, *, dashed: bool = False) -> Series:
    return Series(label, colour, curve["N"], curve["value"], curve["low"], curve["high"], dashed)


def _coverage(content: Content) -> Panel | None:
    found = content["coverage"]
    if not found or not found.get("profile"):
        return None
    profile = found["profile"]
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
    values = sorted(value for value in found["prompts"] if value is not None)
    if not values:
        return None
    size = min(len(values), BARS)
    shown = [values[round(i * (len(values) - 1) / max(size - 1, 1))] for i in range(size)]
    at = [100 * (i + 0.5) / size for i in range(size)]
    series = tuple(
        Series(label, colour, [x for x, keep in zip(at, kept, strict=True) if keep], [y for y, keep in zip(shown, kept, strict=True) if keep], bars=True)
        for label, colour, kept in (
            ("wrong answers are likelier", "pass", [value < 0 for value in shown]),
            ("right answers are likelier", "best_of_n", [value >= 0 for value in shown]),
        )
        if any(kept)
    )  # fmt: skip
    told = (
        f"Covariance of correctness and log-probability of {len(values):,} prompts, sorted: from {number(values[0])} to "
        f"{number(values[-1])} nats; below zero for {sum(value < 0 for value in values):,} prompts."
    )
    return Panel(
        "covariance", "Does likelihood know what is right, prompt by prompt?", "prompts, % in ascending order", "covariance, nats", series, told,
        log_x=False, share=False,
    )  # fmt: skip
