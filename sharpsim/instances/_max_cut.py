"""Linear softmax sequence models whose most likely sequence is a maximum cut (Prop E.1)."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, arrays, checked, count
from sharpsim._kind import Kind


class MaxCut(NamedTuple):
    """theta of one graph on n vertices, H = n + 2, d = n(n-1)/2 + 2, and the graph.

    `weights` is [H, d]. Tokens are 0 for -1 and 1 for +1. The features are `max_cut_features`.
    """

    weights: np.ndarray
    adjacency: np.ndarray


@checked
def max_cut(adjacency: Any, *, scale: float, coupling: float = 1.0) -> MaxCut:
    """theta_1 = ... = theta_{H-2} = 0, theta_{H-1} = -coupling A(G) on the features y_i y_j y_{H-1} (i < j), theta_H = (B/2)(e_(H-1,H) +
    e_H).

    The first n signs are uniform; y_{H-1} has logit coupling y_{H-1} S, S = -(sum of y_i y_j over edges) = 2 cut - |E|; y_H has logit
    (B/2) y_H (y_{H-1} + 1). So the likeliest sequence ends in 1, 1 and begins with a maximum cut. `scale` is B. The paper's `coupling` is
    1; with B/sqrt|E| or less all of theta is in the ball of radius B. A power of two keeps sums exact, so that equal cuts tie exactly.

    Source: Huang et al. 2025, arXiv 2412.01951v2, Prop E.1 and its proof; printed there: theta_H = 2(...), see `theory.hardness`.
    Raises `ValueError` for anything but the adjacency matrix of a simple graph with an edge, or a scale or coupling not positive.
    """
    graph = check_graph(adjacency)
    n = len(graph)
    first, second = _pairs(n)
    weights = np.zeros((n + 2, len(first) + 2))
    weights[n, :-2] = -coupling * graph[first, second]
    weights[n + 1, -2:] = scale / 2
    return MaxCut(weights, graph)


_TOKENS = Kind("tokens, 0 or 1", lambda x: (x == 0) | (x == 1), ("positions",), "iu", _checks.two, lambda tokens: len(tokens) > 1)


@checked(prompt=ANYTHING, prefix=_TOKENS, depth=arrays(count(0)))
def max_cut_features(prompt: Any, prefix: Any, depth: Any) -> Any:
    """phi_h of the two continuations of `prefix[:depth]`, [2, n(n-1)/2 + 2]: y_i y_j y_h (i < j <= n, 0 for signs still to come), then
    y_{h-1} y_h and y_h. All are odd in y_h. The same for every prompt; computed for one prefix, in the namespace of `prefix`, no table.
    """
    prefix = prefix if _checks.is_traced(prefix) or hasattr(prefix, "__array_namespace__") else np.asarray(prefix)
    xp = prefix.__array_namespace__()
    places = xp.arange(prefix.shape[0])
    signs = xp.where(places < depth, 2 * prefix - 1, 0).astype(float)
    first, second = _pairs(prefix.shape[0] - 2)
    before = xp.where(places == depth - 1, signs, 0.0).sum()
    of_plus = xp.concat([signs[first] * signs[second], xp.stack([before, xp.ones_like(before)])])
    return xp.stack([-of_plus, of_plus])


def check_graph(adjacency: Any) -> np.ndarray:
    """The adjacency matrix as float64; `ValueError` unless it is a simple graph with at least one edge on at least two vertices."""
    graph = np.asarray(adjacency, dtype=np.float64)
    if not graph.any():
        raise ValueError("`adjacency` must have at least one edge; got none.")
    return graph


@cache
def _pairs(vertices: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(vertices, 1)
