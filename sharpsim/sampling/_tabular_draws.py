"""Draws from tables that may be traced, by inverse CDF; the adaptive rule literally and by law."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharpsim import laws
from sharpsim.policies._tabular import running_mass
from sharpsim.sampling._alias import CHUNK, in_blocks


def invert(cumulative: Any, rows: Any, uniform: Any) -> Any:
    """For each row index and number u in [0, 1), the first column whose running total exceeds u times the row's total.

    A binary search by gathers, so that no row is ever copied; columns without mass are never returned.
    """
    width = cumulative.shape[-1]
    flat, offset = cumulative.reshape(-1), rows * width
    total = flat[offset + width - 1]
    point = jnp.minimum(uniform * total, jnp.nextafter(total, jnp.zeros_like(total)))
    low, span = jnp.zeros_like(rows), 1 << max(width - 1, 1).bit_length()
    while span > 1:
        span //= 2
        probe = jnp.minimum(low + span, width) - 1
        low = jnp.where(flat[offset + probe] <= point, probe + 1, low)
    return jnp.minimum(low, width - 1).astype(jnp.int32)


@partial(jax.jit, static_argnames=("n",))
def draw_prompts(cumulative: Any, n: int, key: Any) -> Any:
    """n indices with the running total `cumulative` [prompts]."""

    def block(zeros: Any, own_key: Any) -> Any:
        return invert(cumulative[None], zeros, jax.random.uniform(own_key, zeros.shape, cumulative.dtype))

    return in_blocks(block, jnp.zeros(n, jnp.int32), key, CHUNK)


class BestFirst(eqx.Module):
    """A table with each row's responses in descending reward, and running masses around the levels of equal reward."""

    order: Int[Array, "prompts responses"]
    cumulative: Float[Array, "prompts responses"]
    before_level: Float[Array, "prompts responses"]
    after_level: Float[Array, "prompts responses"]

    @classmethod
    def of(cls, log_probs: Any, reward: Any) -> "BestFirst":
        """Sort each row by reward; running masses are taken from the best response on, where small masses matter."""
        order = jnp.argsort(-reward, axis=-1, stable=True)
        sorted_reward = jnp.take_along_axis(reward, order, axis=-1)
        mass = jnp.exp(jnp.take_along_axis(log_probs, order, axis=-1))
        cumulative = running_mass(mass / mass.sum(axis=-1, keepdims=True))
        edge = jnp.ones((*mass.shape[:-1], 1), bool)
        changes = sorted_reward[..., 1:] != sorted_reward[..., :-1]
        starts, ends = jnp.concatenate([edge, changes], -1), jnp.concatenate([changes, edge], -1)
        previous = jnp.concatenate([jnp.zeros_like(cumulative[..., :1]), cumulative[..., :-1]], -1)
        before = jax.lax.cummax(jnp.where(starts, previous, 0.0), axis=mass.ndim - 1)
        after = jax.lax.cummin(jnp.where(ends, cumulative, jnp.inf), axis=mass.ndim - 1, reverse=True)
        return cls(order.astype(jnp.int32), cumulative, before, after)


def best_by_law_traced(table: BestFirst, prompts: Any, draws: Any, key: Any) -> Any:
    """One best-of-`draws` response per prompt: an exponential for the level, a uniform inside it."""
    level_key, inside_key = jax.random.split(key)
    dtype = table.cumulative.dtype
    # The quantile U^(1/N) of F, as mass counted from the best response: 1 - U^(1/N) = -expm1(-E/N).
    tail = -jnp.expm1(-jax.random.exponential(level_key, prompts.shape, dtype) / draws)
    place = invert(table.cumulative, prompts, tail)
    before, after = table.before_level[prompts, place], table.after_level[prompts, place]
    within = before + jax.random.uniform(inside_key, prompts.shape, dtype) * (after - before)
    # Rounding may push the second search over the level's edge; a mass-bearing response of the level is kept then.
    inside = invert(table.cumulative, prompts, within)
    place = jnp.where(table.before_level[prompts, inside] == before, inside, place)
    return table.order[prompts, place]


@jax.jit
def adaptive_literal(log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """The rule of Def D.1 draw by draw: (kept response, number of draws) for each prompt."""
    tables = laws.stopping_tables(log_probs, stop=stop)
    rank_of = jnp.argsort(tables.order, axis=-1)
    deadline = jnp.take_along_axis(tables.deadline, rank_of, axis=-1)
    cumulative = running_mass(jnp.exp(log_probs))

    def one(prompt: Any, own_key: Any) -> tuple[Any, Any]:
        def draw(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            k, kept, kept_log_prob = state
            u = jax.random.uniform(jax.random.fold_in(own_key, k.astype(jnp.uint32)), (1,), cumulative.dtype)
            response = invert(cumulative, prompt[None], u)[0]
            better = log_probs[prompt, response] > kept_log_prob
            return k + 1, jnp.where(better, response, kept), jnp.where(better, log_probs[prompt, response], kept_log_prob)

        def going(state: tuple[Any, Any, Any]) -> Any:
            return (state[0] == 0) | (state[0] < deadline[prompt, state[1]])

        # Counted in whole numbers: a float32 cannot be raised beyond 2^24 by ones.
        start = (jnp.zeros((), jnp.int32), jnp.zeros((), jnp.int32), jnp.full((), -jnp.inf, log_probs.dtype))
        draws, kept, _ = jax.lax.while_loop(going, draw, start)
        return kept, draws.astype(cumulative.dtype)

    return jax.vmap(one)(prompts, jax.random.split(key, prompts.shape[0]))


@jax.jit
def adaptive_by_law(log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """The same pair by law: the kept response first, then the number of draws given its level, four uniforms in all."""
    tables = laws.stopping_tables(log_probs, stop=stop)
    return in_blocks(partial(_adaptive_block, log_probs, tables), prompts, key, CHUNK)


def _adaptive_block(log_probs: Any, tables: Any, prompts: Any, key: Any) -> tuple[Any, Any]:
    kept_key, late_key, segment_key, inside_key = jax.random.split(key, 4)
    dtype, shape = log_probs.dtype, prompts.shape
    kept_law = jnp.exp(jnp.logaddexp(tables.log_on_time, tables.log_late) + tables.log_share)
    # Likeliest first, so that the running totals near the mode are small numbers.
    place = log_probs.shape[-1] - 1 - invert(running_mass(kept_law[..., ::-1]), prompts, jax.random.uniform(kept_key, shape, dtype))
    response = tables.order[prompts, place].astype(jnp.int32)

    log_on_time, log_late = tables.log_on_time[prompts, place], tables.log_late[prompts, place]
    late = jax.random.uniform(late_key, shape, dtype) < jnp.exp(log_late - jnp.logaddexp(log_on_time, log_late))
    # Late: k - 1 falls into a segment of less likely responses with weight sum F^i, then geometrically inside it. Segments are
    # taken from the least likely response up to the one before the level; weights are relative to the row's largest.
    top = jnp.max(tables.log_segment, axis=-1, keepdims=True)
    weight = jnp.exp(tables.log_segment - jnp.where(jnp.isfinite(top), top, 0.0))
    running = running_mass(weight)
    level = jnp.take_along_axis(log_probs, tables.order, axis=-1)
    first_of_level = jax.vmap(lambda row: jnp.searchsorted(row, row, side="left"))(level)[prompts, place]
    reach = jnp.where(first_of_level > 0, running[prompts, jnp.maximum(first_of_level - 1, 0)], 0.0)
    share = reach / jnp.maximum(running[prompts, -1], np.finfo(np.dtype(dtype)).tiny)
    segment = invert(running, prompts, jax.random.uniform(segment_key, shape, dtype) * share)
    start = tables.deadline[prompts, jnp.minimum(segment + 1, log_probs.shape[-1] - 1)]
    length = tables.deadline[prompts, segment] - start
    log_ratio = tables.log_mass_at_most[prompts, segment]
    u = jax.random.uniform(inside_key, shape, dtype)
    # Inverse of P[i < j | length] = (1 - F^j)/(1 - F^length) on whole numbers.
    inside = jnp.floor(jnp.log1p(u * jnp.expm1(length * log_ratio)) / jnp.where(log_ratio < 0, log_ratio, -1.0))
    late_draws = start + jnp.clip(jnp.nan_to_num(inside), 0.0, jnp.maximum(length - 1, 0.0)) + 1
    return response, jnp.where(late, late_draws, tables.deadline[prompts, place])
