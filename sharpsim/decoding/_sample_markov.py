"""Many draws from a Markov policy: each token is one look-up in an alias table, whatever the size of the vocabulary."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked
from sharpsim._precision import placed
from sharpsim.policies import MarkovPolicy
from sharpsim.sampling import AliasTables, in_blocks, word_pairs

BLOCK = 2**14
"""Sequences in a batch: the tokens and random words of a step fit into the processor's cache."""


class MarkovSampler(eqx.Module):
    """Draws y ~ pi(. | x) from a `MarkovPolicy` of any order, by alias tables of its contexts that are built once.

    The distribution is that of `policy.sample`, with a total variation error of at most 2^-33 for each token, also in float32 programs. A
    token of probability 0 is never drawn. Keys may be typed keys of any kind. For log-likelihoods call `policy.log_prob`.

    Raises `ValueError` for a policy of another kind, and for 2^31 table entries and more (vocabulary padded to a power of two).
    """

    policy: MarkovPolicy
    tables: AliasTables

    @checked
    def __init__(self, policy: MarkovPolicy):
        contexts, size = policy.prompts * policy.contexts, policy.vocabulary_size
        if not AliasTables.fits(contexts, size):
            raise ValueError(
                f"`policy` must have fewer than 2^31 log-probabilities, padded to powers of two; got {contexts} rows of {size}."
            )
        self.policy = policy
        self.tables = AliasTables.of(np.exp(np.asarray(policy.log_probs, dtype=np.float64)).reshape(contexts, size))

    @checked(prompts=ANYTHING)
    def sample(self, prompts: Any, *, draws: int, key: jax.Array) -> jax.Array:
        """`draws` independent responses to each prompt number, int32 [n, draws, horizon], padded with the end token.

        Raises `ValueError` for draws below 1, no prompts, and prompt numbers out of range.
        """
        count = _checks.static_count("draws", draws)
        _checks.prompt_numbers(prompts, self.policy.prompts)
        _checks.affordable("draws", draws, size=4.0 * self.policy.horizon * len(prompts) * count)
        return _sample(self, placed(prompts, jnp.int32), count, key)


@partial(jax.jit, static_argnames=("count",))
def _sample(sampler: MarkovSampler, prompts: Any, count: int, key: Any) -> Any:
    policy, end = sampler.policy, sampler.policy.end_token

    def block(numbers: Any, own_key: Any) -> Any:
        first_row = numbers * policy.contexts

        def advance(state: tuple[Any, Any, Any], step_key: Any) -> tuple[tuple[Any, Any, Any], Any]:
            context, ended, before = state
            token = sampler.tables.pick(first_row + context, word_pairs(step_key, numbers.shape))
            if end is not None:
                token = jnp.where(ended, end, token)
                ended = token == end
            return (policy.next_context(context, token), ended, token), before

        begin = (
            jnp.full(numbers.shape, policy.contexts - 1, jnp.int32),
            jnp.zeros(numbers.shape, bool),
            jnp.zeros(numbers.shape, jnp.int32),
        )
        (_, _, last), tokens = jax.lax.scan(advance, begin, jax.random.split(own_key, policy.horizon))
        return jnp.concatenate([tokens[1:], last[None]]).T

    return in_blocks(block, jnp.repeat(prompts, count), key, BLOCK).reshape(*prompts.shape, count, policy.horizon)
