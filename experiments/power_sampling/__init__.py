"""Tests samplers of pi^alpha that use the base alone: Metropolis-Hastings kernels, low temperature, rollouts, resampling, particles.

The base is a Markov policy, a small transformer, and a trained transformer conditioned on its likeliest responses. All their responses are
listed, so that stationary laws, spectral gaps and laws after any number of steps are exact. Chains and particles are also drawn token by
token.

Each of these would refute the theory: a kernel with the length in its acceptance whose stationary law is not pi^alpha; one without, whose
law is not the length-biased one; long chains off the exact law; a total variation above its bound; a plug-in bias that does not fall as
1/K, or a jackknife's as 1/K^2; a normaliser of particles with another mean than Z.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.counting import frequency
from experiments.engine.frame import Context, Table, Verdict
from experiments.power_sampling.bases import Base, bases
from experiments.power_sampling.claims import judged
from experiments.power_sampling.drawn import RULES, SUFFIXES, chains, particles
from experiments.power_sampling.exact import Aim, bias_rows, curve, kernel_rows, other_methods, temperature_rows, tree_rows
from sharpsim.theory import power_sampling as theory


@dataclass(frozen=True)
class Settings:
    """Every parameter of the runs.

    Bases: tokens, horizon, Dirichlet concentration of the Markov policy, temperature of the untrained transformer; word, level of its task,
    expansions and responses of the trained one. Powers alpha: of the kernels, of the curves, of low temperature. `eps`: the total variation
    that `needed` calls reach within `steps` steps. Draws N, rollouts K, parts and steps of the published algorithm, rollouts of the biases.
    Chains and the steps they make at most; particles, and draws of tokens a setting; random trees.
    """

    size: int
    horizon: int
    concentration: float
    temperature: float
    word: str
    level: int
    expansions: int
    responses: int
    alphas: tuple[float, ...]
    temperatures: tuple[float, ...]
    eps: float
    steps: int
    draws: tuple[int, ...]
    rollouts: tuple[int, ...]
    blocks: int
    published: tuple[int, ...]
    bias_rollouts: tuple[int, ...]
    chains: int
    chain_steps: int
    particles: tuple[int, ...]
    particle_draws: int
    trees: int


_DEFAULT = Settings(
    size=4,
    horizon=5,
    concentration=0.8,
    temperature=0.7,
    word="huebner",
    level=2,
    expansions=400,
    responses=200,
    alphas=(2.0, 4.0),
    temperatures=(1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0),
    eps=0.01,
    steps=600,
    draws=(1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987),
    rollouts=(1, 2, 4, 8, 64, 128, 256),
    blocks=4,
    published=(0, 1, 2, 4, 8, 16, 32, 64, 128),
    bias_rollouts=(2, 4, 8, 32, 64, 128, 256, 512, 1024),
    chains=1000,
    chain_steps=300,
    particles=(1, 2, 4, 8, 16, 32, 64),
    particle_draws=32_000,
    trees=200,
)
SETTINGS = {
    "smoke": replace(
        _DEFAULT, size=3, horizon=4, responses=60, expansions=60, alphas=(4.0,), temperatures=(1.0, 2.0, 4.0), steps=300,
        draws=(1, 8, 89), rollouts=(1, 64, 128, 256), published=(0, 10, 200), bias_rollouts=(256, 512, 1024), chains=400, chain_steps=200,
        particles=(2, 8, 32), particle_draws=4000, trees=20,
    ),
    "default": _DEFAULT,
    "full": replace(_DEFAULT, horizon=6, responses=800, expansions=2000, chains=40_000, particle_draws=2_000_000, trees=5000),
}  # fmt: skip

_FREQUENCY: dict[str, Any] = {"derived": "hits", "simulated": {"measured": "low high"}}
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(text="instance kernel suffix", count="steps trials", exact="alpha exact", floor={"left": 1e-9}, **_FREQUENCY),
    "kernels": columns(
        text="instance kernel suffix", count="states reversible",
        exact="alpha least_gap known_gap acceptance calls needed",
        floor={"off": 1e-12, "bias": 1e-9, "predicted": 1e-9, "least": 1e-6, "gap": 1e-4}, infinite="needed",
    ),
    "curve": columns(
        text="instance method suffix", count="size", exact="alpha calls bound", floor={"variation": 1e-6, "unfinished": 1e-6}
    ),
    "temperature": columns(
        text="instance", exact="alpha mode mode_tempered length length_tempered left_out",
        floor={"off": 1e-11, "variation": 1e-6, "bound": 1e-6},
    ),
    "bias": columns(text="instance estimator of", count="rollouts", exact="alpha", derived="bias"),
    "trees": columns(text="claim", count="instances", exact="ratio extremal"),
    "particles": columns(
        text="instance suffix", count="particles trials", exact="alpha", derived="calls",
        simulated={"variation": "variation_low variation_high", "normaliser": "normaliser_low normaliser_high"},
    ),
}  # fmt: skip


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": long chains drawn literally; "kernels", "curve", "temperature", "bias", "trees": exact; "particles": drawn."""
    rng = np.random.default_rng([context.seed, 53])
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    for base in context.track(bases(settings, context), "bases"):
        parts["temperature"] += temperature_rows(base, settings.temperatures)
        for alpha in settings.alphas:
            aim = Aim(base, alpha)
            for rule, suffix, row, law, apart, calls in kernel_rows(aim, settings.eps, settings.steps):
                parts["kernels"].append(row)
                parts["curve"] += curve(aim, rule.name, suffix, apart, calls)
                if alpha == max(settings.alphas):
                    parts[""] += _drawn(settings, aim, rule, suffix, row["gap"], law, rng)
            parts["curve"] += other_methods(aim, settings)
            parts["bias"] += bias_rows(aim, settings.bias_rollouts)
            parts["particles"] += _particles(settings, base, alpha, rng)
    parts["trees"] = tree_rows(settings, rng)
    return parts


def _drawn(
    settings: Settings, aim: Aim, rule: Any, suffix: str, gap: float, law: np.ndarray, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """How often long chains end at the mode of pi^alpha, and in no more tokens than pi^alpha has on average.

    `exact` is the law after these steps, and `left` its total variation to the stationary law: 0 where the steps are enough.
    """
    steps = min(settings.chain_steps, math.ceil(math.log(1e-6) / math.log1p(-min(max(gap, 1e-9), 0.999))))
    state = chains(aim.base, aim.alpha, rule, suffix, count=settings.chains, steps=steps, rng=rng)
    kernel, start, _, _ = aim.kernel(rule, suffix)
    now = start
    for _ in range(steps):
        now = now @ kernel.matrix
    places = np.arange(1, aim.space.prefixes) if rule.truncated else aim.space.leaf
    mode, short = aim.space.leaf[aim.pi.argmax()], aim.space.depth <= float(aim.pi @ aim.space.lengths)
    left, rows = theory.total_variation(now, law), []
    for event in (np.arange(aim.space.prefixes) == mode, short):
        rows.append(
            aim.at | {"kernel": rule.name, "suffix": suffix, "steps": steps} | frequency(event[state])
            | {"exact": float(now[event[places]].sum()), "left": left}
        )  # fmt: skip
    return rows


def _particles(settings: Settings, base: Base, alpha: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    return [
        {"instance": base.name, "alpha": alpha, "suffix": suffix, "particles": N}
        | particles(base, alpha, suffix, count=N, trials=max(400, settings.particle_draws // N), rng=rng)
        for suffix in SUFFIXES
        for N in settings.particles
    ]


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Laws of all kernels, exact and drawn; what the published variant does; bounds; orders of biases; the mean of normalisers."""
    return judged(tables)


__all__ = ["COLUMNS", "RULES", "SETTINGS", "Settings", "run", "verdicts"]
