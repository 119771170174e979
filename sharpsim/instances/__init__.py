"""The paper's problem instances, by name, as float64 arrays: tables, features, weights; never policies."""

from sharpsim.instances._greedy_trap import greedy_trap
from sharpsim.instances._hard_family import HardFamily, hard_family
from sharpsim.instances._margin_family import MarginFamily, margin_family
from sharpsim.instances._random_tables import random_table, row_permutations

__all__ = ["HardFamily", "MarginFamily", "greedy_trap", "hard_family", "margin_family", "random_table", "row_permutations"]
