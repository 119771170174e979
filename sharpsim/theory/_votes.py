"""Rounds in which the label is a fresh vote of N answers: exact laws, and which of two answers takes over. `self_training` exports it."""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from sharpsim import _checks, laws
from sharpsim._arguments import MODERATE, ROW, ZERO_OR_ONE, arrays, checked, count, within
from sharpsim._logspace import logsumexp, normalise
from sharpsim.theory._common import as_float

STATES = 50_000
"""The most states (numbers of rounds won by each answer), and the most outcomes of a vote, that are listed."""
_LOG_SMALLEST = -745.0
"""Terms below exp of this are 0 in floats."""


@checked
def vote_law(log_base: Any, *, draws: int) -> np.ndarray:
    """P[each answer wins a vote of N draws], ties split evenly, `[prompts, answers]`; rows sum to 1. N = 1 gives base.

    Every response of the table is an answer of its own. Lists the outcomes of the vote where there are at most 50,000, else `laws.vote`.
    """
    return _vote_law(normalise(np.asarray(log_base, dtype=np.float64), np), int(draws))


def _vote_law(log_base: np.ndarray, draws: int) -> np.ndarray:
    answers = log_base.shape[-1]
    if math.comb(draws + answers - 1, answers - 1) > STATES:
        masses = np.exp(log_base)
        return np.stack([laws.vote(masses, np.tile(own, (len(masses), 1)), draws=draws)[:, -1] for own in np.eye(answers)], axis=1)
    votes = _compositions(draws, answers)
    best = votes == votes.max(axis=1, keepdims=True)
    ways = special.gammaln(draws + 1) - special.gammaln(votes + 1).sum(axis=1)
    law = np.zeros_like(log_base)
    # An answer without mass has no votes; the finite stand-in for -inf times 0 votes is 0.
    logs = np.maximum(log_base, -1e300)
    for begin in range(0, len(votes), 1000):
        part = slice(begin, begin + 1000)
        law += np.exp(logs @ votes[part].T + ways[part]) @ (best[part] / best[part].sum(axis=1, keepdims=True))
    return law


def _compositions(total: int, parts: int) -> np.ndarray:
    """Every way to write `total` as an ordered sum of `parts` numbers of at least 0, `[ways, parts]`."""
    if parts == 1:
        return np.array([[total]])
    tails = [_compositions(total - first, parts - 1) for first in range(total + 1)]
    return np.concatenate([np.column_stack([np.full(len(tail), first), tail]) for first, tail in enumerate(tails)])


class Rounds(NamedTuple):
    """The law after some rounds: `wins` `[states, answers]`, their `probability` `[states]`, the policy there `log_policy`."""

    wins: np.ndarray
    probability: np.ndarray
    log_policy: np.ndarray


@checked(log_probs_row=ROW, beta=MODERATE, rounds=count(0))
def vote_rounds(log_probs_row: Any, *, beta: float, draws: int, rounds: int) -> list[Rounds]:
    """The exact laws after 0, .., `rounds` rounds whose label wins a vote of N answers of the current policy.

    The policy depends on the number of rounds w that each answer has won: p_t(a) is proportional to p_0(a) exp(w_a/beta). So the chain runs
    over such numbers, C(t + answers - 1, t) of them after t rounds. Raises `ValueError` for more than 50,000 states, and where the votes of
    all rounds would take more than 10 seconds.
    """
    base = normalise(np.asarray(log_probs_row, dtype=np.float64), np)
    answers, rounds, draws = len(base), int(rounds), int(draws)
    if rounds > STATES or math.comb(rounds + answers - 1, rounds) > STATES:
        raise ValueError(f"`rounds` must be smaller, with at most {STATES:,} numbers of rounds won by {answers} answers; got {rounds}.")
    # The chance of each outcome of the vote in each state of each round but the last.
    states, outcomes = math.comb(rounds - 1 + answers, answers), math.comb(draws + answers - 1, answers - 1)
    each = 5e-8 * outcomes if outcomes <= STATES else 2e-9 * answers**2 * min(draws, 10**9) ** 3
    _checks.affordable("draws", draws, seconds=min(states, 1) * each)
    _checks.affordable("rounds", rounds, seconds=states * each, size=24.0 * answers * states)
    laws_so_far = [_at(np.zeros((1, answers), dtype=np.int64), np.ones(1), base, beta)]
    for _ in range(rounds):
        before = laws_so_far[-1]
        chance = before.probability[:, None] * _vote_law(before.log_policy, draws)
        after = (before.wins[:, None, :] + np.eye(answers, dtype=np.int64)).reshape(-1, answers)
        wins, where = np.unique(after, axis=0, return_inverse=True)
        laws_so_far.append(_at(wins, np.bincount(where.ravel(), weights=chance.ravel(), minlength=len(wins)), base, beta))
    return laws_so_far


def _at(wins: np.ndarray, probability: np.ndarray, base: np.ndarray, beta: float) -> Rounds:
    behind = wins - wins.max(axis=1, keepdims=True)
    return Rounds(wins, probability, normalise(base + behind / beta, np))


class VoteCurve(NamedTuple):
    """After 0, .., `rounds` rounds, `[rounds + 1]`: mean and standard deviation of the mass of correct answers, its 5% and 95% quantiles
    over votes, the probability that one of k answers is correct, and the mean entropy in nats.
    """

    accuracy: np.ndarray
    deviation: np.ndarray
    low: np.ndarray
    high: np.ndarray
    pass_at_k: np.ndarray
    entropy: np.ndarray


@checked(log_probs_row=ROW, correct=arrays(ZERO_OR_ONE, "responses"), beta=MODERATE, rounds=count(0), k=count(1, 2**53))
def vote_curve(log_probs_row: Any, correct: Any, *, beta: float, draws: int, rounds: int, k: int) -> VoteCurve:
    """What `vote_rounds` makes of accuracy, pass@k = E[1 - (1 - P_t)^k] and entropy, exactly. `correct` `[answers]` is 0 or 1."""
    right, columns = np.asarray(correct, dtype=bool), []
    for law in vote_rounds(log_probs_row, beta=beta, draws=draws, rounds=rounds):
        policy = np.exp(law.log_policy)
        mass, wrong = policy[:, right].sum(axis=1), policy[:, ~right].sum(axis=1)
        mean = float(law.probability @ mass)
        order = np.argsort(mass)
        below = np.cumsum(law.probability[order])
        low, high = (float(mass[order][np.searchsorted(below, level)]) for level in (0.05, 0.95))
        with np.errstate(divide="ignore"):
            miss = np.where(mass < 0.5, np.log1p(-np.minimum(mass, 0.5)), np.log(np.minimum(wrong, 1.0)))
        some = float(law.probability @ -np.expm1(k * miss))
        entropy = float(law.probability @ special.entr(policy).sum(axis=1))
        columns.append((mean, math.sqrt(max(float(law.probability @ (mass - mean) ** 2), 0.0)), low, high, some, entropy))
    return VoteCurve(*np.array(columns).T)


def _log_vote_odds(log_odds: np.ndarray, draws: int) -> np.ndarray:
    """l(L) = log of P[an answer of log odds L wins a vote of N between two] / P[it loses]; odd and increasing."""
    votes = np.arange(draws + 1)
    ways = -special.gammaln(votes + 1) - special.gammaln(draws - votes + 1)
    share = np.where(2 * votes > draws, 0.0, np.where(2 * votes == draws, -math.log(2), -np.inf))
    yes, no = -np.logaddexp(0.0, -log_odds)[:, None], -np.logaddexp(0.0, log_odds)[:, None]
    won = logsumexp(ways + share + votes * yes + (draws - votes) * no, np)
    return won - logsumexp(ways + share + votes * no + (draws - votes) * yes, np)


@checked(log_odds=within(-600, 600), beta=MODERATE, draws=count(1, 10**4))
def takeover(*, log_odds: float, beta: float, draws: int) -> float:
    """P[an answer of initial log odds L is the one of two that takes over, when each round's label is a vote of N], exactly; in [0, 1].

    The number of rounds that it won minus those that the other won is a walk on the integers, up from d with the odds exp(l(L + d/beta)) of
    a vote won. It drifts away from L + d/beta = 0, so that almost surely one answer wins all rounds from some round on. It is this one with
    probability sum_{d<0} w_d / sum_d w_d, w_d/w_(d-1) = exp(-l(L + d/beta)). As beta -> 0 the first vote decides; as beta -> inf the
    initial majority wins, where L is not 0. For N = 1, w_d is proportional to exp(-beta (L + (d + 1/2)/beta)^2 / 2).
    """
    L = abs(float(log_odds))
    # From the least of the weights' exponents, at 0, on both sides: l(x) >= x, so that a sum of l has the square of the distance over 2.
    reach = math.sqrt(-2 * _LOG_SMALLEST / beta) + 2 / beta
    below, above = math.ceil(beta * (L + reach)), math.ceil(beta * reach)
    _checks.affordable("beta", beta, seconds=1e-7 * (below + above) * draws, size=48.0 * (below + above) * (draws + 1))
    steps = _log_vote_odds(L + np.arange(-below, above + 1) / beta, int(draws))
    # log w_d from w_-1 = 1 outwards, so that the steps far out do not take the digits of those near 0.
    down = np.concatenate([[0.0], np.cumsum(steps[below - 1 :: -1])])
    up = -np.cumsum(steps[below:])
    top = max(down.max(), up.max())
    wins, loses = float(np.exp(down - top).sum()), float(np.exp(up - top).sum())
    return (wins if log_odds >= 0 else loses) / (wins + loses)


@checked(log_odds=within(0, 600), draws=count(1, 10**4))
def takeover_bound(*, log_odds: Any, draws: int) -> Any:
    """**Lower** bound on `takeover` for the initial majority of two, whatever beta: the probability that it wins one vote of N.

    So rounds of votes end at the wrong answer no more often than a single vote is lost. Attained as beta -> 0, and at L = 0. Arrays
    broadcast.
    """
    odds = _log_vote_odds(np.asarray(log_odds, dtype=np.float64).ravel(), int(draws))
    return as_float(special.expit(odds).reshape(np.shape(log_odds)))


@checked(log_odds=within(-600, 600), beta=MODERATE, draws=count(1, 10**4))
def takeover_normal(*, log_odds: Any, beta: Any, draws: int) -> Any:
    """Phi(sqrt(beta s) L), the limit of `takeover` as beta -> inf with beta L^2 fixed, s = l'(0); an approximation, s = 1 at N = 1.

    For odd N, s = N C(N-1, (N-1)/2) / 2^(N-1), about sqrt(2N/pi); an even N has that of N - 1.
    """
    odd = int(draws) - (int(draws) + 1) % 2
    half = (odd - 1) // 2
    slope = odd * math.exp(special.gammaln(odd) - 2 * special.gammaln(half + 1) - (odd - 1) * math.log(2))
    return as_float(special.ndtr(np.sqrt(np.asarray(beta, dtype=np.float64) * slope) * np.asarray(log_odds, dtype=np.float64)))
