"""Float64 functions whose exact number is a short expression in the balls: steps of the theorems, divergences, rules, least numbers."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from flint import arb, fmpq

from benchmarks._digits import Case, average, dyadic, log_uniform, whole
from benchmarks._digits_bounds import CLASS, SIZE
from benchmarks._digits_laws import MU, REWARD
from sharpsim import laws
from sharpsim.certified import best_of_n, bounds, coverage, dpo, from_logs, minimax, rational
from sharpsim.theory import best_of_n as theory_best
from sharpsim.theory import dpo as theory_dpo
from sharpsim.theory import limits, limits_adaptive, separation, sft_adaptive, xpo

DRAWS = 300


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Of one draw of two tables, a hard family, and numbers."""
    p = log_uniform(rng, -100, -0.3)
    rest = rng.dirichlet(np.ones(3))
    base = np.log(np.stack([np.append(p, rest * (1 - p)), rng.dirichlet(np.ones(4))]))
    yield from _tables(p, np.log(rng.dirichlet(np.ones(4), size=2)), base, dyadic(rng), whole(rng, 1e3), whole(rng, 1e3))
    yield from _steps(whole(rng, 1e12), log_uniform(rng, -12, 3), dyadic(rng), dyadic(rng), 1 + log_uniform(rng, -9, 12))
    yield from _binomial(whole(rng, 20_000), dyadic(rng))
    yield from _rules(rng, dyadic(rng), whole(rng, 6), int(rng.choice([3, 4, 6, 12])))


def _tables(p: float, policy: np.ndarray, base: np.ndarray, delta: float, N: int, M: int) -> Iterator[Case]:
    at, row = {"p": p}, base[0]

    def divergence(policy: Any, base: Any, mu: Any) -> arb:
        pairs = zip(from_logs(policy), from_logs(base), strict=True)
        return average(mu, (sum((a * (a / b).log() for a, b in zip(q.masses(), p.masses(), strict=True)), arb(0)) for q, p in pairs))

    for one, two in ((policy, base), (base, policy)):
        yield Case("laws.divergence", laws.divergence(one, two, MU), divergence, (one, two, MU), at)

    def cost(table: Any, mu: Any, delta: float, added: int) -> arb:
        table = from_logs(table)
        return (2 / arb(delta)).log() * coverage.mode_coverage(table, mu) + added * coverage.coefficient(table, mu)

    for added, got in enumerate(sft_adaptive.expected_samples_bounds(base, MU, n=1, delta=delta)):
        name = f"sft_adaptive.expected_samples_bounds, {('lower', 'upper')[added]}"
        yield Case(name, got, lambda t, mu, d, added=added: cost(t, mu, d, added), (base, MU, delta), at)
    got = theory_best.best_mass(base[:1], REWARD[None])
    yield Case("best_of_n.best_mass", got, lambda row: from_logs([np.asarray(row).tolist()])[0].part([0]), (row,), at)
    for y, got in enumerate(theory_best.rounds(row, REWARD, draws=[N, M])):

        def law(row: Any, y: int = y) -> arb:
            return best_of_n.law(from_logs([np.asarray(row).tolist()])[0], REWARD, N=N * M)[y]

        yield Case("best_of_n.rounds (log)", got, law, (row,), at | {"N": N * M}, log=True)


def _steps(n: int, regret: float, delta: float, rho: float, C: float) -> Iterator[Case]:
    """A bound's steps, from numbers; C is a coefficient of at least 1, and C - 1 a margin."""
    got = theory_dpo.disagreement_bound(log_class_size=SIZE, n=n, rho=rho)
    yield Case("dpo.disagreement_bound", got, lambda rho: bounds.statistical_error(class_size=CLASS, n=n, rho=rho) / 2, (rho,), {"n": n})
    got = theory_dpo.log_ratio_quantile(loss_moment=C, excess=regret)
    yield Case("dpo.log_ratio_quantile", got, lambda C, s: (2 * arb(C)).log() + arb(s), (C, regret), {"p": 1 / C})
    got = theory_dpo.residual_fourth_moment(loss_moment=C)
    yield Case("dpo.residual_fourth_moment", got, lambda C: 16 * dpo.fourth_moment_bound(C), (C,), {"p": 1 / C})
    got, inputs = theory_dpo.risk_from_regret(regret=regret, delta=delta, margin=C - 1), (regret, delta, C - 1)
    at = {"risk": min(got, 1.0)}
    yield Case("dpo.risk_from_regret", got, lambda r, d, g: arb(r) / (arb(d) * arb(g).log1p()), inputs, at)
    for sharp, distance in ((False, bounds.hellinger), (True, bounds.bernoulli_kl)):
        got = xpo.risk_of_regret(regret, beta=rho, delta=delta, sharp=sharp)

        def risk(regret: float, beta: float, delta: float, distance: Any = distance) -> arb:
            return arb(regret) / (arb(beta) * distance(rational(delta), rational(delta) / 2))

        yield Case(f"xpo.risk_of_regret{', sharp' if sharp else ''}", got, risk, (regret, rho, delta), {"risk": min(got, 1.0)})
    got = separation.miss(coverage=C, draws=n)
    yield Case("separation.miss", got, lambda C: ((-1 / arb(C)).log1p() * n).exp(), (C,), {"n": n, "risk": got})
    got = xpo.sec_linear(d=2, T=n)
    yield Case("xpo.sec_linear", got, lambda: 2 * bounds.elliptic_bound(d=3, T=n, trace_max=8, lam=1), (), {"n": n})


def _binomial(n: int, p: float) -> Iterator[Case]:
    counts, chances = laws.binomial_window(n, p)
    for at in (0, len(counts) // 3, len(counts) // 2, -1):
        k = int(counts[at])
        if chances[at] > 1e-18:
            yield Case("laws.binomial_window", chances[at], lambda p, k=k: _chance(n, k, p), (p,), {"n": n})


def _chance(n: int, k: int, p: float) -> arb:
    return math.comb(n, k) * arb(p) ** k * (1 - arb(p)) ** (n - k)


def _rules(rng: np.random.Generator, mass: float, d: int, M: int) -> Iterator[Case]:
    shape: dict[str, Any] = {"hard_prompts": d, "labels": M}
    n, place, error = whole(rng, 1e6), int(rng.integers(0, M)), log_uniform(rng, -12, -0.01)
    u, (wrong, cost) = M - place, minimax.frontier(labels=M)[place]

    def seen(mass: float) -> arb:
        return 1 - (1 - arb(mass) / d) ** n

    got = limits_adaptive.rule_samples(n=n, remaining=u, hard_mass=mass, **shape)
    yield Case("limits_adaptive.rule_samples", got, lambda mass: d * seen(mass) * cost, (mass,), {"n": n})
    got = limits_adaptive.rule_risk(n=n, remaining=u, hard_mass=mass, **shape)

    def risk(mass: float) -> arb:
        return arb(mass) * (seen(mass) * wrong + (1 - seen(mass)) * (1 - fmpq(1, M)))

    yield Case("limits_adaptive.rule_risk", got, risk, (mass,), {"n": n, "risk": got})
    got = limits_adaptive.least_cost(labels=M, error=error)
    one = {"hard_prompts": 1, "labels": M, "hard_mass": 1}
    yield Case("limits_adaptive.least_cost", got, lambda error: minimax.adaptive_samples(eps=error, **one), (error,), {"risk": error})
    got = limits_adaptive.optimal_rule(eps=error, hard_mass=1.0, **(shape | {"hard_prompts": 1}))
    yield Case("limits_adaptive.optimal_rule", got, lambda error: _between(rational(error), M), (error,), {"risk": error})
    eps = mass * 10 ** float(rng.uniform(-60, -0.5))
    m = limits.minimax_samples(eps=eps, hard_mass=mass, **shape)
    if m < 1000:
        yield Case(
            "limits.minimax_samples",
            m,
            lambda eps, mass: _least(m, eps, hard_mass=mass, **shape),
            (eps, mass),
            {"n": max(m, 1), "risk": eps},
        )


def _between(error: fmpq, M: int) -> fmpq:
    """u at which the frontier has this error, between whole numbers by the straight line."""
    points = [risk for risk, _ in minimax.frontier(labels=M)]
    if error >= points[0]:
        return fmpq(M)
    return next(M - i - (high - error) / (high - low) for i, (high, low) in enumerate(pairwise(points)) if error >= low)


def _least(near: int, eps: float, **family: Any) -> int:
    """The least m with minimax risk at most eps, from a number near it."""
    m, allowed = near, rational(eps)
    while minimax.risk(n=m, N=1, **family) > allowed:
        m += 1
    while m > 0 and minimax.risk(n=m - 1, N=1, **family) < allowed:
        m -= 1
    return m
