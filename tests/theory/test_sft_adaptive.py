"""Lemma I.1 and Theorem D.1: six headings, the stopping rule against a literal one, and the printed cost shown below the truth."""

import math

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.frame import Context
from experiments.sft.trials import Setting, adaptive, trials
from sharpsim import coverage, laws
from sharpsim.instances import hard_family, random_table
from sharpsim.theory import AssumptionError, require, sft, sft_adaptive

SETTING = {"log_class_size": 7.0, "delta": 0.2, "rho": 0.05}
FAMILY = {"hard_prompts": 3, "labels": 6, "hard_mass": 0.5}


# Value


def test_bound_by_hand():
    with mpmath.workdps(50):
        value = 2 / (1 - 1 / mpmath.sqrt(2)) ** 2 * (7 + mpmath.log(20)) / (mpmath.mpf("0.2") * 5000)
    got = sft_adaptive.bound(**SETTING, n=5000)
    assert got == pytest.approx(float(value), rel=1e-12)
    assert got >= float(value)
    assert got == pytest.approx(sft.bound(**SETTING, n=5000, N=10**15, coverage=1.0), rel=1e-9)


def test_expected_samples_by_hand():
    """Uniform on 10, delta = 0.1: s = log 20 is reached at k p >= s for the first time at k = 30."""
    base = np.full((1, 10), -math.log(10))
    assert sft_adaptive.expected_samples(base, np.ones(1), n=7, delta=0.1) == pytest.approx(210, rel=1e-14)
    # A fair and an unfair coin, s = log 4: by hand, draw after draw.
    p, s = 0.7, math.log(4)
    mean = 1 + 1.0 + sum(0.3**k for k in range(2, math.ceil(s / 0.3)))
    coin = np.log([[p, 1 - p]])
    assert sft_adaptive.expected_samples(coin, np.ones(1), n=1, delta=0.5) == pytest.approx(mean, rel=1e-13)


def test_exact_risk_by_hand():
    """A coin of 0.7 at s = log 4 stops at once at heads, else goes on to the fifth draw: tails is kept with probability 0.3^5."""
    coin = np.log([[0.7, 0.3]])
    miss = 0.3 ** math.ceil(math.log(4) / 0.3)
    assert laws.stopping_time_miss(coin[0], stop=math.log(4)) == pytest.approx(miss, rel=1e-13)
    for delta, needed in ((0.5, 1), (0.6, 2)):
        risk = sum(math.comb(2, m) * miss**m * (1 - miss) ** (2 - m) for m in range(needed, 3))
        assert sft_adaptive.exact_risk(coin, np.ones(1), n=2, stop=math.log(4), delta=delta) == pytest.approx(risk, rel=1e-12)
    # Two prompts of weight 1/4 and 3/4: each is never drawn, or drawn once and missed.
    weights = np.array([0.25, 0.75])
    risk = sum(w * (1 - w + w * miss) for w in weights)
    got = sft_adaptive.exact_risk(np.vstack([coin, coin]), weights, n=1, stop=math.log(4), delta=0.5)
    assert got == pytest.approx(risk, rel=1e-12)
    with pytest.raises(ValueError, match="`delta`"):
        sft_adaptive.exact_risk(coin, np.ones(1), n=2, stop=1.0, delta=1.0)


def test_closed_forms_of_the_family_agree_with_the_general_law():
    for labels in (3, 8, 28, 101):
        member = hard_family(hard_prompts=1, labels=labels, hard_mass=0.4)
        for stop in (0.05, 0.3, 1.0, 2 / labels, 7.3, 20 / labels):
            general = sft_adaptive.mean_draws(member.log_probs, member.prompt_weights, stop=stop)
            assert sft_adaptive.family_mean_draws(stop=stop, labels=labels, hard_mass=0.4) == pytest.approx(general, rel=1e-12)
            miss = laws.stopping_time_miss(member.log_probs[1], stop=stop)
            assert sft_adaptive.family_hit(stop=stop, labels=labels) == pytest.approx(1 - miss, rel=1e-12)


# Inverse


@given(st.floats(0.0, 1e6), st.floats(1e-6, 0.999), st.floats(1e-6, 0.999), st.floats(1e-6, 0.999))
def test_inverse_both_ways(log_class_size, eps, delta, rho):
    setting = {"log_class_size": log_class_size, "delta": delta, "rho": rho}
    n = sft_adaptive.prompts_needed(**setting, eps=eps)
    assert sft_adaptive.bound(**setting, n=n) <= eps * (1 + 1e-12)
    assert n == 1 or sft_adaptive.bound(**setting, n=n - 1) > eps * (1 - 1e-9)


def test_prompts_needed_on_the_family_is_least():
    for eps in (0.2, 0.01):
        n = sft_adaptive.family_prompts_needed(eps=eps, stop=2.0, delta=0.3, **FAMILY)
        assert sft_adaptive.family_risk(n=n, stop=2.0, delta=0.3, **FAMILY) <= eps
        assert n == 1 or sft_adaptive.family_risk(n=n - 1, stop=2.0, delta=0.3, **FAMILY) > eps
    best = sft_adaptive.family_cheapest(eps=0.05, delta=0.3, **FAMILY)
    assert best.risk <= 0.05
    cost = sft_adaptive.family_mean_draws(stop=best.setting, labels=6, hard_mass=0.5)
    assert best.samples == pytest.approx(best.n * cost, rel=1e-12)
    for k in range(1, 60):
        stop = 2 * k / 6
        if sft_adaptive.family_hit(stop=stop, labels=6) > 0.7 + 1e-9:
            n = sft_adaptive.family_prompts_needed(eps=0.05, stop=stop, delta=0.3, **FAMILY)
            assert best.samples <= n * sft_adaptive.family_mean_draws(stop=stop, labels=6, hard_mass=0.5) * (1 + 1e-12)


# Sandwich


@given(st.integers(0, 10**6), st.floats(0.01, 50.0), st.sampled_from([0.1, 0.5, 2.0, 50.0]))
def test_lemma_both_parts(seed, stop, concentration):
    base, _ = random_table(np.random.default_rng(seed), prompts=4, responses=9, concentration=concentration)
    mean, miss = laws.stopping_time_mean(base, stop=stop), laws.stopping_time_miss(base, stop=stop)
    low, high = sft_adaptive.mean_bounds(base, stop=stop)
    assert (low <= mean * (1 + 1e-12)).all()
    assert (mean <= high * (1 + 1e-12)).all()
    bound = sft_adaptive.miss_bound(base, stop=stop)
    assert (miss <= bound * (1 + 1e-12)).all()
    assert (bound <= np.exp(-stop) * (1 + 1e-9)).all()


@given(st.integers(0, 10**6), st.floats(0.01, 0.95), st.integers(1, 10**6))
def test_theorem_cost_and_strengths(seed, delta, n):
    base, weights = random_table(np.random.default_rng(seed), prompts=4, responses=9, concentration=0.5)
    low, high = sft_adaptive.expected_samples_bounds(base, weights, n=n, delta=delta)
    exact = sft_adaptive.expected_samples(base, weights, n=n, delta=delta)
    assert low * (1 - 1e-12) <= exact <= high * (1 + 1e-12)
    shared = {"log_class_size": 4.0, "n": n, "delta": delta, "rho": 0.1}
    sharp = sft_adaptive.bound_sharp(**shared)
    assert sft_adaptive.bound_instance(base, weights, **shared) <= min(1.0, sharp) * (1 + 1e-12)
    assert sharp <= sft_adaptive.bound(**shared) * (1 + 1e-12)


def test_simulation_confirms_risk_and_cost():
    member = hard_family(**FAMILY)
    stop, n, delta, seeds = 0.7, 12, 0.6, 20_000
    law = laws.stopping_kept(member.log_probs, stop=stop)
    at = Setting(member.log_probs, member.prompt_weights, law, member.members(law[1]), n, stop, delta, 0.0)
    seen = next(trials(adaptive, [at], [seeds], key=jax.random.key(5), context=Context(scale="test", quiet=True), label="runs"))
    risk = sft_adaptive.family_risk(n=n, stop=stop, delta=delta, **FAMILY)
    half = FAMILY["hard_mass"] * math.sqrt(math.log(2e6) / (2 * seeds))
    assert abs(seen.failed.mean() - risk) <= half
    assert abs(seen.failed.mean() - sft_adaptive.family_risk(n=n - 2, stop=stop, delta=delta, **FAMILY)) > half
    # A seed spends at most n times the longest deadline: Hoeffding again.
    longest = max(sft_adaptive.family_deadlines(stop=stop, labels=6))
    exact = n * sft_adaptive.mean_draws(member.log_probs, member.prompt_weights, stop=stop)
    room = n * longest * math.sqrt(math.log(2e6) / (2 * seeds))
    assert abs(seen.samples.mean() - exact) <= room
    assert abs(seen.samples.mean() - exact * 1.3) > room


# Sharpness


def test_lower_and_upper_mean_are_attained():
    """Uniform bases attain s/P* where s |Y| is whole; a certain response with s just above a whole number nears (s + 1)/P*."""
    uniform = np.full((1, 10), -math.log(10))
    low, high = sft_adaptive.mean_bounds(uniform, stop=3.0)
    mean = laws.stopping_time_mean(uniform, stop=3.0)
    assert mean == pytest.approx(low, rel=1e-12)
    assert not mean >= 1.3 * low
    certain = np.zeros((1, 1))
    mean, (_, high) = laws.stopping_time_mean(certain, stop=1e-6), sft_adaptive.mean_bounds(certain, stop=1e-6)
    assert mean == pytest.approx(high, rel=1e-5)
    assert not mean <= 0.7 * high


def test_miss_bound_is_attained():
    """On the family the miss is (1 - 2/M)^D' and the bound has D <= D': equal where both deadlines are."""
    row = np.log([[0.5 + 1e-9, 0.5 - 1e-9]])
    bound, miss = sft_adaptive.miss_bound(row, stop=1.9), laws.stopping_time_miss(row, stop=1.9)
    assert miss == pytest.approx(bound, rel=1e-6)
    assert not miss <= 0.7 * bound


def test_printed_cost_is_below_the_truth():
    """Erratum: n C log(1/delta) for uniform on 10 at delta = 0.1 is 2.3 with the set's mass, 23 with the mode's; the rule draws 30."""
    uniform = np.full((1, 10), -math.log(10))
    truth = sft_adaptive.expected_samples(uniform, np.ones(1), n=1, delta=0.1)
    printed_set = coverage.coverage_coefficient(uniform, np.ones(1)) * math.log(1 / 0.1)
    printed_mode = coverage.mode_coverage(uniform, np.ones(1)) * math.log(1 / 0.1)
    corrected = sft_adaptive.expected_samples_bounds(uniform, np.ones(1), n=1, delta=0.1)[0]
    assert truth == pytest.approx(30, rel=1e-12)
    assert math.ceil(math.log(20) + 1) == 4
    assert printed_set < 4
    assert printed_mode < corrected <= truth


def test_printed_ratio_is_no_probability():
    """Erratum: (1 - |Y*|/P*)^N as printed is beyond 1 in size; (1 - |Y*| P*)^ceil(s/P*) bounds the miss."""
    row = np.log([[0.4, 0.3, 0.3]])
    draws = math.ceil(2.0 / 0.4)
    assert abs((1 - 1 / 0.4) ** draws) > 1
    assert laws.stopping_time_miss(row, stop=2.0)[0] <= (1 - 0.4) ** draws == pytest.approx(sft_adaptive.miss_bound(row, stop=2.0)[0])


# Assumptions


def test_assumptions_have_signed_slacks():
    member = hard_family(**FAMILY)
    law = laws.stopping_kept(member.log_probs, stop=sft_adaptive.stopping_parameter(delta=0.2))
    require(sft_adaptive.checks(law[None], member.log_probs, delta=0.2))
    with pytest.raises(AssumptionError, match="realizability"):
        require(sft_adaptive.checks(member.log_probs[None], member.log_probs, delta=0.2))


# Refusals


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", 0), ("delta", 1.0), ("delta", 0.0), ("rho", 0.0), ("rho", math.nan), ("log_class_size", -1.0), ("log_class_size", math.nan)],
)
def test_bound_refuses(name, value):
    with pytest.raises(ValueError, match=f"`{name}`"):
        sft_adaptive.bound(**{**SETTING, "n": 10, name: value})


def test_other_refusals():
    uniform = np.full((1, 4), -math.log(4))
    with pytest.raises(ValueError, match="`stop`"):
        sft_adaptive.mean_bounds(uniform, stop=0.0)
    with pytest.raises(ValueError, match="`prompt_weights`"):
        sft_adaptive.expected_samples(uniform, np.ones(2) / 2, n=1, delta=0.1)
    with pytest.raises(ValueError, match="`eps`"):
        sft_adaptive.prompts_needed(**SETTING, eps=0.0)
    with pytest.raises(ValueError, match="`labels`"):
        sft_adaptive.family_cheapest(eps=0.1, delta=0.1, hard_prompts=1, labels=2, hard_mass=0.3)
    weightless = sft_adaptive.expected_samples(np.log([[0.5, 0.5], [1e-300, 1.0]]), np.array([1.0, 0.0]), n=1, delta=0.1)
    assert weightless == pytest.approx(math.ceil(2 * math.log(20)))
