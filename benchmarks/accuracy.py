"""`python -m benchmarks.accuracy`: the digits of the exact functions, by regime, against 400-digit arithmetic; writes docs/accuracy.md.

A case is one number of the library beside the same number of `_exact`. `errors` gives the worst relative error of each function in each
regime. `tests/test_accuracy.py` holds every one of them below `TOLERANCE`.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

from benchmarks import _exact as exact
from experiments.engine.rows import ROOT
from sharpsim import coverage, laws, sharpness
from sharpsim.files import write_whole
from sharpsim.theory import best_of_n, dpo, greedy, hellinger, limits_adaptive, separation, sft, sft_adaptive, xpo

DIGITS = 400
TOLERANCE = 1e-11
"""Largest relative error allowed of any function in any regime."""
SMALLEST = mp.mpf("1e-290")
"""Where the exact number is below this, errors are those of its logarithm, if the library gives that, or not counted."""
TABLES = 12
"""Random tables in each regime."""

NEAR_ONE, MIDDLE, NEAR_ZERO = "mode mass near 1", "mode mass between", "mode mass near 0"
REGIMES = (NEAR_ONE, MIDDLE, NEAR_ZERO)
WEIGHTS = np.array([0.5, 0.5])
DELTA, EXACT_DELTA = 0.1, Fraction(1, 10)


class Case(NamedTuple):
    """One number: the function, the regime, the library's number and the exact one; `log` says that both are logarithms' arguments."""

    function: str
    regime: str
    got: float
    truth: Any
    log: bool = False


def error(case: Case) -> float:
    """The relative error; of a probability whose logarithm is given, the error of the probability, or of the logarithm below 1e-290."""
    got, truth = mp.mpf(float(case.got)), case.truth
    if case.log:
        if truth == 0:
            return 0.0 if got == -mp.inf else math.inf
        return float(abs(mp.exp(got) / truth - 1) if truth > SMALLEST else abs(got / mp.log(truth) - 1))
    if abs(truth) < SMALLEST:
        return 0.0 if abs(got) <= 2 * SMALLEST else math.inf
    return float(abs(got / truth - 1)) if case.got < math.inf else math.inf


def tables(regime: str, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Tables of two rows of log-probabilities, some of them with ties."""
    for i in range(TABLES):
        if regime == NEAR_ONE:
            share = rng.dirichlet(np.ones(4), size=2) if i % 3 else np.full((2, 4), 0.25)
            outside = 10.0 ** -rng.uniform(6, 280 if i % 2 else 18, size=(2, 1))
            yield np.hstack([np.log1p(-outside), np.log(outside * share)])
        elif regime == MIDDLE:
            masses = rng.dirichlet(np.ones(5), size=2) if i % 3 else rng.integers(1, 4, size=(2, 5)).astype(float)
            yield np.log(masses / masses.sum(axis=1, keepdims=True))
        else:
            masses = np.exp(0.3 * rng.normal(size=(2, 120)))
            yield np.log(masses / masses.sum(axis=1, keepdims=True))


def cases() -> Iterator[Case]:
    """Every function on every table of every regime, then the functions of a few numbers."""
    with mp.workdps(DIGITS):
        for regime in REGIMES:
            rng = np.random.default_rng(7)
            for table in tables(regime, rng):
                yield from _of_table(regime, table)
            yield from _of_numbers(regime)


def _of_table(regime: str, table: np.ndarray) -> Iterator[Case]:
    p = [exact.row(log_row) for log_row in table]
    miss, mass = [exact.miss(r) for r in p], [exact.mode_mass(r) for r in p]
    # Both ends and the middle of a long row are enough.
    for name, law, truth in (
        ("laws.best_of_n, N = 1", laws.best_of_n(table[0], table[0], draws=1), exact.best_of_n(p[0], table[0], 1)),
        ("laws.best_of_n, N = 50", laws.best_of_n(table[0], table[0], draws=50), exact.best_of_n(p[0], table[0], 50)),
        ("laws.best_of_n, N = 50, reward -log base", laws.best_of_n(table[0], -table[0], draws=50), exact.best_of_n(p[0], -table[0], 50)),
        ("laws.tilted, beta = 1/4", laws.tilted(table[0], table[0], beta=0.25), exact.tilted(p[0], table[0], 0.25)),
    ):
        for got, number in zip(law, truth, strict=True):
            yield Case(name, regime, got, number, log=True)
    if regime != NEAR_ONE or table.min() > -100:
        mean, _, missed = exact.stopping(table[0], 2.0)
        yield Case("laws.stopping_time_mean", regime, float(laws.stopping_time_mean(table[0], stop=2.0)), mean)
        yield Case("laws.stopping_time_miss", regime, float(laws.stopping_time_miss(table[0], stop=2.0)), missed)
    for slack in (0.0, 0.5):
        for got, log_got, row in zip(
            sharpness.missing_mass(table, table, slack=slack), sharpness.mode_log_miss(table, slack=slack), p, strict=True
        ):
            yield Case("sharpness.missing_mass", regime, got, exact.miss(row, slack))
            yield Case("sharpness.mode_log_miss", regime, log_got, exact.miss(row, slack), log=True)
        log_mass = sharpness.mode_log_mass(table, slack=slack)
        yield from (
            Case("sharpness.mode_log_mass", regime, got, exact.mode_mass(r, slack), True) for got, r in zip(log_mass, p, strict=True)
        )
        got = float(coverage.coverage_coefficient(table, WEIGHTS, slack=slack))
        yield Case("coverage.coverage_coefficient", regime, got, sum(mp.mpf(0.5) / exact.mode_mass(r, slack) for r in p))
    yield Case("coverage.mode_coverage", regime, float(coverage.mode_coverage(table, WEIGHTS)), sum(mp.mpf(0.5) / max(r) for r in p))
    rivals = [max((v for v, best in zip(r, exact.inside(r), strict=True) if not best), default=mp.mpf(0)) for r in p]
    if all(rival > 0 for rival in rivals):
        truth = min(max(r) / rival - 1 for r, rival in zip(p, rivals, strict=True))
        if truth > 1e-3:
            yield Case("coverage.margin", regime, float(coverage.margin(table, WEIGHTS)), truth)
    truth = sum(mp.mpf(0.5) * mp.fsum(a * a / b for a, b in zip(p[i], p[1 - i], strict=True)) for i in (0, 1))
    if truth < 1e290:
        yield Case("coverage.concentrability", regime, float(coverage.concentrability(table, table[::-1], WEIGHTS)), truth)
    for N in (1, 3, 40):
        for got, m in zip(sft.best_of_n_miss(table, N=N), miss, strict=True):
            yield Case("theory.sft.best_of_n_miss", regime, got, m**N)
        for got, m in zip(best_of_n.success_probability(table, draws=N, slack=0.0), miss, strict=True):
            yield Case("theory.best_of_n.success_probability", regime, got, 1 - m**N)
    for N in (1, 3):
        truth = exact.saturated_risk([m**N for m in miss], WEIGHTS.tolist(), 12, EXACT_DELTA)
        yield Case("theory.sft.exact_risk", regime, sft.exact_risk(table, WEIGHTS, n=12, N=N, delta=DELTA), truth)
    for got, row in zip(dpo.bias(table, beta=0.5), table, strict=True):
        yield Case("theory.dpo.bias", regime, got, exact.miss(exact.tilted(exact.row(row), row, 0.5)))
    for got, row, m in zip(sft_adaptive.miss_bound(table, stop=1.5), p, miss, strict=True):
        deadline = mp.ceil(mp.mpf(1.5) / max(row) - mp.mpf(10) ** -10)
        yield Case("theory.sft_adaptive.miss_bound", regime, got, m**deadline)
    if exact.mode_mass(p[0]) == max(p[0]):
        yield Case("theory.greedy.mode_log_odds", regime, float(greedy.mode_log_odds([table])[0]), mp.log(mass[0] / miss[0]))


def _of_numbers(regime: str) -> Iterator[Case]:
    """The functions of a few numbers: `near 1` and `near 0` speak of the probability that they are about."""
    small: Sequence[float] = {NEAR_ONE: (1e-7, 1e-12, 1e-17, 1e-60), MIDDLE: (0.4, 0.2, 0.05), NEAR_ZERO: (0.7, 0.9, 1 - 1e-9)}[regime]
    for x in small:
        for votes in (1, 2, 7, 16):
            got = laws.plurality_miss(votes=np.array([votes]), labels=5, miss=x, negligible=1e-300)[0]
            yield Case("laws.plurality_miss", regime, got, exact.plurality_miss(votes, 5, x))
        # A large coverage is a small mass of the mode.
        ratio = 1 + x if regime == NEAR_ONE else 1 / (1 - x)
        if ratio > 1:
            yield Case("theory.separation.miss", regime, separation.miss(coverage=ratio, draws=3), (1 - 1 / mp.mpf(ratio)) ** 3)
        for a, b in ((x, 3 * x), (x, x / 2), (x, 0.3)):
            if 0 < b < 1:
                u, v = mp.mpf(a), mp.mpf(b)
                kl = u * mp.log(u / v) + (1 - u) * mp.log((1 - u) / (1 - v))
                yield Case("theory.xpo.bernoulli_kl", regime, xpo.bernoulli_kl(a, b), kl)
                h = (mp.sqrt(u) - mp.sqrt(v)) ** 2 + (mp.sqrt(1 - u) - mp.sqrt(1 - v)) ** 2
                yield Case("theory.hellinger", regime, float(hellinger(a, b)), h)
        if x < 1 - 1e-6:
            chain = dpo.FamilyRisk(hard_prompts=1, labels=3, margin=1 / x, beta=0.5, delta=0.3)
            other = 1 / (3 + mp.mpf(1 / x))
            yield Case("theory.dpo.FamilyRisk, identified", regime, chain(1).identified, 4 * (1 + mp.mpf(1 / x)) * other**2 + 2 * other**2)
    # Draws of a hard prompt's secret: many for a mode that is nearly certain.
    N, n = {NEAR_ONE: (40, 10), MIDDLE: (3, 10), NEAR_ZERO: (2, 10)}[regime]
    labels, prompts, mass = 5, 2, 0.6
    got = sft.family_risk(n=n, N=N, delta=0.7, hard_prompts=prompts, labels=labels, hard_mass=mass)
    yield Case("theory.sft.family_risk", regime, got, exact.family_risk(n, (1 - mp.mpf(2) / labels) ** N, prompts, labels, mass))
    if regime == NEAR_ONE:
        # One hard prompt of all the mass, so that the risk may be far below 1e-18.
        got = sft.family_risk(n=16, N=N, delta=0.7, hard_prompts=1, labels=labels, hard_mass=1.0)
        yield Case("theory.sft.family_risk", regime, got, exact.family_risk(16, (1 - mp.mpf(2) / labels) ** N, 1, labels, 1.0))
    stop = {NEAR_ONE: 4.3, MIDDLE: 1.1, NEAR_ZERO: 0.7}[regime]
    other = int(mp.ceil(mp.mpf(stop) * 20 / 3))
    missed = (1 - mp.mpf(2) / labels) ** other
    yield Case("theory.sft_adaptive.family_hit", regime, sft_adaptive.family_hit(stop=stop, labels=labels), 1 - missed)
    got = sft_adaptive.family_risk(n=n, stop=stop, delta=0.7, hard_prompts=prompts, labels=labels, hard_mass=mass)
    yield Case("theory.sft_adaptive.family_risk", regime, got, exact.family_risk(n, missed, prompts, labels, mass))
    rare = {NEAR_ONE: 0.9, MIDDLE: 0.1, NEAR_ZERO: 1e-13}[regime]
    got = limits_adaptive.rule_samples(n=4, remaining=1, hard_prompts=3, labels=4, hard_mass=rare)
    cost = mp.mpf(float(limits_adaptive.frontier(labels=4).cost[-1]))
    yield Case("theory.limits_adaptive.rule_samples", regime, got, 3 * (1 - (1 - mp.mpf(rare) / 3) ** 4) * cost)


def errors() -> dict[str, dict[str, float]]:
    """function -> regime -> worst relative error."""
    worst: dict[str, dict[str, float]] = {}
    with mp.workdps(DIGITS):
        for case in cases():
            found = worst.setdefault(case.function, {})
            found[case.regime] = max(found.get(case.regime, 0.0), error(case))
    return worst


def page(worst: dict[str, dict[str, float]]) -> str:
    """The page docs/accuracy.md. Errors are rounded up to a power of ten, so that the page does not depend on the machine's last bit."""
    lines = [
        "# Accuracy",
        "",
        f"The worst relative error of each exact function in float64, against {DIGITS}-digit arithmetic (mpmath), rounded up to a power of",
        f"ten. `make accuracy` writes this page, and a test holds every error below {_power(TOLERANCE)}. Where a function gives a",
        "logarithm, the error is that of the number itself, or that of the logarithm below 1e-290.",
        "",
        "- *Mode mass near 1*: the mode has all but 1e-6 to 1e-280 of the mass. A complement taken from the wrong side shows here.",
        "- *Mode mass between*: random tables, some with ties.",
        "- *Mode mass near 0*: 120 responses of nearly equal mass.",
        "",
        "For functions of a few numbers, the regime speaks of the probability that they are about, such as the coverage 1/mass.",
        "",
        f"| function | {' | '.join(REGIMES)} |",
        f"|---|{'---|' * len(REGIMES)}",
    ]
    for function, found in sorted(worst.items()):
        lines.append(f"| {function} | {' | '.join(_power(found[regime]) if regime in found else '' for regime in REGIMES)} |")
    lines += [
        "",
        "Exceptions, all said in the docstrings:",
        "",
        "- `dpo.exact_risk` is right within about 1e-15 absolute, not relative.",
        "- A divergence between two laws that differ by a relative 1e-k loses k digits, because its inputs have.",
        "- `laws.binomial_window` loses about one digit for each tenfold width beyond a thousand counts.",
        "- In float32 (JAX without 64-bit numbers) `laws`, `coverage` and `sharpness` say in their module docstrings what they answer, and",
        "  refuse what float32 cannot hold. `theory` computes in float64 whatever it is given.",
        "",
    ]
    return "\n".join(lines)


def _power(value: float) -> str:
    return "0" if value == 0 else "inf" if not value < math.inf else f"1e{math.ceil(math.log10(value) - 1e-9)}"


def main() -> int:
    """Write docs/accuracy.md; the exit status says whether every error is below the tolerance."""
    worst = errors()
    write_whole(ROOT / "docs" / "accuracy.md", page(worst))
    wrong = [f"{name}, {regime}: {value:.3g}" for name, found in worst.items() for regime, value in found.items() if not value <= TOLERANCE]
    print("\n".join(wrong) or f"all of {len(worst)} functions are right within {_power(TOLERANCE)}; docs/accuracy.md")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
