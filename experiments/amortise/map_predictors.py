"""Which quantity draws the border: rules that say where best of N beats one draw, or greedy decoding, held against what is exact.

A rule is a quantity and a threshold. The threshold is either given by theory (0 for a covariance and for the signed margin, N for coverage)
and judged on every cell, or chosen as the best on every second cell, like the black fields of a chessboard, and judged on the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

TARGETS = {"one draw": "one_draw", "greedy": "greedy"}
"""What best of N is to beat -> the column of its accuracy."""
QUANTITIES = {
    "covariance": "covariance",
    "pooled covariance": "pooled_covariance",
    "margin": "margin",
    "C_cov": "coverage",
    "signed margin": "signed_margin",
}


@dataclass(frozen=True)
class Rule:
    """Says yes where `values` are above `threshold`, or with `above` false at most that."""

    threshold: float
    above: bool

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """bool of the shape of `values`."""
        return (values > self.threshold) == self.above


def best_rule(values: np.ndarray, truth: np.ndarray) -> Rule:
    """The threshold, halfway between two neighbouring values, and the direction that agree with `truth` most often; the first of equals.

    Thresholds below and above all values are among them: the rule that gives one answer for all.
    """
    order = np.sort(np.unique(values))
    between = [-np.inf, *((order[1:] + order[:-1]) / 2), np.inf]
    rules = [Rule(float(cut), above) for cut in between for above in (True, False)]
    return max(rules, key=lambda rule: float((rule(values) == truth).mean()))


def predictor_rows(grid: dict[str, np.ndarray], *, draws: int, least: float) -> Iterator[dict[str, Any]]:
    """For every target and rule the fraction of cells in which it is right, from arrays [shares, phrasings].

    Best of N beats another if its accuracy is larger by more than `least`. "missed": it does, and the rule says no; "promised": the reverse.
    """
    board = np.add.outer(*map(np.arange, grid["one_draw"].shape)) % 2 == 0
    for target, column in TARGETS.items():
        truth = grid["best_of_n"] - grid[column] > least
        for name, rule, judged in _rules(grid, truth, board, draws):
            said, happens = rule(grid)[judged], truth[judged]
            yield {
                "target": target, **name, "cells": int(judged.sum()), "happens": float(happens.mean()),
                "agree": float((said == happens).mean()), "missed": float((~said & happens).mean()),
                "promised": float((said & ~happens).mean()),
            }  # fmt: skip


def _rules(grid: dict[str, np.ndarray], truth: np.ndarray, board: np.ndarray, draws: int) -> Iterator[tuple[dict[str, Any], Any, np.ndarray]]:
    """Names, a function of the grid, and the cells that it is judged on."""
    everywhere = np.ones_like(board)
    given = {
        "covariance": Rule(0.0, True), "pooled covariance": Rule(0.0, True), "signed margin": Rule(0.0, True),
        "C_cov": Rule(float(draws), False),
    }  # fmt: skip
    for quantity, rule in given.items():
        yield _named(quantity, "theory", rule), _on(quantity, rule), everywhere
    for quantity, column in QUANTITIES.items():
        rule = best_rule(grid[column][board], truth[board])
        yield _named(quantity, "chosen", rule), _on(quantity, rule), ~board
    guess = Rule(-np.inf, bool(truth[board].mean() > 0.5))
    yield _named("one answer for all", "chosen", guess), _on("covariance", guess), ~board


def _named(quantity: str, source: str, rule: Rule) -> dict[str, Any]:
    return {"quantity": quantity, "threshold_from": source, "threshold": rule.threshold, "above": rule.above}


def _on(quantity: str, rule: Rule) -> Any:
    return lambda grid: rule(grid[QUANTITIES[quantity]])
