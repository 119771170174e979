"""Alias tables for the rivals. They are built without a Python loop over the entries, which would take minutes."""

from typing import Any, NamedTuple

import numpy as np


def alias_row(probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The alias table (accept, alias) of one distribution over K columns; float64 and int32.

    To draw, take u uniform and i = floor(K u). The draw is i if the fractional part of K u is below accept[i], and alias[i] otherwise.

    Light columns (K p < 1) are filled in order by the heavy columns in order. Let D be the running deficits of the light columns and E the
    running surpluses of the heavy ones. Light column k is filled by the first heavy column j with E_j > D_{k-1}. The first k with
    E_j < D_k exhausts heavy column j, which then keeps 1 - (D_k - E_j) and is filled by the next heavy column.
    """
    weight = probs * (len(probs) / probs.sum())
    light, heavy = np.flatnonzero(weight < 1), np.flatnonzero(weight >= 1)
    accept, alias = np.ones(len(probs)), np.arange(len(probs), dtype=np.int32)
    if len(light) and len(heavy):
        deficit, surplus = np.cumsum(1 - weight[light]), np.cumsum(weight[heavy] - 1)
        filler = np.searchsorted(surplus, np.concatenate([[0.0], deficit[:-1]]), side="right")
        accept[light], alias[light] = weight[light], heavy[np.minimum(filler, len(heavy) - 1)]
        short = np.searchsorted(deficit, surplus, side="right")
        # The last heavy column is filled by nobody; it falls short by rounding alone.
        falls = (short < len(light)) & (np.arange(len(heavy)) < len(heavy) - 1)
        accept[heavy[falls]] = 1 - (deficit[short[falls]] - surplus[falls])
        alias[heavy[falls]] = heavy[1:][falls[:-1]]
    return accept, alias


class Tables(NamedTuple):
    """A base policy with all tables that the rivals need. All arrays are `[prompts, responses]` except `weights`, `[prompts]`."""

    weights: np.ndarray
    log_probs: np.ndarray
    probs: np.ndarray
    running: np.ndarray
    """Cumulative probabilities in the base's order; the last one is 1."""
    order: np.ndarray
    """Responses, most likely first."""
    tail: np.ndarray
    """Cumulative probabilities in that order."""
    accept: np.ndarray
    alias: np.ndarray

    @classmethod
    def of(cls, log_probs: Any, weights: Any) -> "Tables":
        """Build all tables from log-probabilities and prompt weights."""
        log_probs = np.asarray(log_probs)
        probs = np.exp(log_probs)
        probs /= probs.sum(axis=1, keepdims=True)
        order = np.argsort(-log_probs, axis=1, kind="stable").astype(np.int32)
        accept, alias = (np.stack(rows) for rows in zip(*(alias_row(row) for row in probs), strict=True))
        return cls(
            np.asarray(weights), log_probs, probs, _running(probs), order, _running(np.take_along_axis(probs, order, 1)), accept, alias
        )

    def best_first(self) -> "Tables":
        """The same base with responses renamed by their rank. The best of N draws is then the smallest of N numbers."""
        return Tables.of(np.take_along_axis(self.log_probs, self.order, 1), self.weights)


def _running(probs: np.ndarray) -> np.ndarray:
    running = np.cumsum(probs, axis=1)
    running[:, -1] = 1.0
    return running
