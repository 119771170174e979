"""Arrays handed to JAX: numbers of their own, and no program for each new shape."""

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.engine.compiled import counted
from sharpsim import TabularPolicy
from sharpsim._precision import placed


@pytest.mark.parametrize("make", [placed, lambda table: TabularPolicy(table).log_probs], ids=["placed", "a policy"])
def test_a_later_write_changes_nothing(make):
    """Large enough that JAX would read the array where it lies."""
    table = np.full((1024, 1024), -np.log(1024.0))
    before = table.copy()
    held = make(table)
    table[:] = 0.0
    np.testing.assert_array_equal(held, before)


def test_no_shape_is_a_program():
    with counted() as programs:
        for size in range(701, 706):
            placed(np.zeros(size), jnp.float32)
    assert programs == []
