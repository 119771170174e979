"""Replicates of SFT-Sharpening in compiled blocks are a plain loop over the same random numbers, pair by pair."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry_2x32

from experiments.sft.trials import BLOCK, Setting, Trials, _padded, adaptive, fixed
from sharpsim import LawOracle, TabularPolicy, laws, sharpness
from sharpsim.classes import AllTabular, ProductClass
from sharpsim.instances import random_table, row_permutations

BASE, WEIGHTS = random_table(np.random.default_rng(0), prompts=3, responses=5, concentration=0.5)


def setting(n: int, draws: float, *, stop: bool = False, members: int = 4, delta: float = 0.3) -> Setting:
    law = laws.stopping_kept(BASE, stop=draws) if stop else laws.best_of_n(BASE, BASE, draws=int(draws))
    return Setting(BASE, WEIGHTS, law, row_permutations(np.random.default_rng(1), law, members=members), n, draws, delta, 0.0)


def plainly(at: Setting, key, stop: bool) -> Trials:
    """One replicate with Python loops: blocks of pairs, cut to n, one by one into counts, and the classes' own fits."""
    draw_key, fit_key = jax.random.split(key)
    oracle, found, spent = LawOracle(TabularPolicy(at.log_base), at.weights), [], []
    for i in range(-(-int(at.n) // BLOCK)):
        if stop:
            batch = oracle.best_until(BLOCK, stop=at.setting, key=jax.random.fold_in(draw_key, i))
            found += zip(batch.prompts.tolist(), batch.responses.tolist(), strict=True)
            spent += batch.draws.tolist()
        else:
            counters = np.concatenate([np.full(BLOCK, i), np.arange(BLOCK)]).astype(np.uint32)
            words = threefry_2x32(jax.random.key_data(draw_key), jnp.asarray(counters)).reshape(2, BLOCK)
            found += [divmod(pair, BASE.shape[1]) for pair in at.pairs.pick(jnp.zeros(BLOCK, jnp.int32), words).tolist()]
            spent += [at.setting] * BLOCK
    prompts, responses = (jnp.asarray(part) for part in zip(*found[: int(at.n)], strict=True))
    chosen = ProductClass(at.members).maximum_likelihood(prompts, responses, key=fit_key).policy.log_probs
    every = AllTabular(*at.log_base.shape).maximum_likelihood(prompts, responses, key=fit_key)

    def failed(table):
        return sharpness.fails(sharpness.missing_mass(np.asarray(table), at.log_base, slack=at.slack), delta=at.delta)

    distance = ((np.exp(chosen / 2) - np.exp(at.target / 2)) ** 2).sum(axis=1)
    unsharp = failed(every.policy.log_probs) | (np.asarray(every.info["seen"]) == 0)
    return Trials(at.weights @ failed(chosen), at.weights @ distance, at.weights @ unsharp, sum(spent[: int(at.n)]))


@functools.cache
def compiled(stop: bool):
    """Five replicates as a function of n and the key: one program for every n. The tables are constants, as those of `plainly` are."""
    at = jax.tree.map(jnp.asarray, _padded(setting(1, 1.5 if stop else 3, stop=stop), 3, 4, 5))
    one = adaptive if stop else fixed
    return jax.jit(lambda n, key: jax.vmap(lambda i: one(at._replace(n=n), jax.random.fold_in(key, i)))(jnp.arange(5, dtype=jnp.uint32)))


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize("n", [1, BLOCK, BLOCK + 1, 150])
def test_compiled_blocks_are_a_plain_loop(n, stop):
    at = _padded(setting(n, 1.5 if stop else 3, stop=stop), 3, 4, 5)
    key = jax.random.key(3)
    at = jax.tree.map(jnp.asarray, at)
    got = compiled(stop)(at.n, key)
    for i in range(5):
        for name, one, plain in zip(Trials._fields, got, plainly(at, jax.random.fold_in(key, i), stop), strict=True):
            np.testing.assert_allclose(one[i], plain, rtol=1e-12, atol=1e-15, err_msg=name)
