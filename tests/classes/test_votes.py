"""Votes for the maximisers of the base, against enumeration of all tables whose masses are multiples of a sixth."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.classes import AllTabular, FiniteClass, ProductClass
from sharpsim.classes._agreement import agrees

SIXTHS = np.array([masses for masses in itertools.product(range(7), repeat=4) if sum(masses) == 6])
WHERE_SEEN = [np.array(shown) for shown in itertools.product([False, True], repeat=4)]
LEADS = SIXTHS.max(axis=1, keepdims=True) == SIXTHS


def logarithms(sixths):
    with np.errstate(divide="ignore"):
        return np.log(sixths / 6)


def agreeing(shown):
    """Which tables (second axis) have the masses that are seen of each table (first axis)."""
    return ((SIXTHS[:, None] == SIXTHS) | ~shown).all(axis=-1)


@pytest.mark.parametrize("x64", [True, False])
def test_votes_of_all_tables_and_of_every_list_of_them(x64):
    """A prompt for each table: where each response may be the maximiser, and in how many tables it is."""
    floats = np.float64 if x64 else np.float32
    with jax.enable_x64(x64):
        tables = logarithms(SIXTHS).astype(floats)
        everything = ProductClass(np.broadcast_to(tables, (len(tables), *tables.shape)))
        for shown in WHERE_SEEN:
            observed = jnp.where(shown, tables, jnp.nan)
            count = agreeing(shown).astype(int) @ LEADS
            np.testing.assert_array_equal(everything.maximiser_votes(observed), count)
            votes = AllTabular(len(tables), 4).maximiser_votes(observed)
            assert votes.dtype == floats
            np.testing.assert_array_equal(votes, np.where(count > 0, np.where(shown, 1.0, 0.5), 0.0))


def test_a_member_of_a_list_agrees_at_all_prompts_or_not_at_all():
    rng = np.random.default_rng(0)
    for shown in WHERE_SEEN:
        # Few different rows, so that members agree at one prompt and differ at the other.
        pairs = rng.choice(rng.choice(len(SIXTHS), 5), (30, 2))
        members, base = SIXTHS[pairs], pairs[0]
        alive = agreeing(shown)[base[:, None], pairs.T].all(axis=0)
        votes = FiniteClass(logarithms(members)).maximiser_votes(jnp.where(shown, logarithms(SIXTHS[base]), jnp.nan))
        np.testing.assert_array_equal(votes, LEADS[pairs[alive]].sum(axis=0))


def test_agreement_is_equality_up_to_rounding():
    """1e-9 of the number and 1e-9 besides; -inf agrees with itself alone, and what is unseen with anything."""
    seen = np.log([0.5, 0.3, 0.2])
    for change, expected in ((1.0, True), (1 + 5e-10, True), (1 + 5e-9, False)):
        assert bool(agrees(jnp.asarray(seen * change), seen)) is expected
    none = np.array([-np.inf, 0.0])
    assert bool(agrees(jnp.asarray(none), none))
    assert not bool(agrees(jnp.asarray([-800.0, 0.0]), none))
    assert not bool(agrees(jnp.asarray(none), np.array([-800.0, 0.0])))
    assert bool(agrees(jnp.asarray(none), np.array([np.nan, 0.0])))
