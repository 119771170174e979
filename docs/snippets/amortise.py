"""Shown and executed on the page of SFT-Sharpening of sequence models."""

from sharpsim.theory import amortise

weights, modes, gaps = [0.5, 0.5], [-0.1, -2.0], [3.0, 0.5]
amortise.likelihood_ceiling(modes, weights), amortise.unsharpened_from_shortfall(gaps, weights, shortfall=0.2, delta=0.3)
