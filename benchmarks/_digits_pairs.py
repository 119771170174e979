"""Quantities of a policy beside its base, with their balls: regrets, the DPO residual, the risks of DPO and XPO (sections 7.1 to 7.3)."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from flint import arb

from benchmarks._digits import Case, average, dyadic, log_uniform, whole
from benchmarks._digits_laws import MU
from sharpsim import coverage, laws, sharpness
from sharpsim.certified import dpo as exact
from sharpsim.certified import from_logs, guarantees, precision, row
from sharpsim.theory import dpo, xpo

DRAWS = 1000
ONE = np.ones(1)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Of one draw of two tables, the second anything or close to the tilted first, and of numbers."""
    beta = float(rng.choice([0.125, 0.25, 0.5, 1.0]))
    p, apart = log_uniform(rng, -100, -0.3), log_uniform(rng, -8, 0)
    rest = rng.dirichlet(np.ones(3))
    base = np.log(np.stack([np.append(p, rest * (1 - p)), rng.dirichlet(np.ones(4))]))
    near = laws.tilted(base, base, beta=beta) + apart * rng.normal(size=base.shape)
    policy = np.log(rng.dirichlet(np.ones(4), size=2)) if rng.random() < 0.5 else near - np.log(np.exp(near).sum(axis=1, keepdims=True))
    yield from _regrets(p, policy, base, beta, dyadic(rng))
    yield from _residual(p, policy[:1], base[:1], beta, log_uniform(rng, -2, 1))
    yield from _numbers(rng, log_uniform(rng, -300, -0.01), log_uniform(rng, 0, 12))
    yield from _zero_loss(rng, whole(rng, 1e9), dyadic(rng, 32))
    if rng.random() < 0.2:
        yield from _last_iterate(rng, whole(rng, 1000), beta, dyadic(rng))


def _regrets(p: float, policy: np.ndarray, base: np.ndarray, beta: float, delta: float) -> Iterator[Case]:
    at, inputs = {"p": p}, (policy, base, MU)

    def regularised(policy: Any, base: Any, mu: Any, beta: float) -> arb:
        pairs = zip(from_logs(policy), from_logs(base), strict=True)
        return average(mu, (exact.regularised_regret(one, other, beta=beta) for one, other in pairs))

    got = dpo.regret(policy, base, MU, slack=0.0)
    yield Case("dpo.regret", got, lambda policy, base, mu: exact.regret(from_logs(policy), from_logs(base), mu), inputs, at)
    for name, function in (("xpo.regret", xpo.regret), ("laws.regularised_regret", laws.regularised_regret)):
        yield Case(name, function(policy, base, base, MU, beta=beta), regularised, (*inputs, beta), at)
    got = sharpness.unsharpened_fraction(policy, base, MU, delta=delta)

    def unsharpened(policy: Any, base: Any, mu: Any, delta: float) -> Any:
        return exact.unsharpened(from_logs(policy), from_logs(base), mu, delta=delta)

    yield Case("sharpness.unsharpened_fraction", got, unsharpened, (*inputs, delta), at | {"risk": got})
    got = max(dpo.class_coefficients([policy[:1], dpo.target(base[:1], beta=beta)], base[:1], ONE, beta=beta)[1:])
    inputs = (policy[:1], base[:1], beta)
    yield Case("dpo.class_coefficients, loss", got, lambda one, two, beta: exact.loss_moment(*_pair(one, two), beta=beta), inputs, at)


def _pair(policy: Any, base: Any) -> tuple[Any, Any]:
    return from_logs(policy)[0], from_logs(base)[0]


def _residual(p: float, policy: np.ndarray, base: np.ndarray, beta: float, threshold: float) -> Iterator[Case]:
    at, inputs = {"p": p}, (policy, base, beta)
    for power in (2, 4):
        got = dpo.residual_moment(policy, base, ONE, beta=beta, power=power)

        def moment(one: Any, two: Any, beta: float, power: int = power) -> arb:
            return exact.residual_moment(*_pair(one, two), beta=beta, power=power)

        yield Case(f"dpo.residual_moment, {power}", got, moment, inputs, at)
    given = {"concentrability": coverage.concentrability(policy, base, ONE), "coverage": coverage.coverage_coefficient(base, ONE)}
    got = dpo.regret_from_residual(square=dpo.residual_moment(policy, base, ONE, beta=beta, power=2), beta=beta, **given)
    yield Case("dpo.regret_from_residual", got, lambda one, two, beta: exact.regret_bound(*_pair(one, two), beta=beta), inputs, at)
    got = dpo.log_ratio_tail(loss_moment=coverage.ratio_moment(base, policy, ONE, beta=beta), threshold=threshold)

    def tail(one: Any, two: Any, beta: float, threshold: float) -> arb:
        return exact.log_ratio_tail_bound(*_pair(one, two), beta=beta, threshold=threshold).min(arb(1))

    yield Case("dpo.log_ratio_tail", got, tail, (*inputs, threshold), at)


def _numbers(rng: np.random.Generator, p: float, C: float) -> Iterator[Case]:
    got = dpo.squared_residual_given(disagreement=p, loss_moment=C)
    yield Case(
        "dpo.squared_residual_given", got, lambda p, C: exact.squared_residual_bound(disagreement=p, loss_moment=C), (p, C), {"p": p}
    )
    got = dpo.log_ratio_fourth_moment(loss_moment=C)
    yield Case("dpo.log_ratio_fourth_moment", got, lambda C: exact.fourth_moment_bound(C), (C,), {"p": 1 / C})
    # A policy that agrees with pi_beta on two of three responses, at beta = 1: exact rationals, and powers of 2, whose logarithms differ.
    base, odd = row([4, 2, 2]), int(rng.integers(1, 6))
    policy = row([4, 1, odd])
    log_policy, log_base = (np.log([[float(q) for q in one.fractions()]]) for one in (policy, base))
    got = dpo.disagreement(log_policy, log_base, ONE, beta=1.0)
    yield Case("dpo.disagreement", got, lambda: exact.disagreement(policy, base, beta=1), (), {"risk": got})


def _zero_loss(rng: np.random.Generator, n: int, delta: float) -> Iterator[Case]:
    gap, C = delta * dyadic(rng), 1 + log_uniform(rng, -3, 6)
    got = dpo.least_disagreement(gap=gap, concentrability=C)
    yield Case(
        "dpo.least_disagreement", got, lambda gap, C: guarantees.least_disagreement(gap=gap, concentrability=C), (gap, C), {"risk": got}
    )
    size, rho = whole(rng, 1000) + 1, dyadic(rng)
    for everywhere in (True, False):
        given = {"n": n, "everywhere": everywhere}
        got = dpo.bound_zero_loss(log_class_size=math.log(size), delta=delta, rho=rho, bias=delta - gap, concentrability=C, **given)

        def ball(delta: float, rho: float, bias: float, C: float, given: Any = given) -> arb:
            return guarantees.bound_zero_loss(class_size=size, delta=delta, rho=rho, bias=bias, concentrability=C, **given)

        name = f"dpo.bound_zero_loss{', everywhere' if everywhere else ''}"
        yield Case(name, got, ball, (delta, rho, delta - gap, C), {"n": n, "risk": got})


def _last_iterate(rng: np.random.Generator, T: int, beta: float, alpha: float) -> Iterator[Case]:
    """A list of pi_beta and a member that fails at both prompts, as pi_beta does at neither: the least of the ball over l."""
    base = np.log(rng.dirichlet([8, 1, 1], size=2))
    member = np.log(rng.dirichlet(np.ones(3), size=2))
    delta, target = 0.75, laws.tilted(base, base, beta=beta)
    got = xpo.last_iterate_bound(np.stack([target, member]), base, base, MU, beta=beta, alpha=alpha, T=T, delta=delta)
    if not 0 < got < 1:
        return
    inputs: tuple[Any, ...] = (member, base, MU, beta, alpha)

    def ball(log_scale: float, member: Any, base: Any, mu: Any, beta: float, alpha: float) -> arb:
        given = {"beta": beta, "alpha": alpha, "T": T, "delta": delta, "scale": math.exp(log_scale)}
        return guarantees.last_iterate_bound([from_logs(member)], from_logs(base), mu, **given)

    with precision(256):
        best = _least(lambda log_scale: ball(log_scale, *inputs))
    # At the least the derivative in l is 0, so that the condition number is that at the best l.
    yield Case("xpo.last_iterate_bound", got, partial(ball, best), inputs, {"n": T, "risk": got})


def _least(convex: Callable[[float], arb], low: float = -20.0, high: float = 20.0) -> float:
    """Where a function is least that falls from a ceiling and rises to it again, once: by thirds, as it may have kinks."""
    for _ in range(100):
        left, right = (2 * low + high) / 3, (low + 2 * high) / 3
        one, two = convex(left), convex(right)
        # At the ceiling on both sides l is too large: the fall begins at 0.
        if one < two or one == two:
            high = right
        else:
            low = left
    return (low + high) / 2
