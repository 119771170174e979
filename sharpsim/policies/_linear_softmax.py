"""Softmax policies whose logits are linear in given features."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._precision import as_jax
from sharpsim.policies._tabular import TabularPolicy


class LinearSoftmaxPolicy(eqx.Module):
    """pi_theta(y|x) proportional to exp <phi(x, y), theta>: `features` phi is `[prompts, responses, d]`, `theta` is `[d]`.

    Every response has mass. Prompts and responses are integers. Immutable, and a pytree.
    Raises `ValueError` for features or theta of another shape, and for numbers that are not finite.
    """

    features: Float[Array, "prompts responses d"]
    theta: Float[Array, " d"]

    def __init__(self, features: Any, theta: Any):
        check_features(features)
        if np.shape(theta) != (np.shape(features)[2],):
            raise ValueError(f"`theta` must hold one number for each of the {np.shape(features)[2]} features; got {np.shape(theta)}.")
        if not _checks.is_traced(theta) and not np.isfinite(np.asarray(theta)).all():
            raise ValueError("`theta` must be finite.")
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

    def sample(self, prompt: Int[Array, ""], *, key: Key[Array, ""]) -> Int[Array, ""]:
        """One response to one prompt."""
        row = jax.nn.log_softmax(self.features[prompt] @ self.theta)
        return TabularPolicy(row[None]).sample(jnp.int32(0), key=key)

    def log_prob(self, prompt: Int[Array, ""], response: Int[Array, ""]) -> Float[Array, ""]:
        """The log-probability log pi(response|prompt), in nats."""
        return jax.nn.log_softmax(self.features[prompt] @ self.theta)[response]


def check_features(features: Any) -> None:
    """Raise `ValueError` unless `features` are finite numbers `[prompts, responses, d]`. Traced values are not checked."""
    if np.ndim(features) != 3 or 0 in np.shape(features):
        raise ValueError(f"`features` must be [prompts, responses, d], none of them 0; got shape {np.shape(features)}.")
    if not _checks.is_traced(features) and not np.isfinite(np.asarray(features)).all():
        raise ValueError("`features` must be finite.")
