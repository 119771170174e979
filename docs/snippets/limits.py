"""Shown and executed on the page of the lower bound."""

from sharpsim.theory import limits

hard = {"hard_prompts": 4, "labels": 16, "hard_mass": 0.8}
limits.minimax_samples(eps=0.05, **hard), limits.minimax_risk(n=100, N=1, **hard), limits.bound(samples=100, **hard)
