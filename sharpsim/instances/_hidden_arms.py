"""A bandit with a few rare arms among many other responses (Example J.1', ours).

One of the arms, the secret, is the mode. The likelihoods of the other responses carry no information about which arm it is, so a learner
that only draws from base has to wait until it draws the secret.
"""

import math
from typing import NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked, count

ENTRY_LIMIT = 2**25
"""The most feature entries that are listed."""


class HiddenArms(NamedTuple):
    """One prompt, d arms (responses 0..d-1, features e_i) and M bulk responses (features 0), theta = log(1+g) e_secret.

    `features` `[1, d + M, d]`, `theta` `[d]`, `log_probs` `[1, d + M]`, `prompt_weights` `[1]`. With Z = M + d + g the secret arm has mass
    (1+g)/Z and every other response 1/Z: `margin` = g, `coverage` = Z/(1+g).
    """

    features: np.ndarray
    theta: np.ndarray
    log_probs: np.ndarray
    prompt_weights: np.ndarray
    secret: int
    margin: float
    coverage: float


@checked(secret=count(0, 2**53))
def hidden_arms(*, arms: int, bulk: int, gap: float, secret: int = 0) -> HiddenArms:
    """Example J.1': `arms` d >= 1, `bulk` M >= 1 (there 2^d), `gap` g > 0; `secret` J in 0..d-1 (the family is invariant under it).

    Raises `ValueError` for counts or a gap out of range, a secret that is no arm, and more than 2^25 feature entries.
    """
    if secret >= arms:
        raise ValueError(f"`secret` must be one of the {arms} arms; got {secret!r}.")
    _checks.enumerable((arms + bulk) * arms, ENTRY_LIMIT, "the table of features of `arms` and `bulk`", "hidden_arms with a smaller `bulk`")
    d, m = int(arms), int(bulk)
    features = np.concatenate([np.eye(d), np.zeros((m, d))])
    theta = np.zeros(d)
    theta[int(secret)] = math.log1p(gap)
    total = m + d + gap
    return HiddenArms(
        features[None], theta, (features @ theta - math.log(total))[None], np.ones(1), int(secret), float(gap), total / (1 + gap)
    )  # fmt: skip
