"""The exact law of the best of N draws, at a cost that does not depend on N (section 3; Prop C.1's procedure)."""

import math
from typing import Any, NamedTuple

from sharpsim._arguments import REWARD, ROWS, Kind, checked
from sharpsim._logspace import as_arrays, level_masses, log_fraction, log_missed_power, logaddexp


@checked(log_probs=ROWS, reward=REWARD, draws=Kind("at least 1 and finite", lambda x: (x >= 1) & (x < math.inf)))
def best_of_n(log_probs: Any, reward: Any, *, draws: Any) -> Any:
    """log pi_N(y|x) of the best of N independent draws, ties in reward going to the first drawn.

    With F(t) the base mass of {reward <= t}, F(t-) that of {reward < t} and level(y) the responses of y's reward,
    pi_N(y|x) = [F(r(y))^N - F(r(y)-)^N] base(y|x) / base(level(y)|x).

    Args:
        log_probs: base log-probabilities (nats), last axis the responses; each row is divided by its exact sum first.
        reward: rewards of the same shape; only their order and ties within a row matter.
        draws: N >= 1. A scalar; any size up to 1e12 and beyond costs the same.

    Returns:
        natural log-probabilities of the same shape; at N = 1 the base itself, as N -> inf the base restricted to its maximisers.
        In float64 a probability keeps its digits, near 0 and near 1, and a log-probability below -708 too. In float32 the error of a
        log-probability is about 1e-6 of the largest of 1, its size and N times the rounding of the masses.

    Raises `ValueError` for rows that are not normalised, NaN rewards, shapes that differ and draws below 1 or infinite.
    """
    xp, table, rewards, count = as_arrays(log_probs, reward, draws)
    return kept(ranked(table, rewards, xp), count, xp)


class Ranked(NamedTuple):
    """What the best of any N needs of a table and its rewards, all in ascending order of reward along the last axis.

    `below`, `level` are log masses, `log_cumulative` is log F(r), `share` the log of a response's share of its level.
    """

    order: Any
    below: Any
    level: Any
    log_cumulative: Any
    share: Any
    has_mass: Any


def ranked(table: Any, rewards: Any, xp: Any) -> Ranked:
    """A table of normalised log-probabilities, sorted by its rewards."""
    order = xp.argsort(rewards, axis=-1)
    sorted_table = xp.take_along_axis(table, order, axis=-1)
    below, level, above = level_masses(sorted_table, xp.take_along_axis(rewards, order, axis=-1), xp)
    has_mass = sorted_table > -xp.inf
    share = xp.where(has_mass, sorted_table, 0.0) - xp.where(has_mass, level, 0.0)
    return Ranked(order, below, level, log_fraction(logaddexp(below, level, xp), above, xp), share, has_mass)


def kept(by_reward: Ranked, count: Any, xp: Any) -> Any:
    """log pi_N in the order of the table that was ranked."""
    # F(r)^N - F(r-)^N = F(r)^N (1 - (F(r-)/F(r))^N), the ratio taken from masses so that nothing cancels.
    gained = count * by_reward.log_cumulative + log_missed_power(by_reward.below, by_reward.level, count, xp)
    law = xp.where(by_reward.has_mass, gained + by_reward.share, -xp.inf)
    return xp.take_along_axis(law, xp.argsort(by_reward.order, axis=-1), axis=-1)
