"""The exact risk of DPO on a finite class, for pairs without noise.

After n pairs DPO may return any member of the class whose loss is 0. `exact_risk` computes the distribution of the set of these members by
listing all sets; `FamilyRisk` does so for the margin family, where the class is large and a small Markov chain is enough. `dpo` exports
both.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import POSITIVE, checked, count
from sharpsim.laws import binomial_window, tilted
from sharpsim.sharpness import fails, unsharpened_fraction
from sharpsim.theory._common import require
from sharpsim.theory._residual import disagrees

MEMBERS = 14
"""The most members that `exact_risk` takes, because it lists all sets of members."""


class PairRisk(NamedTuple):
    """The expected prompt mass on which a uniformly chosen zero-loss member fails (`mean`), the same for the worst zero-loss member
    (`worst`), and the probability that pi_beta is the only one left (`identified`).
    """

    mean: float
    worst: float
    identified: float


def realizability(log_members: Any, log_probs: Any, *, beta: float) -> float:
    """Slack of "pi_beta is in the class": 1e-9 minus the least total variation (maximised over prompts) of a member from it."""
    table = np.asarray(log_probs, float)
    target = tilted(table, table, beta=beta)
    distance = 0.5 * np.abs(np.exp(np.asarray(log_members, float)) - np.exp(target)).sum(axis=-1).max(axis=-1)
    return 1e-9 - float(distance.min())


@checked
def exact_risk(log_members: Any, log_probs: Any, prompt_weights: Any, *, n: int, beta: float, delta: float) -> PairRisk:
    """The exact risk of DPO over a finite class `[members, prompts, responses]` after n pairs, from the distribution of the zero-loss set.

    A pair removes the members whose residual is not 0 at it. P[all of S are left] = P[one pair removes none of S]^n; the probability that
    exactly S is left follows by inclusion and exclusion, over all 2^members sets: right within about 1e-15 absolute, not relative.
    Members equal to pi_beta on base's support are never removed.

    Raises `ValueError` for more than 14 members, n below 1, beta not positive, delta outside (0, 1); `AssumptionError` for a class
    without pi_beta.
    """
    table, members = np.asarray(log_probs, float), np.asarray(log_members, float)
    require({"realizability": realizability(members, table, beta=beta)})
    size = len(members)
    if size > MEMBERS:
        raise ValueError(f"`log_members` must hold at most {MEMBERS} members for the exact law; got {size}.")
    mass = np.exp(table)
    pairs = np.asarray(prompt_weights, float)[:, None, None] * mass[:, :, None] * mass[:, None, :]
    removed = np.zeros(pairs.shape, dtype=np.int64)
    for j, member in enumerate(members):
        removed |= disagrees(member, table, beta=beta).astype(np.int64) << j
    by_set = np.bincount(removed.reshape(-1), weights=pairs.reshape(-1), minlength=2**size)
    # P[a pair removes only members outside S], for every S at once: sums over subsets of the complement of S.
    cube = by_set.reshape((2,) * size)
    for axis in range(size):
        cube = np.cumsum(cube, axis=axis)
    with np.errstate(divide="ignore"):
        spared = np.exp(n * np.log(np.minimum(cube.reshape(-1)[::-1] / by_set.sum(), 1.0)))
    left = spared.reshape((2,) * size)
    for axis in range(size):
        sure = np.take(left, [1], axis=axis)
        left = np.concatenate([np.take(left, [0], axis=axis) - sure, sure], axis=axis)
    law = left.reshape(-1)
    risks = np.array([unsharpened_fraction(member, table, prompt_weights, delta=delta) for member in members])
    inside = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    size = np.maximum(inside.sum(axis=1), 1)
    same = np.array([not disagrees(member, table, beta=beta).any() for member in members])
    only = (inside == same).all(axis=1)
    worst = np.where(inside == 1, risks, 0.0).max(axis=1)
    return PairRisk(*(float(np.clip(law @ value, 0.0, 1.0)) for value in ((inside @ risks) / size, worst, only.astype(float))))


class FamilyRisk:
    """Risk of DPO on `instances.margin_family`, Pi = the tilted laws of all its members, as a function of n; exact.

    A pair of different responses at a prompt shows whether the mode is one of the two; if not, it rules both out. So after k pairs that
    did not contain the mode, with s responses seen, M - s members are left, and the right one is among them. s is a Markov chain.
    """

    @checked(labels=count(2, 10**7), margin=POSITIVE)
    def __init__(self, *, hard_prompts: int, labels: int, margin: float, beta: float, delta: float):
        self.hard_prompts, self.labels, self.margin = int(hard_prompts), int(labels), float(margin)
        # pi_beta's odds of another response to the mode are (1+g)^-(1+1/beta).
        odds = math.exp(-(1 + 1 / beta) * math.log1p(margin))
        right = (labels - 1) * odds / (1 + (labels - 1) * odds)
        wrong = 1 - odds / (1 + (labels - 1) * odds)
        self.dull, self.harmless = bool(fails(right, delta=delta)), not bool(fails(wrong, delta=delta))
        self._state = np.zeros(labels)
        self._state[0] = 1.0
        self._told = 0.0
        self._mean, self._worst, self._identified = [1 - 1 / labels], [1.0], [0.0]

    @checked(n=count(0))
    def __call__(self, n: int) -> PairRisk:
        """The risk with n pairs; `identified` is the probability for one prompt."""
        _checks.affordable("n", n, seconds=3e-5 * n / self.hard_prompts)
        k, probability = binomial_window(int(n), 1 / self.hard_prompts)
        self._extend(int(k[-1]))
        mean, worst, identified = (float(probability @ np.asarray(values)[k]) for values in (self._mean, self._worst, self._identified))
        if self.dull:
            return PairRisk(1.0, 1.0, identified)
        return PairRisk(0.0, 0.0, identified) if self.harmless else PairRisk(mean, worst, identified)

    def _extend(self, most: int) -> None:
        m, further = self.labels, most - len(self._mean)
        _checks.affordable("n", most, seconds=further * (3e-5 + 3e-8 * m))
        one = 1 / (m + self.margin)
        mode = (1 + self.margin) * one
        seen = np.arange(m)
        fresh = m - 1 - seen
        two_new, one_new = fresh * (fresh - 1.0) * one**2, 2.0 * fresh * seen * one**2
        # Two equal responses carry no information, nor do two different ones that were both seen before.
        stay = mode**2 + (m - 1) * one**2 + seen * (seen - 1.0) * one**2
        telling = 2 * mode * (m - 1) * one
        while len(self._mean) <= most:
            self._told += telling * float(self._state.sum())
            state = self._state * stay
            state[1:] += (self._state * one_new)[:-1]
            state[2:] += (self._state * two_new)[:-2]
            self._state = state
            self._mean.append(float(state @ (1 - 1 / (m - seen))))
            self._worst.append(float(state[:-1].sum()))
            self._identified.append(self._told + float(state[-1]))

    @checked
    def pairs_needed(self, *, eps: float, worst: bool = False) -> int:
        """The least n with risk at most eps: for a uniformly chosen zero-loss member, or for the worst one.

        Raises `ValueError` where no n is enough, because pi_beta itself is not sharp at this beta.
        """
        if self.dull:
            raise ValueError("`beta` must be smaller: pi_beta itself fails at this margin and delta, so no number of pairs is enough.")

        def enough(n: int) -> bool:
            risk = self(n)
            return (risk.worst if worst else risk.mean) <= eps

        high = 1
        while not enough(high):
            high *= 2
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high
