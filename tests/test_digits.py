"""Float64 judged by balls: every ball is used, every error is explained by its condition number, and a lost digit fails the command."""

import importlib
import inspect
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from benchmarks import _digits_bounds, _digits_composed, _digits_laws, _digits_pairs, _digits_risks, digits
from benchmarks._digits import BITS, Case, allowed, condition, error
from experiments.engine.rows import ROOT
from sharpsim import certified, coverage
from sharpsim.certified import bounds
from sharpsim.theory import best_of_n, dpo, hellinger, limits, sft

SHARE = 0.03
WITHOUT = {
    "best_of_n.mean_miss": "the mean of `miss` over prompts",
    "best_of_n.row": "the law in rationals",
    "bounds.elliptic_sum": "in `potential`, whose matrices move entry by entry; see below",
    "coverage.tail": "no float64 function",
    "dpo.log_ratio_excess": "no float64 function",
    "dpo.log_ratio_fourth_moment": "no float64 function; the one of its name is its bound",
    "dpo.log_ratio_tail": "no float64 function; the one of its name is its bound",
    "minimax.rule": "no float64 function of the chance of many draws",
    "stopping.miss_bound_exponential": "no float64 function",
    "tilt.concentrability_bound": "`slack_factor` times a coefficient that is given",
}
"""The balls that no float64 function stands beside."""


def _public(module: Any) -> list[str]:
    own = [name for name, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == module.__name__]
    return [name for name in own if name in getattr(module, "__all__", own) and not name.startswith("_")]


@pytest.fixture(scope="module")
def measured():
    """The comparisons of a few draws, and the balls that they used."""
    used: Counter[str] = Counter()

    def counted(name: str, function: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            used[name] += 1
            return function(*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for stem in certified.MODULES:
            module = importlib.import_module(f"sharpsim.certified.{stem}")
            for name in _public(module):
                patch.setattr(module, name, counted(f"{stem}.{name}", getattr(module, name)))
        return digits.measure(SHARE), used


def test_every_error_is_explained(measured):
    judged, _ = measured
    assert not {name: one.wrong for name, one in judged.items() if one.wrong}
    assert len(judged) >= 97


def test_every_ball_stands_beside_a_float64_function(measured):
    balls = {f"{stem}.{name}" for stem in certified.MODULES for name in _public(importlib.import_module(f"sharpsim.certified.{stem}"))}
    unused = balls - set(measured[1])
    assert unused == set(WITHOUT)


def test_the_page_names_every_function(measured):
    told = (ROOT / "docs" / "digits.md").read_text()
    assert told.startswith(digits.INTRODUCTION)
    assert all(f"| {name} |" in told for name in measured[0])
    assert all(f"\n## By {axis}\n" in told for axis in digits.AXES)


@pytest.mark.parametrize("source", digits.SOURCES, ids=lambda source: source.__name__)
def test_an_error_of_1e_9_is_unexplained_in_every_function(source):
    """Scaled by 1 + 1e-9, each function has a case that no condition number explains."""
    rng, seen, caught = np.random.default_rng(5), set(), set()
    with certified.precision(BITS):
        for _ in range(40):
            for case in source.cases(rng):
                seen.add(case.function)
                if case.function in caught or case.truth() == 0:
                    continue
                got = float(np.ravel(case.got)[0])
                # A logarithm of a number below 1e-290 is judged by itself.
                off = case._replace(got=got + 1e-9 * max(1.0, abs(got)) if case.log else got * (1 + 1e-9))
                found = digits.Found(case.at, error(off), condition(off))
                if not found.explained():
                    caught.add(case.function)
    assert caught == seen


@pytest.mark.parametrize(
    ("source", "module", "name", "function"),
    [
        (_digits_laws, best_of_n, "success", "best_of_n.success"),
        (_digits_laws, coverage, "mode_coverage", "coverage.mode_coverage"),
        (_digits_bounds, limits, "bound_sharp", "limits.bound_sharp"),
        (_digits_risks, limits, "minimax_risk", "limits.minimax_risk"),
        (_digits_risks, sft, "exact_risk", "sft.exact_risk"),
        (_digits_pairs, dpo, "regret", "dpo.regret"),
        (_digits_composed, dpo, "risk_from_regret", "dpo.risk_from_regret"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_command_fails_for_a_function_that_is_off_by_1e_9(source, module, name, function, monkeypatch, capsys):
    right, pages = getattr(module, name), []
    monkeypatch.setattr(digits, "SOURCES", (source,))
    assert digits.main(write=lambda path, text: pages.append(text), share=0.01) == 0
    monkeypatch.setattr(module, name, lambda *arguments, **named: right(*arguments, **named) * (1 + 1e-9))
    assert digits.main(write=lambda path, text: pages.append(text), share=0.01) == 1
    assert f"{function}: " in capsys.readouterr().out
    assert len(pages) == 2


def test_the_condition_number_is_that_of_the_function():
    """x^3 has 3, 1 - x has x/(1 - x), x - y the sum of both; an integer does not count; a mass given by its logarithm l has |l|."""
    with certified.precision(200):
        for twin, inputs, expected in (
            (lambda x: arb(x) ** 3, (0.7,), 3.0),
            (lambda x: 1 - arb(x), (0.999,), 999.0),
            (lambda x, y: arb(x) - arb(y), (1.0, 0.75), 7.0),
            (lambda row: sum(map(arb, row), arb(0)), (np.array([1.0, 3.0, 0.0]),), 1.0),
            (lambda: arb(3), (), 0.0),
            (lambda log: arb(log).exp(), (-690.0,), 690.0),
        ):
            assert condition(Case("", 1.0, twin, inputs, {})) == pytest.approx(expected, rel=1e-9)
        # The float l itself has last bits of |l|; below 1e-290 errors are those of l.
        for log, expected in ((-660.0, 661.0), (-690.0, 1 + 1 / 690)):
            assert condition(Case("", log, lambda log: arb(log).exp(), (log,), {}, log=True)) == pytest.approx(expected, rel=1e-12)


def test_a_lost_digit_is_seen():
    """1 - (1-p)^N in floats has no digits left at p = 1e-12, N = 1: 2e-5 off; and log(1 + p) for log1p none at 1e-17."""
    with certified.precision(BITS):
        lost = Case("", 1 - (1 - 1e-12), lambda p: arb(p), (1e-12,), {"p": 1e-12})
        assert 1e-6 < error(lost) < 1e-3
        assert not digits.Found(lost.at, error(lost), condition(lost)).explained()
        assert error(Case("", math.log(1 + 1e-17), lambda p: arb(p).log1p(), (1e-17,), {})) == 1
        assert error(Case("", 0.0, lambda: arb(10) ** -400, (), {})) == 0
        assert error(Case("", 1.0, lambda: arb(10) ** -400, (), {})) == math.inf
        assert error(Case("", math.nan, lambda: arb(1), (), {})) == math.inf
        # The logarithm of 1e-400 is judged by itself, that of 1e-100 by its number.
        assert error(Case("", -400 * math.log(10) - 1e-9, lambda: arb(10) ** -400, (), {}, log=True)) < 2e-12
        assert error(Case("", -100 * math.log(10) - 1e-9, lambda: arb(10) ** -100, (), {}, log=True)) > 9e-10
    assert allowed(0.0) == allowed(1.0) == 1e-12
    assert allowed(1e6) == pytest.approx(2.2e-9, rel=0.01)


def test_hellinger_of_two_close_numbers_far_below_1e_162():
    """The balls found it: the square of a difference of 1e-280 was 0."""
    with certified.precision(200):
        for a, b in ((1e-277, 1.01e-277), (3e-300, 2.9e-300), (1e-150, 1.1e-150), (0.25, 0.26)):
            assert error(Case("", float(hellinger(a, b)), bounds.hellinger, (a, b), {})) < 1e-13


def test_the_potential_of_matrices_is_that_of_their_vectors():
    vectors = np.array([[0.5, -1.0], [0.25, 2.0], [0.0, 0.125]])
    exact = _digits_bounds.potential(vectors[:, :, None] * vectors[:, None, :], 0.375)
    assert exact == bounds.elliptic_sum(vectors, lam=0.375) != fmpq(0)
