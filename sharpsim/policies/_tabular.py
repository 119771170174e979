"""Policies over finitely many prompts and responses, given as a table of log-probabilities."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, NON_NEGATIVE, arrays, checked, require_concrete
from sharpsim._precision import as_jax, placed

MASSES = arrays(NON_NEGATIVE, "...", "responses")


def running_mass(mass: Float[Array, "*batch responses"]) -> Float[Array, "*batch responses"]:
    """The running total of non-negative masses along the last axis, for sampling by inverse CDF.

    It never decreases, and it is constant over responses of mass 0. `jnp.cumsum` ensures neither, because its parallel partial sums round
    differently, and its inverse can return a response of mass 0. Raises `ValueError` for concrete masses that are negative or NaN.
    """
    require_concrete(MASSES, mass=mass)
    mass = placed(mass)
    return jax.lax.cummax(jnp.where(mass > 0, jnp.cumsum(mass, axis=-1), 0.0), axis=mass.ndim - 1)


class TabularPolicy(eqx.Module):
    """The conditional distribution pi(y|x) over finitely many responses, as natural log-probabilities.

    `log_probs` is `[prompts, responses]`, -inf where a response has no mass. The probabilities of each row sum to one (within 1e-9 in
    float64, 1e-5 in float32). Prompts and responses are integers. Immutable, and a pytree.

    Raises `ValueError` for NaN, rows that do not sum to one, and arrays that are not tables.
    """

    log_probs: Float[Array, "prompts responses"]

    def __init__(self, log_probs: Float[Array | np.ndarray, "prompts responses"]):
        _checks.table("log_probs", log_probs)
        self.log_probs = as_jax(log_probs)

    @classmethod
    def from_probs(cls, probs: Float[Array | np.ndarray, "prompts responses"]) -> "TabularPolicy":
        """The policy with these probabilities (non-negative, rows summing to one)."""
        values = _checks.probabilities("probs", probs)
        with np.errstate(divide="ignore"):
            return cls(jnp.log(probs) if isinstance(probs, jax.Array) else np.log(values))

    @property
    def prompts(self) -> int:
        """Number of prompts |X|."""
        return self.log_probs.shape[0]

    @property
    def responses(self) -> int:
        """Number of responses |Y|."""
        return self.log_probs.shape[1]

    @checked(prompt=ANYTHING)
    def sample(self, prompt: Int[Array, ""], *, key: Key[Array, ""]) -> Int[Array, ""]:
        """One response to one prompt.

        By inverse CDF in float64. In float32 the cumulative sums cannot hold masses below 6e-8, so there a high-precision
        Gumbel draw is used, at a cost of one random number per response.
        """
        _checks.indices("prompt", prompt, self.prompts)
        row = self.log_probs[prompt]
        if row.dtype != jnp.float64:
            return jax.random.categorical(key, row, mode="high").astype(jnp.int32)
        cumulative = running_mass(jnp.exp(row))
        point = jnp.minimum(jax.random.uniform(key, dtype=row.dtype) * cumulative[-1], jnp.nextafter(cumulative[-1], 0.0))
        return jnp.searchsorted(cumulative, point, side="right").astype(jnp.int32)

    def log_prob(self, prompt: Int[Array, ""] | int, response: Int[Array, ""] | int) -> Float[Array, ""]:
        """The log-probability log pi(response|prompt), in nats; -inf where the response has no mass.

        Raises `ValueError` for numbers that are no prompt or no response; where these are traced, the answer is NaN.
        """
        _checks.indices("prompt", prompt, self.prompts)
        _checks.indices("response", response, self.responses)
        return self.log_probs.at[prompt, response].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
