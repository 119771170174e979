"""Laws and coefficients of one table beside their balls: best of N, the stopping rule, the tilt, coverage and sharpness."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb

from benchmarks._digits import Case, average, dyadic, log_uniform, whole
from sharpsim import coverage, laws, sharpness
from sharpsim.certified import Log, best_of_n, from_logs, rational, stopping, tilt
from sharpsim.certified import coverage as exact_coverage
from sharpsim.theory import best_of_n as theory_best
from sharpsim.theory import dpo, sft, sft_adaptive

DRAWS = 1000
MU = np.array([0.25, 0.75])
DEADLINE_GUARD = 1e-12
"""Of `laws.stopping_deadlines`, up to 1e9."""
REWARD = np.array([3.0, 2.0, 1.0, 0.0])


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Of one draw of p, N and a table of two rows, in the first of which p is the mass of the first response, or what it leaves."""
    p, N = log_uniform(rng, -300, -0.01), whole(rng, 1e12)
    rest = rng.dirichlet(np.ones(3))
    row = np.log(np.concatenate([[p], rest * (1 - p)])) if rng.random() < 0.5 else np.append(math.log1p(-p), math.log(p) + np.log(rest))
    table = np.stack([row, np.log(rng.dirichlet(np.ones(4)))])
    yield from _of_mass(p, N, dyadic(rng))
    yield from _best(p, N, row, float(rng.choice([0.0, 0.5])))
    yield from _stopping(p, table, float(rng.uniform(0.1, 9)), dyadic(rng), int(rng.integers(1, 60)))
    yield from _coverage(p, N, table, rng)
    yield from _tilted(p, table, float(rng.choice([0.25, 0.5, 1.0])))


def _of_mass(p: float, N: int, rho: float) -> Iterator[Case]:
    at, inputs = {"p": p, "N": N}, (p,)
    yield Case("best_of_n.success", theory_best.success(covered_mass=p, draws=N), lambda p: -((-arb(p)).log1p() * N).expm1(), inputs, at)
    yield Case(
        "best_of_n.bound", theory_best.bound(covered_mass=p, draws=N), lambda p: 1 - best_of_n.miss_bound(covered_mass=p, N=N), inputs, at
    )
    yield Case("best_of_n.kl_bound", theory_best.kl_bound(draws=N), lambda: best_of_n.kl_bound(N=N), (), {"N": N})
    yield Case("best_of_n.win_rate_bound", theory_best.win_rate_bound(draws=N), lambda: best_of_n.win_rate_bound(N=N), (), {"N": N})
    got = float(theory_best.samples_needed(covered_mass=p, rho=rho))
    yield Case("best_of_n.samples_needed", got, lambda p, rho: best_of_n.samples_needed(covered_mass=p, rho=rho), (p, rho), {"p": p})


def _best(p: float, N: int, row: np.ndarray, slack: float) -> Iterator[Case]:
    at, inputs, one, order = {"p": p, "N": N}, (row,), row[None], REWARD[None]
    for y, got in enumerate(laws.best_of_n(row, REWARD, draws=N)):
        if got > -1e300:
            yield Case("laws.best_of_n (log)", got, lambda row, y=y: best_of_n.law(_row(row), REWARD, N=N)[y], inputs, at, log=True)
    got = theory_best.win_rate(one, order, draws=N, tie_credit=0.5)
    yield Case("best_of_n.win_rate", got, lambda row: best_of_n.win_rate(_row(row), REWARD, N=N, tie_credit=0.5), inputs, at)
    yield Case(
        "best_of_n.exact_kl", theory_best.exact_kl(one, order, draws=N), lambda row: best_of_n.kl(_row(row), REWARD, N=N), inputs, at
    )
    yield Case("sft.best_of_n_miss", sft.best_of_n_miss(one, N=N, slack=slack), lambda row: _miss(row, N, slack), inputs, at)
    got = theory_best.success_probability(one, draws=N, slack=slack)
    yield Case("best_of_n.success_probability", got, lambda row: 1 - _miss(row, N, slack), inputs, at)


def _row(row: Any) -> Any:
    return from_logs([np.asarray(row).tolist()])[0]


def _miss(row: Any, N: int, slack: float) -> arb:
    return best_of_n.miss(_row(row), N=N, slack=slack)


def _stopping(p: float, table: np.ndarray, stop: float, delta: float, after: int) -> Iterator[Case]:
    row, at, inputs = table[0], {"p": p}, (table[0], stop)
    if any(_near_whole(stop / mass) for one in from_logs(table) for mass in one.masses()):
        # A deadline within the guard of a whole number counts as whole.
        return
    yield Case(
        "laws.stopping_time_mean", laws.stopping_time_mean(row, stop=stop), lambda row, s: stopping.mean(_row(row), stop=s), inputs, at
    )
    yield Case(
        "laws.stopping_time_miss", laws.stopping_time_miss(row, stop=stop), lambda row, s: stopping.miss(_row(row), stop=s), inputs, at
    )
    got = laws.stopping_time_survival(row, stop=stop, after=np.array([after]))
    yield Case("laws.stopping_time_survival", got, lambda row, s: stopping.survival(_row(row), stop=s, after=after), inputs, at)
    for y, got in enumerate(laws.stopping_kept(row, stop=stop)):
        if got > -1e300:
            yield Case("laws.stopping_kept (log)", got, lambda row, s, y=y: stopping.kept(_row(row), stop=s)[y], inputs, at, log=True)
    least = int(row.argmin())
    got = laws.stopping_deadlines(row, stop=stop)[least]
    yield Case("laws.stopping_deadlines", got, lambda row, s: stopping.deadlines(_row(row), stop=s)[least], inputs, at)
    for name, got, end in zip(("lower", "upper"), sft_adaptive.mean_bounds(table[:1], stop=stop), (0, 1), strict=True):
        yield Case(
            f"sft_adaptive.mean_bounds, {name}", got, lambda row, s, end=end: stopping.mean_bounds(_row(row), stop=s)[end], inputs, at
        )
    yield Case(
        "sft_adaptive.miss_bound",
        sft_adaptive.miss_bound(table[:1], stop=stop),
        lambda row, s: stopping.miss_bound(_row(row), stop=s),
        inputs,
        at,
    )
    got = sft_adaptive.expected_samples(table, MU, n=1, delta=delta)
    yield Case("sft_adaptive.expected_samples", got, lambda table, mu, d: _cost(table, mu, d), (table, MU, delta), at)


def _near_whole(ratio: arb) -> bool:
    """Whether s/p is so near to a whole number that the guard decides; beyond 1e12 a draw more or less is below the bar."""
    distance = abs(ratio - (ratio + 0.5).floor())
    return bool(ratio < 1e12 and distance < 2 * DEADLINE_GUARD * ratio and distance < 0.01)


def _cost(table: Any, mu: Any, delta: float) -> arb:
    stop = Log(2 / rational(delta))
    return average(mu, (stopping.mean(row, stop=stop) for row in from_logs(table)))


def _coverage(p: float, N: int, table: np.ndarray, rng: np.random.Generator) -> Iterator[Case]:
    at, inputs = {"p": p}, (table, MU)
    for slack, power in ((0.0, 1), (0.5, 2)):
        got = coverage.coverage_coefficient(table, MU, slack=slack, power=power)
        given = {"slack": slack, "power": power}
        yield Case(
            "coverage.coverage_coefficient", got, lambda t, mu, g=given: exact_coverage.coefficient(from_logs(t), mu, **g), inputs, at
        )
    yield Case(
        "coverage.mode_coverage",
        coverage.mode_coverage(table, MU),
        lambda t, mu: exact_coverage.mode_coverage(from_logs(t), mu),
        inputs,
        at,
    )
    yield Case("coverage.margin", coverage.margin(table, MU), lambda t, mu: exact_coverage.margin(from_logs(t), mu), inputs, at)
    yield from _profile(table, N, at | {"N": N})
    other, beta = np.log(rng.dirichlet(np.ones(4), size=2)), dyadic(rng)
    for one, two in ((table, other), (other, table)):
        got = coverage.concentrability(one, two, MU)
        yield Case(
            "coverage.concentrability",
            got,
            lambda a, b, mu: exact_coverage.concentrability(from_logs(a), from_logs(b), mu),
            (one, two, MU),
            at,
        )
        got = coverage.ratio_moment(one, two, MU, beta=beta)
        inputs = (one, two, MU, beta)
        yield Case(
            "coverage.ratio_moment",
            got,
            lambda a, b, mu, beta: exact_coverage.ratio_moment(from_logs(a), from_logs(b), mu, beta=beta),
            inputs,
            at,
        )
    log_mass, log_miss = sharpness.mode_log_mass(table[:1]), sharpness.mode_log_miss(table[:1])
    yield Case("sharpness.mode_log_mass (log)", log_mass, lambda row: 1 - _miss(row, 1, 0.0), (table[0],), at, log=True)
    yield Case("sharpness.mode_log_miss (log)", log_miss, lambda row: _miss(row, 1, 0.0), (table[0],), at, log=True)
    yield Case("sharpness.missing_mass", sharpness.missing_mass(table[:1], table[:1]), lambda row: _miss(row, 1, 0.0), (table[0],), at)


def _profile(table: np.ndarray, N: int, at: dict[str, float]) -> Iterator[Case]:
    def ball(table: Any, mu: Any, stop: Any = 1) -> Any:
        return exact_coverage.profile(from_logs(table), mu, draws=N, stop=stop)

    # A mass within the guard of 1/N counts as covered.
    if ball(table, MU) == ball(table, MU, 1 - rational(2 * coverage.EDGE_GUARD[8])):
        yield Case("coverage.coverage_profile", coverage.coverage_profile(table, MU, draws=np.array([float(N)])), ball, (table, MU), at)


def _tilted(p: float, table: np.ndarray, beta: float) -> Iterator[Case]:
    row, at, inputs = table[0], {"p": p}, (table[0], beta)
    for y, got in enumerate(laws.tilted(row, row, beta=beta)):
        yield Case("laws.tilted (log)", got, lambda row, beta, y=y: tilt.law(_row(row), beta=beta)[y], inputs, at, log=True)
    yield Case("dpo.bias", dpo.bias(table[:1], beta=beta), lambda row, beta: tilt.bias(_row(row), beta=beta), inputs, at)
    target, inputs = dpo.target(table, beta=beta), (table, MU, beta)
    got = coverage.concentrability(target, table, MU)
    yield Case(
        "coverage.concentrability of pi_beta", got, lambda t, mu, beta: tilt.concentrability(from_logs(t), mu, beta=beta), inputs, at
    )
    got = coverage.ratio_moment(table, target, MU, beta=beta)
    yield Case("coverage.ratio_moment to pi_beta", got, lambda t, mu, beta: tilt.loss_moment(from_logs(t), mu, beta=beta), inputs, at)
    got = dpo.target_loss_moment_bound(table, MU)
    yield Case("dpo.target_loss_moment_bound", got, lambda t, mu: tilt.loss_moment_bound(from_logs(t), mu), (table, MU), at)
