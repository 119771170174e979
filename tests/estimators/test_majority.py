"""The vote against brute force over all subsets, exact and by random subsets."""

import itertools
from collections import Counter

import numpy as np
import pytest

from sharpsim.estimators import Draws, majority_vote
from tests.estimators.worlds import world


def share(answers, right, ties):
    """Share of right answers among those with most votes; `right` maps an answer to how correct its draws are."""
    counts = Counter(answer for answer in answers if answer >= 0)
    winners = [answer for answer in counts if counts[answer] == max(counts.values())]
    if not winners or (ties == "wrong" and len(winners) > 1):
        return 0.0
    return np.mean([right[answer] for answer in winners])


def by_subsets(draws, N, ties):
    values = []
    for start, count in zip(draws.starts, draws.counts, strict=True):
        answers, correct = draws.answers[start : start + count], draws.correct[start : start + count]
        right = {answer: correct[answers == answer].mean() for answer in set(answers.tolist())}
        values.append(np.mean([share(subset, right, ties) for subset in itertools.combinations(answers.tolist(), N)]))
    return np.array(values)


def ragged(seed, consistent=False):
    rng = np.random.default_rng(seed)
    counts = rng.integers(4, 10, 4)
    answers = rng.integers(-1, 4, counts.sum())
    # Several right answers, and graders that do not agree with themselves.
    graded = (answers == 0) | (answers == 2)
    return Draws(counts, graded if consistent else graded ^ (rng.random(len(answers)) < 0.2), answers=answers)


@pytest.mark.parametrize("ties", ["split", "wrong"])
@pytest.mark.parametrize("seed", range(6))
def test_exact_vote_is_the_mean_over_subsets(seed, ties):
    draws = ragged(seed)
    values, errors = majority_vote(draws, ties=ties)
    assert not errors.any()
    for column, N in enumerate(range(1, draws.counts.min() + 1)):
        np.testing.assert_allclose(values[:, column], by_subsets(draws, N, ties), atol=1e-13)


@pytest.mark.parametrize("ties", ["split", "wrong"])
def test_random_subsets_agree_within_their_error(ties):
    draws = ragged(11)
    exact, found = majority_vote(draws, ties=ties)[0], majority_vote(draws, ties=ties, permutations=4000, seed=1)
    assert found[1].max() < 0.01
    assert found[1].max() > 0
    assert (np.abs(found[0] - exact) <= 5 * found[1] + 1e-12).all()
    other = majority_vote(draws, ties="wrong" if ties == "split" else "split")[0]
    assert (np.abs(found[0] - other) > 5 * found[1] + 1e-12).any()


def test_the_first_drawn_wins_ties_is_split_on_average():
    """Over all orders of the draws, the vote whose ties go to the answer drawn first has the mean of the split vote."""
    answers = [0, 0, 1, 1, 2]
    draws = Draws.of_table([[a == 0 for a in answers]], answers=[answers])
    for N in (2, 3, 4):
        wins = []
        for order in itertools.permutations(answers, N):
            counts = Counter(order)
            wins.append(next(a for a in order if counts[a] == max(counts.values())) == 0)
        for ties in ("first", "split"):
            assert majority_vote(draws, [N], ties=ties)[0][0, 0] == pytest.approx(np.mean(wins), rel=1e-12)


def test_votes_by_hand():
    # Two of {0, 0, 1}: 0 twice with probability 1/3, else a tie.
    draws = Draws.of_table([[True, True, False]], answers=[[0, 0, 1]])
    np.testing.assert_allclose(majority_vote(draws)[0], [[2 / 3, 2 / 3, 1]], rtol=1e-13)
    np.testing.assert_allclose(majority_vote(draws, ties="wrong")[0], [[2 / 3, 1 / 3, 1]], rtol=1e-13)
    # Nobody votes: no answer. One vote is enough against silence.
    silent = Draws.of_table([[True, True, True], [True, False, False]], answers=[[-1, -1, -1], [0, -1, -1]])
    np.testing.assert_allclose(majority_vote(silent)[0], [[0, 0, 0], [1 / 3, 2 / 3, 1]], rtol=1e-13)


def test_many_draws_keep_their_digits():
    """600 right and 400 wrong: of 999 of 1,000 draws the right answer wins surely; of one draw with 0.6; C(1000, 500) has 300 digits."""
    answers = np.repeat([0, 1], [600, 400])[None]
    values, errors = majority_vote(Draws.of_table(answers == 0, answers=answers), [1, 3, 999])
    assert not errors.any()
    three = (600 * 599 * 598 + 3 * 600 * 599 * 400) / (1000 * 999 * 998)
    np.testing.assert_allclose(values, [[0.6, three, 1.0]], rtol=1e-10)


def test_expensive_prompts_are_sampled_and_say_so():
    rng = np.random.default_rng(0)
    answers = np.vstack([rng.integers(0, 3, 1200), rng.integers(0, 2, 1200)])
    draws = Draws(np.array([1200, 1200, 20]), np.append(answers.reshape(-1), np.zeros(20)) == 0, answers=np.append(answers, np.zeros(20)))
    values, errors = majority_vote(draws, [1, 20])
    assert (errors[:2, 1] > 0).all()
    assert (errors[2] == 0).all()
    assert (values[2] == 1).all()
    assert (np.abs(values[:2, 0] - (answers == 0).mean(axis=1)) <= 5 * errors[:2, 0]).all()


def test_unbiased_for_the_vote_of_fresh_draws():
    """Many logs of one world against votes of fresh groups: the difference is within five standard errors."""
    rng = np.random.default_rng(4)
    people = world(rng).population(20, rng)
    found = np.array([majority_vote(people.draw(np.full(20, 12), rng), [5])[0][:, 0].mean() for _ in range(400)])
    fresh = people.majority(5, rng, groups=20_000).mean()
    assert abs(found.mean() - fresh) < 5 * found.std() / 20 + 0.005


def test_refusals():
    draws = ragged(0)
    for call, message in (
        (lambda: majority_vote(Draws.of_table([[True]])), "`draws` must have `answers`"),
        (lambda: majority_vote(draws, ties="last"), "`ties` must be one of split, first, wrong; got 'last'"),
        (lambda: majority_vote(draws, permutations=1), "`permutations` must be a whole number of at least 2"),
        (lambda: majority_vote(draws, [50]), "`N` must hold numbers up to"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
