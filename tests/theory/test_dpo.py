"""Lemmas 4.1', J.1-J.3 and Theorem 4.2': six headings, the exact law of the zero-loss set against DPO itself, and the errata."""

import math

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.dpo.trials import pair_trials
from sharpsim import coverage, laws, sharpness
from sharpsim.classes import FiniteClass, ProductClass
from sharpsim.instances import margin_family, random_table
from sharpsim.testing import log_prob_tables, prompt_weights
from sharpsim.theory import AssumptionError, dpo, require

SETTING = {"log_class_size": 7.0, "rho": 0.05, "beta": 0.01, "concentrability": 12.0, "loss_moment": 30.0}
RISK = {**SETTING, "delta": 0.2, "margin": 0.8}
FAMILY = {"hard_prompts": 3, "labels": 5, "margin": 0.4}
TABLES = log_prob_tables(prompts=3, responses=5)
WITH_ZEROS = log_prob_tables(prompts=3, responses=5, ties=True, zeros=True)
WEIGHTS = prompt_weights(prompts=3)
BETAS = st.sampled_from([0.02, 0.1, 0.5, 1.0])


def member_class(beta):
    """The margin family's member, its tilted law, and the class `[prompts, members, responses]` of all members' tilted laws."""
    member = margin_family(**FAMILY)
    return member, member.members(dpo.target(member.log_probs, beta=beta)[0])


# Value


def test_bound_by_mpmath():
    """The printed form, minimised over B by golden section in 40 digits."""
    n = 10**7
    with mpmath.workdps(40):
        k = mpmath.log(60)
        fourth = 16 * (k**4 + 4 * (k**3 + 3 * k**2 + 6 * k + 6))
        share = (7 + mpmath.log(20)) / n

        def inside(b):
            return 4 * b**2 * share + mpmath.sqrt(fourth) * mpmath.sqrt(4 * 30 * mpmath.exp(-b))

        low, high = mpmath.mpf(1), mpmath.mpf(200)
        for _ in range(300):
            a, b = low + (high - low) * mpmath.mpf("0.382"), low + (high - low) * mpmath.mpf("0.618")
            low, high = (low, b) if inside(a) < inside(b) else (a, high)
        regret = 2 * mpmath.sqrt(12) * mpmath.sqrt(inside(low)) + mpmath.mpf("0.01") * mpmath.log(12)
        value = float(regret / (mpmath.mpf("0.2") * mpmath.log(mpmath.mpf("1.8"))))
    got = dpo.bound(**RISK, n=n)
    assert got == pytest.approx(value, rel=1e-12)
    assert 0.7 * got < value < 1.3 * got
    assert dpo.residual_fourth_moment(loss_moment=30.0) == pytest.approx(float(fourth), rel=1e-14)
    assert dpo.bound(**RISK, n=np.array([n, 10 * n]))[0] == got


def test_closed_form_is_its_integral():
    """E f^2 <= integral of 2 t min(p, 2 C e^(-t/2)), by quadrature."""
    p, c = 0.003, 5.0
    with mpmath.workdps(30):
        edge = 2 * mpmath.log(2 * c / p)
        value = mpmath.quad(lambda t: 2 * t * p, [0, edge]) + mpmath.quad(lambda t: 2 * t * 2 * c * mpmath.exp(-t / 2), [edge, edge + 300])
    got = dpo.squared_residual_given(disagreement=p, loss_moment=c)
    assert got == pytest.approx(float(value), rel=1e-12)
    sharp = dpo.squared_residual_sharp(log_class_size=7.0, n=1000, rho=0.05, loss_moment=c)
    assert sharp == pytest.approx(dpo.squared_residual_given(disagreement=1 - math.exp(-(7 + math.log(20)) / 1000), loss_moment=c))


def test_target_and_bias_by_hand():
    """base (1/2, 1/4, 1/4), beta = 1/2: pi_beta = (8, 1, 1)/10; its miss 0.2 beside the bound 2 (1 + 1)^-3 = 0.25."""
    base = np.log([[0.5, 0.25, 0.25]])
    np.testing.assert_allclose(np.exp(dpo.target(base, beta=0.5))[0], [0.8, 0.1, 0.1], rtol=1e-14)
    assert dpo.bias(base, beta=0.5) == pytest.approx(0.2, rel=1e-13)
    bound = dpo.bias_bound(margin=1.0, responses=3, maximal=1, beta=0.5)
    assert bound == pytest.approx(0.25, rel=1e-14)
    assert not 0.7 * bound >= 0.2
    assert dpo.concentrability_bound(coverage=2.0, slack=0.5, beta=0.5) == pytest.approx(2 * 1.25**2, rel=1e-13)
    assert dpo.target_loss_moment_bound(base, np.ones(1)) == pytest.approx(1.5, rel=1e-14)


def test_margin_family_by_hand():
    """C_cov = (M+g)/(1+g) and the margin g move apart, down to margins that 1 + g does not hold."""
    for margin in (2.0, 0.1, 1e-9):
        member = margin_family(hard_prompts=2, labels=5, margin=margin, secrets=np.array([3, 0]))
        assert coverage.margin(member.log_probs, member.prompt_weights) == pytest.approx(margin, rel=1e-5)
        cover = coverage.coverage_coefficient(member.log_probs, member.prompt_weights)
        assert cover == pytest.approx((5 + margin) / (1 + margin), rel=1e-12)
        assert member.log_probs.argmax(axis=1).tolist() == [3, 0]
        # Each prompt's class holds the right law at the place of its secret.
        class_laws = member.members(np.sort(member.log_probs[0])[::-1])
        np.testing.assert_array_equal(class_laws[0, 3], member.log_probs[0])


def test_slack_and_no_margin_by_hand():
    given = {**SETTING, "n": 10**9}
    regret = dpo.regret_bound(**given)
    assert dpo.bound_slack(**given, delta=0.2, margin=0.8, slack=0.1) == pytest.approx(
        (regret + math.log(1 / 0.9)) / (0.2 * math.log(1.8)), rel=1e-13
    )
    assert dpo.bound_slack(**given, delta=0.2, margin=0.8, slack=0.0) == pytest.approx(dpo.bound(**given, delta=0.2, margin=0.8), rel=1e-14)
    assert dpo.bound_without_margin(**given, delta=0.2, slack=0.1) == pytest.approx(regret / (0.2 * math.log(1 / 0.9)), rel=1e-13)
    # Empty unless (1 + g_m)^delta > 1/(1-g).
    assert dpo.bound_slack(**{**given, "n": 1e300}, delta=0.2, margin=0.6, slack=0.1) > 1


def test_regret_by_hand():
    base, policy = np.log([[0.5, 0.3, 0.2]]), np.log([[0.2, 0.3, 0.5]])
    want = math.log(0.5) - (0.2 * math.log(0.5) + 0.3 * math.log(0.3) + 0.5 * math.log(0.2))
    assert dpo.regret(policy, base, np.ones(1), slack=0.0) == pytest.approx(want, rel=1e-14)
    inside = (0.5 * math.log(0.5) + 0.3 * math.log(0.3)) / 0.8
    assert dpo.regret(policy, base, np.ones(1), slack=0.4) == pytest.approx(want - math.log(0.5) + inside, rel=1e-13)


ZERO_LOSS = {"log_class_size": 3.0, "rho": 0.1, "delta": 0.4, "bias": 0.05}


def test_zero_loss_form_by_mpmath():
    """b is the smaller root of gap^2/b + (1-gap)^2/(1-b) = C; with C on average the risk solves r m b(1 + 2 (C-1)/r) = p."""
    with mpmath.workdps(40):
        gap, share = mpmath.mpf("0.4") - mpmath.mpf("0.05"), 1 - (mpmath.mpf("0.1") / mpmath.exp(3)) ** (mpmath.mpf(1) / 500)

        def least(C):
            return mpmath.findroot(lambda b: gap**2 / b + (1 - gap) ** 2 / (1 - b) - C, (gap**2 / (2 * C), gap * 0.999), solver="anderson")

        b = least(3)
        everywhere = share / (2 * b * (1 - b))
        average = mpmath.findroot(
            lambda r: r * 2 * (1 - gap) * least(1 + 4 / r) - share, (share, 1), solver="anderson", tol=1e-25
        )  # fmt: skip
    assert dpo.least_disagreement(gap=0.35, concentrability=3.0) == pytest.approx(float(2 * b * (1 - b)), rel=1e-13)
    assert dpo.bound_zero_loss(**ZERO_LOSS, n=500, concentrability=3.0, everywhere=True) == pytest.approx(float(everywhere), rel=1e-12)
    assert dpo.bound_zero_loss(**ZERO_LOSS, n=500, concentrability=3.0) == pytest.approx(float(average), rel=1e-9)
    # C = 1 leaves base alone: its mass is pi's. Where b passes 1/2 a half is what is left.
    assert dpo.least_disagreement(gap=0.3, concentrability=1.0) == pytest.approx(2 * 0.3 * 0.7, rel=1e-14)
    assert dpo.least_disagreement(gap=0.9, concentrability=1.0) == 0.5
    assert dpo.least_disagreement(gap=0.3, concentrability=math.inf) == 0.0


def test_zero_loss_form_says_nothing_where_it_cannot():
    assert dpo.bound_zero_loss(**ZERO_LOSS | {"bias": 0.4}, n=10**9, concentrability=2.0) == 1.0
    assert dpo.bound_zero_loss(**ZERO_LOSS, n=10**9, concentrability=math.inf, everywhere=True) == 1.0
    assert dpo.bound_zero_loss(**ZERO_LOSS | {"log_class_size": math.inf}, n=10**9, concentrability=2.0) == 1.0
    for everywhere in (False, True):
        assert dpo.bound_zero_loss(**ZERO_LOSS, n=1, concentrability=2.0, everywhere=everywhere) == 1.0
    with pytest.raises(ValueError, match="`bias` must be below `delta`"):
        dpo.pairs_needed_zero_loss(**ZERO_LOSS | {"bias": 0.4}, eps=0.1, concentrability=2.0)
    with pytest.raises(ValueError, match="`concentrability` must be finite"):
        dpo.pairs_needed_zero_loss(**ZERO_LOSS, eps=0.1, concentrability=math.inf)


# Inverse


@given(st.floats(0.001, 0.999), st.floats(0.06, 0.999), st.floats(1.0, 1e4), st.booleans())
def test_inverse_of_the_zero_loss_form(eps, delta, concentrability, everywhere):
    given = {**ZERO_LOSS, "delta": delta, "concentrability": concentrability, "everywhere": everywhere}
    needed = dpo.pairs_needed_zero_loss(**given, eps=eps)
    assert dpo.bound_zero_loss(**given, n=needed) <= eps
    assert needed == 1 or dpo.bound_zero_loss(**given, n=needed - 1) > eps * (1 - 1e-9)


@given(st.floats(0.001, 0.9), st.floats(0.01, 0.9), st.floats(0.01, 20.0), st.floats(0.0, 1e3))
def test_inverse_both_ways(eps, delta, margin, log_class_size):
    beta = dpo.beta_for_risk(eps=eps, delta=delta, margin=margin, concentrability=12.0)
    given = {**SETTING, "log_class_size": log_class_size, "beta": beta, "delta": delta, "margin": margin}
    needed = dpo.samples_needed(**given, eps=eps)
    assert needed.samples == 2 * needed.n
    assert dpo.bound(**given, n=needed.n) <= eps
    assert needed.n == 1 or dpo.bound(**given, n=needed.n - 1) > eps * (1 - 1e-9)


@given(st.floats(1e-9, 50.0), st.integers(2, 1000), st.floats(1e-6, 0.9))
def test_beta_that_a_margin_demands(margin, labels, delta):
    """Printed formula <= first form <= exact, each with a miss of at most delta/2, and the exact one with no room left."""
    member = margin_family(hard_prompts=1, labels=min(labels, 60), margin=margin)
    m = member.log_probs.shape[1]
    printed = dpo.beta_printed(margin=margin, responses=m, delta=delta)
    bias = dpo.beta_by_bias(margin=margin, responses=m, maximal=1, delta=delta)
    exact = dpo.beta_exact(member.log_probs, member.prompt_weights, delta=delta)
    assert printed <= bias * (1 + 1e-9)
    assert bias <= exact * (1 + 1e-6)
    if math.isfinite(exact):
        assert dpo.bias(member.log_probs, beta=exact)[0] <= delta / 2 * (1 + 1e-6)
        assert dpo.bias(member.log_probs, beta=exact * 1.05)[0] > delta / 2 or dpo.bias(member.log_probs, beta=1e9)[0] <= delta / 2 * 1.05
    if math.isfinite(bias):
        assert dpo.bias_bound(margin=margin, responses=m, maximal=1, beta=bias) == pytest.approx(delta / 2, rel=1e-9)


# Sandwich


@given(WITH_ZEROS, WEIGHTS, BETAS, st.sampled_from([0.0, 0.1, 0.5, 0.9]))
def test_lemma_4_1_both_parts(base, weights, beta, slack):
    target = dpo.target(base, beta=beta)
    value = coverage.concentrability(target, base, weights)
    cover = coverage.coverage_coefficient(base, weights, slack=slack)
    assert value <= coverage.coverage_coefficient(base, weights) * (1 + 1e-9)
    assert value <= dpo.concentrability_bound(coverage=cover, slack=slack, beta=beta) * (1 + 1e-9)
    assert dpo.concentrability_bound(coverage=cover, slack=slack, beta=beta) <= cover * (1 - slack) ** (-1 / beta) * (1 + 1e-9)
    moment = coverage.ratio_moment(base, target, weights, beta=beta)
    assert moment <= dpo.target_loss_moment_bound(base, weights) * (1 + 1e-9) <= 5 * (1 + 1e-8)


@given(WITH_ZEROS, BETAS)
def test_bias_is_below_its_bound(base, beta):
    for row in base:
        margin = float(coverage.margin(row[None], np.ones(1)))
        maximal = int(sharpness.maximisers(row[None]).sum())
        assert dpo.bias(row[None], beta=beta)[0] <= dpo.bias_bound(margin=margin, responses=5, maximal=maximal, beta=beta) * (1 + 1e-9)


@given(TABLES, TABLES, WEIGHTS, BETAS)
def test_lemmas_j1_and_j2(policy, base, weights, beta):
    """Tails and fourth moments, of the log-ratio and of the residual, on tables drawn at random: exact sums beside the bounds."""
    moment = coverage.ratio_moment(base, policy, weights, beta=beta)
    ratio, mass = np.abs(beta * (base - policy)), weights[:, None] * np.exp(base)
    for threshold in (0.5, 2.0, 6.0, *ratio[0]):
        assert mass[ratio >= threshold].sum() <= dpo.log_ratio_tail(loss_moment=moment, threshold=threshold) * (1 + 1e-9)
    for excess in (0.0, 1.0, 4.0):
        beyond = mass[ratio > dpo.log_ratio_quantile(loss_moment=moment, excess=excess)].sum()
        assert beyond <= math.exp(-excess)
    assert (mass * ratio**4).sum() <= dpo.log_ratio_fourth_moment(loss_moment=moment)
    largest = max(moment, coverage.ratio_moment(base, dpo.target(base, beta=beta), weights, beta=beta))
    assert dpo.residual_moment(policy, base, weights, beta=beta, power=4) <= dpo.residual_fourth_moment(loss_moment=largest)
    f = dpo.residuals(policy, base, beta=beta)
    pairs = weights[:, None, None] * np.exp(base[:, :, None] + base[:, None, :])
    for threshold in (1.0, 4.0, 10.0):
        assert pairs[np.abs(f) >= threshold].sum() <= 2 * largest * math.exp(-threshold / 2) * (1 + 1e-9)
    share = dpo.disagreement(policy, base, weights, beta=beta)
    square = dpo.residual_moment(policy, base, weights, beta=beta, power=2)
    assert square <= dpo.squared_residual_given(disagreement=min(share, 1.0), loss_moment=largest) * (1 + 1e-9)


@given(TABLES, TABLES, WEIGHTS, BETAS, st.floats(0.05, 0.9))
def test_regret_and_margin_steps(policy, base, weights, beta, delta):
    """The deterministic half of Thm 4.2' on any policy: residual to regret, regret to failing prompts (Lemma J.3)."""
    square = dpo.residual_moment(policy, base, weights, beta=beta, power=2)
    conc = coverage.concentrability(policy, base, weights)
    cover = coverage.coverage_coefficient(base, weights)
    regret = dpo.regret(policy, base, weights, slack=0.0)
    assert regret <= dpo.regret_from_residual(square=square, beta=beta, concentrability=conc, coverage=cover) * (1 + 1e-9) + 1e-12
    margin = float(coverage.margin(base, weights))
    failed = sharpness.unsharpened_fraction(policy, base, weights, delta=delta)
    assert failed <= dpo.risk_from_regret(regret=max(regret, 0.0), delta=delta, margin=margin) * (1 + 2e-3)
    for slack in (0.1, 0.5):
        # With slack, and without any margin.
        failed = sharpness.unsharpened_fraction(policy, base, weights, delta=delta, slack=slack)
        off = dpo.regret(policy, base, weights, slack=slack) - math.log1p(-slack)
        outside = np.where(sharpness.maximisers(base, slack=slack), -np.inf, base - base.max(axis=1, keepdims=True))
        loose = float(np.expm1(-outside.max())) if np.isfinite(outside.max()) else math.inf
        assert failed <= dpo.risk_from_regret(regret=max(off, 0.0), delta=delta, margin=loose) * (1 + 2e-3)
        assert failed <= dpo.risk_from_regret(regret=max(regret, 0.0), delta=delta, margin=slack / (1 - slack)) * (1 + 2e-3)


@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0.02, 0.9))
def test_zero_loss_members_rarely_disagree(seed, n, rho):
    """P[some zero-loss member has P[f != 0] > L/n] <= rho, by the exact law of the zero-loss set of seven members."""
    rng = np.random.default_rng(seed)
    base, weights = random_table(rng, prompts=2, responses=4, concentration=1.0)
    target = dpo.target(base, beta=0.5)
    members = [target]
    for _ in range(6):
        # A member that differs at few responses, so that few pairs tell.
        other = target.copy()
        other[rng.integers(2), rng.integers(4)] += rng.choice([-1.0, 1.0])
        members.append(other - np.logaddexp.reduce(other, axis=1, keepdims=True))
    bound = dpo.disagreement_bound(log_class_size=math.log(7), n=n, rho=rho)
    shares = np.array([dpo.disagreement(member, base, weights, beta=0.5) for member in members])
    far = shares > bound
    # The union bound, term by term, is what the theorem uses; the exact probability of the union is below it.
    assert ((1 - shares[far]) ** n).sum() <= rho
    assert shares[0] == 0


@given(WITH_ZEROS, st.lists(st.integers(0, 2), min_size=5, max_size=5), st.floats(0.1, 30.0), BETAS, WEIGHTS)
def test_a_policy_that_falls_short_disagrees_often(base, level, step, beta, weights):
    """Step by step what the zero-loss form rests on, for policies that are pi_beta times one of three constants."""
    target = dpo.target(base, beta=beta)
    policy = target + step * (np.array(level) - 1.0)
    policy -= np.logaddexp.reduce(policy, axis=1, keepdims=True)
    maximal = sharpness.maximisers(base)
    own = [(np.exp(np.where(maximal, law, -np.inf))).sum(axis=1) for law in (target, policy)]
    gaps, one = own[0] - own[1], np.ones(1)
    shares = [dpo.disagreement(policy[i : i + 1], base[i : i + 1], one, beta=beta) for i in range(3)]
    apart = [[float(coverage.concentrability(law[i : i + 1], base[i : i + 1], one)) for i in range(3)] for law in (policy, target)]
    for gap, share, C in zip(gaps, shares, np.max(apart, axis=0), strict=True):
        if gap > 1e-6:
            assert share >= dpo.least_disagreement(gap=min(float(gap), 1.0), concentrability=max(C, 1.0)) * (1 - 1e-6)
    # On average over prompts: the risk that n pairs allow, were p the policy's own disagreement.
    for delta in (0.2, 0.5):
        bias = float((1 - own[0]).max())
        if bias < delta - 1e-6:
            # Misses within rounding of delta are left out.
            failed = float(weights[(1 - own[1]) >= delta + 1e-9].sum())
            whole = max(float(weights @ np.array(apart)[k]) for k in (0, 1))
            p = float(weights @ np.array(shares))
            if failed > 0:
                given = {"delta": delta, "bias": max(bias, 0.0), "concentrability": max(whole, 1.0) * (1 + 1e-9)}
                # n = 1 and rho/|Pi| = 1 - p make the share p.
                allowed = dpo.bound_zero_loss(log_class_size=0.0, n=1, rho=max(1 - p, 1e-12), **given)
                assert failed <= allowed * (1 + 1e-6)


def test_exact_law_is_what_dpo_does():
    """Three ways: the law over sets of members, the chain of the family, and DPO run against the oracle (Hoeffding, 1e-6)."""
    member, by_prompt = member_class(0.1)
    seeds, delta = 4000, 0.3
    half = math.sqrt(math.log(2e6) / (2 * seeds))
    family = dpo.FamilyRisk(**FAMILY, beta=0.1, delta=delta)
    for n in (2, 12):
        seen = pair_trials(
            jax.random.key(n), seeds, log_base=member.log_probs, weights=member.prompt_weights, policy_class=ProductClass(by_prompt),
            n=n, beta=0.1, delta=delta,
        )  # fmt: skip
        assert abs(seen.failed.mean() - family(n).mean) <= half
        assert abs(seen.failed.mean() - family(n + 6).mean) > half
    single = margin_family(hard_prompts=1, labels=5, margin=0.4)
    members = np.swapaxes(single.members(dpo.target(single.log_probs, beta=0.1)[0]), 0, 1)
    chain = dpo.FamilyRisk(hard_prompts=1, labels=5, margin=0.4, beta=0.1, delta=delta)
    for n in (1, 2, 3, 9):
        general = dpo.exact_risk(members, single.log_probs, single.prompt_weights, n=n, beta=0.1, delta=delta)
        np.testing.assert_allclose(general, chain(n), rtol=1e-12, atol=1e-14)
    two, weights = random_table(np.random.default_rng(7), prompts=2, responses=4, concentration=1.0)
    target = dpo.target(two, beta=0.3)
    members = np.stack([target, target[:, ::-1], np.stack([target[0], target[1, ::-1]]), target])
    law = dpo.exact_risk(members, two, weights, n=3, beta=0.3, delta=0.4)
    seen = pair_trials(jax.random.key(0), seeds, log_base=two, weights=weights, policy_class=FiniteClass(members), n=3, beta=0.3, delta=0.4)
    assert abs(seen.failed.mean() - law.mean) <= half
    assert law.mean <= law.worst


def test_the_familys_target_fails_exactly_where_its_bias_says():
    """`dull`: pi_beta misses Y* by at least delta; `harmless`: even a wrong member's law puts that much on the mode."""
    for beta in (0.05, 0.5, 1.0, 3.0):
        miss = float(dpo.bias(margin_family(**FAMILY).log_probs, beta=beta).max())
        for delta in (miss * 0.99, miss * 1.01):
            assert dpo.FamilyRisk(**FAMILY, beta=beta, delta=delta).dull == (delta < miss)
        # The wrong member has the mode's odds on another label.
        wrong = 1 - (1 - miss) * (1 + FAMILY["margin"]) ** -(1 + 1 / beta)
        for delta in (wrong * 0.999, min(wrong * 1.001, 1 - 1e-9)):
            assert dpo.FamilyRisk(**FAMILY, beta=beta, delta=delta).harmless == (delta > wrong)


def test_identification_keeps_its_digits():
    """One pair among 10^9 prompts hits a given one with probability 1e-9, and tells its mode with the probability by hand."""
    other = 1 / (5 + 0.4)
    tells = 2 * 1.4 * other * 4 * other
    chain = dpo.FamilyRisk(hard_prompts=10**9, labels=5, margin=0.4, beta=0.1, delta=0.3)
    assert chain(1).identified == pytest.approx(1e-9 * tells, rel=1e-12)
    assert chain(0).identified == 0.0
    single = dpo.FamilyRisk(hard_prompts=1, labels=5, margin=0.4, beta=0.1, delta=0.3)
    for n in (1, 2, 5, 40):
        found = single(n)
        assert found.identified == pytest.approx(1 - found.worst, rel=1e-12)


def test_sharp_regret_and_squared_residual_by_hand():
    """`regret_bound_sharp` is `regret_from_residual` of the closed form; `squared_residual` is at most its bracket at any B."""
    given = {"log_class_size": 7.0, "n": 10**6, "rho": 0.05, "loss_moment": 30.0}
    square = dpo.squared_residual_sharp(**given)
    regret = dpo.regret_bound_sharp(**given, beta=0.01, concentrability=12.0, coverage=4.0)
    by_hand = (math.sqrt(11 / 2) + math.sqrt(3 / 2)) * math.sqrt(square) + 0.01 * math.log(4)
    assert regret == pytest.approx(by_hand, rel=1e-12)
    share = (7 + math.log(20)) / 10**6
    K = math.sqrt(dpo.residual_fourth_moment(loss_moment=30.0))
    least = min(4 * B**2 * share + K * math.sqrt(4 * 30 * math.exp(-B)) for B in np.linspace(5, 60, 20_001))
    assert dpo.squared_residual(**given) == pytest.approx(least, rel=1e-6)
    assert dpo.squared_residual(**given) <= least * (1 + 1e-12)


def test_guarantee_holds_and_is_vacuous_where_dpo_already_succeeds():
    """At every n the exact risk is below the bound; the bound is below 1 only from an n on that is a million times larger."""
    member, by_prompt = member_class(1e-3)
    members = np.swapaxes(by_prompt[:1], 0, 1)
    conc, moment = dpo.class_coefficients(members, member.log_probs[:1], np.ones(1), beta=1e-3)
    given = {"log_class_size": member.log_class_size, "rho": 0.1, "beta": 1e-3, "concentrability": conc, "loss_moment": moment}
    chain = dpo.FamilyRisk(**FAMILY, beta=1e-3, delta=0.3)
    for n in (1, 10, 100, 1000):
        bound = dpo.bound(**given, n=n, delta=0.3, margin=0.4)
        assert bound >= 1 >= chain(n).mean
    assert chain.pairs_needed(eps=0.1) < 100
    assert dpo.samples_needed(**given, eps=0.1, delta=0.3, margin=0.4).n > 10**7


@given(st.floats(0.0, 100.0), st.floats(0.0, 12.0), st.floats(1.0, 1e6), st.floats(1.0, 1e6), st.floats(1e-4, 1.0))
def test_sharp_form_is_never_above_the_explicit_one(log_class_size, log_n, conc, moment, beta):
    given = {"log_class_size": log_class_size, "n": math.floor(10**log_n), "rho": 0.1, "beta": beta, "loss_moment": moment}
    wide = dpo.bound(**given, concentrability=conc, delta=0.2, margin=0.5)
    sharp = dpo.bound_sharp(**given, concentrability=conc, delta=0.2, margin=0.5)
    assert sharp <= wide * (1 + 1e-9)
    assert dpo.bound_sharp(**given, concentrability=conc, coverage=1.0, delta=0.2, margin=0.5) <= sharp * (1 + 1e-9)


# Sharpness


@pytest.mark.parametrize(("gap", "outside"), [(0.3, 0.1), (0.5, 0.05), (0.05, 0.01)])
def test_zero_loss_form_is_attained(gap, outside):
    """Base uniform on two modes and with mass `outside` spread thin beyond; pi takes `gap` of the modes' mass there, as base has it."""
    thin = 2000
    base = np.log(np.append(np.full(2, (1 - outside) / 2), np.full(thin, outside / thin)))[None]
    policy = np.log(np.append(np.full(2, (1 - gap) / 2), np.full(thin, gap / thin)))[None]
    share = dpo.disagreement(policy, base, np.ones(1), beta=0.01)
    C = float(coverage.concentrability(policy, base, np.ones(1)))
    assert dpo.bias(base, beta=0.01)[0] < 1e-12
    bound = dpo.least_disagreement(gap=gap, concentrability=C)
    assert share == pytest.approx(bound, rel=1e-9)
    assert not share >= 1.3 * bound
    # A class of these two: one pair less than what the form asks for, and the wrong one is left with chance rho/2 at least.
    given = {"log_class_size": math.log(2), "rho": 0.1, "delta": gap, "bias": 0.0, "concentrability": C, "everywhere": True}
    n = dpo.pairs_needed_zero_loss(**given, eps=1 - 1e-9)
    assert (1 - share) ** n <= 0.05 * (1 + 1e-6)
    assert (1 - share) ** (n - 1) > 0.05 * (1 - 1e-6)


def test_lemma_4_1_is_attained():
    """Slack: one response of mass q/(1+q), 8 of half its mass (beta = 1/2, q = 1/4). Second part: a uniform base."""
    weights = np.ones(1)
    base = np.log(np.array([[2.0] + [1.0] * 8]) / 10)
    value = coverage.concentrability(dpo.target(base, beta=0.5), base, weights)
    assert coverage.coverage_coefficient(base, weights, slack=0.5) == pytest.approx(1.0)
    bound = dpo.concentrability_bound(coverage=1.0, slack=0.5, beta=0.5)
    assert value == pytest.approx(bound, rel=1e-12)
    assert not value <= 0.7 * bound
    uniform = np.full((1, 7), -math.log(7))
    assert coverage.ratio_moment(uniform, dpo.target(uniform, beta=0.3), weights, beta=0.3) == pytest.approx(
        dpo.target_loss_moment_bound(uniform, weights), rel=1e-12
    )
    # C_{pi_beta} <= C_cov as beta vanishes.
    peaked = np.log([[0.4, 0.35, 0.25]])
    sharp = coverage.concentrability(dpo.target(peaked, beta=1e-3), peaked, weights)
    assert sharp == pytest.approx(coverage.coverage_coefficient(peaked, weights), rel=1e-12)


def test_tail_of_lemma_j1_is_nearly_attained():
    """A response of base mass p that pi forgets: P = p beside (1 + C) e^-t, C about p e^t."""
    p, beta = 0.01, 0.5
    base, policy = np.log([[p, 1 - p]]), np.array([[-40.0, math.log1p(-math.exp(-40))]])
    moment = coverage.ratio_moment(base, policy, np.ones(1), beta=beta)
    threshold = beta * (math.log(p) + 40)
    bound = dpo.log_ratio_tail(loss_moment=moment, threshold=threshold)
    assert p <= bound <= 1.01 * p
    assert not p <= 0.7 * bound


def test_zero_loss_share_is_nearly_attained():
    """Two members: the wrong one stays with probability (1-q)^n, and q = L/n makes that rho/2; 0.7 L/n would break rho."""
    n, rho = 2000, 0.1
    share = dpo.disagreement_bound(log_class_size=math.log(2), n=n, rho=rho)
    assert (1 - share) ** n == pytest.approx(rho / 2, rel=0.01)
    assert (1 - 0.7 * share) ** n > rho


def test_regret_step_is_nearly_attained():
    """A base that almost forgets a response, to which pi gives a little: the change of measure is an equality for two responses."""
    base, policy = np.log([[1 - 4e-6, 4e-6]]), np.log([[1 - 1.4e-5, 1.4e-5]])
    weights, beta = np.ones(1), 1e-4
    square = dpo.residual_moment(policy, base, weights, beta=beta, power=2)
    conc, cover = (
        coverage.concentrability(policy, base, weights),
        coverage.coverage_coefficient(base, weights),
    )
    bound = dpo.regret_from_residual(square=square, beta=beta, concentrability=conc, coverage=cover)
    regret = dpo.regret(policy, base, weights, slack=0.0)
    assert 0.98 * bound <= regret <= bound
    # The paper's factors, sqrt C each, are 1.4 times those and more.
    assert (math.sqrt(conc) + math.sqrt(cover)) * math.sqrt(square) > 1.4 * regret


def test_margin_step_is_attained():
    """Two responses, miss exactly delta: every prompt fails and the bound says 1 (Lemma J.3)."""
    base, policy = np.log([[0.6, 0.4]]), np.log([[0.7, 0.3]])
    margin = float(coverage.margin(base, np.ones(1)))
    bound = dpo.risk_from_regret(regret=dpo.regret(policy, base, np.ones(1), slack=0.0), delta=0.3, margin=margin)
    assert bound == pytest.approx(1.0, rel=1e-12)
    failed = sharpness.unsharpened_fraction(policy, base, np.ones(1), delta=0.3)
    assert failed == 1
    assert not failed <= 0.7 * bound


# What is false as printed


def test_printed_lemma_4_1_fails_below_beta_one():
    base = np.log(np.array([[1.0] + [0.5] * 10]) / 6)
    value = coverage.concentrability(dpo.target(base, beta=0.1), base, np.ones(1))
    cover = coverage.coverage_coefficient(base, np.ones(1), slack=0.5)
    assert value == pytest.approx(5.94, abs=0.01)
    assert cover / (1 - 0.5) == pytest.approx(2.0)
    assert value <= dpo.concentrability_bound(coverage=cover, slack=0.5, beta=0.1)
    # Even sharp: the printed form is what the corrected one gives at beta = 1, where it holds.
    assert coverage.concentrability(dpo.target(base, beta=1.0), base, np.ones(1)) <= cover / (1 - 0.5)


def test_printed_lemma_j1_has_a_misplaced_bracket():
    """P[|beta log(base/pi)| > log(2C + s)] can be 0.05 at s = 5, far above e^-5; log(2C) + s is safe."""
    base, policy = np.log([[0.05, 0.95]]), np.log([[0.05 / 9, 1 - 0.05 / 9]])
    moment = coverage.ratio_moment(base, policy, np.ones(1), beta=1.0)
    ratio = abs(base[0, 0] - policy[0, 0])
    assert ratio > math.log(2 * moment + 5)
    assert math.exp(-5) < 0.05
    assert ratio < dpo.log_ratio_quantile(loss_moment=moment, excess=5.0)


def test_lemma_j1_needs_beta_at_most_one():
    """At beta = 3 a response of base mass 0.001 to which pi gives 1/2 breaks the tail: P = 0.001 against 1e-6."""
    p = 1e-3
    base, policy = np.log([[p, 1 - p]]), np.log([[0.5, 0.5]])
    for beta, holds in ((1.0, True), (3.0, False)):
        moment = coverage.ratio_moment(base, policy, np.ones(1), beta=beta)
        threshold = beta * math.log(0.5 / p)
        assert (p <= dpo.log_ratio_tail(loss_moment=moment, threshold=threshold)) == holds
    with pytest.raises(ValueError, match=r"`beta` must be in \(0, 1\]; got 1.5"):
        dpo.bound(**{**RISK, "beta": 1.5}, n=10)


def test_comparator_is_outside_the_class():
    """Pi = {pi_beta}, C_conc over Pi alone: the printed regret is beta log C with the wrong C, and the truth is above it."""
    base, beta = np.log([[0.3, 0.28, 0.22, 0.2]]), 1.0
    target = dpo.target(base, beta=beta)
    inside = coverage.concentrability(target, base, np.ones(1))
    regret = dpo.regret(target, base, np.ones(1), slack=0.0)
    cover = coverage.coverage_coefficient(base, np.ones(1))
    # One member: nothing is learned, the residual is 0 and only beta log C is left.
    assert regret > beta * math.log(inside)
    assert regret <= beta * math.log(cover)
    conc, _ = dpo.class_coefficients(target[None], base, np.ones(1), beta=beta)
    assert conc == pytest.approx(cover)


def test_margin_with_slack_needs_the_largest_on_the_left():
    """Assumption J.2 with the mass of the set: four equal modes of .2 and one of .19 have a set margin of 3.2 and fail Lemma J.3."""
    base = np.log([[0.2025, 0.2025, 0.2025, 0.2025, 0.19]])
    policy = np.log([[0.1, 0.1, 0.1, 0.1, 0.6]])
    weights = np.ones(1)
    regret = dpo.regret(policy, base, weights, slack=0.0)
    by_set = 4 * 0.2025 / 0.19 - 1
    failed = sharpness.unsharpened_fraction(policy, base, weights, delta=0.5)
    assert failed == 1
    assert dpo.risk_from_regret(regret=regret, delta=0.5, margin=by_set) < 1
    assert dpo.risk_from_regret(regret=regret, delta=0.5, margin=float(coverage.margin(base, weights))) >= 1


# Limits and assumptions


def test_limits_of_beta_and_margin():
    with np.errstate(divide="ignore"):
        base = np.log([[0.4, 0.4, 0.2, 0.0]])
    for beta, limit in ((1e-6, [0.5, 0.5, 0, 0]), (1e6, [0.4, 0.4, 0.2, 0])):
        np.testing.assert_allclose(np.exp(dpo.target(base, beta=beta))[0], limit, atol=1e-5)
    # Ties inside Y* share evenly, do not touch the margin, and what has no mass gets none.
    target = np.exp(dpo.target(base, beta=0.2))[0]
    assert target[0] == target[1]
    assert target[3] == 0
    assert coverage.margin(base, np.ones(1)) == pytest.approx(1.0)
    assert dpo.bias_bound(margin=1.0, responses=3, maximal=2, beta=0.2) >= dpo.bias(base, beta=0.2)[0]
    assert dpo.bound(**{**RISK, "margin": 0.0}, n=10**12) == math.inf
    assert dpo.bound(**{**RISK, "margin": math.inf}, n=10) == 0
    assert dpo.bound(**{**RISK, "log_class_size": math.inf}, n=10) == math.inf
    assert dpo.bound(**{**RISK, "concentrability": math.inf}, n=10) == math.inf
    assert dpo.bound(**{**RISK, "loss_moment": math.inf}, n=10) == math.inf
    assert dpo.bound_without_margin(**SETTING, n=10**12, delta=0.1, slack=0.0) == math.inf
    assert dpo.beta_by_bias(margin=0.0, responses=4, maximal=1, delta=0.1) == 0
    assert dpo.beta_by_bias(margin=0.0, responses=4, maximal=4, delta=0.1) == math.inf
    assert dpo.beta_exact(base, np.ones(1), delta=0.9) == math.inf
    assert dpo.beta_for_risk(eps=0.1, delta=0.1, margin=1.0, concentrability=1.0) == 1


def test_printed_beta_is_cut_where_its_proof_ends():
    """Above g_m = 2.51 the printed g_m/(2 log(2|Y|/delta)) exceeds what the bias allows; log(1 + g_m) replaces g_m/2."""
    margin, m, delta = 50.0, 10, 0.1
    printed = margin / (2 * math.log(2 * m / delta))
    assert dpo.bias_bound(margin=margin, responses=m, maximal=1, beta=printed) > delta / 2
    used = dpo.beta_printed(margin=margin, responses=m, delta=delta)
    assert dpo.bias_bound(margin=margin, responses=m, maximal=1, beta=used) <= delta / 2


def test_assumptions_have_signed_slacks():
    member, by_prompt = member_class(0.2)
    members = np.swapaxes(by_prompt, 0, 1)
    conc, moment = dpo.class_coefficients(members, member.log_probs, member.prompt_weights, beta=0.2)
    given = {"concentrability": conc, "loss_moment": moment, "margin": 0.4 * (1 - 1e-12)}
    arrays = (members, member.log_probs, member.prompt_weights)
    require(dpo.checks(*arrays, **given, beta=0.2))
    with pytest.raises(AssumptionError, match="realizability"):
        require(dpo.checks(*arrays, **given, beta=0.3), "realizability")
    for change, name in (
        ({"concentrability": conc * 0.99}, "concentrability"),
        ({"loss_moment": moment * 0.99}, "loss_moment"),
        ({"margin": 0.41}, "margin"),
    ):
        with pytest.raises(AssumptionError, match=name):
            require(dpo.checks(*arrays, **{**given, **change}, beta=0.2))
    assert dpo.checks(*arrays, **given, beta=1.2)["beta"] < 0
    with np.errstate(divide="ignore"):
        base = np.log([[0.6, 0.4, 0.0]])
        outside = np.log([[[0.5, 0.3, 0.2]]])
    assert dpo.checks(outside, base, np.ones(1), beta=0.2, **given)["support"] < 0


def test_when_dpo_identifies_the_target():
    """On a finite class the target alone is left in the end, unless a member equals it up to mass outside base's support."""
    base, weights = random_table(np.random.default_rng(3), prompts=2, responses=4, concentration=1.0)
    target = dpo.target(base, beta=0.3)
    others = [laws.tilted(base, -base, beta=2.0), laws.tilted(target, np.eye(2, 4) * 1e-6, beta=1.0)]
    law = dpo.exact_risk(np.stack([target, *others]), base, weights, n=10**7, beta=0.3, delta=0.2)
    assert law.identified == pytest.approx(1.0, abs=1e-12)
    with np.errstate(divide="ignore"):
        short = np.log([[0.6, 0.4, 0.0]])
        target = dpo.target(short, beta=0.3)
        leak = np.logaddexp(target + math.log(0.5), np.log([[0.0, 0.0, 0.5]]))
    law = dpo.exact_risk(np.stack([target, leak]), short, np.ones(1), n=10**7, beta=0.3, delta=0.5)
    assert law.mean == pytest.approx(0.5)
    assert law.worst == pytest.approx(1.0)


# Refusals


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 0), ("n", 1.5), ("delta", 1.0), ("rho", 0.0), ("beta", 0.0), ("beta", -0.5), ("beta", 1.01), ("beta", math.nan),
        ("concentrability", 0.9), ("concentrability", math.nan), ("loss_moment", 0.5), ("margin", -0.1), ("log_class_size", -1.0),
    ],
)  # fmt: skip
def test_bound_refuses(name, value):
    for function in (dpo.bound, dpo.bound_sharp):
        with pytest.raises(ValueError, match=f"`{name}`"):
            function(**{**RISK, "n": 10, name: value})


def test_other_refusals():
    member, by_prompt = member_class(0.2)
    members = np.swapaxes(by_prompt, 0, 1)
    arrays = (members, member.log_probs, member.prompt_weights)
    for call, name in (
        (lambda: dpo.samples_needed(**{**RISK, "margin": 0.0}, eps=0.1), "eps"),
        (lambda: dpo.samples_needed(**{**RISK, "beta": 1.0}, eps=0.1), "eps"),
        (lambda: dpo.samples_needed(**RISK, eps=0.0), "eps"),
        (lambda: dpo.bias(member.log_probs, beta=0.0), "beta"),
        (lambda: dpo.bias_bound(margin=1.0, responses=3, maximal=4, beta=0.1), "maximal"),
        (lambda: dpo.beta_exact(member.log_probs, member.prompt_weights, delta=0.0), "delta"),
        (lambda: dpo.beta_printed(margin=-1.0, responses=3, delta=0.1), "margin"),
        (lambda: dpo.concentrability_bound(coverage=0.5, slack=0.0, beta=0.1), "coverage"),
        (lambda: dpo.concentrability_bound(coverage=2.0, slack=1.0, beta=0.1), "slack"),
        (lambda: dpo.squared_residual_given(disagreement=1.5, loss_moment=2.0), "disagreement"),
        (lambda: dpo.exact_risk(*arrays, n=0, beta=0.2, delta=0.3), "n"),
        (lambda: dpo.exact_risk(np.repeat(members, 4, axis=0), *arrays[1:], n=3, beta=0.2, delta=0.3), "log_members"),
        (lambda: dpo.FamilyRisk(**FAMILY, beta=10.0, delta=0.3).pairs_needed(eps=0.1), "beta"),
        (lambda: dpo.FamilyRisk(**{**FAMILY, "margin": 0.0}, beta=0.1, delta=0.3), "margin"),
        (lambda: margin_family(hard_prompts=1, labels=1, margin=1.0), "labels"),
        (lambda: margin_family(hard_prompts=1, labels=3, margin=1.0, secrets=np.array([3])), "secrets"),
    ):
        with pytest.raises(ValueError, match=f"`{name}`"):
            call()
    with pytest.raises(AssumptionError, match="realizability"):
        dpo.exact_risk(*arrays, n=3, beta=0.3, delta=0.3)
