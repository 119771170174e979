"""Exact distributions of what the sharpening procedures return: best of N, adaptive stopping, tilted policies, majority votes.

Call these instead of simulating: they give the probability of each response in closed form, also for N of 1e12.

Pure functions of arrays in the array's own namespace: float64 NumPy in, float64 out; JAX arrays in, traceable.

In float32 (JAX without 64-bit numbers) `best_of_n`, `tilted`, `divergence`, `regularised_value`, `regularised_regret` and the stopping
laws answer for the rounded table. A log-probability is -inf only where it is below -3.4e38 or its response has no mass. It is right
within 1e-5 of the largest of 1, its size, and N times the rounding of the masses. Whole numbers of draws are rounded beyond 2^24. A mean
above 3.4e38 is refused; under tracing, where nothing can be refused, it is at most that. The other laws compute in float64, whatever
they are given.
"""

from sharpsim.laws._best_of_n import best_of_n
from sharpsim.laws._binomial import binomial_window
from sharpsim.laws._certified import WHOLE_TOLERANCE, Band, KeptLaw, certified_head, kept_law, kept_laws
from sharpsim.laws._occupancy import OccupancyMeans, occupancy_means
from sharpsim.laws._plurality import SURE, plurality, plurality_miss
from sharpsim.laws._regularised import divergence, regularised_regret, regularised_value
from sharpsim.laws._stopping import (
    StoppingTables,
    stopping_deadlines,
    stopping_kept,
    stopping_tables,
    stopping_time_mean,
    stopping_time_miss,
    stopping_time_survival,
)
from sharpsim.laws._tilted import tilted
from sharpsim.laws._vote import vote

__all__ = [
    "Band",
    "KeptLaw",
    "OccupancyMeans",
    "SURE",
    "StoppingTables",
    "WHOLE_TOLERANCE",
    "best_of_n",
    "binomial_window",
    "certified_head",
    "kept_law",
    "kept_laws",
    "occupancy_means",
    "divergence",
    "plurality",
    "plurality_miss",
    "regularised_regret",
    "regularised_value",
    "stopping_deadlines",
    "stopping_kept",
    "stopping_tables",
    "stopping_time_mean",
    "stopping_time_miss",
    "stopping_time_survival",
    "tilted",
    "vote",
]
