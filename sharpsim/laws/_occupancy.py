"""How many distinct cells some draws have hit, for every number of draws in one pass."""

from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks

NEGLIGIBLE = 1e-34
"""Probabilities below this leave the band; the mass that left is summed and returned."""


class OccupancyMeans(NamedTuple):
    """E[value(Occ_k); alive after k draws] for k = 0, 1, .., what truncation may have cost at most, and the entries worked on."""

    means: np.ndarray
    truncation: float
    work: int


def occupancy_means(value: Any, *, draws: int, idle: float = 0.0, survival: float = 1.0, floor: float = 0.0) -> OccupancyMeans:
    """survival^k E[value(Occ_k)] for k = 0..draws, Occ_k the number of distinct cells among `cells` that k draws have hit.

    Each draw hits no cell with probability `idle`, else a uniform one; each is survived with probability `survival`, independently.
    P_{k+1}(o) = survival (P_k(o) (idle + o q) + P_k(o-1) (cells - o + 1) q), q = (1 - idle)/cells.

    Args:
        value: `[cells + 1]`, values in [0, 1] at occupancy 0..cells.
        draws: the last k.
        floor: the pass ends early where the mass alive is at most this; the means from there on are zero, and off by that at most.

    One pass over the band of occupancies that matter (Occ_k is concentrated: its standard deviation is at most sqrt(cells)/2), all
    terms positive: rounding is at most 4 k units in the last place, truncation at most `truncation`, absolute (beyond `floor`).
    Time draws x width of the band, memory linear in cells and draws. Raises `ValueError` for values outside [0, 1] or NaN, negative
    draws, idle outside [0, 1), survival outside (0, 1].
    """
    f = np.asarray(value, dtype=np.float64)
    if f.ndim != 1 or f.size < 2 or not ((f >= 0) & (f <= 1)).all():
        raise ValueError(f"`value` must be [cells + 1] numbers in [0, 1] for at least one cell; got shape {f.shape}, or values outside.")
    last = _checks.static_count("draws", draws, 0)
    _checks.in_half_open_unit("idle", idle)
    if not 0 < survival <= 1:
        raise ValueError(f"`survival` must be in (0, 1]; got {survival!r}.")
    cells = f.size - 1
    occupied = np.arange(cells + 1, dtype=np.float64)
    cell = (1 - idle) / cells
    stay, move = survival * (idle + occupied * cell), survival * (cells - occupied) * cell
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
            while p[high] < NEGLIGIBLE and high > low:
                lost += p[high]
                p[high] = 0.0
                high -= 1
        while p[low] < NEGLIGIBLE and low < high:
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
