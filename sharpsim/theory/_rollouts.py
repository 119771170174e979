"""Estimates from rollouts and their exact means: zeta, the next token, importance resampling. `power_sampling` exports them.

A mean over K draws of a function of their sum is one integral: log S and 1/S are integrals of exp(-t S), whose mean is a power of the
Laplace transform of one draw. In log t the integrands are analytic in a strip, so that the trapezoid rule has all digits of float64.
Draws and t are kept as logarithms: p^(alpha-1) may be below the smallest float. The grid is as long as the range of (alpha-1) log p.
"""

from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import TABLE, checked, count
from sharpsim._logspace import logsumexp, normalise
from sharpsim.theory._prefix_tree import ALPHA, Space

_STEP = 1 / 4
"""A binary fraction: points of the grid are then exact."""
_LARGE = 600.0
"""exp of it is a float, and products of that with numbers of draws too."""
MANY = count(1, 10**7)


@checked(log_probs=TABLE, alpha=ALPHA, rollouts=MANY)
def log_zeta_bias(log_probs: Any, *, alpha: float, rollouts: int, jackknife: bool = False) -> np.ndarray:
    """Bias of the estimate of log zeta from K rollouts, exactly, for each row: nats, [prompts], at most 0 for the plug-in.

    zeta = sum p^alpha is the mean of p^(alpha-1) under p. Plug-in: the log of the mean over K draws. Jackknife: K times it, less (K-1)
    times the mean of those with one draw left out, K >= 2. Absolute error about 1e-15, times K for the jackknife and times the range of
    (alpha-1) log p where that is above 1. Raises `ValueError` where that range makes the integral too long.
    """
    if jackknife:
        K = _several(rollouts)
        return K * _log_bias(log_probs, alpha, K) - (K - 1) * _log_bias(log_probs, alpha, K - 1)
    return _log_bias(log_probs, alpha, rollouts)


def _log_bias(log_probs: Any, alpha: float, K: int) -> np.ndarray:
    found = []
    for row in normalise(np.asarray(log_probs, dtype=np.float64), np):
        masses = row[row > -np.inf]
        values = _relative(masses, alpha)
        u = _grid(float(values.min()), len(values), alpha)
        t, inner = np.exp(np.minimum(u, _LARGE)), K * _log_laplace(masses, _scaled(values, u, K))
        # Near t = 0 both exponentials are 1: their difference from the difference of the exponents.
        near = t < 1
        apart = np.where(near, -np.exp(-t) * np.expm1(np.where(near, inner + t, 0.0)), np.exp(-t) - np.exp(inner))
        found.append(float(apart.sum() * _STEP))
    return np.array(found)


@checked(log_probs=TABLE, alpha=ALPHA, draws=MANY)
def resampling_law(log_probs: Any, *, alpha: float, draws: int) -> np.ndarray:
    """The law, [prompts, responses], of importance resampling: N draws of base, answer with one, chosen in proportion to p^(alpha-1).

    N p(y) E[ w / (w + the w of N - 1 draws) ], w = p^(alpha-1), as one integral. The base at N = 1, pi^alpha as N -> inf.
    """
    laws = []
    for row in normalise(np.asarray(log_probs, dtype=np.float64), np):
        some = row > -np.inf
        masses, law = row[some], np.zeros(len(row))
        values = _relative(masses, alpha)
        at = _scaled(values, _grid(float(values.min()), len(values), alpha), draws)
        law[some] = draws * np.exp(masses) * (at * np.exp((draws - 1) * _log_laplace(masses, at) - at)).sum(axis=1) * _STEP
        laws.append(law)
    return np.array(laws)


@checked(alpha=ALPHA, rollouts=MANY)
def next_token_estimate(space: Space, *, alpha: float, rollouts: int, jackknife: bool = False) -> np.ndarray:
    """Mean of the estimated next-token law of pi^alpha, exactly: for each prefix, that of its last token; 1 for the empty one.

    From K rollouts of the base behind each next token v, zeta(v) is estimated by a mean, and the law p(v)^alpha zeta(v) is normalised. The
    jackknife leaves one rollout of every token out at a time (K >= 2); its mean may have entries below 0 and above 1. As K -> inf both tend
    to the true law.
    """
    if jackknife:
        K = _several(rollouts)
        return K * _next_token(space, alpha, K) - (K - 1) * _next_token(space, alpha, K - 1)
    return _next_token(space, alpha, rollouts)


def _several(rollouts: int) -> int:
    if rollouts < 2:
        raise ValueError(f"`rollouts` must be at least 2 for the jackknife; got {rollouts}.")
    return rollouts


def _next_token(space: Space, alpha: float, K: int) -> np.ndarray:
    step, zeta, found = space.log_step, space.log_zeta(alpha), np.ones(space.prefixes)
    order = np.argsort(space.parent, kind="stable")[1:]
    for children in np.split(order, np.flatnonzero(np.diff(space.parent[order])) + 1):
        if len(children) == 1:
            continue
        h = space.depth[children[0]]
        shares = alpha * step[children] + zeta[children]
        shares = shares - logsumexp(shares, np)
        below = [np.flatnonzero(space.path[:, h] == child) for child in children]
        # Each rollout behind v adds a value of mean share(v): p(v)^alpha p(completion | v)^(alpha-1), scaled.
        masses = [space.log_probs[ys] - space.log_mass[v] for ys, v in zip(below, children, strict=True)]
        values = [share + (alpha - 1) * m - zeta[v] for m, v, share in zip(masses, children, shares, strict=True)]
        u = _grid(logsumexp(np.array([v.min() for v in values]), np), space.horizon * sum(map(len, below)), alpha)
        at = [_scaled(v, u, K) for v in values]
        logs = [_log_laplace(m, x) for m, x in zip(masses, at, strict=True)]
        everything = K * np.sum(logs, axis=0)
        for child, m, x, one in zip(children, masses, at, logs, strict=True):
            found[child] = float(K * ((np.exp(m) @ (x * np.exp(-x))) * np.exp(everything - one)).sum() * _STEP)
    return found


@checked(alpha=ALPHA, rollouts=MANY)
def rollout_law(space: Space, *, alpha: float, rollouts: int) -> np.ndarray:
    """The law, [responses], of answers drawn token by token from the plug-in estimate, with K fresh rollouts behind each next token."""
    with np.errstate(divide="ignore"):
        return np.exp(space.along(np.log(next_token_estimate(space, alpha=alpha, rollouts=rollouts)))[space.leaf])


@checked(alpha=ALPHA, rollouts=MANY)
def rollout_calls(space: Space, *, alpha: float, rollouts: int) -> float:
    """Expected calls of the base of one such answer: one a token of the answer, and K times the length of the rollouts behind each token
    that can follow. Where one token alone can follow, nothing is estimated.
    """
    law = rollout_law(space, alpha=alpha, rollouts=rollouts)
    # Tokens that are expected to follow each prefix under base.
    rest = np.bincount(space.path.ravel(), np.repeat(np.exp(space.log_probs), space.horizon + 1) * np.maximum(
        np.repeat(space.lengths, space.horizon + 1) - np.tile(np.arange(space.horizon + 1), len(law)), 0), space.prefixes)  # fmt: skip
    rest = np.where(space.whole(), 0.0, rest / np.exp(space.log_mass))
    behind = np.bincount(space.parent[1:], rest[1:], space.prefixes)
    behind[np.bincount(space.parent[1:], minlength=space.prefixes) == 1] = 0.0
    each = sum(np.where(space.lengths > h, 1 + rollouts * behind[space.path[:, h]], 0.0) for h in range(space.horizon))
    return float(law @ np.asarray(each))


def _relative(log_probs: np.ndarray, alpha: float) -> np.ndarray:
    """log of p^(alpha-1) divided by its mean."""
    raised = (alpha - 1) * log_probs
    return raised - logsumexp(raised + log_probs, np)


def _grid(least: float, entries: int, alpha: float) -> np.ndarray:
    """log t on a grid: from where an integrand is as t to where exp(-t exp(least)) is nothing."""
    points = (45 - least) / _STEP
    _checks.affordable("alpha", alpha, seconds=2e-7 * points * entries, size=40.0 * points * entries)
    return np.arange(-40.0, np.log(45) - least + 1, _STEP)


def _scaled(log_values: np.ndarray, u: np.ndarray, K: int) -> np.ndarray:
    """v t/K, [values, points], cut at e^600: exp of minus that is 0, and sums of such numbers stay finite."""
    if log_values.min() > -_LARGE:
        # A product has all digits, a sum of logarithms loses some.
        return np.outer(np.exp(log_values), np.exp(u) / K)
    return np.exp(np.minimum(log_values[:, None] + (u - np.log(K)), _LARGE))


def _log_laplace(log_masses: np.ndarray, at: np.ndarray) -> np.ndarray:
    """log E exp(-s X) at s X = `at`, with its digits where it is near 0 and where the mean itself is below the smallest float."""
    lost = np.exp(log_masses) @ -np.expm1(-at)
    return np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), logsumexp(log_masses[:, None] - at, np, axis=0))
