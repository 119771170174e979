"""Tasks of unit 14: a reward that is partly wrong."""

import numpy as np


def best_k_law(base: np.ndarray, draws: int, kept: int) -> np.ndarray:
    """Return the law, [responses], of a random one of the best k of N draws: N = draws, k = kept.

    `base` holds the probabilities of the responses in the order of the reward, the worst first; no two have the same reward.
    """
    raise NotImplementedError


def most_hacked(draws: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (base, truth, proxy): probabilities and two rewards of the same responses, at most 500 of them.

    The win rate of best of N by the proxy is R^ as the proxy sees it and R in truth; R^ - R is at most N e/2, with e the pairwise error.
    Find a world with R^ - R of at least 0.99 (1 - 1/N) N e/2 and e > 0, for N = draws >= 2.
    """
    raise NotImplementedError


def safest_rule(cells: int, wrong: int) -> np.ndarray:
    """Return a law [cells]: how often the rule answers with each cell of responses, the one that the proxy ranks worst first.

    Each cell has base mass 1/cells. An adversary sees the law and sinks `wrong` cells to the bottom of the true ranking; all others keep
    their order. The rule loses 1 - R, R the mean true mid-rank (place i has mid-rank (i + 1/2)/cells). Make the largest loss small: the
    check asks for at most 1% more than the best uniform law on the top cells.
    """
    raise NotImplementedError
