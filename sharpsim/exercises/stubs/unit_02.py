"""Tasks of unit 2: greedy is not the mode."""

import numpy as np


def greedy_and_mode(first: np.ndarray, second: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (greedy, mode): the two tokens that greedy decoding returns, and the most likely pair of tokens.

    `first` [V] is the law of the first token; `second` [V, V] has the law of the second token after first token v in row v.
    Among equals take the smaller token, and the lexicographically smaller pair.
    """
    raise NotImplementedError


def trap(q: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (first, second) as in 02.1, such that the unique most likely pair has probability q and greedy decoding misses it.

    `q` is between 0.01 and 0.49. This shows that 1/2 in Proposition 3.1 cannot be lowered. You choose the vocabulary (at most 500 tokens).
    Greedy must fail without a tie: its first token must be strictly likelier than every other first token.
    """
    raise NotImplementedError


def worst_trap(vocabulary: int, horizon: int) -> list[np.ndarray]:
    """Return conditionals of a sequence policy for which P(mode) / P(greedy response) is as large as you can make it.

    `conditionals[h]` has h + 1 axes of size `vocabulary`: the last axis is the law of token h + 1 given the h tokens before it.
    Greedy takes the smallest token among equals, so ties may be used. First show that no policy exceeds V^(horizon - 1).
    The check passes from 90% of that value on.
    """
    raise NotImplementedError
