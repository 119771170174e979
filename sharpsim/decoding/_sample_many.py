"""Many independent draws for each of many prompts, by literal sampling in small batches.

Use it for large samples from any sequence policy. A batch (block) has 64 sequences, so that its states stay in the processor's cache, and
threads run batches in parallel. Where draws share most prefixes, `draw_many` needs fewer steps. For Markov policies `MarkovSampler` is
faster.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked, count
from sharpsim.policies import SequencePolicy, checked_prompts, inverse_cdf

BLOCK = 64
"""Sequences in a batch: few enough for their states to stay in the cache, enough for efficient matrix products."""
FEW = 16
"""From this many draws for each prompt on, a batch holds draws for one prompt only, which then share the prompt's part of the state."""


class Samples(NamedTuple):
    """Independent draws for each prompt, in the order in which they were drawn."""

    responses: np.ndarray
    """int32 [n, draws, horizon], padded with the end token."""
    log_probs: np.ndarray
    """[n, draws], nats: step log-probabilities summed from the first token on (float64 with x64 on)."""


@checked(prompts=ANYTHING, threads=count())
def sample_many(policy: SequencePolicy, prompts: Any, *, draws: int, key: jax.Array, threads: int | None = None) -> Samples:
    """`draws` independent responses y ~ pi(. | x) for each of the prompts [n, ...], with their log-probabilities.

    Draw j of prompt i has a key of its own, derived from `key`, i and j. The first m draws are therefore the same whatever `draws`, and the
    number of threads (None: one for each core) changes nothing. A batch stops when all its sequences have ended. Memory is 64 states a
    thread. With x64 off, uniform numbers have 23 bits, as in `policy.sample`.

    Raises `ValueError` for draws or threads below 1, prompts that the policy does not accept, and a policy that gives NaN.
    """
    each = _checks.static_count("draws", draws)
    workers = len(os.sched_getaffinity(0)) if threads is None else _checks.static_count("threads", threads)
    prompts = checked_prompts(policy, prompts)
    _checks.affordable("draws", draws, size=(4.0 * policy.horizon + 8) * len(prompts) * each)
    n, horizon = len(prompts), policy.horizon
    # All blocks have one shape, so that one is compiled; those at the edges draw a little more than is kept.
    deep = -(-each // -(-each // BLOCK))
    wide = 1 if deep >= FEW else min(n, BLOCK // deep)
    responses = np.empty((n, each, horizon), dtype=np.int32)
    log_probs = np.empty((n, each), dtype=jnp.result_type(float))

    def draw(corner: tuple[int, int]) -> None:
        first, column = corner
        rows, columns = np.arange(first, min(first + wide, n)), np.arange(column, min(column + deep, each))
        numbers = np.minimum(np.arange(first, first + wide), n - 1).repeat(deep), np.tile(np.arange(column, column + deep), wide)
        tokens, totals = _block(policy, prompts[first] if wide == 1 else prompts[numbers[0]], *numbers, wide == 1, key)
        place = np.ix_(rows, columns)
        responses[place] = np.asarray(tokens).reshape(wide, deep, horizon)[: len(rows), : len(columns)]
        log_probs[place] = np.asarray(totals).reshape(wide, deep)[: len(rows), : len(columns)]

    corners = [(row, column) for row in range(0, n, wide) for column in range(0, each, deep)]
    draw(corners[0])
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(draw, corners[1:]))
    if np.isnan(log_probs).any():
        raise ValueError("`policy.step` must return log-probabilities; got NaN.")
    return Samples(responses, log_probs)


@eqx.filter_jit
def _block(policy: SequencePolicy, prompts: Any, rows: Any, columns: Any, one_prompt: bool, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One draw for each pair of prompt index (`rows`) and draw number (`columns`). `prompts` has one prompt for each, or is one prompt."""
    end, horizon = policy.end_token, policy.horizon

    def one_draw(state: Any, row: Any, column: Any) -> tuple[jax.Array, jax.Array]:
        uniforms = jax.random.uniform(jax.random.fold_in(jax.random.fold_in(key, row), column), (horizon,), dtype=float)

        def advance(carry: Any) -> Any:
            depth, _, state, token, ended, total, tokens = carry
            state, log_probs = policy.step(state, token)
            token = inverse_cdf(log_probs, uniforms[depth])
            total = total + jnp.where(ended, 0.0, log_probs[token].astype(total.dtype))
            if end is not None:
                token = jnp.where(ended, end, token).astype(jnp.int32)
                ended = token == end
            # Summed over the block, this is one number and no array: the loop has one condition, and states need no selecting.
            going = jax.lax.psum(jnp.where(ended, 0, 1), "draws")
            return depth + 1, going, state, token, ended, total, tokens.at[depth].set(token)

        begin = (
            jnp.asarray(0),
            jnp.asarray(1),
            state,
            jnp.asarray(policy.begin_token, jnp.int32),
            jnp.asarray(False),
            jnp.zeros((), float),
            jnp.full(horizon, end or 0, jnp.int32),
        )
        final = jax.lax.while_loop(lambda carry: (carry[0] < horizon) & (carry[1] > 0), advance, begin)
        return final[6], final[5]

    if one_prompt:
        return jax.vmap(partial(one_draw, policy.start(prompts)), axis_name="draws")(rows, columns)
    return jax.vmap(lambda prompt, row, column: one_draw(policy.start(prompt), row, column), axis_name="draws")(prompts, rows, columns)
