"""Readers of answers: each returns the answer in the expected type, or raises `Wrong` with a sentence for the student."""

import math
import operator
from typing import Any

import numpy as np

from sharpsim.exercises._exercise import Wrong


def number(answer: Any, what: str = "the answer") -> float:
    """A real number; NaN, None, text, truth values and arrays with more than one entry are refused."""
    try:
        value = np.asarray(_plain(answer, what))
    except ValueError:
        # A list of rows of different lengths.
        raise Wrong(f"{what} must be one number; got {_short(answer)}.") from None
    if value.dtype.kind not in "iuf" or value.ndim != 0:
        raise Wrong(f"{what} must be one number; got {_short(answer)}.")
    if math.isnan(float(value)):
        raise Wrong(f"{what} is NaN (not a number).")
    return float(value)


def whole(answer: Any, what: str = "the answer") -> int:
    """A whole number, as an int or as a float without a fractional part."""
    value = number(answer, what)
    if not (math.isfinite(value) and value == math.floor(value)):
        raise Wrong(f"{what} must be a whole number; got {value!r}.")
    return operator.index(answer) if hasattr(answer, "__index__") else int(value)


def array(answer: Any, shape: tuple[int | None, ...], what: str = "the answer") -> np.ndarray:
    """A float array of this shape (None: any size of at least 1) without NaN."""
    try:
        value = np.asarray(_plain(answer, what), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"{what} must be an array of numbers; got {_short(answer)}.") from None
    if (
        value.ndim != len(shape)
        or any(want is not None and have != want for have, want in zip(value.shape, shape, strict=True))
        or not value.size
    ):
        raise Wrong(f"{what} must have shape {tuple('any' if s is None else s for s in shape)}; got {value.shape}.")
    if np.isnan(value).any():
        raise Wrong(f"{what} contains NaN (not a number).")
    return value


def laws(answer: Any, shape: tuple[int | None, ...], what: str = "the answer") -> np.ndarray:
    """Probabilities along the last axis: at least 0, each row with sum 1 up to 1e-9."""
    value = array(answer, shape, what)
    if (value < 0).any():
        raise Wrong(f"{what} has a negative probability, {value.min():.6g}.")
    sums = value.sum(axis=-1)
    if not np.allclose(sums, 1, rtol=0, atol=1e-9):
        worst = float(np.ravel(sums)[np.argmax(np.abs(np.ravel(sums) - 1))])
        raise Wrong(f"the probabilities of {what} must sum to 1; a row sums to {worst:.10g}.")
    return value


def parts(answer: Any, count: int, names: str) -> tuple[Any, ...]:
    """A tuple or list of `count` things."""
    if not isinstance(answer, (tuple, list)) or len(answer) != count:
        raise Wrong(f"return {count} things, {names}; got {_short(answer)}.")
    return tuple(answer)


def close(got: Any, want: Any, what: str = "the answer", *, rel: float = 1e-9, absolute: float = 1e-12) -> None:
    """Refuse a number or an array that differs from the truth by more than the tolerance."""
    have, truth = np.asarray(got, float), np.asarray(want, float)
    if np.allclose(have, truth, rtol=rel, atol=absolute):
        return
    if truth.ndim == 0:
        raise Wrong(f"{what} is {float(have):.10g}; it should be {float(truth):.10g}.")
    worst = np.unravel_index(np.argmax(np.abs(have - truth)), truth.shape)
    raise Wrong(f"{what} is {have[worst]:.10g} at position {tuple(map(int, worst))}; it should be {truth[worst]:.10g} there.")


def reaches(score: float, level: float, what: str, best: str) -> None:
    """Refuse a score below the level; `best` says what is known about larger scores."""
    if not score >= level:
        raise Wrong(f"{what} is {score:.8g}; the check asks for at least {level:.8g} ({best}).")


def _plain(answer: Any, what: str) -> Any:
    if answer is None:
        raise Wrong(f"{what} is None; a function without `return` returns None.")
    return answer


def _short(answer: Any) -> str:
    text = repr(answer)
    return f"{type(answer).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
