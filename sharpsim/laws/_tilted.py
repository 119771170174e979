"""The tilted policy pi_beta, which maximises the KL-regularised reward: the target of DPO and XPO (section 7.1, Eq. 4)."""

from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._logspace import as_arrays, normalise


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
    _checks.rows("log_probs", log_probs)
    _checks.same_shape("log_probs", log_probs, "reward", reward)
    _checks.positive("beta", beta)
    if not _checks.is_traced(reward) and not np.all(np.asarray(reward) < np.inf):
        raise ValueError("`reward` must not hold NaN or +inf.")
    xp, table, rewards, strength = as_arrays(log_probs, reward, beta)
    has_mass = table > -xp.inf
    rewards = xp.where(has_mass, rewards, -xp.inf)
    top = xp.max(rewards, axis=-1, keepdims=True)
    # Relative to the best reward, so that 1/beta may be as large as floats allow.
    with np.errstate(over="ignore"):
        advantage = (rewards - xp.where(xp.isfinite(top), top, 0.0)) / strength
    return normalise(xp.where(has_mass, table + advantage, -xp.inf), xp)
