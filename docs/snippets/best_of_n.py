"""Shown and executed on the page of best of N."""

from sharpsim.theory import best_of_n

exact = best_of_n.success(covered_mass=0.05, draws=50)
{"exact": exact, "bound": best_of_n.bound(covered_mass=0.05, draws=50)}
