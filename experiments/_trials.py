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
from sharpsim import LawOracle, TabularPolicy, laws, sharpness
from sharpsim._tabular_draws import invert
from sharpsim.classes import AllTabular, ProductClass
from sharpsim.policies._tabular import running_mass

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
    """One run with N draws per prompt: a prompt and its best of N are one draw from their joint law, which `LawOracle` is held to."""
    law = laws.best_of_n(at.log_base, at.log_base, draws=at.setting)
    running = running_mass((at.weights[:, None] * jnp.exp(law)).reshape(1, -1))

    def pairs(own_key: Any) -> tuple[Any, Any]:
        # The barrier keeps XLA from drawing the number again at each step of the search.
        uniform = jax.lax.optimization_barrier(jax.random.uniform(own_key, (BLOCK,), running.dtype))
        return invert(running, jnp.zeros(BLOCK, jnp.int32), uniform), at.setting

    return _replicate(at, key, pairs)


def adaptive(at: Setting, key: Any) -> Trials:
    """One run with draws until the stopping rule holds."""
    oracle = LawOracle(TabularPolicy(at.log_base), at.weights)

    def pairs(own_key: Any) -> tuple[Any, Any]:
        batch = oracle.best_until(BLOCK, stop=at.setting, key=own_key)
        return batch.prompts * at.log_base.shape[1] + batch.responses, batch.draws

    return _replicate(at, key, pairs)


def _replicate(at: Setting, key: Any, pairs: Any) -> Trials:
    """`pairs(key)` draws a block of (prompt, response), numbered row by row, and what each cost."""
    draw_key, fit_key = jax.random.split(key)
    kind = at.log_base.dtype

    def block(i: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        counts, samples = state
        pair, cost = pairs(jax.random.fold_in(draw_key, i))
        live = (i * BLOCK + jnp.arange(BLOCK) < at.n).astype(jnp.int32)
        return counts.at[pair].add(live), samples + jnp.sum(live * cost, dtype=kind)

    start = (jnp.zeros(at.log_base.size, jnp.int32), jnp.zeros((), kind))
    flat, samples = jax.lax.fori_loop(0, (at.n + BLOCK - 1) // BLOCK, block, start)
    counts = flat.reshape(at.log_base.shape).astype(kind)
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
