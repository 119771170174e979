"""The paper's problem instances, by name, as float64 arrays: tables of log-probabilities, features and weights.

Call these to build the inputs of laws, bounds and algorithms: the hard family of the lower bounds, sphere packings, rare arms, graphs for
maximum cut, classes that are not closed, random tables. They return arrays, never policies.
"""

from sharpsim.instances._graphs import (
    complete_bipartite_graph,
    complete_graph,
    connected_graphs,
    cycle_graph,
    generalised_petersen_graph,
    random_graph,
)
from sharpsim.instances._greedy_trap import greedy_trap
from sharpsim.instances._hard_family import HardFamily, hard_family
from sharpsim.instances._hidden_arms import HiddenArms, hidden_arms
from sharpsim.instances._margin_family import MarginFamily, margin_family
from sharpsim.instances._max_cut import MaxCut, max_cut, max_cut_features
from sharpsim.instances._not_closed import NotClosed, not_closed, not_closed_strict
from sharpsim.instances._random_tables import random_table, row_permutations
from sharpsim.instances._sphere_packing import CubeLaw, SpherePacking, cube_law, sphere_packing

__all__ = [
    "CubeLaw",
    "HardFamily",
    "HiddenArms",
    "MarginFamily",
    "MaxCut",
    "NotClosed",
    "SpherePacking",
    "complete_bipartite_graph",
    "complete_graph",
    "connected_graphs",
    "cube_law",
    "cycle_graph",
    "generalised_petersen_graph",
    "greedy_trap",
    "hard_family",
    "hidden_arms",
    "margin_family",
    "max_cut",
    "max_cut_features",
    "not_closed",
    "not_closed_strict",
    "random_graph",
    "random_table",
    "row_permutations",
    "sphere_packing",
]
