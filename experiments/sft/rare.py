"""Importance sampling of SFT-Sharpening's risk on the hard family, for risks too small for plain simulation to see.

At a given hard prompt a run sees n draws from a multinomial law: elsewhere with probability 1 - D/d, the secret label with probability
p = q D/d, and each of the M - 1 other labels with probability r = (1 - q) D/(d (M - 1)), where q = 1 - (1 - 2/M)^N. The prompt fails if
the secret is not the most frequent label, ties broken uniformly. The risk is D P[the prompt fails].

The proposal picks one rival label j uniformly and draws n times from the law that gives the secret and the rival the same probability
sqrt(p r), up to normalisation by Z = 1 - p - r + 2 sqrt(p r). With counts c and theta = log(p/r)/2, the likelihood ratio is

    w(c) = Z^n (M - 1) / sum_j exp(theta (c_j - c_secret)).

Where the prompt fails some c_j is at least c_secret, so w is at most Z^n (M - 1). The estimate is therefore a mean of bounded numbers, and
its empirical Bernstein interval is valid however small the risk is.

Source: this proposal is the exponential change of measure of Siegmund (1976), Annals of Statistics 4(4), as a mixture over rivals.
"""

import math

import numpy as np

from sharpsim.estimators import bounded_mean


def rare_risk(
    rng: np.random.Generator,
    *,
    n: int,
    N: int,
    delta: float,
    hard_prompts: int,
    labels: int,
    hard_mass: float,
    draws: int,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """(estimate, low, high) of the risk of SFT-Sharpening with n prompts and N responses each, from `draws` importance-weighted runs.

    Where q <= 1 - delta the kept responses themselves are not sharp: every prompt fails, and each run counts 1.
    """
    hit = -math.expm1(N * math.log1p(-2 / labels))
    if hit <= 1 - delta:
        return _scaled(np.ones(draws), 1.0, hard_mass, level)
    visit, others = hard_mass / hard_prompts, labels - 1
    secret, rival = visit * hit, visit * (1 - hit) / others
    tilt = 0.5 * math.log(secret / rival)
    size = 1 - secret - rival + 2 * math.sqrt(secret * rival)
    law = np.full(labels, rival)
    law[0], law[1] = (math.sqrt(secret * rival),) * 2
    # Rivals are alike: each run's rival is label 1, and the sum over labels does not care which it was.
    counts = rng.multinomial(n, np.append(law, size - law.sum()) / size, size=draws)[:, :labels]
    lead = counts[:, 1:] - counts[:, :1]
    ties = (lead == 0).sum(axis=1)
    # Among k tied rivals and the secret, the secret is chosen with probability 1/(k + 1).
    failed = np.where(lead.max(axis=1) > 0, 1.0, ties / (ties + 1))
    # In units of the largest weight, so that nothing overflows.
    weights = failed / np.exp(tilt * np.minimum(lead, 700 / tilt)).sum(axis=1)
    return _scaled(weights, others * math.exp(n * math.log(size)), hard_mass, level)


def _scaled(values: np.ndarray, largest: float, hard_mass: float, level: float) -> tuple[float, float, float]:
    mean, low, high = (largest * end for end in bounded_mean(values, 1.0, level))
    return hard_mass * mean, hard_mass * low, min(hard_mass * high, hard_mass)
