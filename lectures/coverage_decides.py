"""Lecture 1: why coverage decides. Two bases with the same vocabulary; ten draws a prompt sharpen one of them; the other needs a thousand.

Sharpening moves a model's mass onto its own mode. With sample access alone the mode must first be drawn, and 1/pi(mode) says how long
that takes: its mean over prompts is the coverage coefficient C_cov.
"""

import numpy as np

from sharpsim import coverage
from sharpsim.theory import sft

prompts, responses = 10, 2000
weights = np.full(prompts, 1 / prompts)


def base(mode_mass: float) -> np.ndarray:
    """Every prompt has one mode of this mass; the rest is spread evenly."""
    probs = np.full((prompts, responses), (1 - mode_mass) / (responses - 1))
    probs[:, 0] = mode_mass
    return np.log(probs)


print("mode mass   C_cov   exact fraction of prompts left unsharpened by n = 200 pairs, each the best of N")
risks = {}
for mode_mass in (0.5, 0.05, 0.005):
    log_base = base(mode_mass)
    c_cov = coverage.coverage_coefficient(log_base, weights)
    risks[mode_mass] = [sft.exact_risk(log_base, weights, n=200, N=N, delta=0.2) for N in (1, 10, 100, 1000)]
    print(
        f"{mode_mass:9g} {c_cov:7.1f}   " + "   ".join(f"N={N}: {r:.3f}" for N, r in zip((1, 10, 100, 1000), risks[mode_mass], strict=True))
    )

# The same number of draws that sharpens the first base does nothing for the last: only N >> C_cov helps.
assert risks[0.5][1] < 0.01
assert risks[0.005][1] > 0.99
assert risks[0.005][3] < 0.1

# What the theorem asks for, in samples: linear in C_cov.
asked = [sft.samples_needed(log_class_size=10.0, eps=0.1, delta=0.2, rho=0.05, coverage=1 / m).samples for m in risks]
print("\nThm 4.1' asks for", ", ".join(f"{m:.2g}" for m in asked), "samples: 10 times the coverage, 10 times the samples.")
assert abs(asked[1] / asked[0] - 10) < 0.2
assert abs(asked[2] / asked[1] - 10) < 0.2
