"""Kinds of the arguments of samplers: tables, numbers of their rows, and random words."""

import math
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import REWARD, TABLE, arrays, count
from sharpsim._kind import Is, Kind

MOST_BY_LAW = 2**100
"""The largest N for which best-of-N by law is accurate: total variation error at most 2^-17, whatever the masses."""


def _has(letters: str, *axes: int) -> Any:
    """Whether a value is an array of these types, with one of these numbers of axes; its numbers are not looked at."""

    def test(value: Any) -> bool:
        kind = "f" if str(getattr(value, "dtype", "")) == "bfloat16" else getattr(getattr(value, "dtype", None), "kind", None)
        return kind is not None and kind in letters and (not axes or value.ndim in axes)

    return test


def _concrete(name: str, value: Any) -> None:
    """A kind with this `then`, and no `whole`, is refused where it is traced."""
    del name, value


def _rises(totals: Any) -> Any:
    return (totals[..., 1:] >= totals[..., :-1]).all() & (totals[..., -1] > 0).all()


def _rising(name: str, totals: Any) -> None:
    if not _rises(totals):
        raise ValueError(f"`{name}` must be {TOTALS.rule}; got {_checks.shown(totals)}.")


def _same_length(rows: Any) -> bool:
    leaves = jax.tree.leaves(rows)
    return len(leaves) > 0 and all(_has("biufc", 1)(leaf) and leaf.shape[0] == leaves[0].shape[0] > 0 for leaf in leaves)


def _is_pair(value: Any) -> bool:
    """Of two arrays in a tuple or a list, or of one array of two."""
    if not (isinstance(value, (tuple, list)) or getattr(value, "ndim", 0) > 0) or len(value) != 2:
        return False
    return all(map(WORDS.test, value)) and value[0].shape == value[1].shape


def _is_shape(shape: Any) -> bool:
    try:
        return isinstance(shape, (tuple, list)) and all(count(0).check("", length, {}, single=True) is None for length in shape)
    except ValueError:
        return False


def fitting_stop(stop: Any, dtype: Any) -> Any:
    """A stopping parameter for floats of a table (of at least 32 bits): one that is too large is refused.

    A subnormal number, which compiled code takes for 0, becomes the least normal one: both stop at the first draw.
    """
    if _checks.is_traced(stop):
        return stop
    floats = np.finfo(np.promote_types(dtype, np.float32))
    if float(stop) > float(floats.max):
        raise ValueError(f"`stop` must be at most {float(floats.max):.2g} for a table of {dtype}; got {stop}.")
    return max(float(stop), float(floats.tiny))


DRAW, STEP = 5e-9, 1e-7
"""Seconds that one draw takes at least, where every draw is made: independent draws, and one after the other until a rule stops."""


def stop_in_time(stop: Any, log_probs: Any) -> None:
    """Refuse a stopping parameter s where drawing until the rule stops takes too long: s/P*(x) draws of a prompt x at least."""
    if not _checks.is_traced(stop):
        likeliest = 1.0 if _checks.is_traced(log_probs) else float(np.exp(np.asarray(log_probs, float).max(axis=-1).min()))
        _checks.affordable("stop", stop, seconds=STEP * float(stop) / max(likeliest, 1e-300))


OUTCOMES = ("rows", "outcomes")
TOTALS = Kind(
    "running totals of masses: finite, from 0 on, never falling, the last above 0",
    lambda x: (x >= 0) & (x < math.inf),
    ("...", "columns"),
    "f",
    _rising,
    _rises,
)
# Unsigned numbers and truth values would be sorted wrong once negated.
SIGNED = replace(REWARD, rule="signed numbers, not NaN", axes=TABLE.axes, dtypes="if")
HOST_ROWS = replace(TABLE, axes=OUTCOMES, whole=None)
HOST_REWARD = replace(SIGNED, axes=OUTCOMES, then=_concrete)
VALUES = replace(REWARD, axes=OUTCOMES, dtypes="iuf")
BY_LAW = Kind("a whole number from 1 to 2^100", lambda x: (x >= 1) & (x <= float(MOST_BY_LAW)) & (x % 1 == 0), ())
COUNT = arrays(count(1, 2**53))
WORD = Kind("a whole number from 0 to 2^32 - 1", lambda x: (x >= 0) & (x < 2**32) & (x % 1 == 0), ())
INTEGERS = Is("an array of integers", _has("iu"))
INDICES = Is("an array [n] of integers", _has("iu", 1))
FLOATS = Is("an array of floats", _has("f"))
WORDS = Is("random words, an array of uint32", lambda value: str(getattr(value, "dtype", "")) == "uint32")
PAIR = Is("two arrays of random words, uint32, of one shape", _is_pair)
ROWS = Is("an array [n] of numbers, at least one, or a pytree of such arrays with one n", _same_length)
SHAPE = Is("a tuple of whole numbers of at least 0", _is_shape)
