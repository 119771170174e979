"""Exact risks beside their balls: on all tables, on the hard family, the minimax risk and the adaptive optimum."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks._digits import Case, dyadic, log_uniform, whole
from benchmarks._digits_laws import MU
from sharpsim import laws
from sharpsim.certified import from_logs, minimax, risks, stopping
from sharpsim.theory import limits, limits_adaptive, sft, sft_adaptive

DRAWS = 500


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Of one draw of a table, of a hard family, and of counts that the balls can afford."""
    yield from _saturated(rng, whole(rng, 120), dyadic(rng))
    shape: dict[str, Any] = {"hard_prompts": whole(rng, 6), "labels": int(rng.choice([3, 4, 6, 12, 30]))}
    yield from _family(whole(rng, 100), whole(rng, 40), dyadic(rng, 8), dyadic(rng), shape)
    yield from _votes(whole(rng, 100), shape["labels"], log_uniform(rng, -6, -0.1))
    yield from _minimax(whole(rng, 1500), dyadic(rng), shape)
    yield from _adaptive(rng, dyadic(rng), shape)


def _saturated(rng: np.random.Generator, n: int, delta: float) -> Iterator[Case]:
    """One prompt's mode has nearly all of the mass, so that a prompt that is seen rarely fails."""
    out = log_uniform(rng, -30, -1)
    table = np.log(np.stack([[1 - out, out / 4, out * 0.75], rng.dirichlet([6, 1, 1])]))
    N, stop = whole(rng, 12), dyadic(rng) * 4
    got, at = sft.exact_risk(table, MU, n=n, N=N, delta=delta), {"n": n, "N": N}
    inputs = (table, MU, delta)
    yield Case("sft.exact_risk", got, lambda t, mu, d: risks.exact_risk(from_logs(t), mu, n=n, N=N, delta=d), inputs, at | {"risk": got})
    got = sft_adaptive.exact_risk(table, MU, n=n, stop=stop, delta=delta)
    inputs, at = (table, MU, stop, delta), {"n": n, "risk": got}
    yield Case("sft_adaptive.exact_risk", got, lambda t, mu, s, d: risks.adaptive_risk(from_logs(t), mu, n=n, stop=s, delta=d), inputs, at)


def _family(n: int, N: int, delta: float, mass: float, shape: dict[str, Any]) -> Iterator[Case]:
    given: dict[str, Any] = {"n": n, "delta": delta, **shape}
    got = sft.family_risk(N=N, hard_mass=mass, **given)
    yield Case("sft.family_risk", got, lambda mass: risks.family_risk(N=N, hard_mass=mass, **given), (mass,), {"n": n, "N": N, "risk": got})
    stop = N * 0.375
    got = sft_adaptive.family_risk(stop=stop, hard_mass=mass, **given)
    at = {"n": n, "risk": got}
    yield Case("sft_adaptive.family_risk", got, lambda mass: risks.adaptive_family_risk(stop=stop, hard_mass=mass, **given), (mass,), at)
    row = risks.secret_row(shape["labels"])
    got = sft_adaptive.family_hit(stop=stop, labels=shape["labels"])
    yield Case("sft_adaptive.family_hit", got, lambda: 1 - stopping.miss(row, stop=stop), (), {"risk": 1 - got})
    got = sft_adaptive.family_mean_draws(stop=stop, labels=shape["labels"], hard_mass=1.0)
    yield Case("sft_adaptive.family_mean_draws", got, lambda: stopping.mean(row, stop=stop), (), {"N": got})


def _votes(votes: int, labels: int, miss: float) -> Iterator[Case]:
    got = float(laws.plurality_miss(votes=np.array([votes]), labels=labels, miss=miss, negligible=1e-300)[0])
    at = {"p": miss, "n": votes, "risk": got}
    yield Case("laws.plurality_miss", got, lambda miss: risks.plurality_miss(votes=votes, labels=labels, miss=miss), (miss,), at)
    got = float(laws.plurality(votes=np.array([votes]), labels=labels, mass=1 - miss)[0])
    yield Case("laws.plurality", got, lambda mass: 1 - risks.plurality_miss(votes=votes, labels=labels, miss=1 - mass), (1 - miss,), at)


def _minimax(draws: int, mass: float, shape: dict[str, Any]) -> Iterator[Case]:
    M, N = shape["labels"], max(1, draws // 200)
    n, at = draws // N, {"n": draws}
    got = limits.guess_error(labels=M, draws=draws)
    yield Case("limits.guess_error", got, lambda: minimax.guess_errors(labels=M, draws=draws)[draws], (), at | {"risk": got})
    got = limits.minimax_risk(n=n, N=N, hard_mass=mass, **shape)
    yield Case("limits.minimax_risk", got, lambda mass: minimax.risk(n=n, N=N, hard_mass=mass, **shape), (mass,), at | {"risk": got})


def _adaptive(rng: np.random.Generator, mass: float, shape: dict[str, Any]) -> Iterator[Case]:
    M, d = shape["labels"], shape["hard_prompts"]
    place = int(rng.integers(1, M - 1))
    points, exact = limits_adaptive.frontier(labels=M), minimax.frontier(labels=M)
    yield Case("limits_adaptive.frontier, error", points.error[place], lambda: exact[place][0], (), {"risk": float(points.error[place])})
    yield Case(
        "limits_adaptive.frontier, cost", points.cost[place], lambda: exact[place][1], (), {"N": max(1.0, float(points.cost[place]))}
    )
    eps = log_uniform(rng, -12, -0.01)
    got = limits_adaptive.minimax_samples(eps=eps, hard_mass=mass, **shape)
    yield Case(
        "limits_adaptive.minimax_samples",
        got,
        lambda eps, mass: minimax.adaptive_samples(eps=eps, hard_mass=mass, **shape),
        (eps, mass),
        {"risk": eps},
    )
    samples = float(points.cost[-1] * d * rng.uniform(0, 1))
    got = limits_adaptive.minimax_risk(samples=samples, hard_mass=mass, **shape)
    at = {"n": max(1.0, samples), "risk": got}
    yield Case(
        "limits_adaptive.minimax_risk", got, lambda m, mass: minimax.adaptive_risk(samples=m, hard_mass=mass, **shape), (samples, mass), at
    )
