"""Rounds whose labels are votes: enumeration, literal votes, the limit of the chain, and who takes over."""

import itertools
import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from sharpsim import instances, laws
from sharpsim.theory import self_training as theory


def table(seed, *, prompts=3, responses=4):
    return instances.random_table(np.random.default_rng(seed), prompts=prompts, responses=responses, concentration=1.0)[0]


def vote_by_enumeration(probs, draws):
    """Every sequence of answers; ties in equal parts."""
    law: list[Any] = [Fraction(0)] * len(probs)
    for drawn in itertools.product(range(len(probs)), repeat=draws):
        votes = [drawn.count(a) for a in range(len(probs))]
        winners = [a for a, each in enumerate(votes) if each == max(votes)]
        for a in winners:
            law[a] += math.prod(probs[b] for b in drawn) / len(winners)
    return law


# Value


@pytest.mark.parametrize("draws", [1, 2, 3, 4, 6])
def test_the_law_of_a_vote_by_enumeration(draws):
    probs = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]
    found = theory.vote_law(np.log([[0.5, 0.25, 0.25]]), draws=draws)[0]
    np.testing.assert_allclose(found, [float(x) for x in vote_by_enumeration(probs, draws)], rtol=1e-13)


def test_both_ways_to_the_law_of_a_vote_agree():
    base = table(3, prompts=2, responses=3)
    direct = np.stack([laws.vote(np.exp(base), np.tile(own, (2, 1)), draws=20)[:, -1] for own in np.eye(3)], axis=1)
    np.testing.assert_allclose(theory.vote_law(base, draws=20), direct, atol=1e-12)
    # Too many outcomes to list.
    ten = np.log([[0.32, 0.30, *[0.0475] * 8]])
    law = theory.vote_law(ten, draws=64)[0]
    assert law.sum() == pytest.approx(1, abs=1e-11)
    assert 1 - law[0] == pytest.approx(0.4196, abs=5e-5)
    rng = np.random.default_rng(0)
    votes = rng.multinomial(64, np.exp(ten[0]), size=20_000)
    won = (votes + rng.random(votes.shape) / 2).argmax(axis=1) == 0
    assert stats.binom.ppf(1e-6, 20_000, law[0]) <= won.sum() <= stats.binom.isf(1e-6, 20_000, law[0])


@pytest.mark.parametrize(("probs", "draws", "rounds"), [((0.5, 0.3, 0.2), 3, 3), ((0.6, 0.4), 2, 5), ((0.4, 0.3, 0.3), 1, 4)])
def test_the_law_of_rounds_of_votes_by_enumeration(probs, draws, rounds):
    """Every sequence of labels, the policy recomputed after each."""
    beta, found = 0.7, {}
    for labels in itertools.product(range(len(probs)), repeat=rounds):
        p, chance = np.array(probs), 1.0
        for label in labels:
            chance *= float(vote_by_enumeration(list(p), draws)[label])
            p = p * np.exp((np.arange(len(p)) == label) / beta)
            p /= p.sum()
        key = tuple(labels.count(a) for a in range(len(probs)))
        found[key] = found.get(key, 0.0) + chance
        last = p
    exact = theory.vote_rounds(np.log(probs), beta=beta, draws=draws, rounds=rounds)[-1]
    assert {tuple(w) for w in exact.wins} == set(found)
    np.testing.assert_allclose(exact.probability, [found[tuple(w)] for w in exact.wins], rtol=1e-12)
    np.testing.assert_allclose(np.exp(exact.log_policy[(exact.wins == exact.wins[:, -1:].max()).argmax(axis=0)[-1]]), last, rtol=1e-12)


def test_curves_of_votes_drawn_literally():
    """Votes drawn answer by answer, 20,000 runs: mean accuracy by one answer of each, quantiles by their law."""
    probs, correct, beta, draws, rounds, runs = [0.45, 0.35, 0.2], np.array([0, 1, 1]), 1.2, 4, 6, 20_000
    curve = theory.vote_curve(np.log(probs), correct, beta=beta, draws=draws, rounds=rounds, k=3)
    rng, logits = np.random.default_rng(1), np.tile(np.log(probs), (20_000, 1))
    for _ in range(rounds):
        noisy = logits[:, None, :] + rng.gumbel(size=(runs, draws, 3))
        votes = (noisy.argmax(axis=2)[..., None] == np.arange(3)).sum(axis=1)
        logits[np.arange(runs), (votes + rng.random(votes.shape) / 2).argmax(axis=1)] += 1 / beta
    mass = special.softmax(logits, axis=1)[:, 1:].sum(axis=1)
    for exact, hits in ((curve.accuracy[-1], rng.random(runs) < mass), (curve.pass_at_k[-1], rng.random(runs) < 1 - (1 - mass) ** 3)):
        assert stats.binom.ppf(1e-6, runs, exact) <= hits.sum() <= stats.binom.isf(1e-6, runs, exact)
    assert stats.binom.ppf(1e-6, runs, 0.05) <= (mass <= curve.low[-1] + 1e-9).sum()
    assert (mass < curve.high[-1] - 1e-9).sum() <= stats.binom.isf(1e-6, runs, 0.95)
    assert mass.std() == pytest.approx(curve.deviation[-1], abs=0.01)
    np.testing.assert_allclose([curve.accuracy[0], curve.deviation[0], curve.pass_at_k[0]], [0.55, 0, 1 - 0.45**3], atol=1e-14)
    assert curve.entropy[0] == pytest.approx(stats.entropy(probs), rel=1e-13)


@pytest.mark.parametrize(("log_odds", "beta", "draws"), [(0.4, 1.0, 1), (0.4, 1.0, 3), (-0.7, 0.6, 4), (1.5, 0.2, 2), (0.0, 2.0, 5)])
def test_takeover_is_the_limit_of_the_chain(log_odds, beta, draws):
    p = special.expit(log_odds)
    last = theory.vote_rounds(np.log([p, 1 - p]), beta=beta, draws=draws, rounds=150)[-1]
    assert last.probability @ np.exp(last.log_policy[:, 0]) == pytest.approx(
        theory.takeover(log_odds=log_odds, beta=beta, draws=draws), abs=1e-9
    )


@pytest.mark.parametrize(("log_odds", "beta"), [(0.4, 1.0), (0.05, 40.0), (2.0, 0.1), (6.0, 3.0)])
def test_takeover_by_one_answer_is_a_discrete_normal_law(log_odds, beta):
    with mpmath.workdps(40):
        weight = lambda d: mpmath.exp(-beta * (mpmath.mpf(log_odds) + (d + mpmath.mpf(1) / 2) / beta) ** 2 / 2)  # noqa: E731
        wins, loses = (mpmath.fsum(weight(d) for d in side) for side in (range(-400, 0), range(400)))
        exact, miss = wins / (wins + loses), loses / (wins + loses)
    assert theory.takeover(log_odds=log_odds, beta=beta, draws=1) == pytest.approx(float(exact), rel=1e-12)
    assert theory.takeover(log_odds=-log_odds, beta=beta, draws=1) == pytest.approx(float(miss), rel=1e-10)


# Sandwich


@given(st.floats(0, 5), st.floats(1e-3, 300), st.integers(1, 12))
def test_votes_in_rounds_are_lost_no_more_often_than_one(log_odds, beta, draws):
    exact = theory.takeover(log_odds=log_odds, beta=beta, draws=draws)
    assert exact >= theory.takeover_bound(log_odds=log_odds, draws=draws) - 1e-12
    other = theory.takeover(log_odds=-log_odds, beta=beta, draws=draws)
    assert exact + other == pytest.approx(1, abs=1e-12)


# Sharpness


@pytest.mark.parametrize("draws", [1, 3, 8])
def test_the_bound_of_takeover_is_attained_by_large_steps(draws):
    """As beta -> 0: a bound with a loss 0.7 times as large would be false, and at beta = 20 the loss is far below."""
    loss = 1 - theory.takeover_bound(log_odds=0.5, draws=draws)
    assert 1 - theory.takeover(log_odds=0.5, beta=0.01, draws=draws) == pytest.approx(loss, rel=1e-9)
    assert 1 - theory.takeover(log_odds=0.5, beta=20.0, draws=draws) < 0.1 * loss


@pytest.mark.parametrize("draws", [1, 2, 5, 9])
def test_takeover_tends_to_its_normal_limit(draws):
    gaps = []
    for beta in (10.0, 1000.0):
        L = 1 / math.sqrt(beta)
        gaps.append(abs(theory.takeover(log_odds=L, beta=beta, draws=draws) - theory.takeover_normal(log_odds=L, beta=beta, draws=draws)))
    assert gaps[1] < 1e-3
    assert gaps[1] < gaps[0] / 20


def test_more_votes_and_smaller_steps_help_the_initial_majority():
    at = [[theory.takeover(log_odds=0.3, beta=beta, draws=draws) for draws in (1, 3, 5, 9)] for beta in (0.5, 2.0, 8.0)]
    assert (np.diff(at, axis=0) > 0).all()
    assert (np.diff(at, axis=1) > 0).all()
    # An even number of votes is worth the odd one below.
    assert theory.takeover(log_odds=0.3, beta=1.0, draws=6) == pytest.approx(theory.takeover(log_odds=0.3, beta=1.0, draws=5), rel=1e-12)


def test_the_mean_may_fall_though_the_majority_is_right():
    """Two answers, the likelier is correct, steps of odds e^4, votes of three: the mean accuracy passes its limit and comes back."""
    curve = theory.vote_curve(np.log([0.6, 0.4]), [1, 0], beta=0.25, draws=3, rounds=30, k=1).accuracy
    assert curve.max() > curve[-1] + 1e-3
    assert curve[-1] == pytest.approx(theory.takeover(log_odds=math.log(1.5), beta=0.25, draws=3), abs=1e-9)


# Refusals


def test_refuses_more_states_than_can_be_listed():
    with pytest.raises(ValueError, match="`rounds` must be smaller"):
        theory.vote_rounds(table(0, responses=10)[0], beta=1.0, draws=1, rounds=20)
