"""Lecture 1: why coverage decides. Three base policies have the same responses. Ten draws per prompt sharpen one; another needs 1,000.

Sharpening moves a model's probability onto its own mode, the most likely response. A learner that can only sample must first draw the
mode. This takes 1/pi(mode) draws on average. The mean of 1/pi(mode) over prompts is the coverage coefficient C_cov.

Things to change: `mode_mass`, and `delta`, the mass that may stay off the mode.
"""

import numpy as np

from sharpsim import coverage
from sharpsim.theory import sft

prompts, responses = 10, 2000
weights = np.full(prompts, 1 / prompts)


def base(mode_mass: float) -> np.ndarray:
    """Log-probabilities [prompts, responses]: every prompt has one mode with this mass, and the rest is spread evenly."""
    probs = np.full((prompts, responses), (1 - mode_mass) / (responses - 1))
    probs[:, 0] = mode_mass
    return np.log(probs)


print("mode mass   C_cov   exact fraction of prompts left unsharpened by n = 200 pairs, each the best of N draws")
risks = {}
for mode_mass in (0.5, 0.05, 0.005):
    log_base = base(mode_mass)
    c_cov = coverage.coverage_coefficient(log_base, weights)
    risks[mode_mass] = [sft.exact_risk(log_base, weights, n=200, N=N, delta=0.2) for N in (1, 10, 100, 1000)]
    print(
        f"{mode_mass:9g} {c_cov:7.1f}   " + "   ".join(f"N={N}: {r:.3f}" for N, r in zip((1, 10, 100, 1000), risks[mode_mass], strict=True))
    )

# Ten draws sharpen the first base and do nothing for the last one, which needs N much larger than C_cov.
assert risks[0.5][1] < 0.01
assert risks[0.005][1] > 0.99
assert risks[0.005][3] < 0.1

# The number of samples that Theorem 4.1' asks for is linear in C_cov.
asked = [sft.samples_needed(log_class_size=10.0, eps=0.1, delta=0.2, rho=0.05, coverage=1 / m).samples for m in risks]
print("\nThm 4.1' asks for", ", ".join(f"{m:.2g}" for m in asked), "samples: 10 times the coverage, 10 times the samples.")
assert abs(asked[1] / asked[0] - 10) < 0.2
assert abs(asked[2] / asked[1] - 10) < 0.2
