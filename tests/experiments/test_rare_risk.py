"""The importance sampler of small risks agrees with enumeration, with the exact law, and with plain simulation's bounds."""

import itertools

import numpy as np
import pytest

from experiments.sft.rare import rare_risk
from sharpsim.theory import sft

FAMILY = {"hard_prompts": 4, "labels": 8, "hard_mass": 0.6}


@pytest.mark.parametrize(("n", "N"), [(5, 12), (30, 6), (100, 12), (200, 12), (30, 100)])
def test_the_exact_risk_lies_in_the_interval(n, N):
    _, low, high = rare_risk(np.random.default_rng(7), n=n, N=N, delta=0.3, draws=20_000, level=1 - 1e-6, **FAMILY)
    exact = sft.family_risk(n=n, N=N, delta=0.3, **FAMILY)
    assert low <= exact <= high
    # Fine enough to see an error of a fifth.
    assert high - low < 0.4 * exact


def test_the_risk_is_that_of_enumeration():
    """Two draws on one hard prompt with three labels, written out."""
    hit, mass = 1 - (1 - 2 / 3) ** 2, 0.8
    law = [hit, (1 - hit) / 2, (1 - hit) / 2]
    failed = 0.0
    for seen in itertools.product(range(4), repeat=2):
        chance = np.prod([1 - mass if label == 3 else mass * law[label] for label in seen])
        counts = [seen.count(label) for label in range(3)]
        best = [label for label in range(3) if counts[label] == max(counts)]
        failed += chance * (1 - (0 in best) / len(best))
    found = rare_risk(np.random.default_rng(1), n=2, N=2, delta=0.3, hard_prompts=1, labels=3, hard_mass=mass, draws=50_000, level=1 - 1e-6)
    assert found[1] <= mass * failed <= found[2]


def test_where_the_kept_responses_are_not_sharp_every_prompt_fails():
    estimate, _, high = rare_risk(np.random.default_rng(0), n=30, N=1, delta=0.3, draws=100, **FAMILY)
    assert estimate == pytest.approx(0.6)
    assert high == pytest.approx(0.6)


def test_the_smallest_risks_are_numbers():
    estimate, low, high = rare_risk(np.random.default_rng(0), n=3000, N=12, delta=0.3, draws=20_000, **FAMILY)
    assert 0 < low < estimate < high < 1e-150
