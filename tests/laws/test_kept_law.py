"""What best of N keeps when only a head of the law is known: by enumeration of all draws, and over more prompts than a block."""

import itertools

import numpy as np
import pytest

from sharpsim import laws
from sharpsim.laws._certified import BLOCK

PROBS = np.array([0.35, 0.2, 0.2, 0.15])
"""Four listed responses; the rest has mass 0.1."""
EDGE = float(np.log(0.16))
"""The rest may be likelier than the last of the listed."""


def enumerated(rewards: np.ndarray, edge: float, draws: int) -> np.ndarray:
    """P[kept] of each listed response and of what is unknown: the first drawn of the best is kept, and is known to be it
    where it is above what the rest can be, or nothing of the rest was drawn.
    """
    law, chances = np.zeros(5), np.append(PROBS, 0.1)
    for drawn in itertools.product(range(5), repeat=draws):
        listed = [y for y in drawn if y < 4]
        best = max(listed, key=lambda y: rewards[y]) if listed else 4
        known = listed and (rewards[best] > edge or 4 not in drawn)
        law[best if known else 4] += np.prod(chances[list(drawn)])
    return law


@pytest.mark.parametrize("draws", [1, 2, 3, 5])
@pytest.mark.parametrize("rewards", [None, (1.0, 3.0, 2.0, 3.0), (0.0, 0.0, 0.0, 0.0), (1.0, 2.0, 3.0, 4.0)])
def test_by_enumeration(draws, rewards):
    table = np.log(PROBS)[None]
    for edge in (EDGE, 2.0) if rewards else (EDGE,):
        found = laws.kept_law(table, [0.1], [edge], draws=draws, reward=None if rewards is None else [rewards])
        exact = enumerated(np.log(PROBS) if rewards is None else np.array(rewards), edge, draws)
        np.testing.assert_allclose(np.append(found.found, found.unknown), exact, rtol=1e-12, atol=1e-15)


def test_several_numbers_of_draws_by_enumeration():
    """The second sorts nothing anew: each law is that of its own N, in the order they were asked for."""
    rewards = np.array([1.0, 3.0, 2.0, 3.0])
    for N, found in zip((5, 1, 3), laws.kept_laws(np.log(PROBS)[None], [0.1], [2.0], draws=(5, 1, 3), reward=[rewards]), strict=True):
        exact = enumerated(rewards, 2.0, N)
        np.testing.assert_allclose(np.append(found.found, found.unknown), exact, rtol=1e-12, atol=1e-15)


def test_each_prompt_has_its_own_law_in_blocks_of_prompts():
    rng = np.random.default_rng(0)
    mass = rng.dirichlet(np.ones(5), 2 * BLOCK + 3)
    table, left, edge = np.log(mass[:, :4]), mass[:, 4], np.log(mass[:, 4])
    whole = laws.kept_law(table, left, edge, draws=7)
    assert whole.found.shape == (2 * BLOCK + 3, 4)
    np.testing.assert_allclose(whole.found.sum(axis=1) + whole.unknown, 1, rtol=1e-12)
    for row in (0, 1, BLOCK - 1, BLOCK, 2 * BLOCK, 2 * BLOCK + 2):
        one = slice(row, row + 1)
        alone = laws.kept_law(table[one], left[one], edge[one], draws=7)
        np.testing.assert_allclose(whole.found[row], alone.found[0], rtol=1e-12)
