"""SFT-Sharpening, with fixed N and adaptive, against the law oracle: one replicate as a function of numbers, and its cells.

Prompts come in blocks of 64 and leave only counts, so that n is a trip count, N and the stopping parameter are numbers, and a
whole stem compiles once.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments._frame import Context
from experiments._sweep import Cell, sweep
from sharpsim import LawOracle, TabularPolicy, sharpness
from sharpsim.classes import AllTabular, ProductClass

BLOCK = 64
"""Prompts drawn at once."""


class Setting(NamedTuple):
    """What a replicate runs on; `setting` is N or the stopping parameter, `target` the law that the class should learn."""

    log_base: Any
    weights: Any
    target: Any
    members: Any
    n: Any
    setting: Any
    delta: Any
    slack: Any


class Trials(NamedTuple):
    """Per seed: the prompt mass that fails and E_x D_H^2(estimate, target) over the product class; the prompt mass that fails over
    all tables, from the same data; the samples spent.
    """

    failed: Any
    hellinger: Any
    all_failed: Any
    samples: Any


def fixed(at: Setting, key: Any) -> Trials:
    """One run with N draws per prompt."""
    return _replicate(at, key, lambda oracle, own_key: oracle.best_of(BLOCK, at.setting, key=own_key), at.setting)


def adaptive(at: Setting, key: Any) -> Trials:
    """One run with draws until the stopping rule holds."""
    return _replicate(at, key, lambda oracle, own_key: oracle.best_until(BLOCK, stop=at.setting, key=own_key), None)


def _replicate(at: Setting, key: Any, ask: Any, each: Any) -> Trials:
    oracle = LawOracle(TabularPolicy(at.log_base), at.weights)
    draw_key, fit_key = jax.random.split(key)

    def block(i: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        counts, samples = state
        batch = ask(oracle, jax.random.fold_in(draw_key, i))
        live = (i * BLOCK + jnp.arange(BLOCK) < at.n).astype(counts.dtype)
        spent = live * (batch.draws if each is None else each)
        return counts.at[batch.prompts, batch.responses].add(live), samples + spent.sum()

    start = (jnp.zeros_like(at.log_base), jnp.zeros((), at.log_base.dtype))
    counts, samples = jax.lax.fori_loop(0, (at.n + BLOCK - 1) // BLOCK, block, start)
    chosen = ProductClass(at.members).fit_counts(counts, key=fit_key)
    every = AllTabular(*at.log_base.shape).fit_counts(counts, key=fit_key)

    def failing(fit: Any) -> Any:
        return sharpness.fails(sharpness.missing_mass(fit.policy.log_probs, at.log_base, slack=at.slack), delta=at.delta)

    distance = jnp.sum((jnp.exp(chosen.policy.log_probs / 2) - jnp.exp(at.target / 2)) ** 2, axis=-1)
    return Trials(
        jnp.sum(jnp.where(failing(chosen), at.weights, 0.0)),
        at.weights @ distance,
        jnp.sum(jnp.where(failing(every) | (every.info["seen"] == 0), at.weights, 0.0)),
        samples,
    )


def trials(replicate: Any, settings: Sequence[Setting], seeds: Sequence[int], *, key: Any, context: Context, label: str) -> Any:
    """`sweep` over settings of any shapes, padded to one: prompts without weight, responses without mass, members repeated."""
    prompts, responses = (max(np.shape(at.log_base)[axis] for at in settings) for axis in (0, 1))
    members = int(np.lcm.reduce([np.shape(at.members)[1] for at in settings]))
    cells = [Cell(_padded(at, prompts, members, responses), count) for at, count in zip(settings, seeds, strict=True)]
    # Some thirty numbers for each prompt of a block; counts, estimates and their logarithms; one score for each member's response.
    footprint = 8 * (30 * BLOCK + prompts * responses * (12 + members))
    return sweep(replicate, cells, key=key, context=context, label=label, footprint=footprint)


def _padded(at: Setting, prompts: int, members: int, responses: int) -> Setting:
    more_prompts, more_responses = prompts - np.shape(at.log_base)[0], responses - np.shape(at.log_base)[1]

    def table(values: Any) -> np.ndarray:
        values = np.pad(values, [(0, 0)] * (np.ndim(values) - 1) + [(0, more_responses)], constant_values=-np.inf)
        values = np.pad(values, [(0, more_prompts)] + [(0, 0)] * (values.ndim - 1), constant_values=-np.inf)
        values[prompts - more_prompts :, ..., 0] = 0.0
        return values

    # Repeating all members of a prompt alike leaves every tie as it was.
    repeated = np.tile(at.members, (1, members // np.shape(at.members)[1], 1))
    return Setting(
        table(at.log_base), np.pad(at.weights, (0, more_prompts)), table(at.target), table(repeated),
        np.int64(at.n), float(at.setting), float(at.delta), float(at.slack),
    )  # fmt: skip
