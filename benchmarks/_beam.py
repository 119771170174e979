"""Beam search for many prompts at once, the rival of exact search: one compiled program, and a stop as soon as no answer can change."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim.policies import SequencePolicy, unchanged_by_step


def beam_search(policy: SequencePolicy, prompts: np.ndarray, width: int, chunk: int) -> tuple[np.ndarray, np.ndarray]:
    """The best response that beam search finds for each of the prompts [n, ...], int32 [n, horizon], and its log-probability [n].

    After each token the `width` most probable prefixes are kept, ended ones among them. `chunk` prompts are searched in one call.
    """
    kept, n = tuple(unchanged_by_step(policy, prompts[0])), len(prompts)
    rows = np.minimum(np.arange(-(-n // chunk) * chunk), n - 1).reshape(-1, chunk)
    found = [_beams(policy, kept, prompts[chosen], width) for chosen in rows]
    responses, log_probs = (np.concatenate([np.asarray(part) for part in parts])[:n] for parts in zip(*found, strict=True))
    return responses, log_probs


@eqx.filter_jit
def _beams(policy: Any, kept: tuple[bool, ...], prompts: Any, width: int) -> tuple[jax.Array, jax.Array]:
    size, horizon, end, n = policy.vocabulary_size, policy.horizon, policy.end_token, len(prompts)
    leaves, structure = jax.tree.flatten(jax.vmap(policy.start)(prompts))
    # What belongs to the prompt is kept once for all of its beams.
    axes = jax.tree.unflatten(structure, [None if of_prompt else 0 for of_prompt in kept])
    step = jax.vmap(jax.vmap(policy.step, in_axes=(axes, 0)))
    beams = [leaf if of_prompt else jnp.repeat(leaf[:, None], width, axis=1) for leaf, of_prompt in zip(leaves, kept, strict=True)]
    only_end = jnp.where(jnp.arange(size) == end, 0.0, -jnp.inf)

    def going(carry: Any) -> jax.Array:
        # The best prefix, once ended, stays the best.
        return (carry[0] < horizon) & ~carry[4][:, 0].all()

    def advance(carry: Any) -> Any:
        depth, beams, responses, totals, ended = carry
        before = jnp.where(depth == 0, policy.begin_token, responses[:, :, jnp.maximum(depth - 1, 0)])
        states, log_probs = step(jax.tree.unflatten(structure, beams), before)
        log_probs = jnp.where(ended[:, :, None], only_end, log_probs)
        totals, chosen = jax.lax.top_k((totals[:, :, None] + log_probs).reshape(n, width * size), width)
        origin, token = chosen // size, (chosen % size).astype(jnp.int32)
        pick = jax.vmap(lambda leaf, places: leaf[places])
        after = [old if of_prompt else pick(new, origin) for old, new, of_prompt in zip(beams, jax.tree.leaves(states), kept, strict=True)]
        responses = pick(responses, origin).at[:, :, depth].set(token)
        return depth + 1, after, responses, totals, pick(ended, origin) | (token == end)

    totals = jnp.full((n, width), -jnp.inf, jnp.float32).at[:, 0].set(0.0)
    padding = jnp.full((n, width, horizon), 0 if end is None else end, jnp.int32)
    begin = (jnp.asarray(0), beams, padding, totals, jnp.zeros((n, width), bool))
    _, _, responses, totals, _ = jax.lax.while_loop(going, advance, begin)
    return responses[:, 0], totals[:, 0]
