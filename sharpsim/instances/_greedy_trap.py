"""Sequence policies on which greedy decoding does not return the mode; they show that Prop 3.1 is tight."""

import math

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim._kind import Kind

ENTRY_LIMIT = 2**24
"""The most entries of the second conditional."""


@checked(mode_probability=Kind("in (0, 1/2]", lambda q: (q > 0) & (q <= 0.5)))
def greedy_trap(*, mode_probability: float) -> list[np.ndarray]:
    """Conditionals of a two-token policy whose unique mode has this probability q, and which greedy decoding gets wrong.

    The first token is 0 with probability 1 - q and 1 with probability q; after 0 the second token is uniform over V tokens, after 1
    it is certainly 1. With V = floor((1-q)/q) + 1 every sequence from 0 has (1-q)/V < q, so the mode is (1, 1), while greedy
    starts with 0, its likelier first token (at q = 1/2 a tie, which the smaller token wins). For 1/3 < q < 1/2 this is the
    paper's example after Prop 3.1, with q = 1/2 - t.

    `mode_probability` is in (0, 1/2]. Returns `[log p(y1|x) [1, V], log p(y2|x,y1) [1, V, V]]`.

    Raises `ValueError` outside that range (above 1/2 there is no such policy) and below 2.5e-4, where the table is too large.
    """
    q = mode_probability
    vocabulary = math.floor(min((1 - q) / q, 1e9)) + 1
    if (1 - q) / vocabulary >= q * (1 - 1e-9):
        # (1-q)/q is whole up to rounding, and was rounded down: the sequences from 0 would tie with the mode.
        vocabulary += 1
    _checks.enumerable(vocabulary**2, ENTRY_LIMIT, "the second token's table", "greedy_trap with a larger `mode_probability`")
    first = np.zeros((1, vocabulary))
    first[0, :2] = 1 - q, q
    second = np.full((1, vocabulary, vocabulary), 1 / vocabulary)
    second[0, 1] = np.eye(vocabulary)[1]
    with np.errstate(divide="ignore"):
        return [np.log(first), np.log(second)]
