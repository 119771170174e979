"""Finding the most likely sequence of a linear softmax model is NP-hard, because it solves maximum cut (Prop E.1).

Each graph gives a policy over sequences of signs whose mode encodes a maximum cut of the graph. Call this module for that policy, for the
scale B above which the reduction is correct, and for the cost of best-first search on it.

Statement. G a graph on n vertices with an edge, V = {-1, 1}, H = n + 2, theta_1 = ... = theta_n = 0, theta_{H-1} = -c A(G) on the features
    y_i y_j y_{H-1} (i < j), theta_H = (B/2)(e_(H-1,H) + e_H); c is the coupling, the paper's 1. With S(y) = -(sum over edges of y_i y_j),
    which is 2 cut(y) - |E|, and sigma(t) = 1/(1 + exp(-t)),

        pi(y) = 2^-n sigma(2 c y_{H-1} S(y)) sigma(B y_H (y_{H-1} + 1)).                                         (`log_probs`)

    The argmax ends in 1, 1 and its first n signs are a maximum cut (`is_maximum_cut`). With numbers (ours): exactly where
    sigma(2 c |E|)/2 < sigma(2 c S*) sigma(2B), S* = 2 maxcut - |E| >= 1, that is B > `least_scale`, which is at most
    -(1/2) log tanh c (`bound`): .1362 at c = 1, so B >= 1 is ample. P* <= 2^-n. Best-first search takes `expansions` steps, at least
    2^(n+1) - 1 and, where P* > 2^-(n+1), at most 3 2^n - 1 (`expansions_bounds`): it pays for coverage, as NP-hardness says it must.
Assumptions. A1 (`has_edge`): an edge. A2 (`scale`): B > `least_scale`. A3 (`resolved`; float64's, not the theorem's): the best cut leads by
    more than rounding, since log sigma(2 c S) stands still once 2 c S exceeds about 34.
Symbols. G: adjacency, B: scale, J: -coupling A(G).
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, Appendix E.1, Prop E.1.
Printed. theta_H = 2(...), whose last factor is e^4/(e^4 + e^-4) whatever B is, and whose norm is above B for B < 2 sqrt 2; the printed
    factor e^B/(e^B + e^-B) is that of (B/2)(...). That no polynomial algorithm exists no number shows: what is shown is the reduction.
"""

import itertools
import math
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ZERO_OR_ONE, arrays, at_least, checked, count
from sharpsim.theory._common import Statement, as_float, round_up

VERTEX_LIMIT = 20
"""The most vertices whose cuts are enumerated."""
PRINTED_COEFFICIENT = 2.0
"""theta_H's coefficient as printed, in place of B/2."""

_SYMBOLS = {"G": "adjacency", "B": "scale", "J": "coupling"}
STATEMENTS = (
    Statement("hardness", "Prop E.1", "the most likely sequence is a maximum cut", "identity", symbols=_SYMBOLS),
    Statement("hardness", "Prop E.1 (scale)", "any B above -(1/2) log tanh(coupling) is enough", "upper", symbols=_SYMBOLS),
    Statement("hardness", "Prop E.1 (coverage)", "P* <= 2^-n, as the mass is spread over all cuts", "upper", symbols=_SYMBOLS),
    Statement("hardness", "Prop E.1 (search)", "exact search takes 2^(n+1)-1 to 3 2^n - 1 expansions", "lower", symbols=_SYMBOLS),
)


@checked(best_alignment=at_least(1))
def bound(*, coupling: Any, best_alignment: Any = 1) -> Any:
    """**Upper** bound on `least_scale`: -(1/2) log tanh(c S*), in (0, inf); by S* >= 1 the default serves every graph with an edge.

    Approached by graphs with many edges at their S*; the triangle (S* = 1, |E| = 3) is within 3% at c = 1. Arrays map elementwise.
    Raises `ValueError` for a coupling not positive or S* below 1.
    """
    return as_float(round_up(_half_log_tanh(np.asarray(coupling, dtype=np.float64) * np.asarray(best_alignment, dtype=np.float64))))


@checked
def coupling_needed(*, scale: Any) -> Any:
    """The inverse of `bound` at S* = 1, -(1/2) log tanh B, the least coupling at which it allows this B: the function is its own inverse.

    Raises `ValueError` for B not positive.
    """
    return as_float(_half_log_tanh(np.asarray(scale, dtype=np.float64)))


def _half_log_tanh(t: Any) -> Any:
    # -(1/2) log tanh t = artanh(exp(-2t)), in the form that keeps its digits on either side.
    q = np.exp(-2 * t)
    return np.where(t > 0.5, np.arctanh(np.minimum(q, 0.5)), (np.log1p(q) - np.log(-np.expm1(-2 * t))) / 2)


@checked(vertices=count(1, 1000))
def sides(vertices: int) -> np.ndarray:
    """All 2^n sign vectors, int [2^n, n] of -1 and 1, in the order of token sequences (-1 first)."""
    vertices = int(vertices)
    _checks.enumerable(2.0**vertices, 2**VERTEX_LIMIT, "the set of all cuts", "a smaller graph")
    return 2 * (np.arange(2**vertices)[:, None] >> np.arange(vertices)[::-1] & 1) - 1


@checked
def cut_sizes(adjacency: Any) -> np.ndarray:
    """The edges between the two sides, int [2^n], for every row of `sides`: counted edge by edge in integers."""
    graph = np.asarray(adjacency)
    every, sizes = sides(len(graph)), np.zeros(2 ** len(graph), dtype=np.int64)
    for i, j in itertools.combinations(range(len(graph)), 2):
        if graph[i, j]:
            sizes += every[:, i] != every[:, j]
    return sizes


@checked
def maximum_cut(adjacency: Any) -> int:
    """The edges of a maximum cut, by brute force over all 2^n."""
    return int(cut_sizes(adjacency).max())


@checked
def alignment(adjacency: Any) -> np.ndarray:
    """S = 2 cut - |E| for every row of `sides`, int [2^n]."""
    return 2 * cut_sizes(adjacency) - edges(adjacency)


@checked
def edges(adjacency: Any) -> int:
    """|E|."""
    return int(np.asarray(adjacency).sum()) // 2


@checked
def last_factor(*, coefficient: Any) -> Any:
    """P[y_H = 1 | y_{H-1} = 1] where theta_H = coefficient (e_(H-1,H) + e_H): 1/(1 + exp(-4 coefficient))."""
    return as_float(np.exp(_log_sigmoid(4 * np.asarray(coefficient, dtype=np.float64))))


@checked
def log_probs(adjacency: Any, *, scale: float, coupling: float = 1.0) -> np.ndarray:
    """log pi of every sequence, [2^n, 2, 2] in nats: first n signs as `sides`, then y_{H-1} and y_H in -1, 1."""
    logit = coupling * alignment(adjacency).astype(np.float64)
    n = len(np.asarray(adjacency))
    middle = np.stack([_log_sigmoid(-2 * logit), _log_sigmoid(2 * logit)], axis=1)
    last = np.array([[-math.log(2)] * 2, [_log_sigmoid(-2 * scale), _log_sigmoid(2 * scale)]])
    return (-n * math.log(2) + middle)[:, :, None] + last


@checked
def mode_probability(adjacency: Any, *, scale: float, coupling: float = 1.0) -> float:
    """P*, by enumeration: 2^-n sigma(2cS*) sigma(2B) above `least_scale`, 2^-n sigma(2c|E|)/2 below; at most 2^-n."""
    return float(np.exp(log_probs(adjacency, scale=scale, coupling=coupling).max()))


@checked
def least_scale(adjacency: Any, *, coupling: float = 1.0) -> float:
    """The B above which the argmax is a maximum cut, exactly: logit(a)/2, a = sigma(2c|E|) / (2 sigma(2cS*)), and 0 where a <= 1/2 (S* =
    |E|).

    At or below it the likeliest sequences have y_{H-1} = -1 and all vertices on one side.
    """
    best, all_edges = int(alignment(adjacency).max()), edges(adjacency)
    # a/(1-a) = (1 + q)/(1 + 2r - q), q = exp(-2cS*), r = exp(-2c|E|): no difference of sigmas close to 1.
    q, r = math.exp(-2 * coupling * best), math.exp(-2 * coupling * all_edges)
    return max(0.0, (math.log1p(q) - math.log1p(2 * r - q)) / 2)


@checked
def expansions(adjacency: Any, *, scale: float, coupling: float = 1.0) -> int:
    """The number of expansions of best-first search: the incomplete sequences of probability at least P*. All 2^k of k <= n signs, then
    those y_1 .. y_{H-1} with 2^-n sigma(2 c y_{H-1} S) >= P*.

    Sums are those of the search up to rounding, so equality has a guard of 1e-12.
    """
    law = log_probs(adjacency, scale=scale, coupling=coupling)
    prefixes = np.logaddexp(law[..., 0], law[..., 1])
    return 2 ** (len(np.asarray(adjacency)) + 1) - 1 + int((prefixes >= law.max() - 1e-12).sum())


@checked(vertices=count(2, 10**6))
def expansions_bounds(*, vertices: int) -> tuple[int, int]:
    """(**lower**, **upper**) bound on `expansions`: 2^(n+1) - 1, as every prefix of at most n signs is likelier than P* <= 2^-n; and 3 2^n
    - 1 where P* > 2^-(n+1), since then of y_{H-1} = -1 and 1 at most one is as likely as P*.
    """
    n = int(vertices)
    return 2 ** (n + 1) - 1, 3 * 2**n - 1


@checked(responses=arrays(ZERO_OR_ONE, "responses", "tokens"))
def is_maximum_cut(adjacency: Any, responses: Any) -> np.ndarray:
    """Whether responses (tokens 0 and 1, [k, H]) end in 1, 1 and begin with a maximum cut, bool [k]: cuts compared as integers."""
    graph, tokens = np.asarray(adjacency), np.asarray(responses)
    if tokens.ndim != 2 or tokens.shape[1] != len(graph) + 2:
        raise ValueError(f"`responses` must have shape [k, {len(graph) + 2}]; got {tokens.shape}.")
    code = tokens[:, :-2] @ (1 << np.arange(len(graph))[::-1])
    sizes = cut_sizes(graph)
    return (sizes[code] == sizes.max()) & (tokens[:, -2:] == 1).all(axis=1)


@checked
def checks(adjacency: Any, *, scale: float, coupling: float = 1.0) -> dict[str, float]:
    """Signed slacks, negative where an assumption fails. `has_edge`: |E| - 1; `scale`: B - `least_scale`; `resolved`: relative lead of the
    best cut over the next best in log-probability minus what summing in float64 may lose, of the mode's (inf where all cuts are best).
    """
    graph = np.asarray(adjacency)
    if not graph.any():
        return {"has_edge": -1.0, "scale": -math.inf, "resolved": -math.inf}
    levels = np.unique(alignment(graph))[::-1]
    size = abs(float(log_probs(graph, scale=scale, coupling=coupling).max()))
    lead = math.inf if len(levels) < 2 else float(np.diff(_log_sigmoid(2 * coupling * levels[1::-1].astype(float)))[0])
    rounding = 4 * float(np.finfo(np.float64).eps) * size
    return {"has_edge": edges(graph) - 1.0, "scale": scale - least_scale(graph, coupling=coupling), "resolved": lead - rounding}


def _log_sigmoid(t: Any) -> Any:
    return -np.logaddexp(0.0, -t)
