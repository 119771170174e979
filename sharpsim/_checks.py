"""Argument checks of public functions: each raises `ValueError` with the argument's name, the rule and the value given.

Values that JAX is tracing are not checked here, because compiled code cannot raise. A function that is `checked` by the kinds of its
arguments answers them with NaN (`sharpsim/_arguments.py`); elsewhere they were checked where they were made.
"""

import contextlib
import math
import numbers
import operator
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

ROW_TOLERANCE = {8: 1e-9, 4: 1e-5}
"""The largest deviation of a row's sum from one, by the size of its floats in bytes."""


def is_traced(value: Any) -> bool:
    """Whether JAX is tracing `value`. A traced value has no number that could be checked."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.core.Tracer)


def shown(value: Any) -> str:
    """`repr` of a value in a message, cut where it is long."""
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:110]} .."


def as_array(value: Any) -> np.ndarray:
    """The value as an array; one of text where it is no array of numbers."""
    try:
        array = np.asarray(value)
        if type(value) is int and array.dtype == object:
            # Python's integers may be larger than any of NumPy's.
            array = np.asarray(float(value))
    except (TypeError, ValueError, OverflowError):
        array = np.asarray("")
    return array


@contextlib.contextmanager
def renamed(said: str, name: str) -> Iterator[None]:
    """Refusals of the argument `said` are those of the argument `name`, which was passed on under the other name."""
    try:
        yield
    except ValueError as refusal:
        raise ValueError(str(refusal).replace(f"`{said}`", f"`{name}`")) from refusal


def _refuse(name: str, rule: str, value: Any) -> None:
    raise ValueError(f"`{name}` must be {rule}; got {shown(value)}.")


def in_open_unit(name: str, value: Any) -> None:
    """Refuse anything outside (0, 1)."""
    if not is_traced(value) and not np.all((np.asarray(value) > 0) & (np.asarray(value) < 1)):
        _refuse(name, "in (0, 1)", value)


def positive(name: str, value: Any) -> None:
    """Refuse anything that is not positive and finite."""
    if not is_traced(value) and not np.all((np.asarray(value) > 0) & np.isfinite(np.asarray(value, dtype=float))):
        _refuse(name, "positive and finite", value)


def no_nan(name: str, value: Any) -> None:
    """Refuse NaN, and what is no number; infinity is allowed. Comparisons with NaN are false, so that it would count as an answer."""
    if is_traced(value):
        return
    given = np.asarray(value)
    if given.dtype.kind not in "biuf":
        raise ValueError(f"`{name}` must hold numbers; got dtype {given.dtype}.")
    if np.isnan(given).any():
        where = tuple(int(i) for i in np.argwhere(np.isnan(given))[0])
        raise ValueError(f"`{name}` must not be NaN; got NaN{f' at {where}' if where else ''}.")


def at_least(name: str, value: Any, minimum: float) -> None:
    """Refuse NaN and anything below `minimum`; infinity is allowed."""
    if not is_traced(value) and not np.all(np.asarray(value) >= minimum):
        _refuse(name, f"at least {minimum:g}", value)


def count(name: str, value: Any, minimum: int = 1) -> None:
    """Refuse anything but whole numbers of at least `minimum`. Floats with a whole value, such as 1e12, are allowed."""
    if is_traced(value):
        return
    # A Python integer may be larger than any of NumPy's.
    number = np.asarray(float(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    if number.dtype.kind not in "iuf" or not np.all((number >= minimum) & (number < math.inf) & (number == np.floor(number))):
        _refuse(name, f"a whole number of at least {minimum}", value)


def static_count(name: str, value: Any, minimum: int = 1) -> int:
    """Refuse anything but a concrete whole number of at least `minimum`; return it as an int."""
    if is_traced(value):
        raise ValueError(f"`{name}` sets a shape, so it must be a concrete integer; got a traced value.")
    if as_array(value).ndim or as_array(value).dtype.kind not in "iuf":
        _refuse(name, f"a whole number of at least {minimum}", value)
    count(name, value, minimum)
    try:
        return operator.index(value)
    except TypeError:
        return int(value)


def rows(name: str, log_probs: Any) -> None:
    """Refuse log-probabilities whose rows (last axis) are empty, hold NaN or do not sum to one."""
    if is_traced(log_probs):
        return
    table = np.asarray(log_probs)
    if table.dtype.kind != "f":
        raise ValueError(f"`{name}` must be floating-point log-probabilities; got dtype {table.dtype}.")
    if table.ndim == 0 or table.size == 0:
        raise ValueError(f"`{name}` must hold at least one response per row; got shape {table.shape}.")
    if np.isnan(table).any():
        where = tuple(int(i) for i in np.argwhere(np.isnan(table))[0])
        raise ValueError(f"`{name}` must not hold NaN; got NaN at {where}.")
    with np.errstate(over="ignore"):
        error = np.abs(np.exp(table.astype(np.float64)).sum(axis=-1) - 1.0)
    _refuse_unnormalised(name, error, table.dtype.itemsize)


def table(name: str, log_probs: Any) -> None:
    """Refuse anything but a [prompts, responses] table of normalised log-probabilities."""
    rows(name, log_probs)
    if np.ndim(log_probs) != 2:
        raise ValueError(f"`{name}` must be a table [prompts, responses]; got shape {np.shape(log_probs)}.")


def probabilities(name: str, probs: Any) -> Any:
    """Refuse probabilities that are NaN, negative or whose rows (last axis) do not sum to one; return them as an array of floats."""
    if is_traced(probs):
        return probs
    values = as_array(probs)
    if values.dtype.kind != "f":
        # Exact fractions are objects; text that reads as a number is none.
        if values.dtype.kind not in "biuO" or not all(isinstance(entry, numbers.Real) for entry in values.flat):
            _refuse(name, "numbers", probs)
        values = values.astype(np.float64)
    if values.ndim == 0 or values.size == 0:
        raise ValueError(f"`{name}` must hold at least one entry per row; got shape {values.shape}.")
    bad = np.isnan(values) | (values < 0)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"`{name}` must be non-negative numbers; got {values[where]!r} at {where}.")
    _refuse_unnormalised(name, np.abs(values.astype(np.float64).sum(axis=-1) - 1.0), values.dtype.itemsize)
    return values


LEAST = 1e-300
"""Smaller numbers have inverses that are no floats."""


def not_tiny(name: str, value: Any) -> None:
    """Refuse numbers below `LEAST`."""
    if np.any(value < LEAST):
        _refuse(name, f"at least {LEAST:g}", value)


def some_mass(name: str, log_probs: Any) -> None:
    """Refuse a row in which nothing has mass."""
    if np.any(np.max(log_probs, axis=-1) == -np.inf):
        _refuse(name, "log-probabilities with mass somewhere in each row", log_probs)


def row_of(name: str, log_row: Any, responses: int) -> Any:
    """Refuse a law over another number of responses; return it as an array."""
    if np.shape(log_row) != (responses,):
        raise ValueError(f"`{name}` must have {responses} responses; got shape {np.shape(log_row)}.")
    return np.asarray(log_row)


def two(name: str, values: Any) -> None:
    """Refuse fewer than two numbers along the first axis."""
    if len(values) < 2:
        raise ValueError(f"`{name}` must be at least two numbers; got shape {np.shape(values)}.")


def graph(name: str, adjacency: Any) -> None:
    """Refuse a matrix of 0 and 1 that is no simple graph's, of at least two vertices."""
    if len(adjacency) < 2 or (adjacency != adjacency.T).any() or np.diag(adjacency).any():
        _refuse(name, "a symmetric matrix of 0 and 1 with zero diagonal, of at least two vertices", adjacency)


def _refuse_unnormalised(name: str, error: Any, itemsize: int) -> None:
    tolerance = ROW_TOLERANCE.get(itemsize, 1e-2)
    if not np.all(error <= tolerance):
        row = int(np.argmax(np.nan_to_num(np.atleast_1d(error), nan=np.inf)))
        off = float(np.atleast_1d(error).reshape(-1)[row]) if np.ndim(error) < 2 else float(np.max(error))
        raise ValueError(f"`{name}` must have rows that sum to 1 within {tolerance:g}; row {row} is off by {off:.3g}.")


def prompt_weights(weights: Any, prompts: int, name: str = "prompt_weights") -> None:
    """Refuse prompt weights that are not a distribution over `prompts` prompts."""
    if np.ndim(weights) != 1 or np.shape(weights)[0] != prompts:
        raise ValueError(f"`{name}` must have one weight for each of the {prompts} prompts; got shape {np.shape(weights)}.")
    probabilities(name, weights)


def prompt_numbers(prompts: Any, count: int) -> None:
    """Refuse anything but at least one whole number in 0..count - 1, along one axis."""
    if np.ndim(prompts) != 1 or np.shape(prompts)[0] == 0:
        raise ValueError(f"`prompts` must hold at least one prompt along one axis; got shape {np.shape(prompts)}.")
    indices("prompts", prompts, count)


def indices(name: str, values: Any, size: int) -> None:
    """Refuse anything but whole numbers in 0..size - 1."""
    if not is_traced(values):
        given = as_array(values)
        if given.dtype.kind not in "iu" or not np.all((given >= 0) & (given < size)):
            raise ValueError(f"`{name}` must be integers in 0..{size - 1}; got {shown(values)}.")


def responses(values: Any, prompts: Any, size: int | None) -> None:
    """Refuse anything but one whole number in 0..size - 1 for each prompt; without a size, responses may be anything."""
    if size is not None:
        same_shape("prompts", prompts, "responses", values)
        indices("responses", values, size)


def shape_of(name: str, value: Any, shape: tuple[int, ...]) -> None:
    """Refuse an array of another shape."""
    if np.shape(value) != shape:
        raise ValueError(f"`{name}` must have the shape {shape}; got {np.shape(value)}.")


def same_shape(first_name: str, first: Any, second_name: str, second: Any) -> None:
    """Refuse two arrays whose shapes differ."""
    if np.shape(first) != np.shape(second):
        raise ValueError(f"`{second_name}` must have the shape of `{first_name}`, {np.shape(first)}; got {np.shape(second)}.")


def affordable(name: str, value: Any, *, seconds: float = 0.0, size: float = 0.0) -> None:
    """Refuse what would take more than 10 seconds, or more than 2 GB (`size` in bytes), and say how much."""
    if seconds > 10 or size > 2e9:
        amount = f"{seconds:.2g} seconds" if seconds > 10 else f"{size / 1e9:.2g} GB"
        raise ValueError(f"`{name}` must be smaller, as the call would take about {amount}; got {shown(value)}.")


def affordable_counts(size: float, **counts: int) -> None:
    """As `affordable` for what counts make large together; the largest is named."""
    name = max(counts, key=lambda each: counts[each])
    affordable(name, counts[name], size=size)


def enumerable(size: float, limit: int, what: str, instead: str) -> None:
    """Refuse to enumerate a space of more than `limit` elements; the message says its size and what to call instead."""
    if size > limit:
        raise ValueError(f"{what} has {size:.6g} elements, more than the {limit:,} that can be enumerated; call {instead} instead.")
