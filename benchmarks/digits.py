"""`python -m benchmarks.digits`: float64 judged by balls: relative errors by decade of p and N; writes docs/digits.md.

A case has a probability p, down to 1e-300, a number of draws N, up to 10^12, the library's number, and a ball that holds the exact one for
the same floats. The condition number says how much of an error of the input's last bit must show, whatever the program.
"""

import math
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from experiments.engine.rows import ROOT
from sharpsim import certified, coverage, laws, theory
from sharpsim.certified import best_of_n, bounds, dpo, stopping, tilt
from sharpsim.certified import coverage as exact_coverage
from sharpsim.files import write_whole
from sharpsim.theory import best_of_n as theory_best
from sharpsim.theory import dpo as theory_dpo
from sharpsim.theory import sft, sft_adaptive, xpo

BITS = 2600
"""Masses of 1e-300 keep 500 digits through one subtraction from 1."""
CASES = 1000
TOLERANCE = 1e-10
"""Largest relative error allowed, beyond what the condition number explains."""
EDGES_OF_P, EDGES_OF_N = (0, -3, -16, -100, -301), (0, 3, 6, 12.1)
MU = np.array([0.25, 0.75])


class Found(NamedTuple):
    """One comparison: log10 p, log10 N (0 where there is none), the relative error, and the condition number."""

    p: float
    N: float
    error: float
    condition: float


def error(got: float, truth: arb) -> float:
    """The relative error; 0 where the exact number is beyond the floats and the library says 0 or infinity."""
    if abs(truth) < 1e-290 or abs(truth) > 1e290:
        return 0.0 if abs(got) <= 2e-290 or abs(got) >= 5e289 else math.inf
    return float(abs((arb(float(got)) - truth) / truth).upper())


def cases(rng: np.random.Generator) -> Iterator[tuple[str, float, float, Any, Any, float]]:
    """(function, p, N, the library's number, the ball, condition number) of one draw of p, N and a table."""
    p = 10.0 ** rng.uniform(-300, -0.01)
    N = int(10 ** rng.uniform(0, 12))
    log_p = math.log(p)
    rest = rng.dirichlet(np.ones(3))
    # The first response has mass p; half of the time it is what the others leave.
    row = np.log(np.concatenate([[p], rest * (1 - p)])) if rng.random() < 0.5 else np.concatenate([[math.log1p(-p)], log_p + np.log(rest)])
    table = np.stack([row, np.log(rng.dirichlet(np.ones(4)))])
    rows, reward = certified.from_logs(table), np.array([3.0, 2.0, 1.0, 0.0])
    yield "best_of_n.success", p, N, theory_best.success(covered_mass=p, draws=N), -((-arb(p)).log1p() * N).expm1(), 1.0
    yield "best_of_n.bound", p, N, theory_best.bound(covered_mass=p, draws=N), -(-arb(p) * N).expm1(), 1.0
    yield "best_of_n.kl_bound", p, N, theory_best.kl_bound(draws=N), best_of_n.kl_bound(N=N), 4.0 if N < 4 else 1.0
    law = best_of_n.law(rows[0], reward, N=N)
    for got, truth in zip(laws.best_of_n(row, reward, draws=N), law, strict=True):
        if truth > 0 and got > -1e300:
            # The error of a logarithm, absolute, is that of the probability.
            yield "laws.best_of_n (log)", p, N, 1 + float(got - truth.log()), arb(1), 1 + abs(float(got))
    one, order = table[:1], reward[None]
    rate = best_of_n.win_rate(rows[0], reward, N=N, tie_credit=0.5)
    yield "best_of_n.win_rate", p, N, theory_best.win_rate(one, order, draws=N, tie_credit=0.5), rate, 1.0 + abs(log_p)
    yield "best_of_n.exact_kl", p, N, theory_best.exact_kl(one, order, draws=N), best_of_n.kl(rows[0], reward, N=N), 1.0 + abs(log_p)
    miss = best_of_n.miss(rows[0], N=N)
    yield "sft.best_of_n_miss", p, N, sft.best_of_n_miss(table, N=N)[0], miss, 1 + (abs(float(miss.log())) if miss > 0 else 0)
    stop = float(rng.uniform(0.1, 9))
    yield "laws.stopping_time_mean", p, 1, laws.stopping_time_mean(row, stop=stop), stopping.mean(rows[0], stop=stop), 1.0 + abs(log_p)
    truth = stopping.miss(rows[0], stop=stop)
    size = 1 + (abs(float(truth.log())) if truth > 0 else 0)
    yield "laws.stopping_time_miss", p, 1, laws.stopping_time_miss(row, stop=stop), truth, size + abs(log_p)
    truth = stopping.miss_bound(rows[0], stop=stop)
    size = 1 + (abs(float(truth.log())) if truth > 0 else 0)
    yield "sft_adaptive.miss_bound", p, 1, sft_adaptive.miss_bound(table, stop=stop)[0], truth, size
    yield from _of_tables(p, table, rows, log_p, float(rng.choice([0.25, 0.5, 1.0])))
    yield from _of_numbers(p, N, rng)


def _of_tables(p: float, table: np.ndarray, rows: Any, log_p: float, beta: float) -> Iterator[tuple[str, float, float, Any, Any, float]]:
    large = 1 + abs(log_p)
    for slack, power in ((0.0, 1), (0.5, 2)):
        got = coverage.coverage_coefficient(table, MU, slack=slack, power=power)
        yield "coverage.coverage_coefficient", p, 1, got, exact_coverage.coefficient(rows, MU, slack=slack, power=power), 1.0
    yield "coverage.mode_coverage", p, 1, coverage.mode_coverage(table, MU), exact_coverage.mode_coverage(rows, MU), 1.0
    other, turned = table[::-1].copy(), certified.from_logs(table[::-1])
    got = coverage.concentrability(table, other, MU)
    yield "coverage.concentrability", p, 1, got, exact_coverage.concentrability(rows, turned, MU), large
    got = coverage.ratio_moment(table, other, MU, beta=beta)
    yield "coverage.ratio_moment", p, 1, got, exact_coverage.ratio_moment(rows, turned, MU, beta=beta), large
    for got, truth in zip(laws.tilted(table[0], table[0], beta=beta), tilt.law(rows[0], beta=beta), strict=True):
        yield "laws.tilted (log)", p, 1, 1 + float(got - truth.log()), arb(1), 1 + abs(float(got))
    truth = tilt.bias(rows[0], beta=beta)
    yield "dpo.bias", p, 1, theory_dpo.bias(table, beta=beta)[0], truth, 1 + abs(float(truth.log()))
    tilted = laws.tilted(table, table, beta=beta)
    got = coverage.concentrability(tilted, table, MU)
    yield "coverage.concentrability of pi_beta", p, 1, got, tilt.concentrability(rows, MU, beta=beta), large * (1 + 1 / beta)
    yield "dpo.target_loss_moment_bound", p, 1, theory_dpo.target_loss_moment_bound(table, MU), tilt.loss_moment_bound(rows, MU), 1.0


def _of_numbers(p: float, N: int, rng: np.random.Generator) -> Iterator[tuple[str, float, float, Any, Any, float]]:
    b = float(p * 10 ** rng.uniform(-3, 3))
    if 1e-300 <= b < 1:
        close = max(1.0, 1 / abs(b / p - 1)) if b != p else 1.0
        yield "theory.hellinger", p, 1, theory.hellinger(p, b), bounds.hellinger(p, b), 1.0
        yield "xpo.bernoulli_kl", p, 1, xpo.bernoulli_kl(p, b), bounds.bernoulli_kl(p, b), close**2
    given = {"n": N, "delta": p, "rho": 0.1}
    got = sft.bound(log_class_size=math.log(50), coverage=3.0, N=7, **given)
    yield "sft.bound", p, N, got, bounds.sft(class_size=50, coverage=3, N=7, **given), 1.0
    got = sft_adaptive.bound_sharp(log_class_size=math.log(50), **given)
    yield "sft_adaptive.bound_sharp", p, N, got, bounds.adaptive_sharp(class_size=50, **given), 1.0
    got = theory_dpo.squared_residual_given(disagreement=p, loss_moment=3.0)
    yield "dpo.squared_residual_given", p, 1, got, dpo.squared_residual_bound(disagreement=p, loss_moment=3), 1.0
    C = float(N)
    yield "dpo.log_ratio_fourth_moment", p, N, theory_dpo.log_ratio_fourth_moment(loss_moment=C), dpo.fourth_moment_bound(N), 1.0
    lam = float(10 ** rng.uniform(-6, 6))
    got = xpo.elliptic_bound(d=3, T=N, trace_max=1.0, lam=lam)
    yield "xpo.elliptic_bound", p, N, got, bounds.elliptic_bound(d=3, T=N, trace_max=1, lam=lam), 1.0


def measure(draws: int = CASES) -> dict[str, list[Found]]:
    """function -> its comparisons, from a fixed seed."""
    rng, found = np.random.default_rng(11), {}
    with certified.precision(BITS):
        for _ in range(draws):
            for name, p, N, got, truth, condition in cases(rng):
                value = error(float(np.ravel(got)[0]), truth)
                found.setdefault(name, []).append(Found(math.log10(p), math.log10(N), value, condition))
    return found


def beyond(one: Found) -> float:
    """The error over what ten last bits of the input explain: above 1 it is the program's."""
    return one.error / max(TOLERANCE if one.condition > 1 else 1e-12, 10 * one.condition * 2.0**-52)


def page(found: dict[str, list[Found]]) -> str:
    """The page docs/digits.md."""
    head = ["function", "largest", "99.9 %", "at p, N", "condition number there", *(_group(a, b, "p") for a, b in _pairs(EDGES_OF_P))]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name in sorted(found):
        ones = found[name]
        worst = max(ones, key=lambda one: one.error)
        cells = [name, _shown(worst.error), _shown(float(np.quantile([one.error for one in ones], 0.999)))]
        cells += [f"1e{worst.p:.0f}, 1e{worst.N:.0f}", f"{worst.condition:.2g}"]
        cells += [_most(one.error for one in ones if b < one.p <= a) for a, b in _pairs(EDGES_OF_P)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "The same by decade of N, of the functions that have one:", ""]
    lines += [f"| function | {' | '.join(_group(a, b, 'N') for a, b in _pairs(EDGES_OF_N))} |", "|---|---|---|---|"]
    for name in sorted(name for name, ones in found.items() if any(one.N > 0 for one in ones)):
        lines.append(f"| {name} | {' | '.join(_most(one.error for one in found[name] if a <= one.N < b) for a, b in _pairs(EDGES_OF_N))} |")
    return "\n".join(lines) + "\n"


def _pairs(edges: tuple[float, ...]) -> list[tuple[float, float]]:
    return list(pairwise(edges))


def _group(a: float, b: float, name: str) -> str:
    return f"{name} 1e{min(a, b):.0f} to 1e{max(a, b):.0f}"


def _most(errors: Iterator[float]) -> str:
    return _shown(max(errors, default=0.0))


def _shown(value: float) -> str:
    return "0" if value == 0 else "inf" if value == math.inf else f"1e{math.ceil(math.log10(value) - 1e-9)}"


def main(write: Callable[..., Any] = write_whole) -> int:
    """Write docs/digits.md; the exit status says whether every error is explained."""
    found = measure()
    write(ROOT / "docs" / "digits.md", INTRODUCTION + page(found))
    wrong = {name: max(ones, key=beyond) for name, ones in found.items() if beyond(max(ones, key=beyond)) > 1}
    print("\n".join(f"{name}: {one}" for name, one in wrong.items()) or f"all of {len(found)} functions have their digits; docs/digits.md")
    return 1 if wrong else 0


INTRODUCTION = f"""# Float64 judged by balls

`python -m benchmarks.digits` writes this page: {CASES} draws of p, down to 1e-300, and of N, up to 1e12. Errors are rounded up to a power
of ten. Beside it, [accuracy](accuracy.md) has every exact function against another arithmetic; [certified verdicts](certified.md) say what
a ball is.

An error above {TOLERANCE:g} (1e-12 where the condition number is 1) must be explained by ten last bits times the condition number, or
the command fails. The condition number says how much of an error of an input's last bit must show, whatever the program. A logarithm l
is a float of |l| units, so the probability exp(l) has a relative error of |l| last bits: these functions have the condition number
1 + |l|, and their errors are those of the logarithm, absolute.

"""


if __name__ == "__main__":
    sys.exit(main())
