"""Lecture 2: best of N, exactly. No sampling is needed to know what sampling N times and keeping the best does.

If F is the distribution function of the reward under base, the best of N has distribution function F^N. Everything follows: the
success probability, the divergence from base, the win rate, and that two rounds of best-of-3 are one round of best-of-9.
"""

import jax
import numpy as np

from sharpsim import LawOracle, Oracle, TabularPolicy, laws
from sharpsim.theory import best_of_n

jax.config.update("jax_enable_x64", True)
probs = np.array([[0.4, 0.2, 0.2, 0.1, 0.1]])
log_base = np.log(probs)

print(" N   law of the best of N (two pairs of ties stay ties)         KL to base   log N - (N-1)/N")
for N in (1, 2, 5, 20):
    law = laws.best_of_n(log_base, log_base, draws=N)
    divergence = float(np.sum(np.exp(law) * (law - log_base)))
    ceiling = float(best_of_n.kl_bound(draws=N))
    print(f"{N:2d}   {np.round(np.exp(law[0]), 4)}".ljust(62) + f"{divergence:10.4f} {ceiling:16.4f}")
    assert divergence <= ceiling + 1e-12

# Two rounds compose: best of 3 among answers that are each the best of 3.
once = laws.best_of_n(log_base, log_base, draws=3)
twice = laws.best_of_n(once, log_base, draws=3)
assert np.allclose(twice, laws.best_of_n(log_base, log_base, draws=9), rtol=1e-12)

# N = 10^9 costs what N = 10 costs, and a literal simulation agrees where it is feasible.
print("\nmass off the mode at N = 10^9:", np.exp(laws.best_of_n(log_base, log_base, draws=10**9)[0, 1:]).sum())
for oracle in (Oracle(TabularPolicy(log_base), np.ones(1)), LawOracle(TabularPolicy(log_base), np.ones(1))):
    batch = oracle.best_of(20_000, 5, key=jax.random.key(0))
    seen = np.bincount(np.asarray(batch.responses), minlength=5) / 20_000
    print(f"{type(oracle).__name__:10s} 20,000 x best of 5:", seen, f"at a cost of {batch.cost:,} samples")
    # Hoeffding at false-alarm rate 1e-6, five frequencies.
    assert np.abs(seen - np.exp(laws.best_of_n(log_base, log_base, draws=5)[0])).max() < np.sqrt(np.log(1e7) / 40_000)
