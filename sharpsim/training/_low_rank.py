"""Low-rank adaptation: every matrix W of a frozen policy becomes W + A B with A, B of a small rank, and only A and B are trained."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim.policies import SequencePolicy
from sharpsim.training._kinds import WHOLE


class LowRankPolicy(SequencePolicy):
    """`base` with the matrices W [m, n] replaced by W + A B, A [m, rank], B [rank, n]; vectors stay as they are.

    A is drawn with standard deviation 1/sqrt(rank) and B is 0, so that the policy is `base` at first. Training leaves `base` as it is.
    `merged` gives the same policy with the products added in.

    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
    """

    base: Any
    left: list[jax.Array]
    right: list[jax.Array]
    vocabulary_size: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    begin_token: int = eqx.field(static=True)
    end_token: int | None = eqx.field(static=True)

    @checked(rank=WHOLE)
    def __init__(self, base: SequencePolicy, rank: int, *, key: jax.Array):
        """Raises `ValueError` for a policy without matrices."""
        matrices = [leaf for leaf in jax.tree.leaves(base) if _is_matrix(leaf)]
        if not matrices:
            raise ValueError("`base` must have matrices to adapt by `rank`; got none.")
        _checks.affordable("rank", rank, size=float(rank) * sum(sum(leaf.shape) * leaf.dtype.itemsize for leaf in matrices))
        keys = jax.random.split(key, len(matrices))
        self.left = [jax.random.normal(k, (leaf.shape[0], rank), leaf.dtype) / rank**0.5 for k, leaf in zip(keys, matrices, strict=True)]
        self.right = [jnp.zeros((rank, leaf.shape[1]), leaf.dtype) for leaf in matrices]
        self.base = base
        self.vocabulary_size, self.horizon = base.vocabulary_size, base.horizon
        self.begin_token, self.end_token = base.begin_token, base.end_token

    def merged(self) -> SequencePolicy:
        """The policy of the same kind as `base` with every A B added to its matrix."""
        pairs = iter(zip(self.left, self.right, strict=True))

        def add(leaf: Any) -> Any:
            if not _is_matrix(leaf):
                return leaf
            left, right = next(pairs)
            return leaf + left @ right

        return jax.tree.map(add, self.base)

    @property
    def prompt_shape(self) -> tuple[int, ...] | None:
        """That of `base`."""
        return getattr(self.base, "prompt_shape", None)

    @property
    def examples_at_once(self) -> int | None:
        """That of `base`."""
        return self.base.examples_at_once

    def check_prompts(self, prompts: Any) -> None:
        self.base.check_prompts(prompts)

    def at_temperature(self, temperature: float) -> SequencePolicy:
        """`merged` at this temperature."""
        return self.merged().at_temperature(temperature)

    def start(self, prompt: Any) -> Any:
        return self.merged().start(prompt)

    @property
    def step_axes(self) -> tuple[int, ...] | None:
        """Those of `base`."""
        return self.base.step_axes

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        return self.merged().step(state, token)

    def token_log_probs(self, prompt: Any, response: Any) -> jax.Array:
        return self.merged().token_log_probs(prompt, response)


def trained_parts(policy: Any) -> Any:
    """For each leaf of a policy whether training changes it: all floating-point arrays, but not the base of a low-rank adaptation."""
    parts = jax.tree.map(eqx.is_inexact_array, policy)
    if isinstance(policy, LowRankPolicy):
        return eqx.tree_at(lambda one: one.base, parts, jax.tree.map(lambda _: False, policy.base))
    return parts


def _is_matrix(leaf: Any) -> bool:
    return eqx.is_inexact_array(leaf) and leaf.ndim == 2
