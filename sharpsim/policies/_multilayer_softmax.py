"""Sequence policies whose next-token logits are linear in given features, with separate weights for each position."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ARRAYS, FINITE, FUNCTION, arrays, checked
from sharpsim._precision import as_jax
from sharpsim.policies._sequence import SequencePolicy
from sharpsim.policies._tokens import check_end_token, check_prompt_indices, check_step

WEIGHTS = arrays(FINITE, "...", "H", "d")


class FeatureTables(eqx.Module):
    """Features phi_h(x, y_<=h) given as tables: `tables[h - 1]` is [prompts, V, ..., V, d] with h axes of size V.

    An instance can be the `features` of a `MultilayerSoftmaxPolicy`. Raises `ValueError` for no tables, shapes that do not fit together,
    and entries that are not finite.
    """

    nodes: jax.Array
    """The features of all continuations of all prefixes, [prompts, 1 + V + ... + V^(H-1), V, d].

    Prefixes are numbered level by level: those that continue prefix i by one token are iV + 1 .. iV + V.
    """

    @checked(tables=ARRAYS)
    def __init__(self, tables: Sequence[Any]):
        shape = np.shape(tables[0])
        if len(shape) != 3:
            raise ValueError(f"`tables[0]` must have shape [prompts, V, d]; got {shape}.")
        prompts, size, dimension = shape
        for h, table in enumerate(tables):
            wanted = (prompts, *[size] * (h + 1), dimension)
            if np.shape(table) != wanted:
                raise ValueError(f"`tables[{h}]` must have shape {wanted}; got {np.shape(table)}.")
            if not np.isfinite(np.asarray(table)).all():
                raise ValueError(f"`tables[{h}]` must hold finite numbers.")
        self.nodes = jnp.concatenate([as_jax(table).reshape(prompts, -1, size, dimension) for table in tables], axis=1)

    def _levels(self) -> int:
        left, size, levels = self.nodes.shape[1], 1, 0
        while left > 0:
            left, size, levels = left - size, size * self.nodes.shape[2], levels + 1
        return levels

    def __call__(self, prompt: Any, prefix: Any, depth: Any) -> jax.Array:
        """phi_h of the V continuations of `prefix[:depth]`, [V, d]."""
        size = self.nodes.shape[2]
        _checks.indices("prompt", prompt, self.nodes.shape[0])
        _checks.indices("prefix", prefix, size)
        if np.ndim(prefix) != 1:
            raise ValueError(f"`prefix` must be tokens along one axis; got shape {np.shape(prefix)}.")
        _checks.indices("depth", depth, min(len(prefix) + 1, self._levels()))
        node = jnp.asarray(0, jnp.int32)
        for h in range(len(prefix)):
            node = jnp.where(h < depth, node * size + 1 + prefix[h], node)
        return self.nodes[prompt, node]


class _Function(eqx.Module):
    """A plain function as a pytree without leaves, so that policies with the same function share compiled code."""

    function: Any = eqx.field(static=True)

    def __call__(self, prompt: Any, prefix: Any, depth: Any) -> Any:
        return self.function(prompt, prefix, depth)


class MultilayerSoftmaxPolicy(SequencePolicy):
    """pi_theta(y_h | x, y_<h) = exp<phi_h(x, y_<=h), theta_h> / sum over v of exp<phi_h(x, y_<h, v), theta_h>.

    `features(prompt, prefix, depth)` gives phi_{depth+1} of the V continuations of a prefix, [V, d]. `prefix` is int [H]: its first `depth`
    entries are the tokens so far, and the rest is 0. The function is called on traced values; it may be a plain function or a pytree such
    as `FeatureTables`.
    `weights` is theta: [H, d], shared by all prompts, or [prompts, H, d], which equals features multiplied by the prompt's indicator.
    Weights are in nats per unit of feature. They may have any size: to be in the class with balls ||theta_h|| <= B, check `norms`.
    A prompt is an integer in 0..prompts - 1. Responses have H tokens, or fewer where `end_token` comes first.

    At H = 1 this is the linear softmax policy. Source: Huang et al. 2025, arXiv 2412.01951v2, Eq. 11 (Appendix E).
    Raises `ValueError` for weights of another shape or that are not finite, features of another shape than [V, d], an end token outside
    the vocabulary.
    """

    features: Any
    weights: jax.Array
    """[prompts or 1, H, d]."""
    prompts: int = eqx.field(static=True)
    vocabulary_size: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    begin_token: int = eqx.field(static=True)
    end_token: int | None = eqx.field(static=True)

    @checked(features=FUNCTION, weights=WEIGHTS)
    def __init__(self, features: Any, weights: Any, *, vocabulary_size: int, prompts: int | None = None, end_token: int | None = None):
        shape = np.shape(weights)
        if len(shape) not in (2, 3):
            raise ValueError(f"`weights` must have shape [H, d] or [prompts, H, d]; got {shape}.")
        own = shape[0] if len(shape) == 3 else None
        if prompts is not None and own not in (None, 1, prompts):
            raise ValueError(f"`prompts` must be the number of weights' prompts, {own}; got {prompts!r}.")
        self.prompts = _checks.static_count("prompts", prompts or own or 1)
        self.vocabulary_size = _checks.static_count("vocabulary_size", vocabulary_size)
        check_end_token(end_token, self.vocabulary_size)
        self.weights = as_jax(weights).reshape(-1, *shape[-2:]).astype(float)
        self.features = features if isinstance(features, eqx.Module) else _Function(features)
        self.horizon = shape[-2]
        self.begin_token = self.vocabulary_size
        self.end_token = end_token
        token = jax.ShapeDtypeStruct((), jnp.int32)
        made = jax.eval_shape(self.features, token, jax.ShapeDtypeStruct((self.horizon,), jnp.int32), token)
        found = getattr(made, "shape", made)
        if found != (self.vocabulary_size, shape[-1]):
            raise ValueError(
                f"`features` must give shape {(self.vocabulary_size, shape[-1])}, [V, d] with the d of `weights`; got {found}."
            )

    @classmethod
    @checked(tables=ARRAYS, weights=WEIGHTS)
    def from_tables(cls, tables: Sequence[Any], weights: Any, *, end_token: int | None = None) -> "MultilayerSoftmaxPolicy":
        """The policy whose features are given as tables: `tables[h - 1]` is [prompts, V, ..., V, d] with h axes of size V."""
        written = FeatureTables(tables)
        prompts, _, size, _ = written.nodes.shape
        if len(tables) != np.shape(weights)[-2]:
            raise ValueError(f"`tables` must be {np.shape(weights)[-2]}, one for each layer of `weights`; got {len(tables)}.")
        return cls(written, weights, vocabulary_size=size, prompts=prompts, end_token=end_token)

    @property
    def norms(self) -> jax.Array:
        """||theta_h|| of each layer, [prompts or 1, H]: the policy is in the class of radius B where all are at most B."""
        return jnp.linalg.norm(self.weights, axis=-1)

    @property
    def prompt_shape(self) -> tuple[int, ...]:
        """A prompt is a number."""
        return ()

    def check_prompts(self, prompts: Any) -> None:
        check_prompt_indices(prompts, self.prompts)

    def start(self, prompt: Any) -> Any:
        self.check_prompt(prompt)
        # Depth -1: the first step is passed the begin token, which is no part of the prefix.
        return jnp.asarray(prompt, jnp.int32), jnp.zeros(self.horizon, jnp.int32), jnp.asarray(-1, jnp.int32)

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        check_step(self, state, token)
        prompt, prefix, depth = state
        prefix = jnp.where(jnp.arange(self.horizon) == depth, jnp.asarray(token, jnp.int32), prefix)
        depth = (depth + 1).astype(jnp.int32)
        layer = self.weights[prompt if self.weights.shape[0] > 1 else 0, depth]
        logits = jnp.asarray(self.features(prompt, prefix, depth), layer.dtype) @ layer
        return (prompt, prefix, depth), jax.nn.log_softmax(logits)
