"""The occupancy distribution: how many distinct cells k random draws have hit, for every k up to a limit in one pass.

Call `occupancy_means` for the mean of a function of the number of distinct cells hit after 0, 1, .., K draws. The exact minimax errors
of the theory are such means: a learner guesses among the labels, or the arms, that it has not seen. There are two regimes, and
`negligible` chooses between them: many cells, where only a narrow band of counts has probability and the rest is cut off, with the
cut mass reported; and few cells with many draws, where nothing is cut off and every mean keeps its relative precision down to 1e-300.
"""

from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import NON_NEGATIVE, UNIT, arrays, checked, count

NEGLIGIBLE = 1e-34
"""Default of `negligible`: probabilities below this are cut off at either end of the band; the mass cut off is summed and returned."""


class OccupancyMeans(NamedTuple):
    """Result of `occupancy_means`.

    `means` holds E[value(Occ_k); alive after k draws] for k = 0, 1, .., `truncation` bounds the absolute error of each mean by cutting,
    and `work` counts the entries that the pass has updated.
    """

    means: np.ndarray
    truncation: float
    work: int


@checked(value=arrays(UNIT, "counts"), draws=count(0), floor=NON_NEGATIVE)
def occupancy_means(
    value: Any, *, draws: int, idle: float = 0.0, survival: float = 1.0, floor: float = 0.0, negligible: float = NEGLIGIBLE
) -> OccupancyMeans:
    """survival^k E[value(Occ_k)] for k = 0..draws, Occ_k the number of distinct cells among `cells` that k draws have hit.

    Each draw hits no cell with probability `idle`, else a uniformly random one. Independently, the process survives each draw with
    probability `survival`; a process that ended counts as zero.
    P_{k+1}(o) = survival (P_k(o) (idle + o q) + P_k(o-1) (cells - o + 1) q), q = (1 - idle)/cells.

    Args:
        value: `[cells + 1]`, values in [0, 1] at occupancy 0..cells.
        draws: the largest k.
        floor: the pass ends early once the mass alive is at most this. Later means are returned as zero, an error of at most `floor`.
        negligible: probabilities below this are cut off at the ends of the band. At 0 nothing is cut off: then even means far below
            1e-34 are correct to 4 k units in the last place, relative, and each draw costs time proportional to `cells`.

    Occ_k is concentrated (its standard deviation is at most sqrt(cells)/2), so the pass updates only the band of occupancies whose
    probability is not negligible. All terms are positive: rounding is at most 4 k units in the last place, truncation at most
    `truncation`, absolute (beyond `floor`). Time draws x width of the band, memory linear in cells and draws. Raises `ValueError` for
    values outside [0, 1] or NaN, negative draws, idle outside [0, 1), survival outside (0, 1], negligible outside [0, 1).
    """
    f = np.asarray(value, dtype=np.float64)
    if f.size < 2:
        raise ValueError(f"`value` must be [cells + 1] numbers for at least one cell; got shape {f.shape}.")
    last = int(draws)
    _checks.affordable("draws", draws, seconds=2e-6 * last, size=8.0 * last)
    cells = f.size - 1
    occupied = np.arange(cells + 1, dtype=np.float64)
    cell = (1 - idle) / cells
    stay, move = survival * (idle + occupied * cell), survival * (cells - occupied) * cell
    return _pass(f, stay, move, last, floor, negligible)


def _pass(f: np.ndarray, stay: np.ndarray, move: np.ndarray, last: int, floor: float, negligible: float) -> OccupancyMeans:
    """The recursion over draws, on the band [low, high] of occupancies; `stay` and `move` are the chances of an old and a new cell."""
    cells = f.size - 1
    p = np.zeros(cells + 2)
    p[0] = 1.0
    means = np.zeros(last + 1)
    means[0] = f[0]
    low, high, lost, work = 0, 0, 0.0, 1
    for k in range(1, last + 1):
        end = high + 1
        up = p[low:end] * move[low:end]
        p[low:end] *= stay[low:end]
        p[low + 1 : end + 1] += up
        if high < cells:
            high += 1
            while p[high] < negligible and high > low:
                lost += p[high]
                p[high] = 0.0
                high -= 1
        while p[low] < negligible and low < high:
            lost += p[low]
            p[low] = 0.0
            low += 1
        band = p[low : high + 1]
        means[k] = band @ f[low : high + 1]
        work += high - low + 1
        # The sum is asked for rarely, because it is as dear as a step.
        if floor > 0 and k % 64 == 0 and band.sum() <= floor:
            break
    return OccupancyMeans(means, float(lost), work)
