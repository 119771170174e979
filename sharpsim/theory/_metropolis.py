"""Metropolis-Hastings kernels on the responses of a policy, exactly: matrices, stationary laws, gaps. `power_sampling` exports them."""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csgraph

from sharpsim import _checks
from sharpsim._arguments import Kind, arrays, checked, count, one_of
from sharpsim.theory._prefix_tree import ALPHA, Space

STEPS = count(0, 10**6)
SUFFIX = one_of("base", "tempered")
CHAIN = arrays(Kind("probabilities, each row with sum 1", lambda x: (x >= 0) & (x <= 1 + 1e-9)), "states", "states")
LAW = arrays(Kind("probabilities", lambda x: (x >= 0) & (x <= 1 + 1e-9)), "states")


class Kernel(NamedTuple):
    """One step of a chain: the transition matrix [states, states], and by state the chance that a step accepts a proposal, and its cost.

    `calls` is the expected number of tokens that the base samples in the step: each is one call of the base.
    """

    matrix: np.ndarray
    acceptance: np.ndarray
    calls: np.ndarray


@checked(alpha=ALPHA, cut=one_of("whole", "current", "horizon"), suffix=SUFFIX)
def block_kernel(space: Space, *, alpha: float, cut: str, suffix: str = "base", corrected: bool = True) -> Kernel:
    """Keep the first c tokens, sample the others anew, accept or not: the kernel on whole responses.

    `cut`: "whole" is c = 0, an independent proposal; "current" is c uniform over the current length; "horizon" is c uniform over the
    longest length, and nothing happens where the response is shorter. `suffix` is the law of the new tokens: "base", or "tempered", the
    base token by token at temperature 1/alpha. Accepted with probability min(1, s(y')/s(y)), s = p^alpha/(q |y|) for "current" and
    p^alpha/q otherwise, q the law of a whole response under `suffix`. `corrected=False` leaves |y| out.
    """
    log_q = space.log_mass if suffix == "base" else space.along(space.tempered_steps(alpha))
    score = alpha * space.log_probs - log_q[space.leaf]
    if cut == "current" and corrected:
        score = score - np.log(space.lengths)
    size = len(score)
    matrix, acceptance, calls = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    for c in range(1 if cut == "whole" else space.horizon):
        for here in _groups(space.path[:, c], np.flatnonzero(space.lengths > c)):
            weight = {"whole": np.ones(len(here)), "current": 1 / space.lengths[here], "horizon": np.full(len(here), 1 / space.horizon)}
            proposed = np.exp(log_q[space.leaf[here]] - log_q[space.path[here[0], c]])
            taken = np.exp(np.minimum(score[here][None, :] - score[here][:, None], 0.0))
            flow = weight[cut][:, None] * proposed[None, :] * taken
            matrix[np.ix_(here, here)] += flow
            acceptance[here] += flow.sum(axis=1)
            calls[here] += weight[cut] * (proposed @ (space.lengths[here] - c))
    return Kernel(_filled(matrix), acceptance, calls)


@checked(alpha=ALPHA, suffix=SUFFIX)
def truncated_kernel(space: Space, *, alpha: float, suffix: str = "base") -> Kernel:
    """The published variant on all prefixes but the empty one: states are prefixes 1, 2, .. of `space`, whole responses among them.

    The cut c is uniform over the current length t, and the new tokens stop at t tokens in all, whether the response has ended or not. The
    quotient of acceptance takes from the current state as many tokens as the proposal has, and knows no |y|. With l the length of the
    shortest response, prefixes of at least l tokens lead to one closed class; those of each smaller length are a class of their own.
    Raises `ValueError` where the matrix would take more than 2 GB.
    """
    size = space.prefixes
    _checks.affordable("space", f"{size} prefixes", size=24.0 * size**2)
    log_q, log_p = _laws(space, alpha, suffix)
    score, ancestors, whole = alpha * log_p - log_q, space.ancestors(), space.whole()
    matrix, acceptance, calls = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    for c in range(space.horizon):
        for t in range(c + 1, space.horizon + 1):
            reached = (space.depth == t) | (whole & (space.depth < t) & (space.depth > c))
            for targets in _groups(ancestors[:, c], np.flatnonzero(reached)):
                sources = targets[space.depth[targets] == t]
                if not len(sources):
                    continue
                proposed = np.exp(log_q[targets] - log_q[ancestors[targets[0], c]])
                kept = ancestors[np.ix_(sources, space.depth[targets])]
                taken = np.exp(np.minimum(score[targets][None, :] - score[kept], 0.0))
                flow = proposed[None, :] * taken / t
                matrix[np.ix_(sources, targets)] += flow
                acceptance[sources] += flow.sum(axis=1)
                calls[sources] += proposed @ (space.depth[targets] - c) / t
    return Kernel(_filled(matrix)[1:, 1:], acceptance[1:], calls[1:])


@checked(alpha=ALPHA, suffix=SUFFIX, blocks=count(1, 10**4), steps=STEPS)
def published_law(space: Space, *, alpha: float, blocks: int, steps: int, suffix: str = "tempered") -> tuple[np.ndarray, float]:
    """The law of what the published algorithm returns, on the prefixes of `space`, and its expected calls.

    It lengthens the answer in `blocks` equal parts of the horizon (rounded up), makes `steps` of `truncated_kernel` after each, and returns
    where an answer has then ended. Mass on prefixes that are no whole response is that of answers returned unfinished.
    """
    kernel, longer = truncated_kernel(space, alpha=alpha, suffix=suffix), -(-space.horizon // int(blocks))
    log_q, _ = _laws(space, alpha, suffix)
    ancestors, whole = space.ancestors(), space.whole()
    law, done, calls = np.zeros(space.prefixes), np.zeros(space.prefixes), 0.0
    law[0] = 1.0
    for _ in range(int(blocks)):
        grown = np.zeros_like(law)
        for state in np.flatnonzero(law):
            c, t = space.depth[state], min(space.depth[state] + longer, space.horizon)
            targets = np.flatnonzero((ancestors[:, c] == state) & ((space.depth == t) | (whole & (space.depth < t) & (space.depth > c))))
            share = law[state] * np.exp(log_q[targets] - log_q[state])
            grown[targets] += share
            calls += float(share @ (space.depth[targets] - c))
        law = grown
        for _ in range(int(steps)):
            calls += float(law[1:] @ kernel.calls)
            law[1:] = law[1:] @ kernel.matrix
        done += np.where(whole, law, 0.0)
        law = np.where(whole, 0.0, law)
    return done + law, calls


@checked(matrix=CHAIN)
def stationary_law(matrix: Any) -> np.ndarray:
    """The law [states] with law @ matrix = law, each entry to about 1e-14 of itself: elimination without subtraction (GTH).

    States outside of the one closed class have 0. Raises `ValueError` where there are several closed classes: the law is not unique then.
    """
    chain = _stochastic(matrix)
    classes, label = csgraph.connected_components(chain > 0, directed=True, connection="strong")
    leaves = np.zeros(classes, dtype=bool)
    np.logical_or.at(leaves, label, ((chain > 0) & (label[:, None] != label[None, :])).any(axis=1))
    closed = np.flatnonzero(~leaves)
    if len(closed) > 1:
        raise ValueError(f"`matrix` must have one closed class of states; got {len(closed)}.")
    inside = np.flatnonzero(label == closed[0])
    part = chain[np.ix_(inside, inside)]
    for k in range(len(part) - 1, 0, -1):
        part[:k, k] /= part[k, :k].sum()
        part[:k, :k] += part[:k, k, None] * part[None, k, :k]
    weights = np.ones(len(part))
    for k in range(1, len(part)):
        weights[k] = weights[:k] @ part[:k, k]
    law = np.zeros(len(chain))
    law[inside] = weights / weights.sum()
    return law


@checked(matrix=CHAIN)
def spectral_gap(matrix: Any) -> float:
    """1 - the largest size of an eigenvalue but the first; in [0, 1]. 1 for one state, 0 for a chain that does not mix.

    Within about 1e-14 with detailed balance. Without, an eigenvalue with fewer eigenvectors than its multiplicity m has the m-th root of
    the rounding as error, about 1e-8 at m = 2.
    The eigenvalues are those of the strong classes of states. A class with detailed balance, or that has it up to its exits, is made
    symmetric first, without its stationary law: sqrt(K(y, y') K(y', y)).
    """
    chain = _stochastic(matrix)
    classes, label = csgraph.connected_components(chain > 0, directed=True, connection="strong")
    found = []
    for each in range(classes):
        inside = np.flatnonzero(label == each)
        part = chain[np.ix_(inside, inside)]
        found.append(np.linalg.eigvalsh(np.sqrt(part * part.T)) if _symmetrisable(part) else np.linalg.eigvals(part))
    values = np.concatenate(found)
    sizes = np.delete(np.abs(values), np.abs(values - 1).argmin())
    return float(min(max(1 - sizes.max(initial=0.0), 0.0), 1.0))


def _symmetrisable(part: np.ndarray) -> bool:
    """Whether log K(i, j)/K(j, i) is a difference h(j) - h(i), h followed along a tree."""
    if ((part > 0) != (part.T > 0)).any():
        return False
    order, before = csgraph.breadth_first_order(part > 0, 0, directed=False)
    height, there = np.zeros(len(part)), part > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.log(part) - np.log(part.T)
    for state in order[1:]:
        height[state] = height[before[state]] + quotient[before[state], state]
    return bool((np.abs(quotient - (height[None, :] - height[:, None]))[there] <= 1e-8).all())


@checked(matrix=CHAIN)
def has_detailed_balance(matrix: Any) -> bool:
    """Whether law(y) K(y, y') = law(y') K(y', y) for all pairs, within 1e-9 of the larger side, law the stationary one.

    Every step must also have a way back, of states without mass too: a chain with states that it leaves for good has it not.
    """
    chain = _stochastic(matrix)
    flow = stationary_law(chain)[:, None] * chain
    return bool((np.abs(flow - flow.T) <= 1e-9 * np.maximum(flow, flow.T)).all() and ((chain > 0) == (chain.T > 0)).all())


@checked(start=LAW, target=LAW, steps=STEPS)
def trajectory(kernel: Kernel, start: Any, target: Any, *, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """(total variation to the target, expected calls so far) after 0, .., steps steps from a state with law `start`; both [steps + 1]."""
    law, aim = np.asarray(start, dtype=np.float64), np.asarray(target, dtype=np.float64)
    for name, given in (("start", law), ("target", aim)):
        if len(given) != len(kernel.matrix) or abs(given.sum() - 1) > 1e-9:
            raise ValueError(f"`{name}` must be probabilities of the {len(kernel.matrix)} states, with sum 1; got sum {given.sum():.6g}.")
    apart, calls = np.zeros(int(steps) + 1), np.zeros(int(steps) + 1)
    apart[0] = np.abs(law - aim).sum() / 2
    for i in range(int(steps)):
        calls[i + 1] = calls[i] + law @ kernel.calls
        law = law @ kernel.matrix
        apart[i + 1] = np.abs(law - aim).sum() / 2
    return apart, calls


def _stochastic(matrix: Any) -> np.ndarray:
    chain = np.array(matrix, dtype=np.float64)
    if np.abs(chain.sum(axis=1) - 1).max() > 1e-9:
        raise ValueError("`matrix` must have rows with sum 1.")
    return chain


def _groups(labels: np.ndarray, among: np.ndarray) -> list[np.ndarray]:
    """The entries of `among`, split by their label."""
    order = among[np.argsort(labels[among], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []


def _filled(matrix: np.ndarray) -> np.ndarray:
    """The diagonal takes what the rows lack."""
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, np.maximum(1 - matrix.sum(axis=1), 0.0))
    return matrix


def _laws(space: Space, alpha: float, suffix: str) -> tuple[np.ndarray, np.ndarray]:
    """log q and log p of all prefixes."""
    return (space.log_mass if suffix == "base" else space.along(space.tempered_steps(alpha))), space.log_mass
