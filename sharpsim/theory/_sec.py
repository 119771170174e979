"""The sequential extrapolation coefficient (SEC) of a finite class, which XPO's regret bound needs.

It is exact where the recursion has few states, and otherwise certified by a lower and an upper bound. `xpo` exports it.

SEC(Pi, r, T, beta, lam; base) = sup over pi_1..pi_T in Pi of sum_t (E_t f_t)^2 / max(lam, sum_{i<t} E_i f_t^2), E_i over x ~ mu,
y ~ pi_i, y' ~ base. The past enters only by how often each member occurred, its counts c: with u_b = (E_{b,base} f_b)^2 and second[a, b] =
E_{a,base} f_b^2, the step to b from counts c adds u_b / max(lam, sum_a c_a second[a, b]).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from sharpsim import _checks
from sharpsim.theory._common import as_float
from sharpsim.theory._regret import residuals

STATES = 200_000
"""Count vectors that the exact recursion keeps at most in one layer."""


class Moments(NamedTuple):
    """`gain` [members] = (E_{b,base} f_b)^2 and `second` [members, members], entry [a, b] = E_{a,base} f_b^2; units nats^2."""

    gain: np.ndarray
    second: np.ndarray


def moments(log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float) -> Moments:
    """All that SEC needs of a finite class `[members, prompts, responses]`, exact.

    f_b(x, y, y') = g_b(x, y) - g_b(x, y') with g_b = beta log(pi_b/base) - r, so E_{a,base} f_b^2 = E_a (g_b - m)^2 + Var_base g_b
    with m = E_base g_b. Responses outside the base's support have no mass and drop out.

    Raises `ValueError` for shapes that differ, beta not positive, and a member whose support is not the base's.
    """
    g, members, base, weights = residuals(log_members, log_base, reward, prompt_weights, beta=beta)
    centred = g - np.sum(base * g, axis=-1, keepdims=True)
    drift = np.einsum("x,bxy,bxy->b", weights, members, centred)
    spread = np.einsum("x,xy,bxy->b", weights, base, centred**2)
    second = np.einsum("x,axy,bxy->ab", weights, members, centred**2, optimize=True) + spread[None, :]
    return Moments(drift**2, second)


def reduced(found: Moments) -> Moments:
    """The class without repeated members and without members of gain 0; SEC is the same, as members of gain 0 can be played last."""
    keep = found.gain > 0
    if not keep.any():
        return Moments(np.zeros(1), np.zeros((1, 1)))
    gain, second = found.gain[keep], found.second[np.ix_(keep, keep)]
    profile = np.concatenate([gain[:, None], second, second.T], axis=1)
    _, first = np.unique(profile, axis=0, return_index=True)
    # Equal profiles can stand for one another in any sequence.
    first = np.sort(first)
    return Moments(gain[first], second[np.ix_(first, first)])


def layer_sizes(members: int, T: int) -> int:
    """Count vectors of T plays among `members`: C(members + T - 1, T)."""
    return math.comb(members + T - 1, T)


def exact(found: Moments, *, T: int, lam: float) -> float:
    """SEC by dynamic programming over count vectors, C(members + T - 1, T) of them in the last layer; at most `STATES`."""
    T, small = int(T), reduced(found)
    _checks.enumerable(layer_sizes(len(small.gain), T), STATES, "the last layer of count vectors after `T` rounds", "sec_bounds()")
    return float(_forward(small, T, lam)[1].max())


def bounds(found: Moments, *, T: int, lam: float, beam: int = 64, states: int = 4000) -> tuple[float, float]:
    """(certified **lower**, certified **upper**) bound on SEC.

    Lower: the best sequence that a beam search over counts finds. Upper: exact to the depth D whose layer has at most `states` count
    vectors c, then the T - D largest of u_b / max(lam, S_b(c) + j second[b, b]), j = 0, 1, ..: the j-th later play of b sees no less.
    """
    T = int(T)
    _checks.affordable("T", T, seconds=1e-4 * T)
    small = reduced(found)
    depth = T
    while depth > 0 and layer_sizes(len(small.gain), depth) > states:
        depth = depth // 2 if depth > 64 else depth - 1
    counts, value = _forward(small, depth, lam)
    ahead = np.zeros(len(value))
    left = T - depth
    if left:
        own = np.arange(left)[None, :] * np.diag(small.second)[:, None]
        block = max(1, 2_000_000 // own.size)
        for i in range(0, len(value), block):
            pressure = counts[i : i + block] @ small.second
            terms = small.gain[:, None] / np.maximum(lam, pressure[:, :, None] + own)
            flat = terms.reshape(len(terms), -1)
            ahead[i : i + block] = np.partition(flat, flat.shape[1] - left, axis=1)[:, -left:].sum(axis=1)
    low = _beam(small, T, lam, beam)
    return low * (1 - 1e-12), float((value + ahead).max()) * (1 + 1e-12)


def harmonic_bound(found: Moments, *, T: Any, lam: float) -> Any:
    """Certified **upper** bound in closed form, for T of any size (an array, if wished): every member plays all T rounds alone,
    sum_b u_b sum_{j<T} 1/max(lam, j second[b, b]). Grows as log T.
    """
    small = reduced(found)
    rounds, own = np.asarray(T, float)[..., None], np.diag(small.second)
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = np.minimum(np.floor(np.where(own > 0, lam / own, np.inf)) + 1, rounds)
        tail = np.where(flat < rounds, (special.digamma(rounds) - special.digamma(np.minimum(flat, rounds))) / own, 0.0)
    return as_float((small.gain * (flat / lam + tail)).sum(axis=-1) * (1 + 1e-12))


def lower_path(found: Moments, *, T: int, lam: float, beam: int = 64) -> np.ndarray:
    """Certified **lower** bounds on SEC for every horizon 1..T, `[T]`, from one beam search."""
    _checks.affordable("T", T, seconds=1e-4 * T)
    return np.asarray(_beam_path(reduced(found), int(T), lam, beam)) * (1 - 1e-12)


def _forward(small: Moments, T: int, lam: float) -> tuple[np.ndarray, np.ndarray]:
    """Every count vector of T plays `[states, members]` and the best value of an order that plays it `[states]`."""
    members = len(small.gain)
    counts, value = np.zeros((1, members), np.int64), np.zeros(1)
    for _ in range(T):
        step = small.gain / np.maximum(lam, counts @ small.second)
        following = (counts[:, None, :] + np.eye(members, dtype=np.int64)).reshape(-1, members)
        counts, where = np.unique(following, axis=0, return_inverse=True)
        best = np.zeros(len(counts))
        np.maximum.at(best, where.ravel(), (value[:, None] + step).ravel())
        value = best
    return counts, value


def _beam(small: Moments, T: int, lam: float, beam: int) -> float:
    return _beam_path(small, T, lam, beam)[-1]


def _beam_path(small: Moments, T: int, lam: float, beam: int) -> list[float]:
    members = len(small.gain)
    # A random label stands for a count vector: a collision would drop a sequence, never invent one.
    label = np.random.default_rng(0).integers(1, 2**62, members)
    pressure, value, mark, path = np.zeros((1, members)), np.zeros(1), np.zeros(1, np.int64), []
    for _ in range(T):
        total = (value[:, None] + small.gain / np.maximum(lam, pressure)).ravel()
        marks = (mark[:, None] + label).ravel()
        order = np.argsort(-total, kind="stable")
        order = order[np.sort(np.unique(marks[order], return_index=True)[1])][:beam]
        parent, played = np.divmod(order, members)
        pressure, value, mark = pressure[parent] + small.second[played], total[order], marks[order]
        path.append(float(value[0]))
    return path
