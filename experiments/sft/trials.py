"""Simulates SFT-Sharpening, with fixed N or with adaptive stopping, for many settings and seeds in one compiled program.

A replicate is a function of arrays. Prompts are drawn in blocks of 64, and only counts of (prompt, response) are kept. So n is the number
of loop iterations, N and the stopping parameter are traced numbers, and all settings of an experiment share one compilation.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.frame import Context
from experiments.engine.sweep import Cell, sweep
from sharpsim import LawOracle, TabularPolicy, sharpness
from sharpsim.classes import ProductClass
from sharpsim.sampling import AliasTables, counter_pairs

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
    pairs: Any = None
    """The joint law of prompt and kept response, as one row of an alias table; `trials` fills it in."""


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

    def pick(words: Any) -> tuple[Any, Any]:
        return at.pairs.pick(jnp.zeros(BLOCK, jnp.int32), words), at.setting

    return _replicate(at, key, lambda draw_key, i: counter_pairs(draw_key, i, BLOCK), pick)


def adaptive(at: Setting, key: Any) -> Trials:
    """One run with draws until the stopping rule holds; how many depends on what is kept, so the oracle is asked for both."""
    oracle = LawOracle(TabularPolicy(at.log_base), at.weights)

    def ask(draw_key: Any, i: Any) -> tuple[Any, Any]:
        batch = oracle.best_until(BLOCK, stop=at.setting, key=jax.random.fold_in(draw_key, i))
        return batch.prompts * at.log_base.shape[1] + batch.responses, batch.draws

    return _replicate(at, key, ask, lambda answer: answer)


def _replicate(at: Setting, key: Any, draw: Any, pick: Any) -> Trials:
    """`pick(draw(key, i))` is the block of pairs number i, as places in the flat table, and what each cost."""
    draw_key, fit_key = jax.random.split(key)

    kind = at.log_base.dtype

    def block(i: Any, state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        counts, samples, drawn = state
        pair, cost = pick(drawn)
        live = (i * BLOCK + jnp.arange(BLOCK) < at.n).astype(jnp.int32)
        # What the next block uses is drawn now: within one step XLA would make random numbers anew for each of their uses (2 to 5 times
        # slower), and only what a loop carries is sure to be kept.
        return counts.at[pair].add(live), samples + jnp.sum(live * cost, dtype=kind), draw(draw_key, i + 1)

    start = jnp.zeros(at.log_base.size, jnp.int32), jnp.zeros((), kind), draw(draw_key, 0)
    flat, samples, _ = jax.lax.fori_loop(0, (at.n + BLOCK - 1) // BLOCK, block, start)
    counts = flat.reshape(at.log_base.shape).astype(kind)
    members = ProductClass(at.members).fit_counts(counts, key=fit_key).info["members"]

    # Judged once for each member, not for each seed, and the empirical law without logarithms: half of the time of small n.
    def judge(member: Any) -> tuple[Any, Any]:
        failed = sharpness.fails(sharpness.missing_mass(member, at.log_base, slack=at.slack), delta=at.delta)
        return failed, jnp.sum((jnp.exp(member / 2) - jnp.exp(at.target / 2)) ** 2, axis=-1)

    failed, distance = (jnp.take_along_axis(of, members[:, None], 1)[:, 0] for of in jax.vmap(judge, 1, 1)(at.members))
    seen = counts.sum(axis=1)
    missed = jnp.sum(jnp.where(sharpness.maximisers(at.log_base, slack=at.slack), 0.0, counts), axis=1) / jnp.maximum(seen, 1.0)
    every = sharpness.fails(missed, delta=at.delta) | (seen == 0)
    return Trials(jnp.sum(jnp.where(failed, at.weights, 0.0)), at.weights @ distance, jnp.sum(jnp.where(every, at.weights, 0.0)), samples)


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
        if not more_prompts and not more_responses:
            return np.asarray(values)
        values = np.pad(values, [(0, 0)] * (np.ndim(values) - 1) + [(0, more_responses)], constant_values=-np.inf)
        values = np.pad(values, [(0, more_prompts)] + [(0, 0)] * (values.ndim - 1), constant_values=-np.inf)
        values[prompts - more_prompts :, ..., 0] = 0.0
        return values

    # Repeating all members of a prompt alike leaves every tie as it was.
    repeated = np.tile(at.members, (1, members // np.shape(at.members)[1], 1))
    weights, target = np.pad(at.weights, (0, more_prompts)), table(at.target)
    return Setting(
        table(at.log_base), weights, target, table(repeated), np.int64(at.n), float(at.setting), float(at.delta), float(at.slack),
        jax.tree.map(np.asarray, AliasTables.of((weights[:, None] * np.exp(target)).reshape(1, -1))),
    )  # fmt: skip
