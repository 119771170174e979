"""The law of the adaptive stopping time N_s = inf{k : k max_{j<=k} base(y_j|x) >= s} and of the response kept (section 5).

Call these for adaptive best of N: the mean number of draws, its distribution, the law of the response kept, and the probability that this
is not a maximiser. A response of mass p stops the draws from its deadline ceil(s/p) on. Between deadlines the set of responses that have
not stopped the draws is constant, so the sums over k are geometric, and the cost is that of one sort, whatever s/p.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import LOG_PROBS, ROW, checked, count
from sharpsim._logspace import (
    as_arrays,
    before_level,
    cumulative_logsumexp,
    level_masses,
    log1mexp,
    log_fraction,
    logaddexp,
    logsumexp,
    normalise,
)

DEADLINE_GUARD = {8: (1e-12, 1e-14), 4: (1e-5, 1e-5)}
"""Relative widths within which s/p counts as a whole number, by bytes per float: log p is rounded, and s/p = 30 must not become 31. The
first holds up to a thousandth of a draw, the second, of the order of the rounding of log p, beyond it: else any large s/p would be rounded.
"""


class StoppingTables(NamedTuple):
    """The intermediate arrays of the stopping law, for one row sorted by mass, ascending.

    `order` sorts the row; `deadline` is ceil(s/p), at most the largest float;
    `log_mass_at_most` is log F_i, the mass of responses no likelier than i;
    `log_segment` is log sum F_i^k over k from deadline[i+1] to deadline[i] - 1 (none for the last);
    `log_on_time` and `log_late` are the log-probabilities that the kept level is i's and that the draws stop at its deadline,
    or after it.
    """

    order: Any
    deadline: Any
    log_mass_at_most: Any
    log_segment: Any
    log_on_time: Any
    log_late: Any
    log_level: Any
    log_share: Any


@checked
def stopping_tables(log_probs_row: Any, *, stop: Any) -> StoppingTables:
    """The tables behind the stopping law, along the last axis of normalised log-probabilities; `stop` is s > 0."""
    xp, row, s = as_arrays(log_probs_row, stop)
    order = xp.argsort(row, axis=-1)
    p = xp.take_along_axis(normalise(row, xp), order, axis=-1)
    # Levels are those of the row as given: dividing by the sum may round two neighbours to one number.
    keys = xp.take_along_axis(row, order, axis=-1)
    below, level, above = level_masses(p, keys, xp)
    # Infinity would be NaN in products and derivatives.
    deadline = xp.minimum(stopping_deadlines(p, stop=s), _largest(p))
    log_at_most = log_fraction(logaddexp(below, level, xp), above, xp)
    following = xp.concat([deadline[..., 1:], deadline[..., -1:]], axis=-1)
    some = (deadline > following) & (log_at_most > -xp.inf)
    length, ratio = xp.where(some, deadline - following, 1.0), xp.where(some, log_at_most, -1.0)
    with np.errstate(over="ignore"):
        # sum_{k=a}^{b-1} F^k = F^a (1 - F^(b-a)) / (1-F); 1-F is the mass above.
        log_segment = following * ratio + log1mexp(length * ratio, xp) - log_fraction(above, logaddexp(below, level, xp), xp)
        log_segment = xp.where(some, log_segment, -xp.inf)
        on_time = deadline * log_at_most + log1mexp(deadline * log_fraction(below, level, xp), xp)
    tail = cumulative_logsumexp(log_segment, xp)
    late = before_level(tail, keys, xp) + level
    has_mass = p > -xp.inf
    share = xp.where(has_mass, xp.where(has_mass, p, 0.0) - xp.where(has_mass, level, 0.0), -xp.inf)
    dead = xp.where(has_mass, 0.0, -xp.inf)
    return StoppingTables(order, deadline, log_at_most, log_segment, xp.where(has_mass, on_time, -xp.inf), late + dead, level, share)


@checked(log_probs=LOG_PROBS)
def stopping_deadlines(log_probs: Any, *, stop: Any) -> Any:
    """ceil(stop / p) for each probability: the number of draws from which on a response of this probability stops them, at least 1.

    s/p within 1e-12 of a whole number, relative, counts as whole, from 1e9 on within a thousandth, from 1e11 on within 1e-14, relative
    (float32: within 1e-5). inf where p = 0. Shape of `log_probs`. NaN is refused; under `jit` it gives NaN.
    """
    xp, log_p, stop = as_arrays(log_probs, stop)
    fits = log_p > xp.log(stop) - math.log(_largest(log_p)) + 1.0
    ratio = xp.where(fits, stop * xp.exp(-xp.where(fits, log_p, 0.0)), xp.where(xp.isnan(log_p), log_p, xp.inf))
    whole = xp.round(ratio)
    # By the floats that hold log p, to which the ratio owes its error.
    wide, least = DEADLINE_GUARD.get(log_p.dtype.itemsize, (1e-5, 1e-5))
    with np.errstate(invalid="ignore"):
        is_whole = xp.abs(ratio - whole) <= xp.minimum(wide * ratio, xp.maximum(1e-3, least * ratio))
    return xp.maximum(xp.where(is_whole, whole, xp.ceil(ratio)), 1.0)


def _largest(x: Any) -> float:
    return float(np.finfo(np.dtype(x.dtype)).max)


@checked
def stopping_time_mean(log_probs_row: Any, *, stop: Any) -> Any:
    """E[N_s] = 1 + sum_{k>=1} G(s/k)^k, G(t) the mass of responses with probability below t; at least max(1, s/P*).

    `log_probs_row` holds natural log-probabilities (a row, or a table for one mean a row); `stop` is s > 0 (the paper's mu).
    Bounds (Lemma I.1): s/P* <= E[N_s] <= (s + 1/|Y*|)/P*, with s/P* rounded up.

    Raises `ValueError` for rows that are not normalised, stop not positive, and means that float32 cannot hold.
    """
    tables = stopping_tables(log_probs_row, stop=stop)
    xp = as_arrays(tables.deadline)[0]
    waiting = logsumexp(tables.log_segment, xp)
    with np.errstate(over="ignore"):
        mean = tables.deadline[..., -1] + xp.exp(waiting)
    if mean.dtype.itemsize < 8 and not _checks.is_traced(mean) and not bool(xp.all(mean < _largest(mean))):
        raise ValueError(f"`log_probs_row` must be float64 where the mean is above {_largest(mean):.2g}, the largest float32; got float32.")
    return mean


@checked
def stopping_kept(log_probs_row: Any, *, stop: Any) -> Any:
    """log pi_s(y|x), the law of the response kept when the draws stop: the likeliest so far, ties to the first drawn.

    With D = ceil(s/p) for a level of mass f and probability p, F and F- the masses at most and below it, and F_k the mass of the
    responses whose deadline is after k: P[kept in level] = F^D - (F-)^D + f sum_{k>=D} F_k^k. Shape of the input.
    """
    tables = stopping_tables(log_probs_row, stop=stop)
    xp = as_arrays(tables.deadline)[0]
    law = logaddexp(tables.log_on_time, tables.log_late, xp) + tables.log_share
    return xp.take_along_axis(law, xp.argsort(tables.order, axis=-1), axis=-1)


@checked
def stopping_time_miss(log_probs_row: Any, *, stop: Any) -> Any:
    """P[the kept response lies outside Y*], in [0, 1 - pi(Y*)]; at most (1 - |Y*| P*)^ceil(s/P*) (Lemma I.1)."""
    xp, row = as_arrays(log_probs_row)
    kept = stopping_kept(row, stop=stop)
    return xp.exp(logsumexp(xp.where(row == xp.max(row, axis=-1, keepdims=True), -xp.inf, kept), xp))


@checked(log_probs_row=ROW, after=count(0))
def stopping_time_survival(log_probs_row: Any, *, stop: Any, after: Any) -> Any:
    """P[N_s > k] = G(s/k)^k for each k in `after` (whole numbers, at least 0); shape of `after`. One row."""
    tables = stopping_tables(log_probs_row, stop=stop)
    xp, deadline, log_mass, k = as_arrays(tables.deadline, tables.log_mass_at_most, after)
    # The responses whose deadline is after k are the first ones of the ascending order.
    alive = xp.sum(deadline > k[..., None], axis=-1)
    log_alive = xp.where(alive > 0, log_mass[xp.maximum(alive - 1, 0)], -xp.inf)
    return xp.where(k > 0, xp.exp(xp.where(k > 0, k, 1.0) * log_alive), 1.0)
