"""SFT-Sharpening, with a fixed and with an adaptive number of draws per prompt (section 4.1 and Appendix D)."""

from typing import Any

import jax
from jaxtyping import Array, Key

from sharpsim._arguments import CLASS, POSITIVE, arrays, checked
from sharpsim.algorithms._sharpened import Sharpened
from sharpsim.oracle import Oracle


@checked(policy_class=CLASS)
def sft(oracle: Oracle, policy_class: Any, *, n: int, N: Any, key: Key[Array, ""]) -> Sharpened:
    """SFT-Sharpening: for each of n prompts the best of N responses; then maximum likelihood over the class on the n pairs.

    m = n N. N may be traced with a `LawOracle`, so that a sweep over N compiles once.

    Raises `ValueError` for n or N below 1. Source: Huang et al., arXiv 2412.01951v2, section 4.1.
    """
    draw_key, fit_key = jax.random.split(key)
    batch = oracle.best_of(n, N, key=draw_key)
    fit = policy_class.maximum_likelihood(batch.prompts, batch.responses, key=fit_key)
    return Sharpened(fit.policy, batch.cost, fit.info)


@checked(policy_class=CLASS, stop=arrays(POSITIVE))
def sft_adaptive(oracle: Oracle, policy_class: Any, *, n: int, stop: Any, key: Key[Array, ""]) -> Sharpened:
    """Adaptive SFT-Sharpening: draws for a prompt end at the first k with k max_{j<=k} base(y_j|x) >= stop, the likeliest is kept.

    `stop` > 0 is the paper's mu; log(2/delta) in Thm D.1. `samples_used` is random, with mean n E[N_s]; `info["draws"]` holds
    the draws of each prompt.

    Raises `ValueError` for n below 1 and stop not positive. Source: Appendix D.
    """
    draw_key, fit_key = jax.random.split(key)
    batch = oracle.best_until(n, stop=stop, key=draw_key)
    fit = policy_class.maximum_likelihood(batch.prompts, batch.responses, key=fit_key)
    return Sharpened(fit.policy, batch.cost, {**fit.info, "draws": batch.draws})
