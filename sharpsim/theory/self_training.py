"""Rounds of self-training: what repeated sharpening converges to, by the reward, and which part of a fall of accuracy is sharpening.

Each round improves the current policy by its own reward, with a KL penalty: p_{t+1}(y|x) is proportional to p_t(y|x) exp(r_t(y|x)/beta).
Call this module for the policy after t rounds, for the law of rounds whose labels are votes, for the parts of a fall, and for a stopping
rule.

Statement. On tables, with p_0 = base,

    r fixed: p_t prop. to p_0 exp(t r/beta);  r = log p_0: p_0^(1 + t/beta);  r = log p_t: p_0^((1 + 1/beta)^t)              (closed forms)
    one label a: logit p_t(a) = logit p_0(a) + t/beta,  1 - p_t(a) <= ((1 - p_0(a))/p_0(a)) e^(-t/beta)                      (one label)

Let the label be a fresh vote of N answers of p_t. Then p_t depends on the numbers of rounds w that the answers won, a Markov chain. Of two
answers the initial majority, with log odds L >= 0 and chance v_N of winning one vote,

    P[it takes over] = sum_{d<0} w_d / sum_d w_d  >=  v_N,    w_d/w_{d-1} = exp(-l(L + d/beta)),  l = log odds of one vote    (takeover)

so rounds of votes are lost no more often than one vote. At N = 1, w_d is a discrete normal law: about Phi(sqrt(beta) L). The change of
accuracy is a sum of right modes (>= 0), wrong modes (<= 0), flips of votes (<= 0), rescues by flips (>= 0), and sharing           (parts)

    E_x sum_y p_0 p_t, the accuracy that p_0 expects, does not fall on tables for rewards ordered as p_0                        (belief)
    a rule without labels that may stop in 0..T has regret >= (p_T(a) - p_0(a))/2 in one of two worlds                  (blind stopping)

Parameters shared by prompts: DPO on all pairs of base in base exp <phi, theta>/Z is a round with K r for r, K a projection      (sharing)

Rewards. "fixed": log p_0(y|x). "likelihood": log p_t(y|x); it is also the derivative of minus the entropy by the policy. "majority": 1 at
the mode of p_0 (the first of several), the vote of infinitely many answers. Minus the entropy and self-certainty (KL of the uniform law
from p_t) are numbers of a whole law, the same for each of its responses; as rewards of responses they stand for their gradients in the
logits of the table: "entropy" p_t (log p_t + H(p_t)), "self-certainty" p_t - 1/responses. The last is, but for a constant, the mean label
of a vote of one. Rounds of best of N are in `best_of_n.rounds`: t of them are best of N^t, with ties too, as a tie goes to the first drawn
in each round.

Assumptions. A1 (`order`): the reward never decreases in p_0, for `belief`. A2: two answers, for `takeover` and `blind stopping`.

Symbols. p_0: log_base; N: draws; t, T: rounds; L: log_odds; phi: features; K r: shared_reward.

Source. Closed forms follow from section 4.2 of Huang et al., ICLR 2025, arXiv 2412.01951v2; all else ours.

Printed. Nothing of this is in the paper.
"""

import math
from typing import Any

import numpy as np
from scipy import special

from sharpsim import _checks, laws
from sharpsim._arguments import MODE_MASS, MODERATE, checked, count, one_of
from sharpsim._logspace import normalise
from sharpsim.theory._common import Statement, as_float
from sharpsim.theory._shared_rounds import Split, accuracy, belief, blind_regret, shared_reward, split, stopping_round
from sharpsim.theory._votes import (
    Rounds,
    VoteCurve,
    takeover,
    takeover_bound,
    takeover_normal,
    vote_curve,
    vote_law,
    vote_rounds,
)

REWARDS = ("fixed", "likelihood", "majority", "self-certainty", "entropy")
"""The rewards of `path` that follow from the policy alone."""


@checked(beta=MODERATE, rounds=count(0))
def fixed_reward(log_base: Any, reward: Any, *, beta: float, rounds: Any) -> np.ndarray:
    """log p_t after t rounds of one reward table: log of base exp(t r/beta), normalised; base at t = 0.

    `[prompts, responses]`, behind the axes of `rounds` where these are several. Errors as `laws.tilted`.
    """
    table = normalise(np.asarray(log_base, dtype=np.float64), np)
    rewards = np.asarray(reward, dtype=np.float64)
    # Refuses what has no law.
    laws.tilted(table, rewards, beta=beta)
    t = np.asarray(rounds, dtype=np.float64)[..., None, None]
    _checks.affordable("rounds", np.shape(rounds), size=32.0 * t.size * table.size)
    best = np.where(table > -np.inf, rewards, -np.inf).max(axis=-1, keepdims=True)
    # Relative to the best reward, so that no digits are lost where t and beta are large. A response without mass may have a better one.
    with np.errstate(invalid="ignore", over="ignore"):
        gained = t * (np.minimum(rewards - best, 0.0) / beta)
        return normalise(np.where(t > 0, table + gained, table), np)


@checked(beta=MODERATE, rounds=count(0))
def own_likelihood(log_base: Any, *, beta: float, rounds: int) -> np.ndarray:
    """log p_t after t rounds of the current log-likelihood: log of base^((1 + 1/beta)^t), normalised; modes alone as t -> inf."""
    table = np.asarray(log_base, dtype=np.float64)
    with np.errstate(over="ignore"):
        power = np.exp(rounds * np.log1p(1 / np.float64(beta)))
    behind = table - table.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        return normalise(np.where(behind == 0, 0.0, behind * power), np)


@checked(kind=one_of(*REWARDS))
def reward(log_policy: Any, log_base: Any, *, kind: str) -> np.ndarray:
    """r_t(y|x), `[prompts, responses]`, of the current policy p_t; the kinds are in the module's text ("Rewards").

    A response without mass has the reward that it has in the limit.
    """
    current, base = (normalise(np.asarray(table, dtype=np.float64), np) for table in (log_policy, log_base))
    if kind in ("fixed", "likelihood"):
        return base if kind == "fixed" else current
    if kind == "majority":
        return (np.arange(base.shape[1]) == base.argmax(axis=1)[:, None]).astype(np.float64)
    mass = np.exp(current)
    if kind == "self-certainty":
        return mass - 1 / base.shape[1]
    shares = special.entr(mass)
    return mass * shares.sum(axis=1, keepdims=True) - shares


@checked(kind=one_of(*REWARDS), beta=MODERATE, rounds=count(0))
def path(log_base: Any, *, kind: str, beta: float, rounds: int) -> np.ndarray:
    """log p_0, .., log p_T of the recursion p_{t+1} prop. to p_t exp(r_t/beta), `[rounds + 1, prompts, responses]`, by T steps."""
    base = normalise(np.asarray(log_base, dtype=np.float64), np)
    _checks.affordable("rounds", rounds, seconds=1e-7 * rounds * base.size + 1e-4 * rounds, size=8.0 * (rounds + 1) * base.size)
    found = [base]
    for _ in range(int(rounds)):
        found.append(laws.tilted(found[-1], reward(found[-1], base, kind=kind), beta=beta))
    return np.stack(found)


@checked(mode_probability=MODE_MASS, beta=MODERATE, rounds=count(0))
def label_miss(*, mode_probability: Any, beta: Any, rounds: Any) -> Any:
    """1 - p_t(a) after t rounds with the label a of initial mass p, exactly: u/(1 + u), u = ((1-p)/p) e^(-t/beta). Arrays broadcast."""
    return as_float(special.expit(_log_against(mode_probability, beta, rounds)))


@checked(mode_probability=MODE_MASS, beta=MODERATE, rounds=count(0))
def label_miss_bound(*, mode_probability: Any, beta: Any, rounds: Any) -> Any:
    """**Upper** bound on `label_miss`: u = ((1-p)/p) e^(-t/beta). Their ratio 1 + u is 1/p at first and 1 in the limit."""
    with np.errstate(over="ignore"):
        return as_float(np.exp(_log_against(mode_probability, beta, rounds)))


def _log_against(mode_probability: Any, beta: Any, rounds: Any) -> Any:
    """log of ((1-p)/p) e^(-t/beta)."""
    mass = np.minimum(np.asarray(mode_probability, dtype=np.float64), 1.0)
    with np.errstate(divide="ignore"):
        return np.log1p(-mass) - np.log(mass) - np.asarray(rounds, dtype=np.float64) / np.asarray(beta, dtype=np.float64)


@checked(mode_probability=MODE_MASS, beta=MODERATE)
def rounds_needed(*, mode_probability: float, beta: float, delta: float) -> int:
    """The least t with `label_miss` at most delta: beta (logit(1 - delta) - logit p), rounded up, at least 0."""
    mass = min(float(mode_probability), 1.0)
    if mass == 1.0:
        return 0
    real = beta * (math.log1p(-delta) - math.log(delta) + math.log1p(-mass) - math.log(mass))
    near = max(0, math.ceil(real))
    # A whole number may have been missed by a rounding, on either side.
    while near > 0 and label_miss(mode_probability=mass, beta=beta, rounds=near - 1) <= delta and near > real - 1:
        near -= 1
    return near if label_miss(mode_probability=mass, beta=beta, rounds=near) <= delta else near + 1


@checked
def checks(log_base: Any, reward: Any) -> dict[str, float]:
    """Signed slack of A1: `order`, the least r(y) - r(y') over responses of one prompt with base(y) > base(y') > 0; 0 without any."""
    least = []
    for row, values in zip(np.asarray(log_base, dtype=np.float64), np.asarray(reward, dtype=np.float64), strict=True):
        order = np.argsort(row[row > -np.inf], kind="stable")
        masses, mine = row[row > -np.inf][order], values[row > -np.inf][order]
        # Against the largest reward among the responses with strictly less mass.
        rank = np.searchsorted(masses, masses)
        mine, best = mine[rank > 0], np.maximum.accumulate(mine)[rank[rank > 0] - 1]
        # Equal infinite rewards tie.
        least += [0.0 if one == other else float(one - other) for one, other in zip(mine, best, strict=True)]
    return {"order": min(least, default=0.0)}


_SYMBOLS = {"p_0": "log_base", "N": "draws", "t": "rounds", "L": "log_odds", "phi": "features"}


def _statement(label: str, claim: str, side: Any) -> Statement:
    return Statement("self_training", label, claim, side, symbols=_SYMBOLS, source="ours")


STATEMENTS = (
    _statement("Rounds on tables", "closed forms of rounds of a fixed reward and of the current likelihood", "identity"),
    _statement("Rounds of one label", "1 - p_t(a) <= ((1 - p_0(a))/p_0(a)) e^(-t/beta)", "upper"),
    _statement("Rounds of votes", "the exact law of rounds whose labels are votes of N answers", "identity"),
    _statement("Takeover", "of two answers the initial majority takes over at least as often as it wins one vote", "lower"),
    _statement("Takeover (one answer)", "at N = 1 the difference of rounds won has the weights of a discrete normal law", "identity"),
    _statement("Parts of a fall", "right modes, wrong modes, flips, rescues and sharing add up; four have a sign", "identity"),
    _statement("Belief", "on tables the accuracy that base expects never falls", "lower"),
    _statement("Blind stopping", "without labels some world has regret of at least (p_T - p_0)/2", "lower"),
    _statement("Shared rounds", "a round on a linear softmax class is a round with the projected reward", "identity"),
)

__all__ = [
    "REWARDS", "Rounds", "STATEMENTS", "Split", "VoteCurve", "accuracy", "belief", "blind_regret", "checks", "fixed_reward", "label_miss",
    "label_miss_bound", "own_likelihood", "path", "reward", "rounds_needed", "shared_reward", "split", "stopping_round", "takeover",
    "takeover_bound", "takeover_normal", "vote_curve", "vote_law", "vote_rounds",
]  # fmt: skip
