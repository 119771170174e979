"""All numbers of the explorer page, computed by the library's own functions."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sharpsim import coverage, laws, sharpness
from sharpsim._arguments import NON_NEGATIVE, OPEN_UNIT, POSITIVE, WEIGHTS, arrays, checked, count
from sharpsim.theory import best_of_n, dpo, sft

GRID = 33
"""Largest number of points along each curve."""

WORK = 2e5
"""Largest sum over prompts of the standard deviation of the number of pairs; one exact risk then takes about three seconds."""

PAGE = {
    "table": replace(WEIGHTS, rule="probabilities", axes=("prompts", "responses")),
    "weights": WEIGHTS,
    **dict.fromkeys(("N", "n"), arrays(count())),
    **dict.fromkeys(("delta", "rho"), arrays(OPEN_UNIT)),
    "beta": arrays(POSITIVE),
    "log_class_size": arrays(NON_NEGATIVE),
}
"""What is given on the page."""


@dataclass(frozen=True)
class Summary:
    """The numbers of the page for one table. Arrays `[prompts, responses]` are probabilities; arrays `[prompts]` are masses in [0, 1].

    `law` is that of best of N, `tilted` is pi_beta, both with the log-likelihood as reward. `mode_mass`, `kept_mass` and `tilted_miss` are
    base(Y*|x), P[best of N in Y*] and 1 - pi_beta(Y*|x). `kept_bound` is 1 - exp(-pN) (Prop C.1). `risk` is the exact risk of
    SFT-Sharpening for the class of all tables. The three bounds are for a finite class of the given size (Theorem 4.1').
    """

    weights: np.ndarray
    base: np.ndarray
    law: np.ndarray
    tilted: np.ndarray
    mode_mass: np.ndarray
    kept_mass: np.ndarray
    kept_bound: np.ndarray
    tilted_miss: np.ndarray
    coverage: float
    mode_coverage: float
    margin: float
    risk: float
    bound: float
    bound_sharp: float
    bound_instance: float

    @property
    def mean_kept_mass(self) -> float:
        """Mean of `kept_mass` over the prompt weights."""
        return float(self.weights @ self.kept_mass)

    @property
    def mean_tilted_miss(self) -> float:
        """Mean of `tilted_miss` over the prompt weights."""
        return float(self.weights @ self.tilted_miss)


class Curves(NamedTuple):
    """Along N: `kept_mass` [N, prompts], its bound of Prop C.1, the exact risk and the bound of Theorem 4.1' [N]."""

    N: np.ndarray
    kept_mass: np.ndarray
    kept_bound: np.ndarray
    risk: np.ndarray
    bound: np.ndarray


@checked(**PAGE)
def summary(table: Any, weights: Any, *, N: Any, n: Any, delta: Any, rho: Any, beta: Any, log_class_size: Any) -> Summary:
    """All numbers of the page for a table of probabilities `[prompts, responses]` and weights `[prompts]`.

    N draws for each of n prompts, threshold delta and failure probability rho in (0, 1), beta > 0 in nats, log|Pi| >= 0 in nats.

    Raises `ValueError`, with the library's message, for whatever `sft.exact_risk`, `sft.bound`, `laws.best_of_n` and `laws.tilted` refuse,
    and for an n so large that the exact risk would take minutes.
    """
    N, n = int(N), int(n)
    probs, weights, log_probs = _logs(table, weights)
    _affordable(n, weights)
    risk = sft.exact_risk(log_probs, weights, n=n, N=N, delta=delta)
    cover = float(coverage.coverage_coefficient(log_probs, weights))
    shared: dict[str, Any] = {"log_class_size": log_class_size, "n": n, "N": N, "delta": delta, "rho": rho}
    mode_mass = np.minimum(np.exp(sharpness.mode_log_mass(log_probs)), 1.0)
    return Summary(
        weights=weights,
        base=probs,
        law=np.exp(laws.best_of_n(log_probs, log_probs, draws=N)),
        tilted=np.exp(laws.tilted(log_probs, log_probs, beta=beta)),
        mode_mass=mode_mass,
        kept_mass=best_of_n.success_probability(log_probs, draws=N, slack=0.0),
        kept_bound=np.asarray(best_of_n.bound(covered_mass=mode_mass, draws=N)),
        tilted_miss=dpo.bias(log_probs, beta=beta),
        coverage=cover,
        mode_coverage=float(coverage.mode_coverage(log_probs, weights)),
        margin=float(coverage.margin(log_probs, weights)),
        risk=risk,
        bound=float(sft.bound(coverage=cover, **shared)),
        bound_sharp=sft.bound_sharp(log_probs, weights, **shared),
        bound_instance=sft.bound_instance(log_probs, weights, **shared),
    )


@checked(**PAGE)
def curves(table: Any, weights: Any, *, N: Any, n: Any, delta: Any, rho: Any, log_class_size: Any) -> Curves:
    """Mass on the mode, exact risk and bound at whole numbers from 1 to past N and past the N at which the modes are found."""
    N, n = int(N), int(n)
    _, weights, log_probs = _logs(table, weights)
    mode_mass = np.minimum(np.exp(sharpness.mode_log_mass(log_probs)), 1.0)
    last = min(max(100.0, 10 * float(N), 10 / mode_mass.min()), 1e15)
    points = int(np.clip(WORK / max(_work(n, weights), 1.0), 5, GRID))
    grid = np.unique(np.append(np.round(np.geomspace(1, last, points)), float(N)))
    cover = float(coverage.coverage_coefficient(log_probs, weights))
    return Curves(
        N=grid,
        kept_mass=np.array([best_of_n.success_probability(log_probs, draws=k, slack=0.0) for k in grid]),
        kept_bound=np.asarray(best_of_n.bound(covered_mass=mode_mass[None, :], draws=grid[:, None])),
        risk=np.array([sft.exact_risk(log_probs, weights, n=n, N=int(k), delta=delta) for k in grid]),
        bound=np.asarray(sft.bound(log_class_size=log_class_size, n=n, N=grid, delta=delta, rho=rho, coverage=cover)),
    )


SHOWN = 12
"""Largest number of probabilities of a law in a row of the page's table."""

NUMBERS = (
    ("coverage coefficient C_cov", "coverage", False),
    ("mode coverage", "mode_coverage", False),
    ("margin", "margin", False),
    ("best of N: mean mass on the mode", "mean_kept_mass", False),
    ("exact risk, class of all tables", "risk", False),
    ("bound of Theorem 4.1'", "bound", True),
    ("its first line, bound_sharp", "bound_sharp", True),
    ("for this table, bound_instance", "bound_instance", True),
    ("pi_beta: mean mass off the mode", "mean_tilted_miss", False),
)
"""Label, attribute of `Summary`, and whether the number is a bound on a probability, which is vacuous at or above 1."""


@checked
def numbers(found: Summary) -> list[tuple[str, str]]:
    """Label and text of each number of the page that is not one for each prompt; six significant digits."""
    return [(label, _text(getattr(found, name), bound)) for label, name, bound in NUMBERS]


@checked
def prompt_rows(found: Summary) -> list[dict[str, str]]:
    """For each prompt, the masses of `prompt_lines` and two of its laws, under the column names of the page's table.

    Of a law with more than twelve responses the first twelve probabilities are given.
    """
    rows = []
    for x, weight in enumerate(found.weights):
        masses = (weight, found.mode_mass[x], found.kept_mass[x], found.kept_bound[x], found.tilted_miss[x])
        names = ("weight", "base on the mode", "best of N on the mode", "Prop C.1: at least", "pi_beta off the mode")
        rows.append({"prompt": str(x + 1), **dict(zip(names, map(_text, masses), strict=True))})
        for name, law in (("law of best of N", found.law[x]), ("law of pi_beta", found.tilted[x])):
            rows[-1][name] = _row(law[:SHOWN]) + (" ..." if len(law) > SHOWN else "")
    return rows


@checked
def prompt_lines(found: Summary) -> list[tuple[str, str]]:
    """For each prompt, label and text of its masses and of its three laws; six significant digits."""
    lines = []
    for x in range(len(found.weights)):
        masses = (found.mode_mass[x], found.kept_mass[x], found.kept_bound[x], found.tilted_miss[x])
        lines.append((f"prompt {x + 1}: base on the mode, best of N on the mode, its bound, pi_beta off the mode", _row(masses)))
        for name, law in (("base", found.base), ("best of N", found.law), ("pi_beta", found.tilted)):
            lines.append((f"prompt {x + 1}: {name}", _row(law[x])))
    return lines


def _text(value: float, bound: bool = False) -> str:
    return f"{value:.6g}" + (" (vacuous)" if bound and value >= 1 else "")


def _row(values: Any) -> str:
    return " ".join(f"{value:.6g}" for value in values)


def _logs(table: Any, weights: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probs, weights = np.asarray(table, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return probs, weights, np.log(probs)


def _work(n: int, weights: np.ndarray) -> float:
    return float(np.sqrt(float(n) * weights * (1 - weights)).sum())


def _affordable(n: int, weights: np.ndarray) -> None:
    if _work(n, weights) > WORK:
        largest = (WORK / _work(1, weights)) ** 2
        raise ValueError(f"`n` must be at most {largest:.3g} on this page, which computes the exact risk at each change; got {n!r}.")
