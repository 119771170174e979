"""Shown and executed on the page of maximum cuts: a path of three vertices."""

from sharpsim.theory import hardness

path = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
{"least scale": hardness.least_scale(path), "bound": hardness.bound(coupling=1.0), "expansions": hardness.expansions(path, scale=1.0)}
