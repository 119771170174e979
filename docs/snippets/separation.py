"""Shown and executed on the page of the separation."""

from sharpsim.theory import separation

arms = {"arms": 32, "bulk": 1000, "gap": 1.0}
separation.arms_minimax_draws(eps=0.1, **arms), separation.arms_minimax_error(draws=100, **arms)
