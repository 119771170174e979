"""Searches the hard families H(d, M, D) for the one that forces the most samples, at a given risk, coverage and number of hard prompts.

The lower bounds hold for some family of bounded coverage. `limits` and `limits_adaptive` call `strongest` to find the number of labels M
and the hard mass D of the family that needs the most samples, which is the best lower bound of this form; the family is the witness.
"""

import heapq
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import Kind, checked, count, within
from sharpsim.theory._common import as_float

MOST_LABELS = 10**7
"""The most label counts M that one search may look through."""

PROOF_FACTOR = 16
"""Appendix H takes D = 16 eps, which is why its statements need eps <= 1/16."""


class Necessary(NamedTuple):
    """The number of samples that any learner needs, and the family H(d, M, D) that shows it (the witness).

    `coverage` is the witness's C_cov,1/2,p, at most the one asked for. `in_regime` says whether the paper's theorem covers this point:
    eps <= 1/16, and at least 8 labels in the paper's own family. If no family forces a single sample, `labels` and `hard_mass` are 0.
    """

    samples: float
    hard_prompts: int
    labels: int
    hard_mass: float
    coverage: float
    in_regime: bool


at_point = checked(
    coverage=Kind("at least 1 and finite", lambda x: (x >= 1) & (x < math.inf)), hard_prompts=count(1, 2**53), power=within(0.01, 100)
)
"""The kinds of eps, coverage, d and p at which a lower bound is asked for."""


def family_coverage(*, labels: Any, hard_mass: Any, power: float = 1) -> Any:
    """C_cov,1/2,p of H(d, M, D) = (1 - D + D (M/2)^p)^(1/p), the same for every member."""
    return (1 - hard_mass + hard_mass * (np.asarray(labels) / 2) ** power) ** (1 / power)


def kink_mass(labels: Any, *, coverage: float, power: float) -> Any:
    """The largest D, at most 1, at which M labels keep the coverage: (C^p - 1)/((M/2)^p - 1)."""
    room, cost = excess(coverage, power), (np.asarray(labels, float) / 2) ** power - 1
    return np.minimum(1.0, room / cost)


def labels_within(hard_mass: float, *, coverage: float, power: float) -> int:
    """The most labels that coverage C allows at hard mass D: floor(2 ((C^p - 1 + D)/D)^(1/p)), exact at the kinks."""
    log_room = log_excess(coverage, power) - math.log(hard_mass)
    most = 2 * math.exp(min(np.logaddexp(log_room, 0.0) / power, 700.0))
    if most > 2**53:
        raise ValueError(f"`coverage` = {coverage!r} and `power` = {power!r} must allow at most 2^53 labels; they allow {most:.3g}.")
    guess = round(most)
    # The floor of a float is off by one where the ratio is whole.
    near = np.array([guess - 1, guess])
    return int(near[family_coverage(labels=near, hard_mass=hard_mass, power=power) <= coverage * (1 + 1e-12)].max())


def in_regime(*, eps: float, coverage: float, power: float) -> bool:
    """Whether the family of Appendix H exists at this point: D = 16 eps is at most 1, and the coverage allows at least 8 labels."""
    return PROOF_FACTOR * eps <= 1 and labels_within(PROOF_FACTOR * eps, coverage=coverage, power=power) >= 8


def strongest(
    at_most: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *sharper: Callable[[int, float], tuple[float, float]],
    eps: float,
    coverage: float,
    hard_prompts: int,
    power: float,
) -> Necessary:
    """The exact maximum over M >= 3 and D of the samples that H(d, M, D) forces.

    `at_most(M, D)` is an upper bound, for arrays M and D, on the samples that M labels force with hard mass at most D. Each function in
    `sharper` returns a better upper bound and the mass that attains it; the last one is exact. The search is best first: it takes the
    family with the largest upper bound from a queue, improves that bound, and stops when the largest one is exact.
    """
    regime = in_regime(eps=eps, coverage=coverage, power=power)
    labels = _telling_labels(eps=eps, coverage=coverage, power=power)
    masses = kink_mass(labels, coverage=coverage, power=power)
    telling = masses * (1 - 1 / labels) > eps
    labels, masses = labels[telling], masses[telling]
    queue = [(-float(value), 0, i) for i, value in enumerate(at_most(labels, masses))]
    heapq.heapify(queue)
    while queue:
        value, level, i = heapq.heappop(queue)
        M = int(labels[i])
        if level == len(sharper):
            reached = float(family_coverage(labels=M, hard_mass=masses[i], power=power))
            return Necessary(-value, int(hard_prompts), M, float(masses[i]), reached, regime)
        samples, mass = sharper[level](M, float(masses[i]))
        if level + 1 == len(sharper):
            masses[i] = mass
        heapq.heappush(queue, (-samples, level + 1, i))
    return Necessary(0, int(hard_prompts), 0, 0.0, 1.0, regime)


def _telling_labels(*, eps: float, coverage: float, power: float) -> np.ndarray:
    """The label counts M worth searching: a guess must be able to fail more often than eps, D (1 - 1/M) > eps, which bounds M.

    Of the counts that allow D = 1 only the largest is kept.
    """
    most = 2 * math.exp(min(np.logaddexp(log_excess(coverage, power) - math.log(eps), 0.0) / power, 700.0))
    if most > MOST_LABELS:
        raise ValueError(f"`eps` = {eps!r} and `power` = {power!r} need families of up to {most:.3g} labels, more than {MOST_LABELS:,}.")
    return np.arange(max(3, math.floor(2 * coverage)), max(3, math.ceil(most)) + 1)


def excess(coverage: float, power: float) -> float:
    """C^p - 1, also for C close to 1."""
    return math.exp(log_excess(coverage, power))


def log_excess(coverage: float, power: float) -> float:
    """log(C^p - 1), -inf at C = 1; it does not overflow."""
    height = power * math.log(coverage)
    return height + math.log(-math.expm1(-height)) if height > 0 else -math.inf


def limiting_samples(factor: float, *, eps: float, coverage: float, hard_prompts: int, power: float, exponent: float) -> float:
    """factor (C^p - 1)^(1/p) d eps^-exponent, inf where it overflows."""
    log_samples = math.log(factor) + log_excess(coverage, power) / power + math.log(hard_prompts) - exponent * math.log(eps)
    return math.exp(log_samples) if log_samples < 709 else math.inf


def printed_rate(*, eps: Any, coverage: float, log_class_size: float, power: float, exponent: float) -> Any:
    """C log|Pi|/(eps^exponent (1 + log(C eps^(-1/p)))): the rate of Theorems 3.1' and D.2, whose constant is not printed."""
    log_eps = np.log(np.asarray(eps, float))
    with np.errstate(over="ignore"):
        return as_float(coverage * log_class_size * np.exp(-exponent * log_eps) / (1 + math.log(coverage) - log_eps / power))
