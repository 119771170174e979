"""Levels of equal reward: which word leads to which of their responses, against running totals in whole numbers."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sharpsim.sampling._ranking import Ranking

LAST = 2**32 - 1
find = jax.jit(lambda ranking, rows, places, words: ranking.members(rows, places, words))


@given(seed=st.integers(0, 2**31), rows=st.integers(1, 3), outcomes=st.sampled_from([1, 3, 8, 13]), levels=st.integers(1, 4))
def test_each_member_owns_its_share_of_the_words(seed, rows, outcomes, levels):
    """Masses that are multiples of 2^-16 of their level's: a member owns its part of the 2^32 words to the last one."""
    rng = np.random.default_rng(seed)
    reward = rng.integers(0, levels, (rows, outcomes)).astype(float)
    units = np.zeros((rows, outcomes), np.int64)
    for row in range(rows):
        for level in set(reward[row]):
            inside = np.flatnonzero(reward[row] == level)
            # Cuts of 2^16 units at random: some members have no mass.
            cuts = np.sort(rng.integers(0, 2**16 + 1, len(inside) - 1))
            units[row, inside] = np.diff(np.concatenate([[0], cuts, [2**16]]))
    with np.errstate(divide="ignore"):
        ranking, mass = Ranking.of(np.log(units / units.sum(axis=1, keepdims=True)), reward)
    for row in range(rows):
        order = np.asarray(ranking.order)[row, :outcomes]
        assert (np.diff(mass[row] == 0) >= 0).all()
        for level in set(reward[row]):
            places = np.flatnonzero((reward[row, order] == level) & (mass[row] > 0))
            assert (np.diff(places) == 1).all()
            ends = np.cumsum(units[row, order[places]]) << 16
            words = np.unique([word for end in ends for word in (end - 1, end) if word <= LAST] + [0, LAST])
            words = np.resize(words, 2 * outcomes + 2)
            at = rng.choice(places, len(words))
            got = find(ranking, jnp.full(len(words), row), jnp.asarray(at), jnp.asarray(words, jnp.uint32))
            np.testing.assert_array_equal(got, places[np.searchsorted(ends, words, side="right")])
