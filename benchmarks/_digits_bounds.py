"""Bounds beside their balls: Hellinger and Bernoulli divergences, Theorems 4.1', D.1, 3.1' and D.2, the tilt's, the elliptic potential."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb, fmpq, fmpq_mat

from benchmarks._digits import Case, dyadic, log_uniform, whole
from sharpsim import theory
from sharpsim.certified import bounds, from_logs, minimax, rational, tilt
from sharpsim.theory import dpo, limits, limits_adaptive, sft, sft_adaptive, xpo

DRAWS = 1000
CLASS = 50
SIZE = math.log(CLASS)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Of one draw of two probabilities, of counts, and of a table of three prompts."""
    p = log_uniform(rng, -300, -0.01)
    yield from _two(p, float(p * 10 ** rng.uniform(-3, 3)))
    n, N, rho = whole(rng, 1e12), whole(rng, 1e12), dyadic(rng)
    yield from _sft(p, n, N, rho)
    yield from _of_table(rng, n, whole(rng, 1e4), dyadic(rng), rho)
    yield from _hard(rng, whole(rng, 1e4))
    yield from _tilt(rng, log_uniform(rng, -12, 6), dyadic(rng))
    yield from _elliptic(rng, whole(rng, 1e12), log_uniform(rng, -6, 6))


def _two(a: float, b: float) -> Iterator[Case]:
    if 1e-300 <= b < 1:
        yield Case("theory.hellinger", theory.hellinger(a, b), lambda a, b: bounds.hellinger(a, b), (a, b), {"p": a})
        yield Case("xpo.bernoulli_kl", xpo.bernoulli_kl(a, b), lambda a, b: bounds.bernoulli_kl(a, b), (a, b), {"p": a})


def _sft(delta: float, n: int, N: int, rho: float) -> Iterator[Case]:
    given: dict[str, Any] = {"log_class_size": SIZE, "n": n, "delta": delta, "rho": rho}
    at, inputs, ball = {"p": delta, "N": N, "n": n}, (delta, rho), {"class_size": CLASS, "n": n}
    got = sft.bound(**given, coverage=3.0, N=N)
    yield Case("sft.bound", got, lambda d, rho: bounds.sft(**ball, delta=d, rho=rho, coverage=3, N=N), inputs, at)
    at = {"p": delta, "n": n}
    yield Case("sft_adaptive.bound", sft_adaptive.bound(**given), lambda d, rho: bounds.adaptive(**ball, delta=d, rho=rho), inputs, at)
    got = sft_adaptive.bound_sharp(**given)
    yield Case("sft_adaptive.bound_sharp", got, lambda d, rho: bounds.adaptive_sharp(**ball, delta=d, rho=rho), inputs, at)


def _of_table(rng: np.random.Generator, n: int, N: int, delta: float, rho: float) -> Iterator[Case]:
    table, slack = np.log(rng.dirichlet(np.ones(4), size=3)), float(rng.choice([0.0, 0.25]))
    mu = np.array([0.125, 0.25, 0.625])
    given: dict[str, Any] = {"n": n, "N": N, "slack": slack}
    inputs, at = (table, mu, delta, rho), {"n": n, "N": N}
    for name, function, twin in (
        ("sft.bound_sharp", sft.bound_sharp, bounds.sft_sharp), ("sft.bound_instance", sft.bound_instance, bounds.sft_instance),
    ):  # fmt: skip
        got = function(table, mu, log_class_size=SIZE, delta=delta, rho=rho, **given)

        def ball(table: Any, mu: Any, delta: float, rho: float, twin: Any = twin) -> arb:
            return twin(from_logs(table), mu, class_size=CLASS, delta=delta, rho=rho, **given)

        yield Case(name, got, ball, inputs, at | {"risk": got})


def _hard(rng: np.random.Generator, samples: int) -> Iterator[Case]:
    M, mass, eps = int(rng.integers(4, 60)), dyadic(rng), log_uniform(rng, -12, -0.3)
    given: dict[str, Any] = {"hard_prompts": whole(rng, 100), "labels": M}
    for name, function, twin in (
        ("limits.bound", limits.bound, minimax.risk_bound), ("limits.bound_sharp", limits.bound_sharp, minimax.risk_bound_sharp),
    ):  # fmt: skip
        got = function(samples=samples, hard_mass=mass, **given)
        at = {"n": samples, "risk": got}
        yield Case(name, got, lambda mass, twin=twin: twin(samples=samples, hard_mass=mass, **given), (mass,), at)
    got = limits_adaptive.bound(eps=eps, hard_mass=mass, **given)

    def above_zero(eps: float, mass: float) -> arb:
        return minimax.adaptive_bound(eps=eps, hard_mass=mass, **given).max(arb(0))

    yield Case("limits_adaptive.bound", got, above_zero, (eps, mass), {"risk": eps})


def _tilt(rng: np.random.Generator, margin: float, beta: float) -> Iterator[Case]:
    responses = whole(rng, 1e6) + 1
    maximal, delta, slack = int(rng.integers(1, responses)), dyadic(rng), dyadic(rng)
    count, inputs, at = {"responses": responses}, (margin, beta), {"p": min(margin, 1.0)}
    got = dpo.bias_bound(margin=margin, beta=beta, maximal=maximal, **count)
    yield Case(
        "dpo.bias_bound",
        got,
        lambda g, beta: tilt.bias_bound(margin=g, beta=beta, maximal=maximal, **count),
        inputs,
        {"risk": min(got, 1.0)},
    )
    if margin <= 2.5:
        got = dpo.beta_printed(margin=margin, delta=delta, **count)
        yield Case("dpo.beta_printed", got, lambda g, delta: tilt.beta_printed(margin=g, delta=delta, **count), (margin, delta), at)
    got = dpo.concentrability_bound(coverage=1, slack=slack, beta=beta)
    yield Case("dpo.concentrability_bound", got, lambda g, beta: tilt.slack_factor(slack=g, beta=beta), (slack, beta), {"p": slack})


def _elliptic(rng: np.random.Generator, T: int, lam: float) -> Iterator[Case]:
    got = xpo.elliptic_bound(d=3, T=T, trace_max=1.0, lam=lam)
    yield Case("xpo.elliptic_bound", got, lambda lam: bounds.elliptic_bound(d=3, T=T, trace_max=1, lam=lam), (lam,), {"n": T})
    # Small multiples of 1/8, whose squares are floats.
    vectors = rng.integers(-8, 9, size=(int(rng.integers(1, 12)), 3)) / 8
    matrices = vectors[:, :, None] * vectors[:, None, :]
    yield Case("xpo.elliptic_sum", xpo.elliptic_sum(matrices, lam=lam), potential, (matrices, lam), {"n": len(vectors), "p": min(lam, 1.0)})


def potential(matrices: np.ndarray, lam: float) -> fmpq:
    """`bounds.elliptic_sum` for matrices that need not have rank one, so that each of their entries may move by itself."""
    gram, total = rational(lam) * fmpq_mat(np.eye(len(matrices[0]), dtype=int).tolist()), fmpq(0)
    for step in matrices.tolist():
        exact = fmpq_mat([[rational(entry) for entry in row] for row in step])
        solved = gram.solve(exact)
        total += sum((solved[i, i] for i in range(solved.nrows())), fmpq(0))
        gram += exact
    return total
