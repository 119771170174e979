"""Alias tables for the rivals, without a Python loop over the entries, so that none waits minutes for its table."""

from typing import Any, NamedTuple

import numpy as np


def alias_row(probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(accept, alias) of one law over K columns: column i = floor(K u), kept if the rest of K u is below accept[i], else alias[i].

    Light columns (K p < 1) are filled in order by the heavy ones in order: with running deficits D of the light and running surpluses E of
    the heavy, light k is filled by the first heavy j with E_j > D_{k-1}; the heavy j that first falls short, E_j < D_k, keeps
    1 - (D_k - E_j) and is filled by the next. float64; int32 aliases.
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
    """A base with everything that rivals look up: all arrays are `[prompts, responses]` but the weights."""

    weights: np.ndarray
    log_probs: np.ndarray
    probs: np.ndarray
    running: np.ndarray
    """Running totals of the probabilities in the base's order; the last one is 1."""
    order: np.ndarray
    """Responses, likeliest first."""
    tail: np.ndarray
    """Running totals of the probabilities in that order."""
    accept: np.ndarray
    alias: np.ndarray

    @classmethod
    def of(cls, log_probs: Any, weights: Any) -> "Tables":
        """Build them all."""
        log_probs = np.asarray(log_probs)
        probs = np.exp(log_probs)
        probs /= probs.sum(axis=1, keepdims=True)
        order = np.argsort(-log_probs, axis=1, kind="stable").astype(np.int32)
        accept, alias = (np.stack(rows) for rows in zip(*(alias_row(row) for row in probs), strict=True))
        return cls(
            np.asarray(weights), log_probs, probs, _running(probs), order, _running(np.take_along_axis(probs, order, 1)), accept, alias
        )

    def best_first(self) -> "Tables":
        """The same base with responses renamed by their rank, so that the best of N draws is the least of N numbers."""
        return Tables.of(np.take_along_axis(self.log_probs, self.order, 1), self.weights)


def _running(probs: np.ndarray) -> np.ndarray:
    running = np.cumsum(probs, axis=1)
    running[:, -1] = 1.0
    return running
