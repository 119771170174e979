"""The written-out Threefry generator is the published function and JAX's own, bit for bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry_2x32

from sharpsim._threefry import counter_pairs, threefry, uniform

KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((2**32 - 1, 2**32 - 1), (2**32 - 1, 2**32 - 1), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]
"""Key, counter and answer: the known-answer tests of the authors' Random123."""


@pytest.mark.parametrize(("key", "counter", "answer"), KNOWN)
def test_known_answers(key, counter, answer):
    assert tuple(int(word) for word in threefry(jnp.array(key, jnp.uint32), *(jnp.uint32(part) for part in counter))) == answer


@pytest.mark.parametrize("x64", [True, False])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (6, 8), (3, 5, 7)])
def test_uniform_numbers_are_those_of_jax(shape, x64):
    with jax.enable_x64(x64):
        for key in (jax.random.key(5), jax.random.fold_in(jax.random.key(5), 1), jax.random.key(5, impl="rbg")):
            ours, theirs = uniform(key, shape), jax.random.uniform(key, shape)
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("partitionable", [True, False])
def test_and_whatever_jax_is_told(partitionable):
    with jax.threefry_partitionable(partitionable):
        np.testing.assert_array_equal(uniform(jax.random.key(2), (5,)), jax.random.uniform(jax.random.key(2), (5,)))


def test_blocks_of_pairs_are_counters_of_one_key():
    key = jax.random.key(9)
    first, second = counter_pairs(key, 3, 10)
    counters = jnp.concatenate([jnp.full(10, 3, jnp.uint32), jnp.arange(10, dtype=jnp.uint32)])
    np.testing.assert_array_equal(jnp.concatenate([first, second]), threefry_2x32(jax.random.key_data(key), counters))
    batch = jax.vmap(lambda own, block: counter_pairs(own, block, 10))(jax.random.split(key, 2), jnp.arange(2))
    alone = counter_pairs(jax.random.split(key, 2)[1], 1, 10)
    np.testing.assert_array_equal(batch[0][1], alone[0])
    np.testing.assert_array_equal(batch[1][1], alone[1])


def test_keys_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="`key` must be a threefry2x32 key"):
        counter_pairs(jax.random.key(0, impl="rbg"), 0, 4)
