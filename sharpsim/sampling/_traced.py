"""The best of N and the adaptive rule by their exact law, for tables that JAX is tracing (inside a sweep over instances).

Hazard tables are built on the host and need concrete numbers. Where a table has none yet, these samplers sort it inside the program and
invert running totals. They take 2 to 4 times as long (64 x 1,024 responses, 2^20 prompts, on two cores: best of N 0.75 s against 0.18 s,
adaptive rule 0.85 s against 0.46 s), and they need float64.
"""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharpsim import laws
from sharpsim._arguments import checked
from sharpsim._precision import placed
from sharpsim.policies import running_mass
from sharpsim.sampling._blocks import CHUNK, in_blocks
from sharpsim.sampling._inverse_cdf import inverse_cdf_of_rows
from sharpsim.sampling._kinds import SIGNED


class TracedRanking(eqx.Module):
    """The responses of each row in order of descending reward, and their running masses.

    `before_level` and `after_level` hold, for each response, the running mass before and after all responses of the same reward (its
    level). This is `Ranking` for tables without concrete numbers.
    """

    order: Int[Array, "prompts responses"]
    cumulative: Float[Array, "prompts responses"]
    before_level: Float[Array, "prompts responses"]
    after_level: Float[Array, "prompts responses"]

    @classmethod
    @checked(reward=SIGNED)
    def of(cls, log_probs: Any, reward: Any) -> "TracedRanking":
        """The ranking of tables [prompts, responses]. Masses are summed from the best response on, so that small ones keep their digits."""
        return traced_ranking(placed(log_probs), placed(reward))


def traced_ranking(log_probs: Any, reward: Any) -> TracedRanking:
    """See `TracedRanking.of`."""
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
    return TracedRanking(order.astype(jnp.int32), cumulative, before, after)


def best_by_law_traced(table: TracedRanking, prompts: Any, draws: Any, key: Any) -> Any:
    """See `sampling.best_by_law_traced`."""
    level_key, inside_key = jax.random.split(key)
    dtype = table.cumulative.dtype
    # The quantile U^(1/N) of F, as mass counted from the best response: 1 - U^(1/N) = -expm1(-E/N).
    tail = -jnp.expm1(-jax.random.exponential(level_key, prompts.shape, dtype) / draws)
    place = inverse_cdf_of_rows(table.cumulative, prompts, tail)
    before, after = table.before_level[prompts, place], table.after_level[prompts, place]
    within = before + jax.random.uniform(inside_key, prompts.shape, dtype) * (after - before)
    # Rounding may push the second search over the level's edge; a mass-bearing response of the level is kept then.
    inside = inverse_cdf_of_rows(table.cumulative, prompts, within)
    place = jnp.where(table.before_level[prompts, inside] == before, inside, place)
    return table.order[prompts, place]


@jax.jit
def adaptive_by_law_traced(log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """See `sampling.adaptive_by_law_traced`."""
    tables = laws.stopping_tables(log_probs, stop=stop)
    return in_blocks(partial(_adaptive_block, log_probs, tables), prompts, key, CHUNK)


def _adaptive_block(log_probs: Any, tables: Any, prompts: Any, key: Any) -> tuple[Any, Any]:
    kept_key, late_key, segment_key, inside_key = jax.random.split(key, 4)
    dtype, shape = log_probs.dtype, prompts.shape
    kept_law = jnp.exp(jnp.logaddexp(tables.log_on_time, tables.log_late) + tables.log_share)
    # Likeliest first, so that the running totals near the mode are small numbers.
    from_the_end = inverse_cdf_of_rows(running_mass(kept_law[..., ::-1]), prompts, jax.random.uniform(kept_key, shape, dtype))
    place = log_probs.shape[-1] - 1 - from_the_end
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
    segment = inverse_cdf_of_rows(running, prompts, jax.random.uniform(segment_key, shape, dtype) * share)
    start = tables.deadline[prompts, jnp.minimum(segment + 1, log_probs.shape[-1] - 1)]
    length = tables.deadline[prompts, segment] - start
    log_ratio = tables.log_mass_at_most[prompts, segment]
    u = jax.random.uniform(inside_key, shape, dtype)
    # Inverse of P[i < j | length] = (1 - F^j)/(1 - F^length) on whole numbers.
    inside = jnp.floor(jnp.log1p(u * jnp.expm1(length * log_ratio)) / jnp.where(log_ratio < 0, log_ratio, -1.0))
    late_draws = start + jnp.clip(jnp.nan_to_num(inside), 0.0, jnp.maximum(length - 1, 0.0)) + 1
    return response, jnp.where(late, late_draws, tables.deadline[prompts, place])
