"""`assert_bound(..., certified=True)`: each instance is decided by ball arithmetic, and what is refuted is made small and round first."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis.strategies import SearchStrategy

from sharpsim._checks import ROW_TOLERANCE
from sharpsim.testing._report import POWER, BoundReport


def assert_certified(
    *, instances: SearchStrategy[Any], exact: Callable[[Any], Any], bound: Callable[[Any], Any], side: str, near_extremal: Any, trivial: Any
) -> BoundReport:
    """As `assert_bound`, with balls or rationals for numbers, and no tolerance."""
    from sharpsim.certified import Statement, judge, minimise

    left, right = (exact, bound) if side == "upper" else (bound, exact)
    statement = Statement(
        name="assert_bound",
        label="",
        claim=f"{side} bound",
        left=lambda given: left(given),
        right=lambda given: right(given),
        draw=lambda draws: {},
        extremal={},
        bound="right" if side == "upper" else "left",
        trivial=trivial,
        equal=side == "identity",
    )
    report, refuted = BoundReport(), []

    @given(instances)
    def sandwich(instance: Any) -> None:
        case = {"given": as_exact(instance)}
        verdict = judge(statement, case)
        report.instances += 1
        report.vacuous += verdict.word == "vacuous"
        report.undecided += verdict.word == "undecided"
        report.proved += verdict.word == "proved"
        if verdict.word == "refuted":
            refuted[:] = [case]
            raise AssertionError

    try:
        sandwich()
    except AssertionError:
        if not refuted:
            raise
        case = _minimised(refuted[0], lambda one: judge(statement, one, highest=512).word == "refuted", minimise)
        verdict = judge(statement, case)
        raise AssertionError(
            f"{side} bound refuted at {case['given']!r}: the exact value is {_short(exact, case)}, the bound {_short(bound, case)} "
            f"(decided at {verdict.bits} bits)"
        ) from None
    _assert_power(statement, as_exact(near_extremal), side, judge)
    if report.instances == report.vacuous + report.undecided and side != "identity":
        raise AssertionError("every generated instance was vacuous or undecided: the check says nothing about the statement")
    return report


def _assert_power(statement: Any, extremal: Any, side: str, judge: Callable[..., Any]) -> None:
    from sharpsim.certified import rational

    verdict = judge(statement, {"given": extremal})
    assert verdict.word != "refuted", f"{side} bound refuted at the near-extremal instance: {verdict.left} and {verdict.right}"
    for scale in POWER[side]:
        found = judge(statement, {"given": extremal}, scale=rational(round(10 * scale), 10))
        assert found.word == "refuted", f"no power: at the near-extremal instance {scale} x the bound is {found.word}"


def _minimised(case: dict[str, Any], fails: Callable[[Any], bool], minimise: Callable[..., Any]) -> dict[str, Any]:
    """`certified.minimise` on the entries of a tuple or a dictionary, or on the instance itself."""
    whole = case["given"]
    if isinstance(whole, dict):
        return {"given": minimise(whole, lambda entries: fails({"given": dict(entries)}))}
    if isinstance(whole, tuple) and type(whole) is tuple:
        entries = {str(i): value for i, value in enumerate(whole)}
        return {"given": tuple(minimise(entries, lambda other: fails({"given": tuple(other.values())})).values())}
    return minimise(case, fails)


def _short(side: Callable[[Any], Any], case: dict[str, Any]) -> str:
    value = side(case["given"])
    return value.str(8, radius=False) if hasattr(value, "str") and hasattr(value, "mid") else str(value)


def as_exact(value: Any) -> Any:
    """An instance with its arrays made exact: a table of log-probabilities as `certified.table` of the floats exp(l), prompt weights as a
    row, floats as the rationals that they are; tuples, lists and dictionaries entry by entry.
    """
    from sharpsim.certified import rational, row, table

    if isinstance(value, dict):
        return {name: as_exact(entry) for name, entry in value.items()}
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return tuple(as_exact(entry) for entry in value)
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.max() <= ROW_TOLERANCE[8]:
        return table(np.exp(value))
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.min() >= 0:
        return row(value)
    if isinstance(value, float):
        return rational(value, 1)
    return value
