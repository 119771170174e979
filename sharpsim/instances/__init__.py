"""The paper's problem instances, by name, as float64 arrays: tables, features, weights; never policies."""

from sharpsim.instances._greedy_trap import greedy_trap
from sharpsim.instances._hard_family import HardFamily, hard_family
from sharpsim.instances._hidden_arms import HiddenArms, hidden_arms
from sharpsim.instances._margin_family import MarginFamily, margin_family
from sharpsim.instances._random_tables import random_table, row_permutations
from sharpsim.instances._sphere_packing import CubeLaw, SpherePacking, cube_law, sphere_packing

__all__ = [
    "CubeLaw",
    "HardFamily",
    "HiddenArms",
    "MarginFamily",
    "SpherePacking",
    "cube_law",
    "greedy_trap",
    "hard_family",
    "hidden_arms",
    "margin_family",
    "random_table",
    "row_permutations",
    "sphere_packing",
]
