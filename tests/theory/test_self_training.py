"""Rounds of self-training: values by hand, enumeration and literal steps, bounds on random tables, extremal cases, refusals."""

import itertools
import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats

from sharpsim import instances, laws
from sharpsim.theory import self_training as theory

seeds = st.integers(0, 2**32 - 1)
betas = st.sampled_from([0.05, 0.3, 1.0, 4.0, 30.0])


def table(seed, *, prompts=3, responses=4, concentration=1.0):
    return instances.random_table(np.random.default_rng(seed), prompts=prompts, responses=responses, concentration=concentration)[0]


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


@given(seeds, betas, st.integers(0, 12))
def test_closed_forms_are_the_recursions(seed, beta, rounds):
    base = table(seed)
    reward = np.random.default_rng(seed).normal(size=base.shape)
    step = base
    for _ in range(rounds):
        step = step + reward / beta
        step -= special.logsumexp(step, axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(theory.fixed_reward(base, reward, beta=beta, rounds=rounds)), np.exp(step), atol=1e-12)
    fixed, likelihood = (theory.path(base, kind=kind, beta=beta, rounds=rounds)[-1] for kind in ("fixed", "likelihood"))
    np.testing.assert_allclose(np.exp(theory.fixed_reward(base, base, beta=beta, rounds=rounds)), np.exp(fixed), atol=1e-12)
    np.testing.assert_allclose(np.exp(theory.own_likelihood(base, beta=beta, rounds=rounds)), np.exp(likelihood), atol=1e-10)


def test_values_by_hand():
    base = np.log([[0.5, 0.3, 0.2]])
    np.testing.assert_allclose(np.exp(theory.own_likelihood(base, beta=1.0, rounds=1)), [[25 / 38, 9 / 38, 4 / 38]], rtol=1e-14)
    np.testing.assert_allclose(
        np.exp(theory.path(base, kind="fixed", beta=1.0, rounds=2)[-1]), [[125 / 160, 27 / 160, 8 / 160]], rtol=1e-14
    )
    # exp(1/beta) = 3: odds 1, 3, 9 of the label.
    at = {"mode_probability": 0.5, "beta": 1 / math.log(3)}
    np.testing.assert_allclose(theory.label_miss(**at, rounds=np.arange(3)), [1 / 2, 1 / 4, 1 / 10], rtol=1e-14)
    np.testing.assert_allclose(theory.label_miss_bound(**at, rounds=np.arange(3)), [1, 1 / 3, 1 / 9], rtol=1e-14)
    majority = theory.path(base, kind="majority", beta=at["beta"], rounds=2)
    np.testing.assert_allclose(1 - np.exp(majority[:, 0, 0]), [1 / 2, 1 / 4, 1 / 10], rtol=1e-13)
    assert theory.label_miss(mode_probability=1.0, beta=1.0, rounds=5) == 0.0
    assert theory.blind_regret(mode_probability=0.5, beta=at["beta"], rounds=2) == pytest.approx(0.2, rel=1e-14)
    np.testing.assert_allclose(theory.reward(base, base, kind="self-certainty"), [[1 / 6, -1 / 30, -2 / 15]], rtol=1e-12)
    np.testing.assert_allclose(theory.reward(base, base, kind="majority"), [[1, 0, 0]])
    np.testing.assert_allclose(np.exp(theory.own_likelihood(np.log([[0.4, 0.4, 0.2]]), beta=0.01, rounds=400)), [[0.5, 0.5, 0]])


@pytest.mark.parametrize(("kind", "functional"), [("entropy", "entropy"), ("self-certainty", "uniform")])
def test_rewards_of_laws_are_gradients_in_the_logits(kind, functional):
    """Central differences of minus the entropy, and of the KL of the uniform law from p, in each logit."""
    logits = np.random.default_rng(5).normal(size=5)

    def value(x):
        p = special.softmax(x)
        return -special.entr(p).sum() if functional == "entropy" else -np.log(p).mean() - math.log(5)

    base = special.log_softmax(logits)[None]
    found = theory.reward(base, base, kind=kind)[0]
    slopes: Any = optimize.approx_fprime(logits, value, 1e-7)
    np.testing.assert_allclose(found, slopes, atol=1e-6)


def test_self_certainty_is_the_mean_label_of_a_vote_of_one():
    base = table(2)
    gap = theory.reward(base, base, kind="self-certainty") - theory.vote_law(base, draws=1)
    np.testing.assert_allclose(gap, -0.25, atol=1e-14)


# Inverse


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-3, 1e3), st.floats(1e-9, 0.5))
def test_rounds_needed_are_the_least(mass, beta, delta):
    rounds = theory.rounds_needed(mode_probability=mass, beta=beta, delta=delta)
    assert theory.label_miss(mode_probability=mass, beta=beta, rounds=rounds) <= delta
    assert rounds == 0 or theory.label_miss(mode_probability=mass, beta=beta, rounds=rounds - 1) > delta


def test_whole_rounds_are_not_missed_by_a_rounding():
    # Odds 1, 3, 9, .. of the label.
    for rounds in range(1, 20):
        assert theory.rounds_needed(mode_probability=0.5, beta=1 / math.log(3), delta=(1 + 1e-13) / (1 + 3**rounds)) == rounds
    assert theory.rounds_needed(mode_probability=1.0, beta=1.0, delta=0.1) == 0
    # Masses computed elsewhere exceed 1 by rounding.
    assert theory.rounds_needed(mode_probability=1 + 1e-6, beta=1.0, delta=0.1) == 0


# Sandwich


@given(seeds, betas, st.integers(0, 30))
def test_one_label_is_within_its_bound(seed, beta, rounds):
    mass = float(np.random.default_rng(seed).uniform(1e-3, 1))
    exact, bound = (f(mode_probability=mass, beta=beta, rounds=rounds) for f in (theory.label_miss, theory.label_miss_bound))
    assert exact <= bound * (1 + 1e-12)
    assert bound * (1 - bound) <= exact * (1 + 1e-12)


@given(seeds, betas, st.sampled_from(["fixed", "likelihood", "majority", "self-certainty"]))
def test_belief_never_falls_on_tables(seed, beta, kind):
    base = table(seed, concentration=0.5)
    weights = np.array([0.5, 0.3, 0.2])
    path = theory.path(base, kind=kind, beta=beta, rounds=8)
    for trust in (0.3, 1.0, 2.0):
        assert np.diff(theory.belief(base, weights, np.exp(path), trust=trust)).min() >= -1e-12
    assert theory.checks(base, theory.reward(path[3], base, kind=kind))["order"] >= -1e-12


@given(seeds, betas, st.integers(1, 6))
def test_parts_of_a_fall_add_up_and_have_their_signs(seed, beta, rounds):
    rng = np.random.default_rng(seed)
    base = table(seed)
    correct, weights, shared = rng.integers(2, size=base.shape), rng.dirichlet(np.ones(3)), rng.random(3)
    labelled = theory.accuracy(theory.path(base, kind="majority", beta=beta, rounds=rounds)[-1], correct)
    curves = [theory.vote_curve(*one, beta=beta, draws=2, rounds=rounds, k=1) for one in zip(base, correct, strict=True)]
    parts = theory.split(base, correct, weights, labelled=labelled, voted=[c.accuracy[-1] for c in curves], shared=shared)
    assert parts.total == pytest.approx(sum(parts[:5]), abs=1e-13)
    assert parts.total == pytest.approx(weights @ (shared - theory.accuracy(base, correct)), abs=1e-13)
    assert min(parts.right_modes, parts.rescues) >= -1e-12
    assert max(parts.wrong_modes, parts.flips) <= 1e-12


@pytest.mark.parametrize(("mass", "beta", "rounds"), [(0.5, 1.0, 4), (0.8, 2.0, 1), (0.6, 0.5, 30)])
def test_blind_regret_is_the_minimax_over_mixtures_of_rounds(mass, beta, rounds):
    """A linear program over laws of the stopping round."""
    label = 1 - theory.label_miss(mode_probability=mass, beta=beta, rounds=np.arange(rounds + 1))
    regrets = np.stack([label.max() - label, (1 - label).max() - (1 - label)])
    size = rounds + 1
    above = np.column_stack([regrets, [-1, -1]])
    found = optimize.linprog([*np.zeros(size), 1.0], A_ub=above, b_ub=[0, 0], A_eq=[[*np.ones(size), 0.0]], b_eq=[1])
    assert found.fun == pytest.approx(theory.blind_regret(mode_probability=mass, beta=beta, rounds=rounds), abs=1e-9)


# Shared parameters


def features(seed, *, prompts=3, responses=4, d=5):
    return np.random.default_rng(seed).normal(size=(prompts, responses, d))


@given(seeds)
def test_the_shared_reward_is_a_projection(seed):
    base, weights, phi = table(seed), np.array([0.5, 0.3, 0.2]), features(seed)
    reward = np.random.default_rng(seed + 1).normal(size=base.shape)
    seen = theory.shared_reward(base, weights, phi, reward)
    np.testing.assert_allclose(theory.shared_reward(base, weights, phi, seen), seen, atol=1e-8)
    # The rest is orthogonal to every centred feature.
    mass, left = np.exp(base), reward - (np.exp(base) * reward).sum(axis=1, keepdims=True) - seen
    centred = phi - np.einsum("xy,xyd->xd", mass, phi)[:, None]
    np.testing.assert_allclose(np.einsum("x,xy,xy,xyd->d", weights, mass, left, centred), 0, atol=1e-10)


def test_features_that_tell_all_apart_share_nothing():
    base, weights = table(4), np.array([0.5, 0.3, 0.2])
    phi, reward = np.eye(12).reshape(3, 4, 12), np.random.default_rng(0).normal(size=(3, 4))
    gap = theory.shared_reward(base, weights, phi, reward) - reward
    np.testing.assert_allclose(gap - gap[:, :1], 0, atol=1e-12)


def test_a_shared_round_is_dpo_on_all_pairs():
    """Every pair as often as base of tenths draws it, given to the library's least squares on the class with base as reference."""
    import jax
    import jax.numpy as jnp

    from sharpsim.classes import LinearSoftmaxBall

    with jax.enable_x64(True):
        tenths, beta = np.array([[5, 3, 2], [1, 2, 7]]), 0.8
        base, weights, phi = np.log(tenths / 10), np.array([0.5, 0.5]), features(7, prompts=2, responses=3, d=2)
        reward = np.random.default_rng(3).normal(size=(2, 3))
        pairs = [(x, y, z) for x in range(2) for y in range(3) for z in range(3) for _ in range(int(tenths[x, y] * tenths[x, z]))]
        x, y, z = (jnp.asarray(column) for column in np.array(pairs).T)
        fit = LinearSoftmaxBall(jnp.asarray(phi), 1e6).least_squares(
            x, y, z, jnp.asarray(reward)[x, y] - jnp.asarray(reward)[x, z], beta=beta, key=jax.random.key(0)
        )
        trained = special.log_softmax(base + phi @ np.asarray(fit.info["theta"]), axis=1)
    seen = theory.shared_reward(base, weights, phi, reward)
    np.testing.assert_allclose(theory.fixed_reward(base, seen, beta=beta, rounds=1), trained, atol=1e-10)


def test_sharing_can_make_belief_fall():
    """One feature for two prompts with opposite modes: the surer one, which learns more, takes the other along."""
    base, weights = np.log([[0.55, 0.45], [0.2, 0.8]]), np.array([0.2, 0.8])
    phi = np.array([[[1.0], [0.0]], [[1.0], [0.0]]])
    seen = theory.shared_reward(base, weights, phi, theory.reward(base, base, kind="majority"))
    path = np.exp(theory.fixed_reward(base, seen, beta=0.5, rounds=np.arange(6)))
    alone = theory.belief(base[:1], np.ones(1), path[:, :1])
    assert np.diff(alone).max() < 0
    assert theory.stopping_round(base[:1], np.ones(1), path[:, :1]) == 0
    assert theory.stopping_round(base, weights, path) > 0


# Sharpness


def test_the_bound_of_one_label_is_sharp_in_the_limit():
    ratio = [
        theory.label_miss(mode_probability=0.3, beta=2.0, rounds=t) / theory.label_miss_bound(mode_probability=0.3, beta=2.0, rounds=t)
        for t in (0, 60)
    ]
    assert ratio[0] == pytest.approx(0.3, rel=1e-12)
    assert ratio[1] == pytest.approx(1, abs=1e-10)


# Assumptions


def test_belief_may_fall_where_the_order_fails():
    base, weights = np.log([[0.6, 0.3, 0.1]]), np.ones(1)
    reward = np.array([[0.0, 1.0, 0.0]])
    assert theory.checks(base, reward) == {"order": -1.0}
    path = np.exp(theory.fixed_reward(base, reward, beta=1.0, rounds=np.arange(4)))
    assert np.diff(theory.belief(base, weights, path)).max() < 0
    assert theory.checks(np.log([[0.5, 0.5]]), np.array([[0.0, 1.0]])) == {"order": 0.0}
    assert theory.checks(base, np.array([[np.inf, np.inf, -np.inf]])) == {"order": 0.0}


def test_responses_without_mass_stay_without():
    with np.errstate(divide="ignore"):
        base = np.log([[0.6, 0.4, 0.0]])
    for kind in theory.REWARDS:
        path = np.exp(theory.path(base, kind=kind, beta=0.5, rounds=4))
        assert (path[:, 0, 2] == 0).all(), kind
        assert np.isfinite(path).all(), kind
    assert theory.vote_law(base, draws=5)[0, 2] == 0


@pytest.mark.parametrize("rounds", [1, 1e13, 1e15])
def test_as_many_rounds_as_beta_are_one_round(rounds):
    """t rounds at beta = t are one at beta = 1, and no digits are lost. The reward of a response without mass does not count."""
    base, reward = np.log([[0.5, 0.3, 0.2]]), np.array([[0.0, 1.0, 0.3]])
    once = theory.fixed_reward(base, reward, beta=1.0, rounds=1)
    np.testing.assert_allclose(theory.fixed_reward(base, reward, beta=float(rounds), rounds=rounds), once, rtol=1e-14)
    with np.errstate(divide="ignore"):
        some = np.log([[0.5, 0.5, 0.0]])
    many = theory.fixed_reward(some, np.array([[0.0, 0.1, 9.0]]), beta=1.0, rounds=np.array([0, 1000]))
    np.testing.assert_allclose(np.exp(many[:, 0]), [[0.5, 0.5, 0], [0, 1, 0]], atol=1e-40)


# Votes: value


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


def test_one_of_many_answers_is_correct():
    """No correct answer is found among any number; one of mass m is found among k with probability 1 - (1 - m)^k, also below 1e-16."""
    k, mass = 2**50, math.exp(-36)
    assert (theory.vote_curve(np.log([0.5, 0.3, 0.2]), [0, 0, 0], beta=0.7, draws=2, rounds=5, k=k).pass_at_k == 0).all()
    found = theory.vote_curve(np.array([-36.0, math.log1p(-mass)]), [1, 0], beta=1.0, draws=1, rounds=0, k=k).pass_at_k[0]
    assert found == pytest.approx(-math.expm1(k * math.log1p(-mass)), rel=1e-12)
    assert theory.vote_curve(np.log([0.5, 0.3, 0.2]), [1, 1, 1], beta=0.7, draws=2, rounds=1, k=1).pass_at_k[0] == pytest.approx(1)


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


# Votes: sandwich


@given(st.floats(0, 5), st.floats(1e-3, 300), st.integers(1, 12))
def test_votes_in_rounds_are_lost_no_more_often_than_one(log_odds, beta, draws):
    exact = theory.takeover(log_odds=log_odds, beta=beta, draws=draws)
    assert exact >= theory.takeover_bound(log_odds=log_odds, draws=draws) - 1e-12
    other = theory.takeover(log_odds=-log_odds, beta=beta, draws=draws)
    assert exact + other == pytest.approx(1, abs=1e-12)


# Votes: sharpness


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


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: theory.path(table(0), kind="votes", beta=1.0, rounds=1), "kind"),
        (lambda: theory.path(table(0), kind="fixed", beta=0.0, rounds=1), "beta"),
        (lambda: theory.path(table(0), kind="fixed", beta=1.0, rounds=-1), "rounds"),
        (lambda: theory.path(table(0), kind="fixed", beta=1.0, rounds=10**9), "rounds"),
        (lambda: theory.fixed_reward(table(0), np.full((3, 4), np.nan), beta=1.0, rounds=1), "reward"),
        (lambda: theory.label_miss(mode_probability=0.0, beta=1.0, rounds=1), "mode_probability"),
        (lambda: theory.rounds_needed(mode_probability=0.5, beta=1.0, delta=1.0), "delta"),
        (lambda: theory.blind_regret(mode_probability=0.4, beta=1.0, rounds=1), "mode_probability"),
        (lambda: theory.takeover(log_odds=np.inf, beta=1.0, draws=1), "log_odds"),
        (lambda: theory.takeover(log_odds=1.0, beta=1e9, draws=1), "beta"),
        (lambda: theory.takeover(log_odds=0.4, beta=1e6, draws=100), "beta"),
        (lambda: theory.takeover_bound(log_odds=-1.0, draws=1), "log_odds"),
        (lambda: theory.vote_curve(table(0)[0], [2, 0, 0, 0], beta=1.0, draws=1, rounds=1, k=1), "correct"),
        (lambda: theory.vote_curve(table(0)[0], [1, 0, 0, 0], beta=1.0, draws=1, rounds=1, k=0), "k"),
        (lambda: theory.vote_rounds(table(0, responses=3)[0], beta=1.0, draws=300, rounds=300), "rounds"),
        (lambda: theory.vote_rounds(table(0, responses=3)[0], beta=1.0, draws=500, rounds=20), "rounds"),
        (lambda: theory.vote_rounds(table(0, responses=3)[0], beta=1.0, draws=10**9, rounds=1), "draws"),
        (lambda: theory.shared_reward(table(0), np.ones(3), features(0), table(0)), "prompt_weights"),
        (
            lambda: theory.split(table(0), np.zeros((3, 4)), np.ones(3) / 3, labelled=[0.5] * 2, voted=[0.5] * 3, shared=[0.5] * 3),
            "labelled",
        ),
    ],
)
def test_refuses(call, name):
    with pytest.raises(ValueError, match=f"`{name}` must "):
        call()


def test_refuses_more_states_than_can_be_listed():
    with pytest.raises(ValueError, match="`rounds` must be smaller"):
        theory.vote_rounds(table(0, responses=10)[0], beta=1.0, draws=1, rounds=10)
    assert len(theory.vote_rounds(table(0, responses=10)[0], beta=1.0, draws=1, rounds=9)[-1].probability) == 48_620


def test_refuses_features_that_take_too_long():
    base, weights = table(0, prompts=1000, responses=10), np.full(1000, 1e-3)
    with pytest.raises(ValueError, match="`features` must be smaller"):
        theory.shared_reward(base, weights, np.broadcast_to(np.ones(3000), (1000, 10, 3000)), base)
    base, weights = table(0, prompts=3000, responses=20), np.full(3000, 1 / 3000)
    assert theory.shared_reward(base, weights, features(0, prompts=3000, responses=20, d=4), base).shape == base.shape
