"""Lecture 4: when does exploration pay? It pays exponentially if base draws tell nothing about the mode, but not in the paper's example.

The paper separates XPO from SFT by a packing of the sphere: there the coverage coefficient is exponential in the dimension d, and the cost
of XPO is not. But in this example the log-likelihoods of the base are linear and free of noise. So a learner that never explores can
fit them on a few base draws and compute the mode. Exploration pays if the likelihoods of base draws do not tell where the mode is.

Things to change: the dimensions d, and the number m of draws.
"""

import math

import numpy as np

from sharpsim.instances import cube_law, hidden_arms, sphere_packing
from sharpsim.theory import separation

# 1. Coverage is exponential. On the cube {-1, 1}^d/sqrt d with base ~ exp<y, y*>, drawing until y* turns up:
print("d    C_cov       margin   draws until y* is seen (90%)")
draws = {}
for d in (4, 8, 12, 16):
    law = cube_law(dimension=d)
    draws[d] = separation.draws_needed(coverage=math.exp(law.log_coverage), rho=0.1)
    print(f"{d:2d} {math.exp(law.log_coverage):10.1f} {law.margin:9.3f}   {draws[d]:,}")
assert draws[16] > 200 * draws[8]

# 2. But log base = <y, y*> - constant, exactly. Differences of log-likelihoods are linear equations for y*; base draws give enough.
rng = np.random.default_rng(0)
d = 8
packing = sphere_packing(dimension=d, distance=1)
features, log_base = packing.features[0], packing.log_probs[0]


def read_off(m: int) -> bool:
    """Whether the least-squares fit to the log-likelihoods of m base draws ranks the mode first."""
    drawn = rng.choice(len(log_base), p=np.exp(log_base), size=m)
    rows, values = features[drawn[1:]] - features[drawn[0]], log_base[drawn[1:]] - log_base[drawn[0]]
    fitted = np.linalg.lstsq(rows, values, rcond=None)[0]
    return int(np.argmax(np.round(features @ fitted, 9))) == packing.mode and np.round(np.ptp(features @ fitted), 9) > 0


share = {m: np.mean([read_off(m) for _ in range(400)]) for m in (4, 8, 12)}
print(f"\nd = {d}: fitting likelihoods finds y* in", ", ".join(f"{s:.0%} of runs from {m} draws" for m, s in share.items()))
print(f"This needs no exploration, and far fewer than the {draws[d]} draws until y* is seen.")
assert share[12] > 0.9

# 3. Let the mode be one of d arms; all other arms look like the many remaining responses. Base draws tell nothing until the mode is drawn.
instance = hidden_arms(arms=4, bulk=16, gap=1.0, secret=2)
print("\nunnormalised likelihoods of arms 0..3 and of one other response:", np.round(np.exp(instance.log_probs[0, :5]) * (16 + 4 + 1.0), 9))
print("\narms d   least draws of any learner that samples from base (error 0.1, exact)   free queries needed")
floors, queries = {}, {}
for d in (4, 8, 12, 16):
    floors[d] = separation.arms_minimax_draws(eps=0.1, arms=d, bulk=2**d, gap=1.0)
    queries[d] = next(k for k in range(d) if separation.arms_query_error(queries=k, arms=d) <= 0.1 + 1e-12)
    print(f"{d:6d}   {floors[d]:>20,} {queries[d]:>60}")
rate = np.polyfit(list(floors), np.log(list(floors.values())), 1)[0]
print(f"\nGrowth per arm: a factor of {math.exp(rate):.2f}. Asking the arms costs one query per arm.")
assert 1.9 < math.exp(rate) < 2.1
assert all(queries[d] <= d for d in queries)

# 4. The difference is access. No learner that only draws from the base beats this minimum. Optimism is one way to choose what to ask.
print("\nIf the likelihoods of base draws reveal the mode, structure is enough. If they do not, exploration pays.")
