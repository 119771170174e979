"""The tilted policy pi_beta, which maximises the KL-regularised reward: the target of DPO and XPO (section 7.1, Eq. 4)."""

from typing import Any

import numpy as np

from sharpsim._arguments import FINITE_REWARD, ROWS, checked
from sharpsim._checks import is_traced
from sharpsim._logspace import as_arrays, normalise


@checked(log_probs=ROWS, reward=FINITE_REWARD)
def tilted(log_probs: Any, reward: Any, *, beta: Any) -> Any:
    """log pi_beta(y|x), with pi_beta proportional to base(y|x) exp(reward(y|x) / beta): argmax of E_pi[r] - beta KL(pi || base).

    With reward = log base this is base^(1 + 1/beta). beta -> inf gives the base, beta -> 0 its restriction to the maximisers
    of the reward, ties keeping their base proportions. A response without base mass gets no mass, whatever its reward.

    Args:
        log_probs: base log-probabilities (nats), last axis the responses.
        reward: rewards of the same shape, -inf allowed; beta > 0 a scalar.

    Returns: natural log-probabilities of the same shape.

    Raises `ValueError` for rows that are not normalised, rewards that are NaN or +inf, shapes that differ and beta not positive.
    """
    xp, table, rewards, strength = as_arrays(log_probs, reward, beta)
    has_mass = table > -xp.inf
    if not (is_traced(has_mass) or is_traced(rewards)):
        possible = np.asarray(has_mass) & (np.asarray(rewards) > -np.inf)
        if not possible.any(axis=-1).all():
            raise ValueError("`reward` must be above -inf for some response with mass in each row; in one it is -inf for all.")
    rewards = xp.where(has_mass, rewards, -xp.inf)
    top = xp.max(rewards, axis=-1, keepdims=True)
    # Relative to the best reward, so that 1/beta may be as large as floats allow.
    with np.errstate(over="ignore"):
        advantage = (rewards - xp.where(xp.isfinite(top), top, 0.0)) / strength
    return normalise(xp.where(has_mass, table + advantage, -xp.inf), xp)
