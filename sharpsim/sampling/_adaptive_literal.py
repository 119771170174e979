"""The adaptive rule of Def D.1, simulated draw by draw: draw until k max_{j<=k} base(y_j|x) >= s, keep the likeliest response.

This is the definition itself, and the reference that the samplers by law are tested against.
"""

from typing import Any

import jax
import jax.numpy as jnp

from sharpsim import laws
from sharpsim.policies import running_mass
from sharpsim.sampling._inverse_cdf import inverse_cdf_of_rows


@jax.jit
def adaptive_literal(log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """See `sampling.adaptive_literal`."""
    tables = laws.stopping_tables(log_probs, stop=stop)
    rank_of = jnp.argsort(tables.order, axis=-1)
    deadline = jnp.take_along_axis(tables.deadline, rank_of, axis=-1)
    cumulative = running_mass(jnp.exp(log_probs))

    def one(prompt: Any, own_key: Any) -> tuple[Any, Any]:
        def draw(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            k, kept, kept_log_prob = state
            u = jax.random.uniform(jax.random.fold_in(own_key, k.astype(jnp.uint32)), (1,), cumulative.dtype)
            response = inverse_cdf_of_rows(cumulative, prompt[None], u)[0]
            better = log_probs[prompt, response] > kept_log_prob
            return k + 1, jnp.where(better, response, kept), jnp.where(better, log_probs[prompt, response], kept_log_prob)

        def going(state: tuple[Any, Any, Any]) -> Any:
            return (state[0] == 0) | (state[0] < deadline[prompt, state[1]])

        # Counted in whole numbers: a float32 cannot be raised beyond 2^24 by ones.
        start = (jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32), jnp.full((), -jnp.inf, log_probs.dtype))
        draws, kept, _ = jax.lax.while_loop(going, draw, start)
        return kept, draws.astype(cumulative.dtype)

    return jax.vmap(one)(prompts, jax.random.split(key, prompts.shape[0]))
