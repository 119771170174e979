"""RLHF-Sharpening by direct preference optimisation, its offline form (section 4.2, Eq. 4)."""

from typing import Any

import jax
from jaxtyping import Array, Key

from sharpsim._arguments import CLASS, FITTED_BETA, arrays, checked
from sharpsim.algorithms._fits import check_class
from sharpsim.algorithms._sharpened import Sharpened
from sharpsim.oracle import Oracle


@checked(policy_class=CLASS, beta=arrays(FITTED_BETA))
def dpo(oracle: Oracle, policy_class: Any, *, n: int, beta: Any, key: Key[Array, ""]) -> Sharpened:
    """DPO on n pairs of base responses, scored by the self-reward r without noise.

    Returns argmin over Pi of sum_i ( beta log(pi/base)(y_i|x_i) - beta log(pi/base)(y'_i|x_i) - r(x_i, y_i) + r(x_i, y'_i) )^2.

    m = 2n. The class must have `least_squares`. The tilted base pi_beta has loss 0, and so has every minimiser if Pi contains it;
    `info["loss"]` is the loss reached, the rest of `info` is the class's. beta > 0 may be traced.

    Raises `ValueError` for n below 1 and beta not positive. Source: Huang et al., arXiv 2412.01951v2, section 4.2, Eq. 4.
    """
    check_class(oracle, policy_class, "least_squares")
    draw_key, fit_key = jax.random.split(key)
    pairs = oracle.draw(n, 2, key=draw_key)
    # pi solves beta log pi(y) - beta log pi(y') = g(y) - g(y') with g known at the drawn responses.
    goals = beta * pairs.log_probs + oracle.rewards(pairs)
    first, second = pairs.responses[:, 0], pairs.responses[:, 1]
    fit = policy_class.least_squares(pairs.prompts, first, second, goals[:, 0] - goals[:, 1], beta=beta, key=fit_key)
    return Sharpened(fit.policy, pairs.cost, fit.info)
