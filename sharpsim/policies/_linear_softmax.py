"""Softmax policies whose logits are linear in given features."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, FINITE, arrays, checked
from sharpsim._precision import as_jax
from sharpsim.policies._tabular import TabularPolicy


class LinearSoftmaxPolicy(eqx.Module):
    """pi_theta(y|x) proportional to exp <phi(x, y), theta>: `features` phi is `[prompts, responses, d]`, `theta` is `[d]`.

    Every response has mass. Prompts and responses are integers. Immutable, and a pytree.
    Raises `ValueError` for features or theta of another shape, and for numbers that are not finite.
    """

    features: Float[Array, "prompts responses d"]
    theta: Float[Array, " d"]

    @checked(theta=arrays(FINITE, "d"))
    def __init__(self, features: Any, theta: Any):
        self.features = as_jax(features)
        self.theta = as_jax(theta)

    @property
    def prompts(self) -> int:
        """Number of prompts |X|."""
        return self.features.shape[0]

    @property
    def responses(self) -> int:
        """Number of responses |Y|."""
        return self.features.shape[1]

    @property
    def log_probs(self) -> Float[Array, "prompts responses"]:
        """The table of natural log-probabilities."""
        return jax.nn.log_softmax(self.features @ self.theta, axis=-1)

    def tabular(self) -> TabularPolicy:
        """The same policy as a table. Sampling from the table is much faster, because here a row is normalised for each draw."""
        return TabularPolicy(self.log_probs)

    @checked(prompt=ANYTHING)
    def sample(self, prompt: Int[Array, ""], *, key: Key[Array, ""]) -> Int[Array, ""]:
        """One response to one prompt."""
        _checks.indices("prompt", prompt, self.prompts)
        row = jax.nn.log_softmax(self.features[prompt] @ self.theta)
        return TabularPolicy(row[None]).sample(jnp.int32(0), key=key)

    def log_prob(self, prompt: Int[Array, ""], response: Int[Array, ""]) -> Float[Array, ""]:
        """The log-probability log pi(response|prompt), in nats.

        Raises `ValueError` for numbers that are no prompt or no response; where these are traced, the answer is NaN.
        """
        _checks.indices("prompt", prompt, self.prompts)
        _checks.indices("response", response, self.responses)
        filled: dict[str, Any] = {"mode": "fill", "fill_value": jnp.nan, "wrap_negative_indices": False}
        return jax.nn.log_softmax(self.features.at[prompt].get(**filled) @ self.theta).at[response].get(**filled)
