"""What each measure of coverage promises on an instance and on a trained model, beside the exact need."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.asked import load
from experiments.engine.counting import frequency
from experiments.engine.frame import Context
from experiments.engine.models import available_prompts
from sharpsim import coverage, instances, laws
from sharpsim.tasks import TASKS
from sharpsim.theory import coverage_measures as theory

Settings = Any
"""Those of `experiments.coverage_measures`, which imports this file."""
MODEL = "transformer-small"
"""The trained model that is asked the tasks of `settings.tasks`."""
HARD_MASS = 0.08
"""Weight of the prompts of the hard family that need many draws; all others need one."""
_GRID = 200
"""Cuts that are tried for rejection sampling."""


@dataclass(frozen=True)
class Pair:
    """A base on some prompts and its tilted target, both [prompts, responses]; the target's mass that the table leaves out, on average at
    most.
    """

    name: str
    base: np.ndarray
    target: np.ndarray
    weights: np.ndarray
    left_out: float = 0.0

    @property
    def mode_masses(self) -> np.ndarray:
        """[prompts]."""
        return np.exp(self.base.max(axis=1))


def pairs(settings: Settings, context: Context) -> Iterator[Pair]:
    """Random rows of several concentrations, the hard family of the lower bounds, and a trained model on several tasks."""
    rng, rows = np.random.default_rng([context.seed, 42]), []
    for concentration in (0.02, 0.1, 0.5, 2.0):
        rows.append(instances.random_table(rng, prompts=settings.prompts // 4, responses=50, concentration=concentration)[0])
    base = np.concatenate(rows)
    weights = np.full(len(base), 1 / len(base))
    yield Pair("random rows", base, laws.tilted(base, base, beta=settings.beta), weights)
    hard = instances.hard_family(hard_prompts=20, labels=64, hard_mass=HARD_MASS)
    yield Pair("hard family", hard.log_probs, laws.tilted(hard.log_probs, hard.log_probs, beta=settings.beta), hard.prompt_weights)
    for name, level in settings.tasks:
        yield _of_model(settings, context, name, level)


def _of_model(settings: Settings, context: Context, name: str, level: int) -> Pair:
    """The responses that search finds, and equal ones, none of them half as likely as the mode, for all others.

    The tilted target leaves the others out.
    """
    from sharpsim.decoding import head

    task = TASKS[name](level=level)
    asked = load(task, MODEL)
    texts = available_prompts(task, "held_out", settings.model_prompts, context.seed)
    heads = head(asked.policy, asked.encode(texts), max_expansions=settings.expansions)
    others = max(math.ceil(2 * one.remaining_mass / math.exp(one.log_probs[0])) for one in heads)
    found = max(len(one.log_probs) for one in heads)
    base, reward = np.full((len(heads), found + others), -np.inf), np.full((len(heads), found + others), -np.inf)
    left_out = 0.0
    for i, one in enumerate(heads):
        mine = np.minimum(np.asarray(one.log_probs, dtype=np.float64), 0.0)
        base[i, : len(mine)], reward[i, : len(mine)] = mine, mine
        if one.remaining_mass > 0:
            base[i, found:] = math.log(one.remaining_mass / others)
        # sum of p^(1 + 1/beta) over the others is at most their mass times the likeliest's p^(1/beta).
        tilt = np.exp((1 + 1 / settings.beta) * mine).sum()
        left_out += one.remaining_mass * math.exp(one.bound / settings.beta) / tilt / len(heads)
    base -= np.log(np.exp(base).sum(axis=1, keepdims=True))
    weights = np.full(len(base), 1 / len(base))
    return Pair(f"{name} {level}, {MODEL}", base, laws.tilted(base, reward, beta=settings.beta), weights, left_out)


def mode_curve(settings: Settings, pair: Pair) -> list[dict[str, Any]]:
    """The miss of best of N between its bounds."""
    masses, cover = pair.mode_masses, float(pair.weights @ (1 / pair.mode_masses))
    N = np.array(settings.draws)
    exact = {
        "exact": theory.miss(masses, pair.weights, draws=N),
        "bound": theory.miss_bound(masses, pair.weights, draws=N),
        "lower": theory.miss_lower_bound(masses, pair.weights, draws=N),
        "mean_bound": theory.miss_bound_by_mean(coverage=cover, draws=N),
    }
    return [{"instance": pair.name, "draws": int(n)} | {name: float(values[i]) for name, values in exact.items()} for i, n in enumerate(N)]


def coefficients(settings: Settings, pair: Pair) -> list[dict[str, Any]]:
    """Every measure of one pair: of the base's mode, and of the tilted target."""
    given = pair.target, pair.base, pair.weights
    found = {
        "1/Q(eps)": 1 / coverage.likelihood_quantile(pair.base, pair.weights, eps=settings.eps),
        "Cbar_cov": coverage.mode_coverage(pair.base, pair.weights),
        "C_pi": coverage.concentrability(*given),
        "chi-square": coverage.chi_square(*given),
    }
    for M in (2.0, 10.0):
        found[f"Cov at {M:g}"] = coverage.tail_coverage(*given, cut=M)
        found[f"E at {M:g}"] = coverage.excess_coverage(*given, cut=M)
        found[f"ICov/M at {M:g}"] = coverage.integrated_coverage(*given, cut=M) / M
    return [{"instance": pair.name, "coefficient": name, "value": float(value)} for name, value in found.items()]


def needs(settings: Settings, pair: Pair) -> list[dict[str, Any]]:
    """Draws a prompt that each measure promises for three tasks, and the exact need where it can be computed.

    The tasks: best of N misses the mode on a share eps of prompts; a draw of the tilted target within eps in total variation; its
    normaliser within 1 +- eps with probability 1 - delta.
    """
    eps, delta, masses, weights = settings.eps, settings.delta, pair.mode_masses, pair.weights
    cover = float(weights @ (1 / masses))
    quantile = float(coverage.likelihood_quantile(pair.base, weights, eps=eps / 2))
    chi = float(coverage.chi_square(pair.target, pair.base, weights))
    cut = theory.normaliser_cut(pair.target, pair.base, weights, eps=eps)
    groups, per_group = theory.normaliser_draws(cut=cut, eps=eps, delta=delta)
    found = [
        ("mode", "exact", theory.draws_needed(lambda N: theory.miss(masses, weights, draws=N), eps=eps)),
        ("mode", "profile", theory.draws_needed(lambda N: theory.miss_bound(masses, weights, draws=N), eps=eps)),
        ("mode", "quantile", math.ceil(math.log(2 / eps) / -math.log1p(-quantile))),
        ("mode", "mean", theory.draws_needed(lambda N: theory.miss_bound_by_mean(coverage=cover, draws=N), eps=eps)),
        ("tilted", "exact", _rejection_need(pair, eps, theory.rejection_distance)),
        ("tilted", "excess", _rejection_need(pair, eps, theory.rejection_bound)),
        # E_M <= C/M and A_M >= 1 - eps/2: the cut and the draws that chi-square alone promises.
        ("tilted", "chi-square", math.ceil(2 * (1 + chi) / eps / (1 - eps / 2) * math.log(2 / eps))),
        ("normaliser", "integrated", groups * per_group),
        # Chebyshev for the plain mean.
        ("normaliser", "chi-square", math.ceil(chi / (eps**2 * delta))),
    ]
    return [
        {"instance": pair.name, "aim": aim, "measure": measure, "draws": float(draws), "left_out": pair.left_out}
        for aim, measure, draws in found
    ]


def _rejection_need(pair: Pair, eps: float, distance: Any) -> float:
    """The least N over a grid of cuts."""
    least = math.inf
    for cut in np.geomspace(0.5, 1e4, _GRID):
        at = {"cut": float(cut)}
        # A cut that cannot do with as many as the best so far cannot do better.
        cap = int(min(least, 2.0**40))
        if distance(pair.target, pair.base, pair.weights, **at, draws=cap) <= eps:
            least = theory.draws_needed(lambda N, at=at: distance(pair.target, pair.base, pair.weights, **at, draws=N), eps=eps)
    return least


def normaliser_rows(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A target that is one response of base mass P: the failure at the promised draws, exactly; and with `few` draws a group, measured too.

    `plain` is a number of draws at which the plain mean's failure falls to delta (it is not monotone, as counts are whole), and
    `sampling` what drawing the same target within eps takes.
    """
    rows = []
    for mass in settings.masses:
        cut = 4 / (mass * settings.eps)
        groups, per_group = theory.normaliser_draws(cut=cut, eps=settings.eps, delta=settings.delta)
        # Few enough to fail at a rate that can be measured.
        few = math.ceil(1 / (10 * mass * settings.eps**2))
        means = min(1 / mass, cut) / few * rng.binomial(few, mass, size=(settings.trials // 100, groups))
        missed = np.abs(np.median(means, axis=1) - 1) > settings.eps * (1 + 1e-12)
        given = {"mass": mass, "cut": cut, "groups": groups, "eps": settings.eps}
        rows.append(
            {"mass": mass, "eps": settings.eps, "delta": settings.delta, "groups": groups, "per_group": per_group, "few": few}
            | frequency(missed)
            | {
                "promised_exact": theory.normaliser_miss(**given, per_group=per_group),
                "exact": theory.normaliser_miss(**given, per_group=few),
                "plain": int(theory.draws_needed(_plain(mass, settings.eps), eps=settings.delta)),
                "sampling": math.ceil(math.log(1 / settings.eps) / -math.log1p(-mass)),
            }
        )
    return rows


def _plain(mass: float, eps: float) -> Any:
    return lambda N: theory.normaliser_miss(mass=mass, cut=1 / mass, per_group=N, groups=1, eps=eps)
