"""Lecture 2: best of N, exactly. The distribution of the best of N draws can be computed without drawing anything.

If F is the distribution function of the reward under the base policy, then the reward of the best of N has distribution function F^N.
From this follow the success probability, the divergence from the base and the win rate. It also follows that two rounds of best-of-3 are
the same as one round of best-of-9.

Things to change: `probs` (equal probabilities are ties) and N.
"""

import jax
import numpy as np

from sharpsim import LawOracle, Oracle, TabularPolicy, laws
from sharpsim.theory import best_of_n

jax.config.update("jax_enable_x64", True)
probs = np.array([[0.4, 0.2, 0.2, 0.1, 0.1]])
log_base = np.log(probs)

print(" N   distribution of the best of N (ties stay ties)             KL to base   log N - (N-1)/N")
for N in (1, 2, 5, 20):
    law = laws.best_of_n(log_base, log_base, draws=N)
    divergence = max(0.0, float(np.sum(np.exp(law) * (law - log_base))))
    ceiling = float(best_of_n.kl_bound(draws=N))
    print(f"{N:2d}   {np.round(np.exp(law[0]), 4)}".ljust(62) + f"{divergence:10.4f} {ceiling:16.4f}")
    assert divergence <= ceiling + 1e-12

# Two rounds: the best of 3 responses, each of which is the best of 3 draws.
once = laws.best_of_n(log_base, log_base, draws=3)
twice = laws.best_of_n(once, log_base, draws=3)
assert np.allclose(twice, laws.best_of_n(log_base, log_base, draws=9), rtol=1e-12)

# N = 10^9 takes no longer than N = 10. For small N a literal simulation agrees.
print("\nmass off the mode at N = 10^9:", np.exp(laws.best_of_n(log_base, log_base, draws=10**9)[0, 1:]).sum())
for oracle in (Oracle(TabularPolicy(log_base), np.ones(1)), LawOracle(TabularPolicy(log_base), np.ones(1))):
    batch = oracle.best_of(20_000, 5, key=jax.random.key(0))
    seen = np.bincount(np.asarray(batch.responses), minlength=5) / 20_000
    print(f"{type(oracle).__name__:10s} 20,000 x best of 5:", seen, f"at a cost of {batch.cost:,} samples")
    # Hoeffding's inequality for five frequencies, at false-alarm rate 1e-6.
    assert np.abs(seen - np.exp(laws.best_of_n(log_base, log_base, draws=5)[0])).max() < np.sqrt(np.log(1e7) / 40_000)
