"""Shared by `limits` and `limits_adaptive`: the samples that any learner needs along three axes and by power of the coverage, with fits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.columns import columns
from experiments.engine.fits import power_law
from experiments.engine.frame import ERRATUM, Context, Table, Verdict

BATCH = 2000
"""Seeds at a time, of the literal learners: a divisor of their number at every scale, as what is left over would be a second program."""
DELTA = 0.5
"""The lower bounds speak of pihat(y*|x) > 1/2."""
AXES = {"eps": "eps", "coverage": "C - 1", "hard_prompts": "d"}


_WITNESS = "hard_prompts labels"
SCALING = columns(text="curve axis", count=_WITNESS, exact="x eps coverage samples hard_mass")
EXPONENTS = columns(text="curve axis name text", exact="exponent low high scale decades from to")
POWER = columns(count=f"{_WITNESS} power", exact="eps coverage samples hard_mass limit mass_over_eps")
"""The columns of `needs`, `fits` and `by_power`."""


@dataclass(frozen=True)
class Axes:
    """The values of each parameter while the others stay at `at`."""

    eps: tuple[float, ...]
    coverage: tuple[float, ...]
    hard_prompts: tuple[int, ...]
    at: tuple[float, float, int] = (0.01, 3.0, 4)

    def points(self) -> Iterable[tuple[str, float, dict[str, Any]]]:
        """(axis, the value that moves, the point)."""
        base = dict(zip(AXES, self.at, strict=True))
        for axis in AXES:
            for value in getattr(self, axis):
                yield axis, float(value - 1 if axis == "coverage" else value), {**base, axis: value}


@dataclass(frozen=True)
class Powers:
    """For each power p of the coverage the risks at which the best family is found; C and d are fixed."""

    eps: dict[int, tuple[float, ...]]
    coverage: float = 3.0
    hard_prompts: int = 4


def needs(curves: dict[str, Callable[..., dict[str, Any] | None]], axes: Axes, context: Context) -> list[dict[str, Any]]:
    """One row per curve and point: `samples` and the family they are for; a curve may have nothing to say of a point (None)."""
    rows = []
    for axis, x, point in context.track(list(axes.points()), "samples needed"):
        for curve, need in curves.items():
            found = need(**point)
            if found is not None:
                rows.append({"curve": curve, "axis": axis, "x": x, **point, **found})
    return rows


def fits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One power law per curve and axis that has at least three points."""
    made = []
    for curve in dict.fromkeys(row["curve"] for row in rows):
        for axis in AXES:
            mine = [row for row in rows if row["curve"] == curve and row["axis"] == axis and row["samples"] > 0]
            if len(mine) < 3:
                continue
            fit = power_law([row["x"] for row in mine], [row["samples"] for row in mine])
            ends = {"from": min(row["x"] for row in mine), "to": max(row["x"] for row in mine)}
            made.append({"curve": curve, "axis": axis, "name": AXES[axis], **fit._asdict(), **ends, "text": str(fit)})
    return made


def family_of(need: Any) -> dict[str, Any]:
    """The witness's parameters as the theory modules take them."""
    return {"hard_prompts": need.hard_prompts, "labels": need.labels, "hard_mass": need.hard_mass}


def optimum(theory: Any, **point: Any) -> dict[str, Any]:
    """What any learner needs at a point, with the witness."""
    need = theory.samples_any_learner_needs(**point)
    return {"samples": float(need.samples), "labels": need.labels, "hard_mass": need.hard_mass}


def theorem(theory: Any, **point: Any) -> dict[str, Any] | None:
    """The paper's bound with its proof's constant, where it speaks."""
    if min(theory.checks(**point).values()) < 0:
        return None
    return {"samples": theory.samples_bound(**point), "labels": 0, "hard_mass": 16 * point["eps"]}


def by_power(theory: Any, powers: Powers, context: Context) -> list[dict[str, Any]]:
    """Need and witness for each power and risk, beside the limit as the risk vanishes."""
    cells = [(power, eps) for power, grid in powers.eps.items() for eps in grid]
    rows = []
    for power, eps in context.track(cells, "powers"):
        point = {"eps": eps, "coverage": powers.coverage, "hard_prompts": powers.hard_prompts, "power": power}
        found = optimum(theory, **point)
        rows.append({**point, **found, "limit": theory.samples_limit(**point), "mass_over_eps": found["hard_mass"] / eps})
    return rows


def theorem_verdicts(theory: Any, scaling: Table, label: str, curve: str, paper: str, range_label: str) -> list[Verdict]:
    """The exact need against the paper's bound where that speaks, and the printed range of eps, which a guess contradicts."""
    rows = scaling.where(axis="eps")
    exact, bound = rows.where(curve=curve), rows.where(curve=paper)
    ratio = exact.take(np.isin(exact["eps"], bound["eps"]))["samples"] / bound["samples"]
    near_one = theory.samples_any_learner_needs(eps=0.9, coverage=3.0, hard_prompts=4)
    return [
        Verdict(
            label, "no learner with fewer samples", f"need {exact['samples'].min():.4g} and more", f"{bound['samples'].min():.4g} and more",
            "holds" if (ratio >= 1).all() else "violated", slack=float(ratio.min()), slack_kind="least ratio of exact need to the bound",
        ),
        Verdict(
            range_label, "printed for eps up to 1: some samples at eps = 0.9", float(near_one.samples), "more than 0",
            "holds" if near_one.samples > 0 else ERRATUM, expected=ERRATUM,
        ),
    ]  # fmt: skip


def spaced(low: float, high: float, points: int) -> tuple[float, ...]:
    """Evenly spaced logarithms, four digits."""
    return tuple(float(f"{v:.4g}") for v in np.geomspace(low, high, points))


def power_verdicts(rows: Table, label: str, exponent: Callable[[float], float]) -> list[Verdict]:
    """For each power, the exponent over the smallest three decades of risk and the need over its limit at the smallest."""
    found = []
    for power in rows.unique("power"):
        part = rows.where(power=power)
        small = part.take(part["eps"] <= part["eps"].min() * 1.001e3)
        fit, expected = power_law(small["eps"], small["samples"]), exponent(power)
        ratio = float(part["samples"][part["eps"].argmin()] / part["limit"][part["eps"].argmin()])
        kind = "fitted exponent" if abs(fit.exponent - expected) < 0.02 and abs(ratio - 1) < 0.02 else "violated"
        found.append(
            Verdict(
                f"{label} (p = {power:g})", "samples any learner needs against eps", str(fit), f"{expected:.4g}", kind, slack=ratio,
                slack_kind="ratio to the limit at the smallest eps",
            )
        )  # fmt: skip
    return found


def exponent_verdicts(table: Table, label: str, curve: str, expected: dict[str, float], room: float = 0.1) -> list[Verdict]:
    """One verdict per axis: the fitted exponent within `room` of the theory's."""
    found = []
    for row in table.where(curve=curve).rows():
        near = abs(row["exponent"] - expected[row["axis"]]) <= room
        found.append(
            Verdict(
                f"{label} ({row['name']})", f"{curve}: samples against {row['name']}", row["text"], expected[row["axis"]],
                "fitted exponent" if near else "violated",
            )
        )  # fmt: skip
    return found
