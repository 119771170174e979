"""What arguments of samplers must fit is refused by name; the answer is that of the compiled sampler."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import Oracle, TabularPolicy, sampling
from sharpsim.sampling import AliasTables, Batch, HazardTable, unchecked
from tests.abuse.valid import TABLE

KEY, ROWS = jax.random.key(0), np.array([0, 1, 1], np.int32)


def test_the_answer_is_that_of_the_compiled_sampler():
    table = HazardTable.of(TABLE, TABLE)
    for ours, compiled in zip(
        sampling.best_by_law(table, TABLE, ROWS, 7, KEY), unchecked.best_by_law(table, TABLE, ROWS, 7.0, KEY), strict=True
    ):
        np.testing.assert_array_equal(ours, compiled)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampling.draw_rows(AliasTables.of(np.exp(TABLE)), ROWS + 1, 2, KEY), r"`rows` must be integers in 0\.\.1, the rows of"),
        (lambda: sampling.best_by_law(HazardTable.of(TABLE, TABLE), TABLE[:, :2], ROWS, 2, KEY), "`values` must be a table of 2 rows"),
        (lambda: sampling.draw_prompts(np.array([0.5, 0.4]), 2, KEY), "`cumulative` must be running totals of masses"),
        (lambda: jax.jit(HazardTable.of)(TABLE, TABLE), "`log_probs` must be concrete"),
        (lambda: Batch(ROWS, ROWS[:2], np.zeros(3), 3), "`responses` must hold one response for each of the 3 prompts"),
        (lambda: Batch(ROWS.astype(float), ROWS, np.zeros(3), 3), r"`prompts` must be an array \[n\] of integers"),
        (lambda: Batch(ROWS[:, None], ROWS, np.zeros(3), 3), r"`prompts` must be an array \[n\] of integers"),
        (lambda: Batch(ROWS, ROWS, ROWS, 3), "`log_probs` must be an array of floats"),
        (lambda: sampling.in_blocks(lambda rows, key: rows, (ROWS, ROWS[:2]), KEY, 2), "`rows` must be an array .* with one n"),
        (lambda: sampling.in_blocks(lambda rows, key: rows, (), KEY, 2), "`rows` must be an array .* at least one"),
        (lambda: AliasTables.of([[0.0, 0.0]]), "`mass` must be finite and non-negative, with a positive sum"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_traced_nonsense_has_no_value():
    table = HazardTable.of(TABLE, TABLE)
    values = jax.vmap(lambda draws: sampling.best_by_law(table, jnp.asarray(TABLE), ROWS, draws, KEY)[1])(jnp.array([2.0, 0.5, jnp.nan]))
    assert np.isnan(values).all(axis=1).tolist() == [False, True, True]


HALVES = AliasTables.of(np.array([[0.5, 0.5]]))


@pytest.mark.parametrize(
    ("call", "copies"),
    [
        (lambda n: sampling.draw_prompts(np.array([0.5, 1.0]), n, KEY), 2),
        (lambda n: sampling.draw_rows(HALVES, ROWS[:1], n, KEY), 2),
        (lambda n: sampling.draw_with_values(HALVES, np.zeros((1, 2)), ROWS[:1], n, KEY), 2),
        (lambda n: sampling.counter_pairs(KEY, 0, n), 1),
        (lambda n: sampling.word_pairs(KEY, (n,)), 1),
    ],
)  # fmt: skip
def test_answers_of_two_gigabytes_are_made_and_larger_ones_refused(call, copies):
    """By the shapes and types of the answer, which is held twice where blocks are joined."""

    def size(n):
        return copies * sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(jax.eval_shape(lambda: call(n))))

    most = int(2e9) * 1000 // size(1000)
    assert size(most) <= 2e9
    with pytest.raises(ValueError, match="must be smaller, as the call would take about 2 GB"):
        size(most + 1)


def test_a_rule_that_cannot_stop_in_time_is_refused():
    """At least s/P* draws: 10^8 alone would be in time, of 1,000 equal responses they are 10^11, more than can be counted."""
    flat, key = np.full((2, 1000), -np.log(1000.0)), jax.random.key(0)
    for call in (
        lambda stop: sampling.adaptive_literal(flat, np.array([0, 1]), stop, key),
        lambda stop: Oracle(TabularPolicy(flat), np.full(2, 0.5)).best_until(2, stop=stop, key=key),
    ):
        with pytest.raises(ValueError, match=r"`stop` must be smaller, as the call would take about 1e\+04 seconds"):
            call(1e8)
        call(2.0)
