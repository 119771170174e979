"""Shown and executed on the page of the adaptive lower bound."""

from sharpsim.theory import limits, limits_adaptive

hard = {"eps": 0.05, "hard_prompts": 4, "labels": 16, "hard_mass": 0.8}
{"adaptive": limits_adaptive.minimax_samples(**hard), "fixed": limits.minimax_samples(**hard), "bound": limits_adaptive.bound(**hard)}
