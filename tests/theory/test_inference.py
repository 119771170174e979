"""The certified band against enumeration and hand arithmetic; search, coverage, subsampling; literal draws of sequence policies."""

import importlib.util
import itertools
import math

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.engine.rows import Refused
from sharpsim import laws
from sharpsim.decoding import draw_many, head, most_likely_batch
from sharpsim.estimators import allowed_deviation, bernoulli_variance
from sharpsim.policies import MarkovPolicy, TabularSequencePolicy, tabulate
from sharpsim.theory import inference as theory

FALSE_ALARM = 1e-6
needs_real = pytest.mark.skipif(
    importlib.util.find_spec("g2p_en") is None or importlib.util.find_spec("pocketsphinx") is None, reason="needs sharpsim[real]"
)
FLOOR = -60.0


def policy_of(seed, end=1, prompts=2, size=3, horizon=4):
    rng = np.random.default_rng(seed)
    return TabularSequencePolicy.from_probs(
        [rng.dirichlet(np.full(size, 0.6), size=(prompts, *[size] * h)) for h in range(horizon)], end_token=end
    )


def is_correct(responses):
    """An answer key that needs no table: whether the tokens add up to a multiple of 3."""
    return np.asarray(responses).sum(axis=-1) % 3 == 0


def padded(found, policy):
    """Head arrays as `theory.inference` takes them: log-probabilities, correct, lengths, remaining mass, bound."""
    width = max(len(one.log_probs) for one in found) or 1
    table, right, lengths = np.full((len(found), width), -np.inf), np.zeros((len(found), width), bool), np.ones((len(found), width), int)
    for row, one in enumerate(found):
        k = len(one.log_probs)
        table[row, :k], right[row, :k], lengths[row, :k] = one.log_probs, is_correct(one.responses), policy.lengths(one.responses)
    return table, right, lengths, np.array([one.remaining_mass for one in found]), np.array([one.bound for one in found])


def truth(policy, N, reward):
    """Accuracy and mean cut log-probability of best of N, and pass@N, by enumeration of all responses."""
    responses, log_probs = tabulate(policy, np.arange(2))
    lengths = policy.lengths(responses)
    rewards = log_probs if reward == "log" else np.where(log_probs > -np.inf, log_probs / lengths, -np.inf)
    law = np.exp(laws.best_of_n(log_probs - np.log(np.exp(log_probs).sum(axis=1, keepdims=True)), rewards, draws=N))
    right = is_correct(responses)
    cut = np.maximum(log_probs, FLOOR)
    mean = (law * cut).sum(axis=1)
    return law @ right, mean, (law * cut**2).sum(axis=1) - mean**2, 1 - (1 - np.exp(log_probs) @ right) ** N


def bands(policy, budget, N):
    table, right, lengths, left, edge = padded(head(policy, np.arange(2), max_expansions=budget), policy)
    law = theory.kept_laws(table, left, edge, draws=(N, 1, N + 1))[0]
    rewards = np.where(table > -np.inf, table, 0.0) / lengths
    normalised = theory.kept_law(table, left, edge / policy.horizon, draws=N, reward=rewards)
    return {
        "log": theory.accuracy(law, right),
        "normalised": theory.accuracy(normalised, right),
        "mean": theory.mean_log_prob(law, table, edge, floor=FLOOR),
        "pass": theory.pass_at(table, right, left, draws=N),
        "variance": theory.log_prob_variance(law, table, edge, floor=FLOOR),
    }


# ---------------------------------------------------------------------------------------------------------------------------- value


def test_value_by_hand():
    """Found 1/2 (wrong) and 1/4 (right) above, 1/8 (right) below b = log 1/5, 1/8 not found; N = 2.

    P[first] = 1 - 1/4; P[second] = (1/2)^2 - (1/4)^2; only 1/8 drawn: (1/8)^2; unknown: (1/4)^2 - (1/8)^2.
    """
    table, right = np.log([[0.5, 0.25, 0.125]]), np.array([[False, True, True]])
    law = theory.kept_law(table, np.array([0.125]), np.log([0.2]), draws=2)
    np.testing.assert_allclose(law.found, [[0.75, 0.1875, 0.015625]], rtol=1e-13)
    np.testing.assert_allclose(law.unknown, [0.046875], rtol=1e-13)
    low, high = theory.accuracy(law, right).mean()
    assert (low, high) == pytest.approx((0.203125, 0.25), rel=1e-13)
    known = 0.75 * math.log(0.5) + 0.1875 * math.log(0.25) + 0.015625 * math.log(0.125)
    band = theory.mean_log_prob(law, table, np.log([0.2]), floor=-10.0)
    assert band.mean() == pytest.approx((known - 0.46875, known + 0.046875 * math.log(0.2)), rel=1e-13)
    assert theory.pass_at(table, right, np.array([0.125]), draws=2).mean() == pytest.approx((1 - 0.625**2, 0.75), rel=1e-13)
    for scale in (0.7, 1.3):
        assert low * scale != pytest.approx(0.203125, rel=0.05)


def test_value_of_the_rest():
    assert theory.expansions_bound(mode_probability=0.25, horizon=20, slack=0.5) == 160.0
    masses = np.array([0.5, 0.25, 0.125, 1.0])
    assert theory.coverage(masses) == pytest.approx((2 + 4 + 8 + 1) / 4)
    profile = theory.coverage_profile(masses, draws=np.array([1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 9.0]))
    np.testing.assert_array_equal(profile, [0.75, 0.5, 0.5, 0.25, 0.25, 0.0, 0.0])
    table = np.log([[0.5, 0.3, 0.2]])
    by_hand = 0.5 * math.log(0.5) - 0.5 * (0.5 * math.log(0.5) + 0.3 * math.log(0.3) + 0.2 * math.log(0.2))
    assert theory.lift_predictor(table, np.array([[True, False, False]])) == pytest.approx([by_hand])
    # Of a part that was found, 0.4 and 0.2, the law is 2/3 and 1/3: (2/3) (log 0.4 - mean) = (2/3) (log 2)/3.
    assert theory.lift_predictor(np.log([[0.4, 0.2]]), np.array([[True, False]])) == pytest.approx([2 / 9 * math.log(2)], rel=1e-14)
    np.testing.assert_allclose(theory.mode_mass(np.log([[0.4, 0.4, 0.1]]), np.log([0.1])), [0.8])


@pytest.mark.parametrize("draws", [1, 2, 3, 5])
def test_subsampling_is_the_mean_over_subsets(draws):
    values = np.array([0.3, 0.9, 0.1, 0.7, 0.2])
    rewards = np.array([4.0, 3.0, 2.0, 1.0, 0.0])
    chosen = [values[max(subset, key=lambda i: rewards[i])] for subset in itertools.combinations(range(5), draws)]
    assert theory.subsample_weights(total=5, draws=draws) @ values == pytest.approx(np.mean(chosen), rel=1e-13)
    assert theory.subsample_weights(total=5, draws=draws).sum() == pytest.approx(1, rel=1e-13)


def test_majority_limit():
    table, answers = np.log([[0.4, 0.3, 0.25]] * 3), np.array([[0, 1, 1], [0, 1, 1], [0, 1, 2]])
    right = np.array([[False, True, True], [True, False, False], [True, False, False]])
    band = theory.majority_limit(table, answers, right, np.full(3, 0.05))
    assert (band.lower.tolist(), band.upper.tolist()) == ([1, 0, 1], [1, 0, 1])
    unsure = theory.majority_limit(np.log([[0.4, 0.3]]), np.array([[0, 1]]), np.array([[True, False]]), np.array([0.3]))
    assert (unsure.lower.tolist(), unsure.upper.tolist()) == ([0], [1])


# -------------------------------------------------------------------------------------------------------------------------- inverse


@pytest.mark.parametrize("slack", [0.0, 0.3])
@pytest.mark.parametrize("expansions", [1, 20, 317])
def test_inverse_of_the_expansions_bound(expansions, slack):
    needed = theory.mode_probability_needed(expansions=expansions, horizon=20, slack=slack)
    if needed > 1:
        assert theory.expansions_bound(mode_probability=1.0, horizon=20, slack=slack) > expansions
    else:
        assert theory.expansions_bound(mode_probability=needed, horizon=20, slack=slack) == pytest.approx(expansions, rel=1e-12)
        assert theory.expansions_bound(mode_probability=0.999 * needed, horizon=20, slack=slack) > expansions


def test_saturation_is_the_first_n_that_stays():
    draws, low, high = [1, 2, 4, 8], [0.1, 0.5, 0.2, 0.49], [0.2, 0.5, 0.3, 0.51]
    assert theory.saturation(draws, low, high, limit=0.5, tolerance=0.05) == 8
    assert theory.saturation(draws, low, high, limit=0.5, tolerance=0.35) == 2
    assert theory.saturation(draws, low, high, limit=0.5, tolerance=0.5) == 1
    assert theory.saturation(draws, low, high, limit=0.9, tolerance=0.05) == math.inf


# ------------------------------------------------------------------------------------------------------------------------- sandwich


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 1]), N=st.sampled_from([1, 2, 7, 50, 10**6]))
def test_band_contains_the_exact_curve_and_shrinks_with_the_budget(seed, end, N):
    policy = policy_of(seed, end)
    exact = {reward: truth(policy, N, reward) for reward in ("log", "normalised")}
    widths = []
    for budget in (1, 3, 8, 20, 200):
        found = bands(policy, budget, N)
        for name, value in {
            "log": exact["log"][0],
            "normalised": exact["normalised"][0],
            "mean": exact["log"][1],
            "pass": exact["log"][3],
        }.items():
            assert (found[name].lower <= value + 1e-9).all(), name
            assert (value <= found[name].upper + 1e-9).all(), name
        assert (found["variance"] >= exact["log"][2] - 1e-8).all()
        widths.append([found[name].upper - found[name].lower for name in ("log", "mean", "pass")])
    assert (np.diff(np.array(widths), axis=0) <= 1e-9).all()
    # All is found: the band is the curve.
    np.testing.assert_allclose(np.array(widths[-1]), 0, atol=1e-9)


@given(seed=st.integers(0, 2**31))
def test_search_and_coverage(seed):
    policy = policy_of(seed)
    for found in most_likely_batch(policy, np.arange(2), max_expansions=10**6):
        probability = float(np.exp(found.log_probs[0]))
        assert found.expansions <= theory.expansions_bound(mode_probability=probability, horizon=policy.horizon, slack=0.0) * (1 + 1e-9)
    masses = theory.mode_mass(tabulate(policy, np.arange(2))[1], np.full(2, -np.inf))
    draws = np.array([1.0, 2.0, 5.0, 30.0])
    assert (theory.coverage_profile(masses, draws=draws) <= theory.coverage(masses) / draws).all()


@given(seed=st.integers(0, 2**31))
def test_predictor_is_the_slope_of_accuracy_along_tilting(seed):
    responses, log_probs = tabulate(policy_of(seed), np.arange(2))
    right = np.broadcast_to(is_correct(responses), log_probs.shape)

    def accuracy(power):
        tilted = np.exp(power * log_probs)
        return (tilted * right).sum(axis=1) / tilted.sum(axis=1)

    slope = (accuracy(1 + 1e-5) - accuracy(1 - 1e-5)) / 2e-5
    np.testing.assert_allclose(theory.lift_predictor(log_probs, right), slope, atol=1e-7)


# ------------------------------------------------------------------------------------------------------------------------ sharpness


@pytest.mark.parametrize("answer", [False, True])
def test_band_is_attained(answer):
    """Where all that was not found is one response of log-probability b, wrong or right, an end of the band is the truth."""
    whole, key = np.log([[0.6, 0.3, 0.1]]), np.array([[False, True, answer]])
    for N in (1, 3, 9):
        law = theory.kept_law(whole[:, :2], np.array([0.1]), np.log([0.1]), draws=N)
        exact = float((np.exp(laws.best_of_n(whole, whole, draws=N)) * key).sum())
        assert theory.accuracy(law, key[:, :2]).mean()[answer] == pytest.approx(exact, rel=1e-12)


def test_literal_draws_tell_n_from_the_next():
    """The deviation that chance allows (Bernstein, 1e-6) covers the estimate from draws, but not a shifted band or N off by one."""
    policy, draws, N = policy_of(5), 60_000, 3
    drawn = draw_many(policy, np.arange(2), draws=draws, key=jax.random.key(2))
    log_probs, right = drawn.log_probs[drawn.which].reshape(2, -1, N), is_correct(drawn.responses)[drawn.which].reshape(2, -1, N)
    kept = log_probs.argmax(axis=-1)
    measured = np.take_along_axis(right, kept[..., None], axis=-1).mean()

    def agrees(N, shift=0.0, budget=8):
        band = bands(policy, budget, N)["log"]
        allowed = allowed_deviation(bernoulli_variance(*band), span=1.0, trials=draws // 3, false_alarm=FALSE_ALARM)
        low, high = band.mean()
        return low + shift - allowed <= measured <= high + shift + allowed

    assert agrees(N)
    assert not agrees(N + 1, budget=200)
    assert not agrees(N - 1, budget=200)
    assert not agrees(N, shift=0.03, budget=200)
    assert not agrees(N, shift=-0.03, budget=200)


@pytest.mark.parametrize("end", [None, 1])
def test_many_draws_have_the_enumerated_law(end):
    """Pearson's statistic at false-alarm rate 1e-6; the same counts against a law shifted by two points of mass are refused."""
    draws, policy = 40_000, policy_of(8, end)
    drawn = draw_many(policy, np.arange(2), draws=draws, key=jax.random.key(4))
    responses, log_probs = tabulate(policy, np.arange(2))
    number = {tuple(row): i for i, row in enumerate(responses.tolist())}
    for prompt in range(2):
        mine = drawn.which[prompt]
        assert (drawn.prompts[mine] == prompt).all()
        at = np.array([number[tuple(row)] for row in drawn.responses[mine].tolist()])
        np.testing.assert_allclose(drawn.log_probs[mine], log_probs[prompt, at], rtol=1e-12)
        law, counts = np.exp(log_probs[prompt]), np.bincount(at, minlength=len(responses))
        large = draws * law >= 5
        pooled, observed = np.append(law[large], law[~large].sum()), np.append(counts[large], counts[~large].sum())
        keep = pooled > 0
        pooled, observed = pooled[keep] / pooled.sum(), observed[keep]

        def statistic(expected, observed=observed):
            return ((observed - draws * expected) ** 2 / (draws * expected)).sum()

        threshold = stats.chi2.isf(FALSE_ALARM, len(pooled) - 1)
        assert statistic(pooled) < threshold
        shifted = pooled.copy()
        shifted[[pooled.argmin(), pooled.argmax()]] += [0.02, -0.02]
        assert statistic(shifted) > threshold


@needs_real
def test_draws_of_the_network_have_its_likelihoods():
    from experiments.inference.real_model import _Judge
    from sharpsim.policies import pretrained_g2p
    from sharpsim.tasks.pronunciation import is_correct as listed
    from sharpsim.tasks.pronunciation import pronunciations, sample_words

    policy, words = pretrained_g2p(), sample_words(8, 3)
    prompts = np.stack([policy.encode(word) for word in words])
    drawn = draw_many(policy, prompts, draws=40, key=jax.random.key(0))
    rescored = jax.jit(jax.vmap(policy.log_prob))(prompts[drawn.prompts], drawn.responses)
    np.testing.assert_allclose(np.asarray(rescored), drawn.log_probs, atol=2e-5, rtol=1e-5)
    judged = _Judge(policy, [pronunciations()[word] for word in words]).flat(drawn.responses, drawn.prompts, drawn.log_probs)
    expected = [listed(words[i], policy.decode(response)) for i, response in zip(drawn.prompts, drawn.responses, strict=True)]
    np.testing.assert_array_equal(judged.correct[0], expected)


# ---------------------------------------------------------------------------------------------------------------------- assumptions


def test_assumptions():
    table, left, edge = np.log([[0.5, 0.25, 0.125]]), np.array([0.125]), np.log([0.2])
    assert all(slack >= 0 for slack in theory.checks(table, left, edge).values())
    assert theory.checks(table, np.array([0.2]), edge)["whole"] < 0
    assert theory.checks(table, left, np.log([0.5]))["mode_found"] < 0
    assert theory.checks(table[:, ::-1], left, edge)["sorted"] < 0
    # The least step of four responses, two of them tied; then with padding.
    tied = np.log([[0.5, 0.2, 0.15, 0.15]])
    assert theory.checks(tied, np.array([0.0]), edge)["sorted"] == 0
    padded = np.array([[*np.log([0.5, 0.3, 0.2]), -np.inf, -np.inf], np.log([0.4, 0.3, 0.1, 0.1, 0.1])])
    assert theory.checks(padded[:, :3], np.array([0.0, 0.2]), np.log([0.3, 0.3]))["sorted"] == pytest.approx(math.log(4 / 3), rel=1e-14)
    assert theory.checks(padded, np.zeros(2), np.log([0.3, 0.3]))["sorted"] == 0


# ------------------------------------------------------------------------------------------------------------------------- refusals

TABLE, LEFT, EDGE, RIGHT = np.log([[0.5, 0.25, 0.125]]), np.array([0.125]), np.log([0.2]), np.array([[True, False, False]])
LAW = theory.kept_law(TABLE, LEFT, EDGE, draws=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.kept_law(TABLE, np.array([0.2]), EDGE, draws=2), "add up to 1 within 0.0001; row 0 is off by 0.075"),
        (lambda: theory.kept_law(TABLE, np.array([-0.1]), EDGE, draws=2), "`remaining_mass` must be in"),
        (lambda: theory.kept_law(TABLE, LEFT, np.array([np.nan]), draws=2), "`tail_bound`"),
        (lambda: theory.kept_law(TABLE, np.ones(2), EDGE, draws=2), "`remaining_mass`"),
        (lambda: theory.kept_law(TABLE[0], LEFT, EDGE, draws=2), r"table \[prompts, k\]; got shape \(3,\)"),
        (lambda: theory.kept_law(TABLE, LEFT, EDGE, draws=0.5), "`draws`"),
        (lambda: theory.kept_law(TABLE, LEFT, EDGE, draws=2, reward=TABLE[:, :2]), "`reward`"),
        (lambda: theory.kept_law(np.array([[np.nan]]), LEFT, EDGE, draws=2), "NaN"),
        (lambda: theory.accuracy(LAW, RIGHT[:, :2]), "`correct`"),
        (lambda: theory.mean_log_prob(LAW, TABLE, EDGE, floor=-np.inf), "`floor` must be negative and finite; got -inf"),
        (lambda: theory.pass_at(TABLE, RIGHT, LEFT, draws=0), "`draws`"),
        (lambda: theory.subsample_weights(total=5, draws=6), "`draws` must be at most `total`, 5; got 6"),
        (lambda: theory.saturation([1], [0], [1], limit=1, tolerance=0), "`tolerance`"),
        (lambda: theory.mode_mass(TABLE, np.log([0.5])), "row 0 has none above"),
        (lambda: theory.coverage_profile(np.ones(1), draws=np.array([0.0])), "`draws`"),
        (lambda: theory.expansions_bound(mode_probability=0.0, horizon=20, slack=0.0), r"`mode_probability` must be in \(0, 1\]; got 0.0"),
        (lambda: theory.expansions_bound(mode_probability=0.5, horizon=20, slack=1.0), "`slack`"),
        (lambda: theory.mode_probability_needed(expansions=0, horizon=20, slack=0.0), "`expansions`"),
        (lambda: theory.lift_predictor(TABLE, RIGHT[:, :2]), "`correct`"),
        (lambda: draw_many(policy_of(0), np.arange(2), draws=0, key=jax.random.key(0)), "`draws`"),
        (lambda: draw_many(policy_of(0), np.zeros(0, dtype=int), draws=1, key=jax.random.key(0)), "`prompts`"),
        (lambda: draw_many(policy_of(0), np.arange(3), draws=1, key=jax.random.key(0)), "`prompts`"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_many_draws_refuse_float32():
    policy = MarkovPolicy.from_probs(np.full((1, 2), 0.5, dtype=np.float32), horizon=2)
    with jax.enable_x64(False), pytest.raises(ValueError, match="jax_enable_x64"):
        draw_many(policy, np.arange(1), draws=1, key=jax.random.key(0))


def test_experiment_refuses_without_the_packages(monkeypatch):
    from experiments.engine.frame import Context
    from experiments.inference.real_model import gather

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in ("g2p_en", "pocketsphinx") else find(name, *rest))
    with pytest.raises(Refused, match=r"pip install sharpsim\[real\]"):
        gather(Context("smoke"), words=2, expansions=5, draws=5)


def test_unproven_modes_widen_the_band():
    """Two prompts: one proven at 1/2; one whose best known has 1/8 while the search bounds the rest by 1/4."""
    log_probs = np.log([[0.5, 0.25], [0.125, 1e-3]])
    band = theory.mode_probability(log_probs, np.log([0.1, 0.25]), np.log([0.5, 0.125]))
    np.testing.assert_allclose(band.lower, [0.5, 0.125])
    np.testing.assert_allclose(band.upper, [0.5, 0.25])
    with pytest.raises(ValueError, match="`incumbent` must be at least every entry"):
        theory.mode_probability(log_probs, np.log([0.1, 0.25]), np.log([0.4, 0.125]))
