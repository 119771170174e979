"""Nonsense never gets past the door: each public function refuses wrong arguments by name, in time, and never answers them with NaN."""

import inspect
import subprocess
import sys
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import _arguments, laws, sharpness
from sharpsim._arguments import checked, count
from tests.abuse.surface import surface
from tests.abuse.valid import valid
from tests.abuse.walk import CLEAN, GOOD, NOT_YET, outcomes


def test_every_package_is_walked_or_named():
    assert {entry.package for entry in surface()} <= {*CLEAN, *NOT_YET} | {p for p in map(str, NOT_YET)}
    assert not set(CLEAN) & set(NOT_YET)


def test_wrong_arguments_are_refused_by_name():
    """A sample of the walk, the same each time: all of it by `python -m tests.abuse.walk`."""
    wrong = [outcome for outcome in outcomes(CLEAN, sample=3) if outcome.verdict not in GOOD]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
def test_all_wrong_arguments_are_refused_by_name():
    wrong = [outcome for outcome in outcomes(CLEAN) if outcome.verdict not in GOOD]
    assert not wrong, "\n".join(map(str, wrong))
