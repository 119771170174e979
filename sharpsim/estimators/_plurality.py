"""The exact probability that an answer has most votes in a random subset of the draws, for all sizes of the subset at once.

Let a prompt have k draws, of which the answer has n_a, each rival b has n_b, and n_0 cast no vote. Subsets of N draws in which the answer
has v votes and no rival more are counted by the coefficient of x^(N-v) in C(n_a, v) (1+x)^F prod_b (L_b(x) + C(n_b, v) x^v), where
L_b has the terms C(n_b, j) x^j, j < v, and the product is over rivals with n_b >= v; the F draws of all others are free. A factor y before
C(n_b, v) x^v counts rivals that tie, and the integral of y^t over [0, 1] is 1/(t+1), the share of a winner among t+1. Gauss-Legendre nodes
in y make it exact. All terms are positive, so no digits are lost; each C(n, j) is divided by 2^n, so nothing overflows.
"""

import numpy as np
from numpy.polynomial.legendre import leggauss

from sharpsim.estimators._ballots import Ballots

_BLOCK = 2**21
"""Floats of the state of one batch."""


def exact_work(box: Ballots, counts: np.ndarray, largest: int) -> np.ndarray:
    """About how many multiplications each prompt takes, `[prompts]`: sum over votes v, rivals, their terms, nodes and degrees."""
    right = box.right > 0
    most = np.zeros(len(counts))
    np.maximum.at(most, box.prompt[right], box.votes[right])
    answers = np.bincount(box.prompt[right], minlength=len(counts))
    work = np.zeros(len(counts))
    for v in range(1, int(min(most.max(initial=0), largest)) + 1):
        rivals = np.bincount(box.prompt[box.votes >= v], minlength=len(counts))
        work += np.where(most >= v, answers * rivals * v * (rivals + 3) // 2 * np.minimum(counts, largest), 0)
    return work


def exact_shares(box: Ballots, counts: np.ndarray, chosen: np.ndarray, sizes: np.ndarray, *, split: bool) -> np.ndarray:
    """Accuracy of the plurality answer for the prompts `chosen`, `[chosen, sizes]`. `split`: ties count in parts, else not at all."""
    cases, weights, prompt = _cases(box, counts, chosen)
    found = np.zeros((len(chosen), len(sizes)))
    if not len(cases):
        return found
    distinct, which = np.unique(cases, axis=0, return_inverse=True)
    binomials = _binomials(int(counts[chosen].max()), int(sizes[-1]))
    shares = np.empty((len(distinct), len(sizes)))
    step = max(1, _BLOCK // (int(sizes[-1]) + 1) // 4)
    # Cases of like sizes together, so that few of a batch stand idle.
    order = np.lexsort((distinct[:, 3], distinct[:, 0]))
    for begin in range(0, len(order), step):
        batch = order[begin : begin + step]
        shares[batch] = _wins(distinct[batch], binomials, sizes, split)
    np.add.at(found, prompt, weights[:, None] * shares[which.reshape(-1)])
    return found


def _cases(box: Ballots, counts: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One case for each right answer: rows (n_a, k, n_0, rivals in descending order, 0 ...), its share of right, its place in `chosen`."""
    place = np.full(len(counts), -1)
    place[chosen] = np.arange(len(chosen))
    inside = place[box.prompt] >= 0
    prompt, votes, right = place[box.prompt[inside]], box.votes[inside], box.right[inside]
    order = np.lexsort((-votes, prompt))
    prompt, votes, right = prompt[order], votes[order], right[order]
    answers = np.bincount(prompt, minlength=len(chosen))
    rank = np.arange(len(prompt)) - np.repeat(np.cumsum(answers) - answers, answers)
    table = np.zeros((len(chosen), int(answers.max(initial=0))), dtype=np.int64)
    table[prompt, rank] = votes
    mine = np.flatnonzero(right > 0)
    rivals = table[prompt[mine]]
    rivals[np.arange(len(mine)), rank[mine]] = 0
    rivals = -np.sort(-rivals, axis=1)
    total = counts[chosen][prompt[mine]]
    silent = total - table.sum(axis=1)[prompt[mine]]
    head = np.stack([votes[mine], total, silent], axis=1)
    width = max(1, int((rivals > 0).sum(axis=1).max(initial=0)))
    return np.hstack([head, rivals[:, :width] if rivals.shape[1] else np.zeros((len(mine), 1), np.int64)]), right[mine], prompt[mine]


def _binomials(total: int, degree: int) -> np.ndarray:
    """C(n, j)/2^n, `[total + 1, degree + 1]`."""
    table = np.zeros((total + 1, degree + 1))
    table[0, 0] = 1.0
    for n in range(1, total + 1):
        table[n] = table[n - 1] / 2
        table[n, 1:] += table[n - 1, :-1] / 2
    return table


def _wins(cases: np.ndarray, binomials: np.ndarray, sizes: np.ndarray, split: bool) -> np.ndarray:
    own, total, silent, rivals = cases[:, 0], cases[:, 1], cases[:, 2], cases[:, 3:]
    largest = int(sizes[-1])
    counted = np.zeros((len(cases), largest + 1))
    for v in range(1, int(min(own.max(), largest)) + 1):
        active = np.flatnonzero(own >= v)
        strong = rivals[active] >= v
        many = strong.sum(axis=1)
        order = np.argsort(-many, kind="stable")
        active, strong, many = active[order], strong[order], many[order]
        free = silent[active] + np.where(strong, 0, rivals[active]).sum(axis=1)
        nodes, weights = leggauss(int(many.max() + 2) // 2) if split else (np.array([-1.0]), np.array([2.0]))
        state = np.repeat(binomials[free][:, None, : largest - v + 1], len(nodes), axis=1)
        for rival in range(int(many.max())):
            still = int((many > rival).sum())
            state[:still] = _times(state[:still], binomials[rivals[active[:still], rival]], v, (nodes + 1) / 2)
        counted[active, v:] += binomials[own[active], v][:, None] * np.einsum("cqj,q->cj", state, weights / 2)
    return counted[:, sizes] / binomials[total][:, sizes]


def _times(state: np.ndarray, terms: np.ndarray, v: int, y: np.ndarray) -> np.ndarray:
    """The polynomials `state` [cases, nodes, degrees] times terms_0 + ... + terms_(v-1) x^(v-1) + y terms_v x^v."""
    made = state * terms[:, 0, None, None]
    for j in range(1, min(v, state.shape[2] - 1) + 1):
        scale = terms[:, j, None, None] * (y[:, None] if j == v else 1.0)
        made[:, :, j:] += scale * state[:, :, :-j]
    return made
