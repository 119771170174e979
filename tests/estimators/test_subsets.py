"""Best of N, pass@k and their curves against brute force over all subsets, and against mistakes that public tools made."""

import itertools
import time

import numpy as np
import pytest

from sharpsim.estimators import Draws, best_of_n, curves, pass_at_k, subsample_weights, usable


def ragged(seed, prompts=5):
    rng = np.random.default_rng(seed)
    counts = rng.integers(3, 8, prompts)
    rows = counts.sum()
    return Draws(counts, rng.random(rows) < 0.4, -rng.integers(1, 4, rows) / 2, rng.integers(1, 4, rows), rng.integers(-1, 3, rows))


def parts(draws):
    return [slice(start, start + count) for start, count in zip(draws.starts, draws.counts, strict=True)]


@pytest.mark.parametrize("per_token", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_best_of_n_is_the_mean_over_subsets_and_ties(seed, per_token):
    draws = ragged(seed)
    reward = draws.log_probs / draws.tokens if per_token else draws.log_probs
    found = best_of_n(draws, per_token=per_token)
    assert found.shape == (5, draws.counts.min())
    for row, part in zip(found, parts(draws), strict=True):
        right, mine = draws.correct[part], reward[part]
        for N, value in enumerate(row, 1):
            kept = []
            for subset in map(list, itertools.combinations(range(len(mine)), N)):
                kept.append(right[subset][mine[subset] == mine[subset].max()].mean())
            assert value == pytest.approx(np.mean(kept), abs=1e-12)


def test_best_of_n_of_other_values_is_the_mean_log_probability_kept():
    draws = ragged(3)
    found = best_of_n(draws, [1, 2], values=draws.log_probs)
    for row, part in zip(found, parts(draws), strict=True):
        mine = draws.log_probs[part]
        assert row[0] == pytest.approx(mine.mean())
        assert row[1] == pytest.approx(np.mean([max(pair) for pair in itertools.combinations(mine, 2)]))


def test_the_order_of_equals_does_not_matter():
    """Kept first by log order, all correct draws first would give 1 and all last would give 0; the fair share is 1/2."""
    for correct in ([1, 1, 0, 0], [0, 0, 1, 1]):
        draws = Draws.of_table(np.array([correct], bool), log_probs=np.full((1, 4), -1.0))
        np.testing.assert_allclose(best_of_n(draws), 0.5, rtol=1e-12)


def test_pass_at_k_by_hand_and_by_subsets():
    # Of 5 draws 2 are correct: 1 - C(3, k)/C(5, k) = 2/5, 7/10, 9/10, 1, 1.
    np.testing.assert_allclose(pass_at_k([2], [5], range(1, 6)), [[0.4, 0.7, 0.9, 1.0, 1.0]], rtol=1e-14)
    draws = ragged(1)
    found = pass_at_k(draws.successes, draws.counts, [1, 2, 3])
    for row, part in zip(found, parts(draws), strict=True):
        for N, value in enumerate(row, 1):
            assert value == pytest.approx(np.mean([any(s) for s in itertools.combinations(draws.correct[part], N)]), abs=1e-12)


def test_pass_at_k_keeps_digits_at_many_draws():
    # 1 - (1 - k/n) for one success: exactly k/n, where C(n, k) has thousands of digits.
    np.testing.assert_allclose(pass_at_k([1, 0], 10_000, [1, 5_000, 10_000]), [[1e-4, 0.5, 1.0], [0, 0, 0]], rtol=1e-12)


class TestPublicMistakes:
    def test_with_replacement_at_k_equal_n(self):
        """One of 4 draws is correct. All four are used at k = 4, so pass@4 is 1; with replacement it is 1 - (3/4)^4 = 0.684."""
        assert pytest.approx(1 - 0.75**4, abs=1e-3) == 0.684
        assert pass_at_k(1, 4, 4)[0, 0] == 1.0

    def test_one_answer_a_problem_is_one_draw_of_each_prompt(self):
        """50 of 164 problems are solved by one greedy answer each: pass@1 is 30.5%, and pooled as 164 draws pass@10 looks like 97.7%."""
        assert pass_at_k(50, 164, 10)[0, 0] == pytest.approx(0.977, abs=1e-3)
        solved = np.arange(164) < 50
        assert pass_at_k(solved.astype(int), 1, 1).mean() == pytest.approx(0.305, abs=1e-3)
        with pytest.raises(ValueError, match=r"`k` must be at most 1, .* got 10"):
            pass_at_k(solved.astype(int), 1, 10)

    def test_k_above_n_is_refused(self):
        """No draw is correct. n - c < k made tools return 1."""
        with pytest.raises(ValueError, match=r"`k` must be at most 5, the fewest draws of any prompt; got 10"):
            pass_at_k(0, 5, 10)
        assert pass_at_k(0, 5, 5)[0, 0] == 0.0


def test_weights_are_the_same_by_recursion():
    weights = subsample_weights(total=5, draws=3)
    np.testing.assert_allclose(weights, [6 / 10, 3 / 10, 1 / 10, 0, 0], rtol=1e-14)
    assert subsample_weights(total=4000, draws=1999).sum() == pytest.approx(1, rel=1e-10)


def test_curves_use_what_is_there():
    draws = ragged(2)
    made = curves(draws, 0.9)
    assert list(made) == ["best_of_n", "normalised", "majority", "pass"]
    for one in made.values():
        assert one.N.tolist() == list(range(1, draws.counts.min() + 1))
        assert ((one.low <= one.value) & (one.value <= one.high)).all()
    # One draw is one draw, whatever the rule; a draw without an answer casts no vote.
    assert made["best_of_n"].value[0] == pytest.approx(made["pass"].value[0])
    missing = draws.log_probs.copy()
    missing[draws.starts[0]] = np.nan
    without = Draws(draws.counts, draws.correct, missing)
    assert list(curves(without, 0.9)) == ["best_of_n", "pass"]
    assert curves(without, 0.9)["best_of_n"].draws == draws.rows - 1
    assert list(curves(Draws(draws.counts, draws.correct), 0.9)) == ["pass"]


def test_one_prompt_has_values_and_no_band():
    one = curves(Draws.of_table([[True, False, True]]), 0.95)["pass"]
    np.testing.assert_allclose(one.value, [2 / 3, 1, 1])
    assert np.isnan(one.low).all()
    assert np.isnan(one.high).all()
    assert "not available with one prompt" in one.method


def test_rows_in_any_order_are_the_same_draws():
    prompt, correct = np.array([2, 0, 2, 0, 1]), np.array([True, False, False, True, True])
    draws = Draws.of_rows(prompt, correct, log_probs=-np.arange(1.0, 6.0))
    assert draws.counts.tolist() == [2, 1, 2]
    assert draws.correct.tolist() == [False, True, True, True, False]
    assert draws.log_probs.tolist() == [-2, -4, -5, -1, -3]
    kept = draws.only(np.array([False, False, True, True, False]))
    assert (kept.counts.tolist(), kept.correct.tolist()) == ([1, 1], [True, True])
    assert usable(draws).all()
    assert not usable(draws, per_token=True).any()


@pytest.mark.slow
def test_a_million_draws():
    """All N at once; a table of weights for each N and prompt would take 8 GB."""
    rng = np.random.default_rng(0)
    draws = Draws.of_table(rng.random((10_000, 100)) < 0.3, log_probs=-rng.random((10_000, 100)))
    started = time.process_time()
    best, some = best_of_n(draws), pass_at_k(draws.successes, draws.counts, range(1, 101))
    assert time.process_time() - started < 6
    assert best.shape == some.shape == (10_000, 100)
    np.testing.assert_allclose(best[:, 0], some[:, 0], rtol=1e-12)
    assert (some[:, 1:] >= some[:, :-1] - 1e-15).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Draws(np.array([2, 0]), np.ones(2, bool)), "`counts`"),
        (lambda: Draws(np.array([2]), np.ones(3, bool)), "`correct`"),
        (lambda: Draws(np.array([1]), np.ones(1, bool), np.array([0.1])), "`log_probs` must be finite and at most 0"),
        (lambda: Draws.of_table([True]), "`correct` must be"),
        (lambda: Draws.of_table([[True]]).only(np.array([False])), "`kept`"),
        (lambda: best_of_n(Draws.of_table([[True, False]])), "`draws` must have `log_probs`"),
        (lambda: best_of_n(ragged(0), [99]), "`N` must hold numbers up to"),
        (lambda: best_of_n(ragged(0), [0]), "`N`"),
        (lambda: best_of_n(ragged(0), values=np.ones(1)), "`values`"),
        (lambda: pass_at_k(3, 2, 1), "`successes` must be at most `draws`"),
        (lambda: curves(ragged(0), 1.0), "`level`"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
