"""The ball twins: values by hand, the float64 functions on generated tables, and comparisons at ties and edges decided exactly."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq

from sharpsim import coverage as floats
from sharpsim import laws, theory
from sharpsim.certified import Log, best_of_n, bounds, coverage, dpo, from_logs, minimax, precision, risks, stopping, tilt
from sharpsim.certified._rows import Row, Table
from sharpsim.theory import best_of_n as theory_best
from sharpsim.theory import dpo as theory_dpo
from sharpsim.theory import limits, limits_adaptive, sft, sft_adaptive, xpo

WEIGHTS = np.array([0.25, 0.75])
ONE = np.ones(1)
FAMILY = {"hard_prompts": 3, "labels": 7, "hard_mass": 0.375}
SETTING = {"n": 50_000, "N": 30, "delta": 0.25, "rho": 0.125}


def tables():
    rng = np.random.default_rng(3)
    yield from (np.log(rng.dirichlet(np.ones(5), size=2)) for _ in range(6))
    yield np.log([[0.4, 0.2, 0.2, 0.1, 0.1], [0.3, 0.3, 0.2, 0.1, 0.1]])
    yield np.array([[-9.4e-14, -30.0, -40.0, -300.0, -690.0], np.log([0.503, 0.251, 0.121, 0.071, 0.054])])


def same(floats, balls, rel=1e-11):
    # Below the floats a ball has no float.
    exact = [0.0 if abs(arb(ball)) < 1e-300 else float(ball) for ball in (balls if isinstance(balls, (list, tuple)) else [balls])]
    np.testing.assert_allclose(np.ravel(floats), exact, rtol=rel, atol=1e-290)


def holds(ball, value):
    """Whether the ball holds a rational, which a ball of its own would round."""
    return (ball * value.q).contains(value.p)


@pytest.fixture(autouse=True)
def enough_digits():
    with precision(400):
        yield


@pytest.mark.parametrize("table", [*tables()])
def test_twins_agree_with_float64(table):
    rows, log_row = from_logs(table), table[0]
    row = rows[0]
    for N in (1, 7, 10**6):
        same(np.exp(laws.best_of_n(log_row, log_row, draws=N)), best_of_n.law(row, N=N))
        same(np.exp(laws.best_of_n(log_row, -log_row, draws=N)), best_of_n.law(row, -log_row, N=N))
        same(theory_best.win_rate(table[:1], table[:1], draws=N, tie_credit=0.5), best_of_n.win_rate(row, N=N, tie_credit=0.5))
        same(theory_best.exact_kl(table[:1], table[:1], draws=N), best_of_n.kl(row, N=N), 1e-9)
        same(sft.best_of_n_miss(table, N=N, slack=0.5), [best_of_n.miss(one, N=N, slack=0.5) for one in rows])
    for stop in (0.7, 2.7):
        same(laws.stopping_time_mean(log_row, stop=stop), stopping.mean(row, stop=stop))
        same(np.exp(laws.stopping_kept(log_row, stop=stop)), stopping.kept(row, stop=stop))
        same(laws.stopping_time_miss(log_row, stop=stop), stopping.miss(row, stop=stop))
        same(sft_adaptive.miss_bound(table[:1], stop=stop), stopping.miss_bound(row, stop=stop))
        survival = laws.stopping_time_survival(log_row, stop=stop, after=np.arange(9))
        same(survival, [stopping.survival(row, stop=stop, after=k) for k in range(9)])
        same(sft_adaptive.mean_bounds(table[:1], stop=stop), list(stopping.mean_bounds(row, stop=stop)))
    for slack, power in ((0.0, 1), (0.5, 2.5)):
        same(
            floats.coverage_coefficient(table, WEIGHTS, slack=slack, power=power),
            coverage.coefficient(rows, WEIGHTS, slack=slack, power=power),
        )
    same(floats.mode_coverage(table, WEIGHTS), coverage.mode_coverage(rows, WEIGHTS))
    turned = Table(rows[::-1])
    for beta in (0.25, 0.75):
        same(np.exp(laws.tilted(log_row, log_row, beta=beta)), tilt.law(row, beta=beta))
        same(theory_dpo.bias(table, beta=beta), [tilt.bias(one, beta=beta) for one in rows])
        same(floats.concentrability(laws.tilted(table, table, beta=beta), table, WEIGHTS), tilt.concentrability(rows, WEIGHTS, beta=beta))
        tilted = laws.tilted(table, table, beta=beta)
        same(floats.ratio_moment(table, tilted, WEIGHTS, beta=beta), tilt.loss_moment(rows, WEIGHTS, beta=beta))
        same(floats.ratio_moment(table, table[::-1].copy(), WEIGHTS, beta=beta), coverage.ratio_moment(rows, turned, WEIGHTS, beta=beta))
    same(theory_dpo.target_loss_moment_bound(table, WEIGHTS), tilt.loss_moment_bound(rows, WEIGHTS))
    given = {"log_class_size": math.log(1000), "slack": 0.25}
    same(sft.bound_sharp(table, WEIGHTS, **given, **SETTING), bounds.sft_sharp(rows, WEIGHTS, class_size=1000, slack=0.25, **SETTING))
    same(sft.bound_instance(table, WEIGHTS, **given, **SETTING), bounds.sft_instance(rows, WEIGHTS, class_size=1000, slack=0.25, **SETTING))
    same(sft.exact_risk(table, WEIGHTS, n=30, N=3, delta=0.25), risks.exact_risk(rows, WEIGHTS, n=30, N=3, delta=0.25))
    given = {"n": 30, "stop": 1.25, "delta": 0.25}
    same(sft_adaptive.exact_risk(table, WEIGHTS, **given), risks.adaptive_risk(rows, WEIGHTS, **given))


def test_functions_of_numbers_agree_with_float64():
    for a, b in ((0.3, 0.1), (1e-9, 3e-9), (0.999, 0.5)):
        same(theory.hellinger(a, b), bounds.hellinger(a, b))
        same(xpo.bernoulli_kl(a, b), bounds.bernoulli_kl(a, b))
    same(sft.bound(log_class_size=math.log(1000), coverage=3.0, **SETTING), bounds.sft(class_size=1000, coverage=3, **SETTING))
    same(
        sft_adaptive.bound_sharp(log_class_size=math.log(1000), n=100, delta=0.25, rho=0.125),
        bounds.adaptive_sharp(class_size=1000, n=100, delta=0.25, rho=0.125),
    )
    same(theory_best.kl_bound(draws=50), best_of_n.kl_bound(N=50))
    same(theory_best.win_rate_bound(draws=50), best_of_n.win_rate_bound(N=50))
    assert best_of_n.samples_needed(covered_mass=0.01, rho=0.125) == theory_best.samples_needed(covered_mass=0.01, rho=0.125)
    given = {"margin": 0.25, "responses": 6, "maximal": 2, "beta": 0.25}
    same(theory_dpo.bias_bound(**given), tilt.bias_bound(**given))
    same(theory_dpo.concentrability_bound(coverage=1, slack=0.25, beta=0.25), tilt.slack_factor(slack=0.25, beta=0.25))
    vectors = np.random.default_rng(0).normal(size=(6, 3))
    same(xpo.elliptic_sum(np.stack([np.outer(v, v) for v in vectors]), lam=0.75), bounds.elliptic_sum(vectors, lam=0.75))
    same(xpo.elliptic_bound(d=3, T=6, trace_max=2, lam=0.75), bounds.elliptic_bound(d=3, T=6, trace_max=2, lam=0.75))
    for n, N in ((20, 5), (40, 1)):
        same(sft.family_risk(n=n, N=N, delta=0.5, **FAMILY), risks.family_risk(n=n, N=N, delta=0.5, **FAMILY))
        same(limits.minimax_risk(n=n, N=N, **FAMILY), minimax.risk(n=n, N=N, **FAMILY))
    same(sft_adaptive.family_risk(n=20, stop=1.25, delta=0.5, **FAMILY), risks.adaptive_family_risk(n=20, stop=1.25, delta=0.5, **FAMILY))
    same(laws.plurality_miss(votes=np.array([7]), labels=5, miss=0.25), risks.plurality_miss(votes=7, labels=5, miss=arb(0.25)))
    same(limits.bound(samples=40, **FAMILY), minimax.risk_bound(samples=40, **FAMILY))
    same(limits.bound_sharp(samples=40, **FAMILY), minimax.risk_bound_sharp(samples=40, **FAMILY))
    for eps in (0.3125, 0.05, 1e-6):
        same(limits_adaptive.minimax_samples(eps=eps, **FAMILY), minimax.adaptive_samples(eps=eps, **FAMILY))
    same(limits_adaptive.minimax_risk(samples=3, **FAMILY), minimax.adaptive_risk(samples=3, **FAMILY))
    same(limits_adaptive.bound(eps=0.01, **FAMILY), minimax.adaptive_bound(eps=0.01, **FAMILY))


def test_dpo_agrees_with_float64():
    policy, base = Row([3, 1, 4, 1, 1]), Row([4, 2, 2, 1, 1])
    log_policy, log_base = (np.log([[float(p) for p in row.fractions()]]) for row in (policy, base))
    for beta in (0.5, 0.25):
        mass, gap = np.exp(log_base[0]), np.abs(beta * (log_policy - log_base)[0])
        same(mass[gap >= 0.1].sum(), dpo.log_ratio_tail(policy, base, beta=beta, threshold=0.1))
        same((mass * gap**4).sum(), dpo.log_ratio_fourth_moment(policy, base, beta=beta))
        for power in (2, 4):
            moment = theory_dpo.residual_moment(log_policy, log_base, ONE, beta=beta, power=power)
            same(moment, dpo.residual_moment(policy, base, beta=beta, power=power))
        same(theory_dpo.disagreement(log_policy, log_base, ONE, beta=beta), dpo.disagreement(policy, base, beta=beta))
        tilted = theory_dpo.target(log_base, beta=beta)
        loss = max(floats.ratio_moment(log_base, other, ONE, beta=beta) for other in (log_policy, tilted))
        same(loss, dpo.loss_moment(policy, base, beta=beta))
        conc, cover = floats.concentrability(log_policy, log_base, ONE), floats.coverage_coefficient(log_base, ONE)
        square = theory_dpo.residual_moment(log_policy, log_base, ONE, beta=beta, power=2)
        bound = theory_dpo.regret_from_residual(square=square, beta=beta, concentrability=conc, coverage=cover)
        same(bound, dpo.regret_bound(policy, base, beta=beta))
        same(xpo.regret(log_policy, log_base, log_base, ONE, beta=beta), dpo.regularised_regret(policy, base, beta=beta))
    same(theory_dpo.regret(log_policy, log_base, ONE, slack=0.0), dpo.regret([policy], [base], [1]))
    given = {"disagreement": 0.25, "loss_moment": 2.0}
    same(theory_dpo.squared_residual_given(**given), dpo.squared_residual_bound(**given))
    same(theory_dpo.log_ratio_fourth_moment(loss_moment=2.0), dpo.fourth_moment_bound(2))


def test_values_by_hand():
    assert holds(minimax.guess_errors(labels=8, draws=12)[1], fmpq(9, 14))
    assert stopping.mean([1] * 10, stop=3) == 30
    assert holds(best_of_n.law([1, 1], [0, 1], N=3)[1], fmpq(7, 8))
    assert best_of_n.row([1, 1], [0, 1], N=3) == Row([1, 7])
    assert coverage.tail([9, 1], [1, 9], cut=2) == (fmpq(7, 10), fmpq(9, 10), fmpq(9, 5) + fmpq(1, 90))
    assert dpo.unsharpened([[7, 3]], [[2, 1]], [1], delta=Fraction(3, 10)) == 1
    assert coverage.margin([[1, 1]], [1]) is None
    # P[more than one draw] and P[error] of "draw until seen or one label is left", M = 3: secret 2/3, each other label 1/6.
    assert minimax.rule(labels=3, remaining=1, draws=1) == (fmpq(1, 3), 0)
    assert float(best_of_n.mean_miss([1e-300, 1.0, 0.5], N=2)) == pytest.approx((1 + 0 + 0.25) / 3, rel=1e-15)


def test_rows_of_logarithms_are_not_taken_for_rows_of_ones():
    """0.5, 0.3, 0.2 and 0.2, 0.1, 0.7 by their logarithms: margins 5/3 - 1 and 7/2 - 1, regret by hand, a miss of 0.7; or refused."""
    base, policy = np.log([[0.5, 0.3, 0.2], [0.2, 0.1, 0.7]]), np.log([[0.3, 0.3, 0.4], [0.25, 0.25, 0.5]])
    rows, others = from_logs(base), from_logs(policy)
    same(floats.margin(base, WEIGHTS), coverage.margin(rows, WEIGHTS))
    assert float(coverage.margin(rows, WEIGHTS)) == pytest.approx(2 / 3, rel=1e-14)
    assert float(coverage.margin(rows, WEIGHTS, slack=0.5)) == pytest.approx(1.5, rel=1e-14)
    assert float(coverage.margin(Table([rows[0], Row([9, 8, 8])]), WEIGHTS)) == 0.125
    assert coverage.margin(from_logs([[0.0, 0.0, 0.0]]), [1]) is None
    same(theory_dpo.regret(policy, base, WEIGHTS, slack=0.0), dpo.regret(others, rows, WEIGHTS))
    assert [dpo.unsharpened(others, rows, [1, 3], delta=delta) for delta in (0.45, 0.6, 0.75)] == [1, fmpq(1, 4), 0]
    for refused in (dpo.disagreement, lambda one, two, beta: dpo.log_ratio_tail(one, two, beta=beta, threshold=1)):
        with pytest.raises(ValueError, match="`row` must be a row of rational probabilities"):
            refused(others[0], rows[0], beta=1)


def test_edges_are_decided_by_integers():
    """Thirty draws of a mass of 1/10 reach 3 exactly, 27 of 90 misses are 3/10, and three tenths of the mass are the float's, not 3/10."""
    assert stopping.deadlines([Fraction(1, 10)] * 10, stop=3) == [30] * 10
    assert stopping.deadlines([0.1, 0.9], stop=3) == [30, 4]
    assert stopping.deadlines([Fraction("0.1"), Fraction("0.9"), 0], stop=Fraction("3.0000000000000000001")) == [31, 4, None]
    assert coverage.profile([[Fraction(1, 7)] * 7], [1], draws=7) == 0
    assert coverage.profile([[Fraction(1, 7)] * 7], [1], draws=1, slack=0.5) == 0
    assert coverage.profile([[100, *[99] * 6]], [1], draws=6) == 1
    assert bounds.misses_below(Row([1, 1]), N=2, slack=fmpq(0), delta=fmpq(1, 4)) is True
    assert bounds.misses_below(Row([2, 1, 1]), N=2, slack=fmpq(0), delta=fmpq(1, 4)) is False
    assert Row([2, 1, 1]).maximal(fmpq(1, 2)) == [0, 1, 2]
    assert Row([2, 1, 1]).maximal(fmpq(499, 1000)) == [0]
    # The same through logarithms: -log 2 is not the float.
    with precision(64):
        wider = -arb(math.log(2)) >= -arb(2).log()
    assert from_logs([[0.0, -math.log(2), -math.log(2)]])[0].maximal(fmpq(1, 2)) == ([0, 1, 2] if wider else [0])
    assert from_logs([[math.log(0.1)] * 10])[0].deadline(0, fmpq(3)) == 30
    assert Row([1] * 10).deadline(0, Log(fmpq(20))) == 30


def test_balls_hold_the_exact_numbers():
    """The law of 6 draws in integers, against balls of 53 bits."""
    row = Row([5, 3, 3, 1])
    exact = best_of_n.row(row, N=6).fractions()
    with precision(53):
        assert all(holds(ball, value) for ball, value in zip(best_of_n.law(row, N=6), exact, strict=True))
        assert not any(holds(ball, value + fmpq(1, 10**12)) for ball, value in zip(best_of_n.law(row, N=6), exact, strict=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_of_n.law([0.5, -0.5], N=2), "`row` must be a row of non-negative numbers"),
        (lambda: best_of_n.law([0.5, math.nan], N=2), "`row` must be a row of non-negative numbers"),
        (lambda: best_of_n.law([0, 0], N=2), "`row` must be a row of non-negative numbers, one of them positive"),
        (lambda: best_of_n.law([1, 2], [1], N=2), "`reward` must be one number for each of the 2 responses"),
        (lambda: best_of_n.kl([1, 2], N=0), "`N` must be a whole number from 1 to"),
        (lambda: best_of_n.kl([1, 2], N=True), "`N` must be a whole number from 1 to"),
        (lambda: stopping.mean([1, 2], stop=0), "`stop` must be positive, from 1e-100 to 1e100; got 0"),
        (lambda: coverage.coefficient([[1, 2]], [1, 2], slack=0), "`prompt_weights` must be one weight for each of the 1 rows of `table`"),
        (lambda: coverage.coefficient([[1, 2], [1]], [1, 2]), r"`table` must be a table \[prompts, responses\] with as many responses"),
        (lambda: coverage.coefficient([[1, 2]], [1], slack=1), r"`slack` must be in \[0, 1\); got 1"),
        (lambda: dpo.log_ratio_tail([1, 0], [1, 1], beta=1, threshold=1), "`policy` must be a law with mass wherever the base has mass"),
        (lambda: coverage.concentrability([[1, 1]], [[1, 0]], [1]), "`policy` must be a law over the base's responses"),
        (lambda: from_logs([[0.0, math.inf]]), "`log_probs` must be a table"),
        (lambda: minimax.risk(n=5000, N=1, **FAMILY), "`n` must be a whole number from 0 to 3,000"),
        (lambda: bounds.hellinger(1.5, 0.1), r"`a` must be in \[0, 1\]; got 1.5"),
        (lambda: precision(1), "`bits` must be a whole number from 2"),
        (lambda: Row([0.5, 0.5]), "`weights` must be integers of at least 0"),
        (lambda: Log(fmpq(1)), "`argument` must be a rational above 1"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
