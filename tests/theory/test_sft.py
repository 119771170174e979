"""Lemma F.1 and Theorem 4.1': six headings each, and the exact risks against brute force and simulation."""

import itertools
import math

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.frame import Context
from experiments.sft.trials import Setting, fixed, trials
from sharpsim import coverage, laws
from sharpsim.instances import hard_family, random_table, row_permutations
from sharpsim.laws import plurality
from sharpsim.theory import AssumptionError, hellinger, require, sft

SETTING = {"log_class_size": 7.0, "delta": 0.2, "rho": 0.05}
FAMILY = {"hard_prompts": 3, "labels": 6, "hard_mass": 0.5}


# Value


def test_bound_by_hand():
    with mpmath.workdps(50):
        constant = 2 / (1 - 1 / mpmath.sqrt(2)) ** 2
        value = constant * (7 + mpmath.log(20)) / (mpmath.mpf("0.2") * 5000) + 3 * mpmath.log(10) / 400
    got = sft.bound(**SETTING, n=5000, N=400, coverage=3.0)
    assert got == pytest.approx(float(value), rel=1e-12)
    assert got >= float(value)
    for wrong in (0.7, 1.3):
        assert got != pytest.approx(wrong * float(value), rel=1e-2)


def test_bound_sharp_by_hand():
    """A mode of mass 0.2 is covered by 12 draws at delta = 0.2, as log(10)/12 < 0.2, and not by 11."""
    base = np.log([[0.2, 0.15, 0.15, 0.15, 0.15, 0.1, 0.1], [1.0 - 6e-9, *[1e-9] * 6]])
    weights = np.array([0.3, 0.7])
    with mpmath.workdps(50):
        delta = mpmath.mpf(0.2)
        hellinger_square = sum((mpmath.sqrt(a) - mpmath.sqrt(b)) ** 2 for a, b in ((delta, delta / 2), (1 - delta, 1 - delta / 2)))
        estimation = 2 * (7 + mpmath.log(20)) / 5000 / hellinger_square
    for N, uncovered in ((12, 0.0), (11, 0.3), (3, 0.3), (2, 1.0)):
        got = sft.bound_sharp(base, weights, **SETTING, n=5000, N=N)
        assert got == pytest.approx(float(estimation) + uncovered, rel=1e-12)


def test_best_of_n_miss_by_hand():
    base = np.log([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])
    np.testing.assert_allclose(sft.best_of_n_miss(base, N=3), [0.5**3, 0.2**3], rtol=1e-14)
    np.testing.assert_allclose(sft.best_of_n_miss(base, N=3, slack=0.4), [0.2**3, 0.2**3], rtol=1e-14)
    np.testing.assert_allclose(sft.best_of_n_miss(base, N=np.array([1, 2])), [0.5, 0.2**2], rtol=1e-14)
    assert sft.best_of_n_miss(np.array([[0.0, -np.inf]]), N=1)[0] == 0.0
    with pytest.raises(ValueError, match="`N`"):
        sft.best_of_n_miss(base, N=0)


def test_hellinger_constant_is_its_limit():
    """h(delta, delta/2) / delta falls to (1 - 1/sqrt 2)^2 as delta -> 0: with 1.3 times the constant the inequality fails there."""
    delta = np.geomspace(1e-6, 0.999, 400)
    least = (1 - 1 / math.sqrt(2)) ** 2
    assert (hellinger(delta, delta / 2) >= least * delta).all()
    assert (hellinger(delta, delta / 2) < 1.3 * least * delta).any()


def test_plurality_by_enumeration():
    for labels, mass in ((3, 0.4), (4, 0.25), (5, 0.1)):
        others = (1 - mass) / (labels - 1)
        for votes in range(7):
            total = 0.0
            for outcome in itertools.product(range(labels), repeat=votes):
                counts = np.bincount(outcome, minlength=labels)
                if counts[0] == counts.max():
                    total += math.prod(mass if y == 0 else others for y in outcome) / (counts == counts.max()).sum()
            assert plurality(votes=np.array([votes]), labels=labels, mass=mass)[0] == pytest.approx(total, abs=1e-13)


def test_saturated_risk_by_enumeration():
    base, weights = np.log([[0.6, 0.4], [0.3, 0.7]]), np.array([0.25, 0.75])
    n, N, delta = 5, 2, 0.4
    hit = [1 - 0.4**2, 1 - 0.3**2]
    risk = 0.0
    for prompts in itertools.product((0, 1), repeat=n):
        for right in itertools.product((0, 1), repeat=n):
            probability = math.prod(weights[x] * (hit[x] if r else 1 - hit[x]) for x, r in zip(prompts, right, strict=True))
            for x in (0, 1):
                mine = [r for y, r in zip(prompts, right, strict=True) if y == x]
                risk += probability * weights[x] * (not mine or sum(mine) <= (1 - delta) * len(mine) + 1e-9)
    assert sft.exact_risk(base, weights, n=n, N=N, delta=delta) == pytest.approx(risk, rel=1e-12)


def test_counts_on_the_edge_fail():
    """At c = 90 and delta = 0.3 the floats put 63 right answers above (1 - delta) c; the exact rule counts them as failed."""
    hit = 0.5
    exact = mpmath.nsum(lambda k: mpmath.binomial(90, k) * mpmath.mpf(hit) ** 90, [0, 63])
    assert sft.exact_risk(np.log([[hit, hit / 2, hit / 2]]), np.ones(1), n=90, N=1, delta=0.3) == pytest.approx(float(exact), rel=1e-10)


def test_family_risk_where_class_is_dull():
    """delta = 1/2, N = 1, M >= 4: the class's own law has mass 2/M <= 1/2 on the secret, so every hard prompt fails."""
    for labels in (4, 8, 100):
        assert sft.family_risk(n=10**6, N=1, delta=0.5, hard_prompts=2, labels=labels, hard_mass=0.4) == 0.4


# Inverse


@given(st.floats(0.0, 1e6), st.floats(1e-6, 0.999), st.floats(1e-6, 0.999), st.floats(1e-6, 0.999), st.floats(1.0, 1e6))
def test_inverse_both_ways(log_class_size, eps, delta, rho, cover):
    setting = {"log_class_size": log_class_size, "delta": delta, "rho": rho, "coverage": cover}
    enough = sft.samples_needed(**setting, eps=eps)
    assert enough.samples == enough.n * enough.N
    assert sft.bound(**setting, n=enough.n, N=enough.N) <= eps * (1 + 1e-12)
    if enough.n > 1 and enough.N > 1:
        unit = (sft.bound(**setting, n=enough.n - 1, N=1e300) > eps / 2 * (1 - 1e-9), enough.N - 1)
        assert unit[0]
        assert cover * math.log(2 / delta) / unit[1] > eps / 2 * (1 - 1e-9)


def test_prompts_and_cheapest_are_least():
    for eps in (0.2, 0.05, 0.01):
        n = sft.family_prompts_needed(eps=eps, N=8, delta=0.3, **FAMILY)
        assert sft.family_risk(n=n, N=8, delta=0.3, **FAMILY) <= eps
        assert n == 1 or sft.family_risk(n=n - 1, N=8, delta=0.3, **FAMILY) > eps
    best = sft.family_cheapest(eps=0.05, delta=0.3, **FAMILY)
    brute = min(
        n * N
        for N in range(1, 60)
        for n in range(1, 200)
        if n * N <= best.samples and sft.family_risk(n=n, N=N, delta=0.3, **FAMILY) <= 0.05
    )
    assert best.samples == brute == best.n * best.setting
    assert best.risk <= 0.05


# Sandwich


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(1, 10**4), st.floats(0.01, 0.95), st.sampled_from([0.0, 0.3]))
def test_three_strengths_in_order(seed, n, N, delta, slack):
    base, weights = random_table(np.random.default_rng(seed), prompts=5, responses=7, concentration=0.5)
    shared = {"log_class_size": 4.0, "n": n, "N": N, "delta": delta, "rho": 0.1}
    cover = float(coverage.coverage_coefficient(base, weights, slack=slack))
    instance = sft.bound_instance(base, weights, **shared, slack=slack)
    sharp = sft.bound_sharp(base, weights, **shared, slack=slack)
    assert 0 <= instance <= min(1.0, sharp) * (1 + 1e-12)
    assert sharp <= sft.bound(**shared, coverage=cover) * (1 + 1e-12)


@given(st.integers(0, 10**6), st.floats(0.0, 3.0), st.floats(0.05, 0.9))
def test_instance_form_is_the_linear_program(seed, error, delta):
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    weights, miss = rng.dirichlet(np.ones(6)), rng.uniform(size=6) * 1.2 * delta
    price = np.where(miss < delta, hellinger(delta, np.minimum(miss, delta)), 0.0)
    program = linprog(-weights, A_ub=[weights * price], b_ub=[error], bounds=(0, 1))
    assert sft.fill(miss, weights, delta=delta, error=error) == pytest.approx(-program.fun, abs=1e-8)


def simulate(seeds, n, N, delta, **shape):
    member = hard_family(**shape)
    law = laws.best_of_n(member.log_probs, member.log_probs, draws=N)
    at = Setting(member.log_probs, member.prompt_weights, law, member.members(law[1]), n, N, delta, 0.5)
    return member, replicates(at, seeds, jax.random.key(7))


def replicates(at, seeds, key):
    return next(trials(fixed, [at], [seeds], key=key, context=Context(scale="test", quiet=True), label="runs"))


def failure_count_test(failed, per_prompt, prompts, risk, false_alarm=1e-6):
    """Whether the number of failing hard prompts fits its exact mean: a Hoeffding interval over independent seeds, in prompts."""
    half = prompts * math.sqrt(math.log(2 / false_alarm) / (2 * len(failed)))
    return abs(failed.mean() / per_prompt - risk / per_prompt) <= half


def test_simulation_confirms_the_family_risk_and_sees_an_error():
    seeds, n, N, delta = 20_000, 12, 4, 0.6
    _, seen = simulate(seeds, n, N, delta, **FAMILY)
    per_prompt = FAMILY["hard_mass"] / FAMILY["hard_prompts"]
    exact = sft.family_risk(n=n, N=N, delta=delta, **FAMILY)
    assert failure_count_test(seen.failed, per_prompt, 3, exact)
    # The sample size can tell N from N - 1, and n from n - 2.
    assert not failure_count_test(seen.failed, per_prompt, 3, sft.family_risk(n=n, N=N - 1, delta=delta, **FAMILY))
    assert not failure_count_test(seen.failed, per_prompt, 3, sft.family_risk(n=n - 2, N=N, delta=delta, **FAMILY))
    assert (seen.samples == n * N).all()


def test_theorem_holds_on_simulated_runs():
    base, weights = random_table(np.random.default_rng(3), prompts=4, responses=8, concentration=0.5)
    law = laws.best_of_n(base, base, draws=32)
    members = row_permutations(np.random.default_rng(4), law, members=4)
    shared = {"log_class_size": 4 * math.log(4), "n": 3000, "N": 32, "delta": 0.3, "rho": 0.1}
    seen = replicates(Setting(base, weights, law, members, 3000, 32, 0.3, 0.0), 300, jax.random.key(1))
    bound = sft.bound_instance(base, weights, **shared)
    assert (seen.failed > bound * (1 + 1e-12)).mean() <= 0.1
    assert (seen.hellinger <= sft.statistical_error(log_class_size=4 * math.log(4), n=3000, rho=0.1)).mean() >= 0.9


# Sharpness


def test_instance_bound_is_attained_where_nothing_is_covered():
    """A prompt with miss >= delta fails in law, with any amount of data: the bound is the risk, and 0.7 of it is violated."""
    base, weights = np.log([[0.51, 0.49], [0.99, 0.01]]), np.array([0.4, 0.6])
    shared = {"log_class_size": 0.0, "n": 10**9, "N": 1, "delta": 0.3, "rho": 0.9}
    bound = sft.bound_instance(base, weights, **shared)
    law_fails = 0.4
    assert law_fails <= bound < 0.4 + 1e-6
    assert not law_fails <= 0.7 * bound


def test_coverage_term_is_attained():
    """P[base(Y*) < 1/N*] is all of the risk's limit where the covered prompts are certain; Markov's C_cov/N* is sharp at one mass."""
    base = np.log([[0.5 - 1e-9, 0.5 + 1e-9 - 0.25, 0.25], [1.0, 1e-300, 1e-300]])
    assert coverage.coverage_profile(base, np.array([1.0, 0.0]), draws=2.0) == 1.0
    assert coverage.coverage_coefficient(base, np.array([1.0, 0.0])) / 2.0 == pytest.approx(1.0, abs=1e-8)


# Assumptions


def test_assumptions_have_signed_slacks():
    member = hard_family(**FAMILY)
    law = laws.best_of_n(member.log_probs, member.log_probs, draws=9)
    slacks = sft.checks(np.stack([law, member.log_probs]), law, N=9, delta=0.2)
    assert slacks["realizability"] >= 0
    assert slacks["covers_someone"] == pytest.approx(9 / math.log(10) - 1)
    require(slacks)
    without = sft.checks(member.log_probs[None], law, N=1, delta=0.2)
    with pytest.raises(AssumptionError, match="realizability"):
        require(without, "realizability")


# Errata


def test_printed_objective_does_not_depend_on_the_policy():
    """As printed the objective is sum log pi_base(y_i): equal for all members, where sum log pi(y_i) singles one out."""
    member = hard_family(**FAMILY)
    members = member.members(laws.best_of_n(member.log_probs, member.log_probs, draws=9)[1])[1]
    kept = np.array([1, 1, 3, 1, 2, 1])
    printed = np.array([member.log_probs[1][kept].sum() for _ in members])
    corrected = members[:, kept].sum(axis=1)
    assert np.ptp(printed) == 0
    assert np.argmax(corrected) == 0
    assert np.sort(corrected)[-1] - np.sort(corrected)[-2] > 1


def test_printed_left_side_is_the_weaker_event():
    """1 - 2 delta on the left is a rarer failure than the 1 - delta that the proof bounds: at mass 0.65, delta = 0.3 they differ."""
    base, weights = np.log([[0.65, 0.35]]), np.ones(1)
    assert sft.exact_risk(base, weights, n=10**6, N=1, delta=0.3) == pytest.approx(1.0)
    assert sft.exact_risk(base, weights, n=10**6, N=1, delta=0.6) == pytest.approx(0.0, abs=1e-12)


# Refusals


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", 0), ("N", 0), ("n", 1.5), ("delta", 0.0), ("delta", 1.0), ("delta", math.nan), ("rho", 1.0), ("rho", 0.0), ("coverage", 0.9),
     ("coverage", math.nan), ("log_class_size", -1.0), ("log_class_size", math.nan)],
)  # fmt: skip
def test_bound_refuses(name, value):
    arguments = {**SETTING, "n": 10, "N": 10, "coverage": 2.0, name: value}
    with pytest.raises(ValueError, match=f"`{name}`"):
        sft.bound(**arguments)


def test_other_refusals():
    with pytest.raises(ValueError, match="`eps`"):
        sft.samples_needed(**SETTING, eps=1.0, coverage=2.0)
    with pytest.raises(ValueError, match="`log_class_size`"):
        sft.samples_needed(log_class_size=math.inf, delta=0.1, rho=0.1, eps=0.1, coverage=2.0)
    with pytest.raises(ValueError, match="`labels`"):
        sft.family_risk(n=1, N=1, delta=0.1, hard_prompts=1, labels=2, hard_mass=0.1)
    with pytest.raises(ValueError, match="`hard_mass`"):
        sft.family_cheapest(eps=0.1, delta=0.1, hard_prompts=1, labels=8, hard_mass=1.1)
    with pytest.raises(ValueError, match="`eps`"):
        sft.family_prompts_needed(eps=0.1, N=1, delta=0.1, hard_prompts=1, labels=8, hard_mass=0.5)
    # A sum over more counts than ten seconds allow.
    with pytest.raises(ValueError, match="`n` must be smaller, as the call would take about"):
        sft.exact_risk(np.log([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]), np.array([0.5, 0.5]), n=10**11, N=3, delta=0.5)
    assert sft.bound(**{**SETTING, "log_class_size": math.inf}, n=10, N=10, coverage=2.0) == math.inf
    assert sft.family_cheapest(eps=0.2, delta=0.1, hard_prompts=1, labels=8, hard_mass=0.2).samples == 0
