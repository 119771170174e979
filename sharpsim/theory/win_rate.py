"""Win rate under a reward that is partly wrong: how best of N is hacked, and a rule that is not.

A learner ranks draws by a proxy reward and is judged by the true one. Call this module for the exact win rate of best of N, and of a random
one of the best k of N, for the guarantees of both in terms of the pairwise error of the proxy, and for what no rule can beat.

Statement. F*(y) and F^(y) are the mid-ranks of a response under the true and the proxy reward: the base mass below it, and half of that at
its level. R(pi) = E_pi F* is the win rate against one draw, ties counted half; R^(pi) = E_pi F^ is the win rate that the proxy sees. The
pairwise error is e = E|phi^ - phi*| over two draws of base, phi = 1 for a win, 1/2 for a tie, 0 for a loss. If pi has at most D times the
mass of base on every response, then

    R^(pi) - R(pi)  <=  D e/2                                                                             (hacking)

Best of N has D = N, and a random one of the best k of N has D = N/k. For any comparator q, with E_M the mass of q beyond M base,

    R(q)  <=  1 - (1 - E_M)^2/(2M)                                                                        (comparator)

For a base without atoms

    1 - R(best of N)    <=  N e/2 + 1/(N+1)                                                               (best of N)
    1 - R(best k of N)  <=  N e/(2k) + (k+1)/(2(N+1))                                                     (best k of N)
    1 - R  >=  sqrt(2s(1 + s/2)) - 2s  in some world with e <= 2s(1-s), for every rule that sees the proxy alone   (minimax)
    1 - R(chi-square on ranks)  <=  e/t + t/3,  beta = t^2/2                                              (chi-square)

So the least 1 - R that can be had in all worlds is about sqrt(e). The best k of N reaches it as N grows with k/N = sqrt(e). Best of N is
sqrt(2) times worse at its best N, about sqrt(2/e), and fails at large N. Chi-square regularisation of the proxy's ranks is 1.155 times
worse; of its values, it may have 1 - R of at least 1/2 at every beta, however small e is.

Let the true reward be correctness, a the accuracy of one draw (so that R = 1/2 + (accuracy - a)/2), and eps the probability that of a right
and a wrong draw the proxy prefers the wrong one. Then

    (1-(1-a) eps)^N - ((1-a)(1-eps))^N  <=  accuracy of best of N  <=  1 - (1-a(1-eps))^N + (a eps)^N        (lift by pairs)

Both sides are attained, and equal at N = 2: there the gain over one draw is a (1-a)(1 - 2 eps). As N grows the accuracy tends to
the share of right responses in the proxy's top level. With the log-likelihood as proxy that level is the mode.

Assumptions. A1 (`atoms`): base has no atoms, for the terms 1/(N+1), (k+1)/(2(N+1)) and t/3, and for (minimax). On tables the exact R^ takes
the place of these terms.

Symbols. e: error; N: draws; k: kept; M: cut; E_M: excess; s: the mass that is ranked wrong; t: top; a: accuracy; eps: pair_error.

Source. Sriraman and Block, COLT 2026, for the setting and the orders of magnitude; statements with constants and proofs: ours.

Printed. There the regret against q is at most c (N e log(1/e) + E_{N/log(1/e)}) for best of N, at most c (M e + E_M + 1/N) for the best
N/M of N, and at least of order inf_M (M e + E_M) for any rule. For the win rate against one draw of base, as here, the last cannot hold
for every q: best of N at its best N has 1 - R of at most sqrt(2e), so its regret is at most that against every q.
"""

import math
from typing import Any

import numpy as np
from scipy import special, stats

from sharpsim import laws
from sharpsim._arguments import OPEN_UNIT, UNIT, checked, count
from sharpsim._logspace import level_masses, normalise
from sharpsim.theory._chi_square import chi_square_bound, chi_square_law
from sharpsim.theory._common import Statement, as_float
from sharpsim.theory._lift import Pairs, accuracy_lower_bound, accuracy_upper_bound, predicted_accuracy, right_and_wrong, trusted_draws

_COUNTS = count(1, 2**53)
_GAUSS = np.polynomial.legendre.leggauss(4)


@checked
def pairwise_error(log_base: Any, reward: Any, proxy: Any) -> np.ndarray:
    """e = E|phi_proxy(Y, Y') - phi_reward(Y, Y')| over two draws of base, for each prompt; in [0, 1]. Costs responses^2 a prompt."""
    base = np.exp(normalise(np.asarray(log_base, dtype=np.float64), np))
    found = []
    for row, true, seen in zip(base, np.asarray(reward, dtype=np.float64), np.asarray(proxy, dtype=np.float64), strict=True):
        won = [(values[:, None] > values) + 0.5 * (values[:, None] == values) for values in (true, seen)]
        found.append(row @ np.abs(won[0] - won[1]) @ row)
    return np.array(found)


@checked
def mid_rank(log_base: Any, reward: Any) -> np.ndarray:
    """F*(y) = base mass of smaller rewards + half of that of equal ones, [prompts, responses]; in [0, 1], mean 1/2 under base."""
    table, rewards = normalise(np.asarray(log_base, dtype=np.float64), np), np.asarray(reward, dtype=np.float64)
    order = np.argsort(rewards, axis=-1)
    below, level, _ = level_masses(np.take_along_axis(table, order, axis=-1), np.take_along_axis(rewards, order, axis=-1), np)
    ranks = np.empty_like(table)
    np.put_along_axis(ranks, order, np.exp(below) + np.exp(level) / 2, axis=-1)
    return ranks


@checked
def win_rate(log_policy: Any, log_base: Any, reward: Any) -> np.ndarray:
    """R(pi) = P[reward(Y) > reward(Y')] + P[equal]/2 for Y ~ pi and Y' ~ base, for each prompt; in [0, 1], 1/2 at pi = base."""
    policy = np.exp(normalise(np.asarray(log_policy, dtype=np.float64), np))
    return (policy * mid_rank(log_base, reward)).sum(axis=-1)


@checked
def best_of_n(log_base: Any, reward: Any, proxy: Any, *, draws: int) -> np.ndarray:
    """R of best of N by the proxy, for each prompt, exactly. With proxy = reward it is R^, at most N/(N+1)."""
    return win_rate(laws.best_of_n(log_base, proxy, draws=draws), log_base, reward)


@checked(draws=_COUNTS, kept=_COUNTS)
def best_k_law(log_base: Any, proxy: Any, *, draws: int, kept: int) -> np.ndarray:
    """Law, [prompts, responses], of one of the best k of N draws by the proxy, taken at random; at k = 1 best of N, at k = N base.

    The best share q of base has the mass E min(B, k)/k with B ~ Binomial(N, q), the draws in it; ties are split by base mass. Rare levels
    keep their digits. Errors as `laws.best_of_n`; `ValueError` for k above N.
    """
    if kept > draws:
        raise ValueError(f"`kept` must be at most `draws` = {draws}; got {kept}.")
    draws, kept = int(draws), int(kept)
    table, rewards = normalise(np.asarray(log_base, dtype=np.float64), np), np.asarray(proxy, dtype=np.float64)
    order = np.argsort(rewards, axis=-1)
    sorted_base = np.take_along_axis(table, order, axis=-1)
    levels = level_masses(sorted_base, np.take_along_axis(rewards, order, axis=-1), np)
    level, mass = levels.level, np.exp(levels.level)
    if kept < draws:
        mass = _mass(np.exp(levels.below), mass, np.exp(levels.above), draws, kept)
    share = np.where(level > -np.inf, np.exp(sorted_base - np.where(level > -np.inf, level, 0.0)), 0.0)
    law = np.empty_like(table)
    np.put_along_axis(law, order, np.maximum(mass, 0.0) * share, axis=-1)
    return law


def _mass(below: np.ndarray, level: np.ndarray, above: np.ndarray, draws: int, kept: int) -> np.ndarray:
    """Mass of a level under the best k of N, k < N: the integral of N/k P[Binomial(N-1, q) < k] over the ranks q from the top."""
    end = np.minimum(above + level, 1.0)
    best, rest = _best(end, draws, kept) - _best(above, draws, kept), _rest(above, draws, kept) - _rest(end, draws, kept)
    mass = np.where(_best(end, draws, kept) < 0.5, best, rest)
    # The difference has no digits on a level much narrower than the density varies, where few nodes integrate it to the last digit.
    narrow = level * draws < 0.1 * below
    below, level, above = below[narrow], level[narrow], above[narrow]
    density = sum(
        w / 2 * _density(above + level * (1 + x) / 2, below + level * (1 - x) / 2, draws, kept) for x, w in zip(*_GAUSS, strict=True)
    )
    mass[narrow] = level * density
    return mass


def _density(above: np.ndarray, below: np.ndarray, draws: int, kept: int) -> np.ndarray:
    """N/k P[Binomial(N-1, above) < k], from the smaller of the two parts of base; arguments `[n]`."""
    by_above, chance = above < below, np.empty_like(above)
    chance[by_above] = special.betaincc(kept, draws - kept, np.minimum(above[by_above], 1.0))
    chance[~by_above] = special.betainc(draws - kept, kept, np.minimum(below[~by_above], 1.0))
    return draws / kept * chance


def _best(above: np.ndarray, draws: int, kept: int) -> np.ndarray:
    """E min(B, k)/k for B ~ Binomial(N, above): N q P[Binomial(N-1, q) < k-1]/k + P[B >= k]."""
    return draws * above / kept * _fewer(kept - 1, draws - 1, above) + stats.binom.sf(kept - 1, draws, above)


def _rest(above: np.ndarray, draws: int, kept: int) -> np.ndarray:
    """E[(k - B)_+]/k = 1 - E min(B, k)/k."""
    return _fewer(kept, draws, above) - draws * above / kept * _fewer(kept - 1, draws - 1, above)


def _fewer(number: int, draws: int, share: np.ndarray) -> np.ndarray:
    """P[Binomial(N, share) < number]."""
    return stats.binom.cdf(number - 1, draws, share) if number > 0 else np.zeros_like(share)


@checked(draws=_COUNTS, kept=_COUNTS)
def best_k_of_n(log_base: Any, reward: Any, proxy: Any, *, draws: int, kept: int) -> np.ndarray:
    """R of a random one of the best k of N by the proxy, for each prompt, exactly. With proxy = reward it is R^."""
    return (best_k_law(log_base, proxy, draws=draws, kept=kept) * mid_rank(log_base, reward)).sum(axis=-1)


@checked(error=UNIT, kept=count())
def hacking_bound(*, error: Any, draws: Any, kept: Any = 1) -> Any:
    """**Upper** bound on R^ - R of a random one of the best k of N: N e/(2k). Arrays broadcast.

    Attained in the limit of many draws by a rare response that the proxy ranks first and that is worst: (N-1)/N of it at k = 1.
    `ValueError` for k above N.
    """
    N, k = np.asarray(draws, dtype=np.float64), np.asarray(kept, dtype=np.float64)
    if (k > N).any():
        raise ValueError(f"`kept` must be at most `draws` = {draws}; got {kept}.")
    return as_float(N / k * np.asarray(error, dtype=np.float64) / 2)


@checked(error=UNIT, kept=count())
def shortfall_bound(*, error: Any, draws: Any, kept: Any = 1) -> Any:
    """**Upper** bound on 1 - R of a random one of the best k of N, base without atoms: N e/(2k) + (k+1)/(2(N+1)), at most 1.

    `ValueError` for k above N.
    """
    k, N = np.asarray(kept, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    return as_float(np.minimum(hacking_bound(error=error, draws=draws, kept=kept) + (k + 1) / (2 * (N + 1)), 1.0))


@checked(excess=UNIT)
def comparator_bound(*, cut: Any, excess: Any) -> Any:
    """**Upper** bound on R(q) for a comparator with E_M = excess at M = cut: 1 - (1 - E_M)^2/(2M); in [1/2, 1].

    Attained by the top 1/M of base. `ValueError` for an excess below 1 - M, which no comparator has (up to 1e-9, for rounding).
    """
    M, E = np.asarray(cut, dtype=np.float64), np.asarray(excess, dtype=np.float64)
    if (E < 1 - M - 1e-9).any():
        raise ValueError(f"`excess` must be at least 1 - `cut`; got {excess} at `cut` = {cut}.")
    return as_float(1 - (1 - E) ** 2 / (2 * M))


@checked(error=UNIT)
def misranked_mass(*, error: float) -> float:
    """s with e = 2s(1-s), s <= 1/2: the top mass that has to sink to the bottom for an error e. Raises `ValueError` for e above 1/2."""
    if error > 0.5:
        raise ValueError(f"`error` must be at most 1/2; got {error!r}.")
    # 1 - sqrt(1 - 2e) without cancellation.
    return error / (1 + math.sqrt(1 - 2 * error))


@checked(error=UNIT)
def shortfall_lower_bound(*, error: float) -> float:
    """**Lower** bound on the largest 1 - R, over worlds with at most this error, of any rule that sees the proxy alone; >= 0.

    max(0, sqrt(2s(1 + s/2)) - 2s), about sqrt(e), for base without atoms. Raises `ValueError` for e above 1/2.
    """
    s = misranked_mass(error=error)
    return max(0.0, math.sqrt(2 * s * (1 + s / 2)) - 2 * s)


@checked(error=OPEN_UNIT)
def best_draws(*, error: float) -> int:
    """The N that makes `shortfall_bound` of best of N least, about sqrt(2/e)."""
    real = math.sqrt(2 / error) - 1
    near = {max(1, math.floor(real)), max(1, math.ceil(real))}
    return min(near, key=lambda N: shortfall_bound(error=error, draws=N))


_SYMBOLS = {"e": "error", "N": "draws", "k": "kept", "M": "cut", "t": "top", "a": "accuracy", "eps": "pair_error"}
_SOURCE = "Sriraman and Block, COLT 2026, up to constants; constants ours"


def _statement(label: str, claim: str, side: Any) -> Statement:
    return Statement("win_rate", label, claim, side, symbols=_SYMBOLS, source=_SOURCE)


STATEMENTS = (
    _statement("Reward hacking", "the win rate that the proxy sees exceeds the true one by at most D e/2", "upper"),
    _statement("Comparator", "win rate <= 1 - (1 - E_M)^2/(2M)", "upper"),
    _statement("Best of N by a proxy", "1 - win rate <= N e/2 + 1/(N+1)", "upper"),
    _statement("Best k of N", "1 - win rate <= N e/(2k) + (k+1)/(2(N+1))", "upper"),
    _statement("Minimax win rate", "no rule has 1 - win rate below about sqrt(e) in all worlds", "lower"),
    _statement("Chi-square on ranks", "1 - win rate <= e/t + t/3 at beta = t^2/2", "upper"),
    _statement("Lift by pairs", "accuracy of best of N between two powers of one draw's accuracy and the pair error", "lower"),
)

__all__ = [
    "STATEMENTS", "Pairs", "accuracy_lower_bound", "accuracy_upper_bound", "best_draws", "best_k_law", "best_k_of_n", "best_of_n",
    "chi_square_bound", "chi_square_law", "comparator_bound", "hacking_bound", "mid_rank", "misranked_mass", "pairwise_error",
    "predicted_accuracy", "right_and_wrong", "shortfall_bound", "shortfall_lower_bound", "trusted_draws", "win_rate",
]  # fmt: skip
