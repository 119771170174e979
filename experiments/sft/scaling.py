"""The exact number of samples that an algorithm needs on the hard family as one parameter varies, and power laws fitted to it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.engine.columns import columns
from experiments.engine.fits import power_law
from experiments.engine.frame import Context, Table, Verdict

AXES = {"eps": "eps", "coverage": "C - 1", "hard_prompts": "d", "delta": "delta"}


@dataclass(frozen=True)
class Grid:
    """The values of each parameter while the others stay at `at`; each grid spans at least 1.5 decades at default scale."""

    eps: tuple[float, ...]
    coverage: tuple[float, ...]
    hard_prompts: tuple[int, ...]
    delta: tuple[float, ...]
    at: dict[str, float] = field(default_factory=lambda: {"eps": 0.02, "coverage": 3.0, "hard_prompts": 4, "delta": 0.5})
    fixed_eps: tuple[float, ...] = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4)

    @classmethod
    def of(cls, *, points: int) -> "Grid":
        """Evenly spaced logarithms: eps over 1.8 decades, C - 1 over 2.1 (C over 1.6), d over 2.1, delta over 2."""

        def spaced(low: float, high: float) -> tuple[float, ...]:
            return tuple(float(f"{v:.4g}") for v in np.geomspace(low, high, points))

        doubling = tuple(2**i for i in range(8))
        return cls(eps=spaced(0.0016, 0.1), coverage=tuple(1 + v for v in spaced(0.5, 64)), hard_prompts=doubling, delta=spaced(0.005, 0.5))


FAMILY = "hard_prompts labels"
SCALING = columns(text="axis", count=f"{FAMILY} n", exact="x eps coverage delta hard_mass samples parameter risk")
EXPONENTS = columns(text="axis name column text", exact="exponent low high scale decades from to")
FIXED = columns(count=f"{FAMILY} n N", exact="eps samples hard_mass delta")
"""The columns of `family_points`, of `exponents`, and of the needs on families that do not move with eps."""


def worst_family(*, eps: float, coverage: float, hard_prompts: int) -> dict[str, Any]:
    """The member of the family that coverage C allows at D = 1.5 eps: M = floor(2 (C - 1 + D)/D)."""
    mass = 1.5 * eps
    # The floor of a float is off by one where the ratio is whole.
    return {"hard_prompts": hard_prompts, "labels": math.floor(2 * (coverage - 1 + mass) / mass + 1e-9), "hard_mass": mass}


def family_points(cheapest: Callable[..., Any], grid: Grid, context: Context) -> list[dict[str, Any]]:
    """One row per axis and value: the least expected samples, and the n and setting that attain it."""
    cells = [(axis, value) for axis in AXES for value in getattr(grid, axis)]
    rows = []
    for axis, value in context.track(cells, "samples needed"):
        at = {**grid.at, axis: value}
        family = worst_family(eps=at["eps"], coverage=at["coverage"], hard_prompts=int(at["hard_prompts"]))
        best = cheapest(eps=at["eps"], delta=at["delta"], **family)
        moving = value - 1 if axis == "coverage" else value
        rows.append({
            "axis": axis, "x": float(moving), "eps": at["eps"], "coverage": at["coverage"], "delta": at["delta"], **family,
            "samples": float(best.samples), "n": best.n, "parameter": float(best.setting), "risk": float(best.risk),
        })  # fmt: skip
    return rows


def exponents(points: list[dict[str, Any]], against: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """One fitted power law per axis; `against` names another column to fit an axis to than its own value x."""
    rows = []
    for axis in AXES:
        column = (against or {}).get(axis, "x")
        mine = [row for row in points if row["axis"] == axis]
        x = [row[column] for row in mine]
        fit = power_law(x, [row["samples"] for row in mine])
        name = AXES[axis] if column == "x" else "C"
        rows.append({
            "axis": axis, "name": name, "column": column, **fit._asdict(), "from": float(min(x)), "to": float(max(x)), "text": str(fit),
        })  # fmt: skip
    return rows


def fit_verdicts(fits: Table, label: str, expected: dict[str, tuple[float, float]]) -> list[Verdict]:
    """One verdict per axis; an exponent outside its expected range counts as violated."""
    found = []
    for row in fits.rows():
        low, high = expected[row["axis"]]
        kind = "fitted exponent" if low <= row["exponent"] <= high else "violated"
        claim = f"samples needed against {row['name']}"
        found.append(Verdict(f"{label} ({row['name']})", claim, row["text"], f"{low:g} to {high:g}", kind))
    return found
