"""Shown and executed on the page of classes that are not closed."""

from sharpsim.theory import representation

masses = [representation.largest_mass(vocabulary=5, norm=norm) for norm in (0.0, 2.0, 10.0)]
masses, representation.bound(), representation.norm_needed(vocabulary=5, mass=0.45)
