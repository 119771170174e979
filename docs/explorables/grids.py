"""Write the grids of exact numbers that the explorable pages of the book show: `python docs/explorables/grids.py`.

Each grid is a small JavaScript file in docs/explorables/grids, because a page opened from file:// may load a script but not fetch JSON.
Its content is `{"axes": [[name, values], ...], "curves": {name: nested lists in the order of the axes}, "source": text}`. An infinite or
undefined number is null. Numbers that the committed rows hold are taken from there; all others are evaluated by the library's exact laws.
"""

import csv
import json
import math
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim import coverage
from sharpsim.instances import hard_family
from sharpsim.theory import limits, sft

HERE = Path(__file__).resolve().parent
ROWS = HERE.parents[1] / "experiments" / "rows"
FOLDER = HERE / "grids"

Axes = list[tuple[str, list[float]]]


def rows(name: str, **where: str) -> list[dict[str, str]]:
    """The committed rows of one table whose columns have the given values."""
    with (ROWS / f"{name}.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in where.items())]


def plain(number: Any) -> float | int | None:
    """A number as JSON has it: whole numbers without a fraction, null for what is infinite or undefined."""
    value = float(number)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def geometric(low: float, high: float, points: int) -> list[int]:
    """Whole numbers from low to high, about evenly spaced in the logarithm."""
    return sorted({round(value) for value in np.geomspace(low, high, points)})


def grid(axes: Axes, curves: dict[str, Callable[..., Any]], source: str) -> dict[str, Any]:
    """Evaluate each curve at every point of the product of the axes."""

    def nested(curve: Callable[..., Any], fixed: tuple[float, ...] = ()) -> Any:
        if len(fixed) == len(axes):
            return plain(curve(*fixed))
        return [nested(curve, (*fixed, value)) for value in axes[len(fixed)][1]]

    told = [[name, [plain(value) for value in values]] for name, values in axes]
    return {"axes": told, "curves": {name: nested(curve) for name, curve in curves.items()}, "source": source}


def _lookup(table: Iterable[dict[str, str]], keys: tuple[str, ...], column: str) -> Callable[..., float]:
    found = {tuple(float(row[key]) for key in keys): float(row[column]) for row in table}
    return lambda *point: found[tuple(float(value) for value in point)]


def _values(table: Iterable[dict[str, str]], column: str) -> list[float]:
    return sorted({float(row[column]) for row in table})


def best_of_n() -> dict[str, Any]:
    """Probability that the best of N draws lies in a set of mass p, and the lower bound, from the rows of the experiment."""
    table = rows("best_of_n-curve")
    keys = ("covered_mass", "draws")
    axes = [("p", _values(table, "covered_mass")), ("N", _values(table, "draws"))]
    return grid(axes, {name: _lookup(table, keys, name) for name in ("exact", "bound")}, "experiments/rows/best_of_n-curve.csv")


PROMPTS = 50


def uneven_base(spread: float) -> tuple[np.ndarray, np.ndarray]:
    """A table of 50 prompts whose mode masses fall geometrically from 1/2 to exp(-spread)/2, and its prompt weights.

    All other responses of a prompt share the rest evenly, so that no other response is as likely as the mode.
    """
    modes = 0.5 * np.exp(-spread * np.arange(PROMPTS) / (PROMPTS - 1))
    responses = math.ceil(2 / modes.min()) + 1
    table = np.repeat(((1 - modes) / (responses - 1))[:, None], responses, axis=1)
    table[:, 0] = modes
    return np.log(table), np.full(PROMPTS, 1 / PROMPTS)


def coverage_profile() -> dict[str, Any]:
    """Share of prompts that N draws do not cover, the exact share that N draws miss, and Markov's bound, for bases of unequal prompts."""
    spreads, draws = [0, 1, 2, 3, 4, 5, 6, 7, 8], geometric(1, 20_000, 60)
    bases = {spread: uneven_base(spread) for spread in spreads}
    cover = {spread: float(coverage.coverage_coefficient(*base)) for spread, base in bases.items()}
    profile = {
        s: dict(zip(draws, coverage.coverage_profile(*base, draws=np.array(draws, float)), strict=True)) for s, base in bases.items()
    }
    axes = [("s", spreads), ("N", draws)]
    curves = {
        "profile": lambda s, N: profile[s][N],
        "miss": lambda s, N: float(sft.best_of_n_miss(bases[s][0], N=N) @ bases[s][1]),
        "bound": lambda s, N: cover[s] / N,
        "coefficient": lambda s, N: cover[s],
    }
    return grid(axes, curves, "sharpsim.coverage.coverage_profile, coverage_coefficient and sharpsim.theory.sft.best_of_n_miss")


FAMILY: dict[str, Any] = {"hard_prompts": 4, "labels": 8, "hard_mass": 0.6}
DELTA, RHO = 0.3, 0.1


def sft_risk() -> dict[str, Any]:
    """Exact risk of SFT-Sharpening on the hard family (d = 4, M = 8, D = 0.6) at delta = 0.3, and the bound of Theorem 4.1'."""
    member = hard_family(**FAMILY)
    cover = float(coverage.coverage_coefficient(member.log_probs, member.prompt_weights, slack=0.5))
    given = {"log_class_size": member.log_class_size, "delta": DELTA, "rho": RHO, "coverage": cover}
    axes = [("N", [1, 2, 3, 5, 8, 12, 20, 50, 100, 1000, 10_000]), ("n", geometric(1, 100_000, 61))]
    curves = {
        "exact": lambda N, n: sft.family_risk(n=n, N=N, delta=DELTA, **FAMILY),
        "bound": lambda N, n: sft.bound(n=n, N=N, **given),
    }
    return grid(axes, curves, "sharpsim.theory.sft.family_risk and bound")


def guess_error() -> dict[str, Any]:
    """The minimax error e(k) of a guess after k draws among M labels, and the lower bound of the paper's proof at one prompt."""
    axes = [("M", [4, 6, 8, 12, 16, 32, 64, 128]), ("k", list(range(65)))]
    curves = {
        "exact": lambda M, k: limits.guess_error(labels=M, draws=k),
        "bound": lambda M, k: limits.bound(samples=k, hard_prompts=1, labels=M, hard_mass=1.0),
    }
    return grid(axes, curves, "sharpsim.theory.limits.guess_error and bound")


def beta_margin() -> dict[str, Any]:
    """Largest beta that the margin allows, the beta of the guarantee, and the risk of DPO at three fixed betas, from the rows."""
    fixed = rows("dpo-margin", method="fixed")
    axes = [("beta", _values(fixed, "held")), ("g", _values(fixed, "margin"))]
    demanded = _lookup(rows("dpo-margin", method="demanded"), ("margin",), "beta")
    promised = _lookup(rows("dpo-margin", method="guarantee"), ("margin",), "beta")
    curves = {
        "demanded": lambda beta, g: demanded(g),
        "promised": lambda beta, g: promised(g),
        "held": lambda beta, g: beta,
        "risk": _lookup(fixed, ("held", "margin"), "risk"),
    }
    return grid(axes, curves, "experiments/rows/dpo-margin.csv")


def separation() -> dict[str, Any]:
    """Samples that each learner needs on the hypercube of dimension d, and what the guarantee asks for, from the rows."""
    promised = rows("separation-guarantees", instance="cube")
    measured = rows("separation", instance="cube", learner="sft")
    axes = [("d", sorted(set(_values(promised, "dimension")) & set(_values(measured, "dimension"))))]
    curves = {
        learner: _lookup(rows("separation", instance="cube", learner=learner), ("dimension",), "samples")
        for learner in ("sft", "dpo", "xpo", "xpo_best")
    }
    curves |= {name: _lookup(promised, ("dimension",), name) for name in ("asked", "sft_asked")}
    return grid(axes, curves, "experiments/rows/separation.csv and separation-guarantees.csv")


GRIDS: dict[str, Callable[[], dict[str, Any]]] = {
    made.__name__: made for made in (best_of_n, coverage_profile, sft_risk, guess_error, beta_margin, separation)
}


def path(name: str) -> Path:
    """The file of a grid."""
    return FOLDER / f"grid_{name}.js"


def written(name: str) -> dict[str, Any]:
    """The committed grid of this name."""
    return json.loads(path(name).read_text().partition(f").{name} = ")[2].rstrip().rstrip(";"))


def points(found: dict[str, Any]) -> Iterable[tuple[tuple[int, ...], dict[str, Any]]]:
    """Every point of a grid as its indices on the axes, with the values of all curves there."""
    for index in product(*(range(len(values)) for _, values in found["axes"])):
        told = {}
        for name, nested in found["curves"].items():
            for place in index:
                nested = nested[place]
            told[name] = nested
        yield index, told


def write() -> None:
    """Evaluate every grid and write its file."""
    FOLDER.mkdir(exist_ok=True)
    for name, made in GRIDS.items():
        text = json.dumps(made(), separators=(",", ":"), allow_nan=False)
        path(name).write_text(f"(window.GRIDS = window.GRIDS || {{}}).{name} = {text};\n")


if __name__ == "__main__":
    write()
