"""Tests the measures of coverage and the draws that they promise: best of N, rejection sampling, and the estimate of a normaliser.

The measures are compared on thousands of random pairs of policies. Best of N is drawn where the mode's mass has a heavy tail, so that its
mean inverse is infinite. A tilted target is sampled by rejection, and a normaliser is estimated, at the numbers of draws that the measures
promise.

Each of these would refute the theory: a pair of policies with E_M above Cov_M or Cov_M above ICov_M/M; a miss of best of N outside the two
bounds by the profile; a total variation above its bound; draws that leave their exact law; a promised number of draws that fails.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.coverage_measures.claims import judged
from experiments.coverage_measures.needs import coefficients, mode_curve, needs, normaliser_rows, pairs
from experiments.engine.columns import Column, columns
from experiments.engine.counting import frequency
from experiments.engine.frame import Context, Table, Verdict
from sharpsim import coverage, instances, laws
from sharpsim.theory import coverage_measures as theory


@dataclass(frozen=True)
class Settings:
    """Every parameter of the runs.

    Heavy tails: mode masses from Beta(a, b) for a in `tails`, `draws` N, `trials` prompts each. Measures: `pairs` of random rows with
    `responses`, at each cut. Rejection: targets tilted at `beta`, cuts and numbers of draws. Needs: prompts and responses of the random
    instance, tasks (with their levels) and prompts of the trained model, and the accuracy eps and failure rate delta that are asked for.
    """

    tails: tuple[float, ...]
    tail_b: float
    draws: tuple[int, ...]
    trials: int
    pairs: int
    responses: int
    cuts: tuple[float, ...]
    beta: float
    rejection_draws: tuple[int, ...]
    masses: tuple[float, ...]
    prompts: int
    tasks: tuple[tuple[str, int], ...]
    model_prompts: int
    expansions: int
    eps: float
    delta: float


_DEFAULT = Settings(
    tails=(0.5, 1.5, 3.0),
    tail_b=2.0,
    draws=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000),
    trials=200_000,
    pairs=5000,
    responses=12,
    cuts=(1.5, 2.0, 4.0, 10.0, 30.0, 100.0),
    beta=0.5,
    rejection_draws=(1, 3, 10, 30, 100, 300, 1000),
    masses=(0.5, 0.1, 0.01, 0.001, 0.0001),
    prompts=200,
    tasks=(("arithmetic", 1), ("deduction", 1), ("pronunciation", 3), ("many writers", 1)),
    model_prompts=64,
    expansions=500,
    eps=0.1,
    delta=0.1,
)
SETTINGS = {
    "smoke": replace(
        _DEFAULT, draws=(1, 30, 1000), trials=5000, pairs=200, masses=(0.5, 0.01), prompts=20, tasks=(("arithmetic", 1),), model_prompts=8
    ),
    "default": _DEFAULT,
    "full": replace(_DEFAULT, trials=10_000_000, pairs=200_000, model_prompts=256),
}

_FREQUENCY: dict[str, Any] = {"derived": "hits", "simulated": {"measured": "low high"}}
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(count="draws trials", exact="a b exact bound mean_bound coverage", infinite="coverage", **_FREQUENCY),
    "measures": columns(text="pairs", count="instances", exact="cut excess_to_tail tail_to_integrated integrated_to_mean tail_to_half"),
    "rejection": columns(count="draws trials", exact="cut exact bound mode_exact", **_FREQUENCY),
    "curve": columns(text="instance", count="draws", float32="exact bound lower mean_bound"),
    "normaliser": columns(
        count="groups per_group few trials plain sampling", exact="mass eps delta promised_exact exact", **_FREQUENCY
    ),
    "coefficients": columns(text="instance coefficient", float32="value", infinite="value"),
    "needs": columns(text="instance aim measure", float32="draws left_out", infinite="draws"),
}  # fmt: skip


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": best of N under heavy tails. "measures", "rejection", "normaliser". "curve", "coefficients", "needs": two instances."""
    rng = np.random.default_rng([context.seed, 41])
    found = list(pairs(settings, context))
    return {
        "": _heavy_tails(settings, rng),
        "measures": _measures(settings, rng),
        "rejection": _rejection(settings, rng),
        "normaliser": normaliser_rows(settings, rng),
        "curve": [row for pair in found for row in mode_curve(settings, pair)],
        "coefficients": [row for pair in found for row in coefficients(settings, pair)],
        "needs": [row for pair in found for row in needs(settings, pair)],
    }


def _heavy_tails(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A prompt's mode mass is drawn, and then whether any of N responses is the mode."""
    rows = []
    for a in settings.tails:
        cover = theory.beta_coverage(a=a, b=settings.tail_b)
        for N in settings.draws:
            at = {"a": a, "b": settings.tail_b, "draws": N, "coverage": cover}
            missed = rng.binomial(N, rng.beta(a, settings.tail_b, settings.trials)) == 0
            exact = {
                "exact": theory.beta_miss(a=a, b=settings.tail_b, draws=N),
                "bound": theory.beta_miss_bound(a=a, b=settings.tail_b, draws=N),
                "mean_bound": theory.miss_bound_by_mean(coverage=cover, draws=N),
            }
            rows.append(at | frequency(missed) | exact)
    return rows


def _measures(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The largest ratio of each measure to the next, over all pairs; and the pairs at which the inequalities are attained."""
    concentrations = rng.choice([0.05, 0.3, 1.0], size=2)
    policy, base = (
        instances.random_table(rng, prompts=settings.pairs, responses=settings.responses, concentration=float(c))[0] for c in concentrations
    )
    rows = [{"pairs": "random", "instances": settings.pairs} | _ratios(policy, base, cut) for cut in settings.cuts]
    for cut in settings.cuts:
        # Nearly all mass at a ratio far above the cut; nearly all mass at the cut itself.
        far = np.log([[1 - 1e-9, 1e-9]]), np.log([[1e-9 / cut, 1 - 1e-9 / cut]])
        at = np.log([[1 - 1e-9, 1e-9]]), np.log([[(1 - 1e-9) / cut, 1 - (1 - 1e-9) / cut]])
        ratios = [_ratios(*pair, cut) for pair in (far, at)]
        rows.append({"pairs": "extremal", "instances": 2} | {name: max(one[name] for one in ratios) for name in ratios[0]})
    return rows


def _ratios(policy: np.ndarray, base: np.ndarray, cut: float) -> dict[str, float]:
    """The largest ratios over prompts, each prompt a pair of its own."""
    tail, excess, half, integrated, mean = (np.asarray(each, dtype=np.float64) for each in _measured(policy, base, cut))
    some = tail > 0
    return {
        "cut": cut,
        "excess_to_tail": float((excess[some] / tail[some]).max(initial=0.0)),
        "tail_to_integrated": float((tail * cut / integrated).max()),
        "integrated_to_mean": float((integrated / mean).max()),
        "tail_to_half": float((tail[some] / (2 * half[some])).max(initial=0.0)),
    }


@jax.jit
def _measured(policy: Any, base: Any, cut: Any) -> Any:
    """Cov_M, E_M, E_{M/2}, ICov_M and C of each prompt by itself."""
    one = jnp.ones(1)

    def each(q: Any, p: Any) -> Any:
        pair = q[None], p[None], one
        tail, whole, half = coverage.tail_coverage(*pair, cut=cut), coverage.excess_coverage(*pair, cut=cut), cut / 2
        return (
            tail, whole, coverage.excess_coverage(*pair, cut=half), coverage.integrated_coverage(*pair, cut=cut),
            coverage.concentrability(*pair),
        )  # fmt: skip

    return jax.vmap(each)(policy, base)


def _rejection(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
    """One prompt: total variation by the exact law; drawn literally, how often the kept response is the mode."""
    base, weights = instances.random_table(rng, prompts=1, responses=settings.responses, concentration=0.3)
    target = laws.tilted(base, base, beta=settings.beta)
    mode, rows = int(base[0].argmax()), []
    for cut in settings.cuts[:4]:
        accept = np.minimum(np.exp(target[0] - base[0]) / cut, 1.0)
        for N in settings.rejection_draws:
            trials = max(1000, settings.trials // (10 * N))
            drawn = rng.choice(len(accept), size=(trials, N), p=np.exp(base[0]) / np.exp(base[0]).sum())
            accepted = rng.random((trials, N)) < accept[drawn]
            which = np.where(accepted.any(axis=1), accepted.argmax(axis=1), N - 1)
            exact = {
                "exact": theory.rejection_distance(target, base, weights, cut=cut, draws=N),
                "bound": theory.rejection_bound(target, base, weights, cut=cut, draws=N),
                "mode_exact": float(np.exp(theory.rejection_law(target, base, cut=cut, draws=N)[0, mode])),
            }
            rows.append({"cut": cut, "draws": N} | frequency(drawn[np.arange(trials), which] == mode) | exact)
    return rows


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """The measures in order, both bounds on best of N, rejection and normaliser at the promised draws, the power law of heavy tails."""
    return judged(tables)
