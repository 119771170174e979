"""Shown and executed on the page of inference-time sharpening."""

from sharpsim.theory import inference

masses = [0.5, 0.05, 0.01]
inference.coverage(masses), inference.coverage_profile(masses, draws=[1, 10, 100, 1000])
