"""Which quantity draws which border: rules that say where best of N beats one draw or greedy decoding, held against what is exact.

A rule is a quantity and a threshold. The threshold is given by theory and judged at every place; or it is the best for every second place,
like the black fields of a chessboard, and judged at the others.

Theory's thresholds: 0 for a covariance (the derivative of accuracy under tempering) and for the signed margin (the limit of best of N); N
for C_cov, at most which N draws find the mode of most prompts (Theorem 4.1); 2 for C_cov and Cbar_cov, at most which most prompts have a
mode that greedy decoding cannot miss (Proposition 3.1). C_cov counts responses that tie for the mode together, Cbar_cov counts one of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Grid = dict[str, np.ndarray]


def _everywhere(grid: Grid) -> np.ndarray:
    return np.ones(grid["mode"].shape, dtype=bool)


BORDERS: dict[str, tuple[str, str, Callable[[Grid], np.ndarray]]] = {
    "the mode beats one draw": ("mode", "one_draw", _everywhere),
    "best of N beats one draw": ("best_of_n", "one_draw", _everywhere),
    "best of N beats greedy": ("best_of_n", "greedy", _everywhere),
    "N draws are enough": ("best_of_n", "one_draw", lambda grid: grid["sharpening_wins"] + grid["too_few_draws"] > 0),
}
"""What lies on one side of a border -> the columns of the accuracy that is larger there and of the other; and the places that are judged:
all, or those where the mode is right and greedy decoding wrong."""
QUANTITIES = {
    "covariance": "covariance",
    "pooled covariance": "pooled_covariance",
    "margin": "margin",
    "C_cov": "coverage",
    "Cbar_cov": "mode_coverage",
    "signed margin": "signed_margin",
}
"""Name -> column of part "map"; the last needs to know which responses are right, and is what the others stand in for."""


@dataclass(frozen=True)
class Rule:
    """Says yes where a quantity is above the threshold, or where it is at most the threshold if `above` is false."""

    quantity: str
    threshold: float
    above: bool

    def __call__(self, grid: Grid) -> np.ndarray:
        """bool of the grid's shape."""
        return (grid[QUANTITIES[self.quantity]] > self.threshold) == self.above


def theory(draws: int) -> tuple[Rule, ...]:
    """The rules that need no fitting."""
    signs = [Rule(quantity, 0.0, True) for quantity in ("covariance", "pooled covariance", "signed margin")]
    return (*signs, Rule("C_cov", float(draws), False), Rule("C_cov", 2.0, True), Rule("Cbar_cov", 2.0, True))


def best_rule(quantity: str, grid: Grid, truth: np.ndarray, where: np.ndarray) -> Rule:
    """The rule that agrees with `truth` most often at the places `where`; the first of equals.

    Its threshold is halfway between neighbouring values; or infinite, which gives one answer for all.
    """
    # Values that are equal up to rounding must stay on one side.
    values, yes = np.round(grid[QUANTITIES[quantity]][where], 9), truth[where]
    order = np.argsort(values)
    ordered, happened = values[order], yes[order]
    # hits[i]: how many are right if the first i are told no and the others yes.
    hits = np.concatenate([[0], np.cumsum(~happened)]) + happened.sum() - np.concatenate([[0], np.cumsum(happened)])
    between = np.concatenate([[-np.inf], (ordered[1:] + ordered[:-1]) / 2, [np.inf]])
    apart = np.concatenate([[True], ordered[1:] > ordered[:-1], [True]])
    up, down = (int(np.argmax(np.where(apart, score, -1))) for score in (hits, len(hits) - 1 - hits))
    rising = bool(hits[up] >= len(hits) - 1 - hits[down])
    return Rule(quantity, float(between[up if rising else down]), rising)


def predictor_rows(grid: Grid, *, draws: int, least: float) -> Iterator[dict[str, Any]]:
    """For every border and rule the fraction of places where the rule is right, from arrays [shares, phrasings].

    One accuracy beats another if it is larger by more than `least`. It is so at the fraction `happens` of places; at `missed` the rule says
    no where it is so, and at `promised` the rule says yes where it is not.
    """
    black = np.add.outer(*map(np.arange, grid["one_draw"].shape)) % 2 == 0
    for border, (winner, loser, places) in BORDERS.items():
        truth, where = grid[winner] - grid[loser] > least, places(grid)
        rules = [("theory", rule, where) for rule in theory(draws)]
        rules += [("chosen", best_rule(quantity, grid, truth, where & black), where & ~black) for quantity in QUANTITIES]
        for source, rule, judged in rules:
            said, happens = rule(grid)[judged], truth[judged]
            yield {
                "border": border, "quantity": rule.quantity, "threshold_from": source, "threshold": rule.threshold, "above": rule.above,
                "places": int(judged.sum()), "happens": float(happens.mean()), "agree": float((said == happens).mean()),
                "missed": float((~said & happens).mean()), "promised": float((said & ~happens).mean()),
            }  # fmt: skip
