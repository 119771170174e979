"""Tests that a bound lies on its side of the exact value, on many generated instances.

Call `assert_bound` in the test of a bound, the paper's or your own. It also checks that the test can fail: on an instance where the bound
is nearly attained, the bound scaled by 0.7 (or 1.3) has to be rejected.
"""

import math
from collections.abc import Callable
from typing import Any, Literal

from hypothesis import given
from hypothesis.strategies import SearchStrategy

from sharpsim._arguments import ANYTHING, OPEN_UNIT, REAL, checked, instance, one_of
from sharpsim.testing._report import POWER, BoundReport


@checked(instances=instance(SearchStrategy), side=one_of(*POWER), near_extremal=ANYTHING, trivial=REAL, tolerance=OPEN_UNIT)
def assert_bound(
    *,
    instances: SearchStrategy[Any],
    exact: Callable[[Any], float],
    bound: Callable[[Any], float],
    side: Literal["upper", "lower", "identity"],
    near_extremal: Any,
    trivial: float | None = None,
    tolerance: float = 1e-9,
    certified: bool = False,
) -> BoundReport:
    """Assert that `bound` lies on its side of `exact` on generated instances, and that the check would reject a wrong bound.

    Args:
        instances: a Hypothesis strategy; its domain is the statement's assumption.
        exact, bound: functions of an instance, giving numbers.
        side: "upper" (bound >= exact), "lower" or "identity".
        near_extremal: an instance at which the bound is nearly attained: scaled by 0.7 (1.3 for a lower bound, both for an identity)
            it must fail there, or the check could never fail.
        trivial: the value beyond which the bound says nothing (1 for a probability's upper bound); such instances count as vacuous.
        tolerance: relative, for rounding.
        certified: decide each instance by ball arithmetic (`sharpsim.certified`, which needs python-flint), without a tolerance. Arrays of
            the instance are then exact (`certified.table` and `certified.row`), floats are rationals, and `exact` and `bound` give balls
            or rationals at the working precision. What is refuted is made small and round, and shown as probabilities. An identity of
            balls is never proved: it counts as undecided unless it is refuted, or both sides are rationals.

    Returns: a `BoundReport`. Raises `AssertionError` with the instance that violates the bound, or if the bound is not nearly attained at
    `near_extremal`, or if every bound was vacuous; `ValueError` for an unknown side or tolerance outside (0, 1).
    """
    if certified:
        from sharpsim.testing._certified import assert_certified

        given_to_both = {"instances": instances, "exact": exact, "bound": bound, "side": side}
        return assert_certified(**given_to_both, near_extremal=near_extremal, trivial=trivial)
    report = BoundReport()

    @given(instances)
    def sandwich(instance: Any) -> None:
        truth, value = float(exact(instance)), float(bound(instance))
        report.instances += 1
        assert _right_side(truth, value, side, tolerance), f"{side} bound {value!r} on the wrong side of {truth!r} at {instance!r}"
        if trivial is not None and (value >= trivial if side == "upper" else value <= trivial):
            report.vacuous += 1
        elif truth != 0 and math.isfinite(value / truth):
            report.least_ratio = min(report.least_ratio, value / truth)
            report.largest_ratio = max(report.largest_ratio, value / truth)

    sandwich()
    _assert_power(float(exact(near_extremal)), float(bound(near_extremal)), side, tolerance)
    if report.vacuous == report.instances:
        raise AssertionError("every generated bound was vacuous: the check says nothing about the statement")
    return report


def _assert_power(truth: float, value: float, side: str, tolerance: float) -> None:
    """The bound holds at the near-extremal instance, and no longer does when it is scaled."""
    assert _right_side(truth, value, side, tolerance), (
        f"{side} bound {value!r} on the wrong side of {truth!r} at the near-extremal instance"
    )
    for scale in POWER[side]:
        assert not _right_side(truth, scale * value, side, tolerance), (
            f"no power: at the near-extremal instance the truth is {truth!r} and {scale} x {value!r} is still on the right side"
        )


def _right_side(truth: float, value: float, side: str, tolerance: float) -> bool:
    room = tolerance * max(abs(truth), abs(value) if math.isfinite(value) else 0.0)
    if math.isnan(truth) or math.isnan(value):
        return False
    upper = value >= truth - room
    lower = value <= truth + room
    return {"upper": upper, "lower": lower, "identity": upper and lower}[side]
