"""Solves for node values whose differences along the edges of a graph are given (here, of compared responses)."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class Potentials(NamedTuple):
    """`component[v]` is the least node connected to v; `height[v]` the sum of differences along a path from it to v."""

    component: Int[Array, " nodes"]
    height: Float[Array, " nodes"]


def potentials(first: Int[Array, " n"], second: Int[Array, " n"], differences: Float[Array, " n"], nodes: int) -> Potentials:
    """The heights with height[first] - height[second] = differences on every edge, each component's least node at height 0.

    The differences must be consistent around cycles (those of any function of the nodes are); else the heights belong to some
    spanning forest. In each round every node takes the least label among its
    neighbours, so there are at most as many rounds as the longest path has edges.
    """
    tails, heads = jnp.concatenate([second, first]), jnp.concatenate([first, second])
    steps = jnp.concatenate([differences, -differences])
    edges = jnp.arange(tails.shape[0])

    def going(state: Any) -> Any:
        return state[2]

    def spread(state: Any) -> Any:
        component, height, _ = state
        offered = component[tails]
        best = jax.ops.segment_min(offered, heads, num_segments=nodes)
        better = best < component
        # One edge of those that offer the least label, so that label and height come from the same neighbour.
        bringing = jnp.where(offered == best[heads], edges, edges.shape[0] - 1)
        edge = jnp.minimum(jax.ops.segment_min(bringing, heads, num_segments=nodes), edges.shape[0] - 1)
        component = jnp.where(better, offered[edge], component)
        height = jnp.where(better, height[tails[edge]] + steps[edge], height)
        return component, height, jnp.any(better)

    start = (jnp.arange(nodes), jnp.zeros(nodes, differences.dtype), jnp.asarray(True))
    component, height, _ = jax.lax.while_loop(going, spread, start)
    return Potentials(component, height)


def segment_logsumexp(values: Float[Array, " nodes"], labels: Int[Array, " nodes"]) -> Float[Array, " nodes"]:
    """log of the sum of exp(values) over the nodes with each node's label; -inf where none has mass."""
    top = jax.ops.segment_max(values, labels, num_segments=values.shape[0])
    top = jnp.where(jnp.isfinite(top), top, 0.0)
    total = jax.ops.segment_sum(jnp.exp(values - top[labels]), labels, num_segments=values.shape[0])
    return (jnp.log(total) + top)[labels]
