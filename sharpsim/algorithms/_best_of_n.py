"""Inference-time sharpening: answer each prompt with the best of N draws (section 3, Prop C.1)."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, LABEL, arrays, checked
from sharpsim.algorithms._sharpened import Sharpened
from sharpsim.oracle import Oracle


class BestOfNPolicy(eqx.Module):
    """The policy that answers with the best of `draws` responses of the oracle's base; each answer costs `draws` samples.

    Its law is `laws.best_of_n` of the base; here it can only be sampled, since the oracle hands out nothing else.
    """

    oracle: Oracle
    draws: int = eqx.field(static=True)

    @checked(prompt=arrays(LABEL))
    def sample(self, prompt: Int[Array, ""], *, key: Key[Array, ""]) -> Any:
        """One response to one prompt (an index into the oracle's prompts)."""
        _checks.indices("prompt", prompt, self.oracle.shape[0])
        return self.oracle.respond(jnp.asarray(prompt)[None], self.draws, key=key).responses[0]


@checked(policy_class=ANYTHING)
def best_of_n(oracle: Oracle, policy_class: Any = None, *, n: int, N: int, key: Key[Array, ""]) -> Sharpened:
    """Best-of-N as a policy, with n answers to prompts from mu drawn on the way.

    Nothing is learned, so `policy_class` is unused. `samples_used` = n N is the cost of the answers in `info` (`prompts`,
    `responses`, `log_probs`, all `[n]`); every further answer of `policy` costs N more.

    Raises `ValueError` for n or N below 1.
    """
    del policy_class
    draws = _checks.static_count("N", N)
    batch = oracle.best_of(n, draws, key=key)
    info = {"prompts": batch.prompts, "responses": batch.responses, "log_probs": batch.log_probs}
    return Sharpened(BestOfNPolicy(oracle, draws), batch.cost, info)
