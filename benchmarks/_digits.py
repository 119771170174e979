"""One number of the library beside the ball of the same number: its relative error, and its condition number, computed from the ball."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from sharpsim.certified import row

BITS = 2600
"""Masses of 1e-300 keep 500 digits through one subtraction from 1."""
BAR = 1e-12
"""Largest relative error allowed, beyond what the condition number explains."""
LAST_BITS = 10
"""The rounding errors of an input, in last bits, that may show in a result."""
SMALLEST, LARGEST = 1e-290, 1e290


class Case(NamedTuple):
    """`got` of the library, and `twin`, which maps the same `inputs`, floats and arrays of floats, to a ball of the exact number.

    `at` places the case: names of axes and numbers. With `log`, `got` is the logarithm of the twin's number.
    """

    function: str
    got: Any
    twin: Callable[..., Any]
    inputs: tuple[Any, ...]
    at: Mapping[str, float]
    log: bool = False

    def truth(self, inputs: tuple[Any, ...] | None = None) -> arb:
        """The ball, at the inputs given or at those of the case."""
        exact = arb(self.twin(*(self.inputs if inputs is None else inputs)))
        return exact.log() if self.log else exact


def error(case: Case) -> float:
    """The relative error of the number, also where its logarithm is given; of the logarithm itself where the number is below 1e-290.

    0 where the exact number is beyond the floats and the library says so.
    """
    got, truth = float(np.ravel(case.got)[0]), case.truth()
    if not math.isfinite(got):
        return math.inf
    if case.log:
        return float((abs(arb(got) - truth) / _size(truth)).upper())
    if abs(truth) < SMALLEST or abs(truth) > LARGEST:
        small = abs(truth) < SMALLEST
        return 0.0 if (abs(got) <= 2 * SMALLEST if small else abs(got) >= LARGEST / 2) else math.inf
    return float(abs((arb(got) - truth) / truth).upper())


def _size(log_truth: arb) -> arb:
    """What the error of a logarithm is divided by: 1 where its number is a float, else its own size."""
    return arb(1) if log_truth > math.log(SMALLEST) else abs(log_truth)


def condition(case: Case) -> float:
    """sum over the inputs x of |x f'(x)/f(x)|, by the ball at the neighbouring float of each; of a logarithm, 1 + its size at least.

    A relative error u of each input moves the exact number by up to this times u, so that no program that rounds its inputs does better.
    """
    truth, total = case.truth(), 0.0
    if truth == 0:
        return 0.0
    size = _size(truth) if case.log else abs(truth)
    for inputs, step in _moved(case.inputs):
        total += float((abs(case.truth(inputs) - truth) / size / step).upper())
    # A float of size |l| holds the logarithm within |l| units of 2^-53 only.
    return max(total, float(((1 + abs(truth)) / size).upper())) if case.log else total


def _moved(inputs: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], float]]:
    """The inputs with one number moved to its neighbour, and the relative step; zeros and infinities stay."""
    for place, given in enumerate(inputs):
        numbers = np.asarray(given, float)
        for index in np.ndindex(numbers.shape):
            x = float(numbers[index])
            if x == 0 or not math.isfinite(x):
                continue
            changed = numbers.copy()
            changed[index] = math.nextafter(x, math.inf if x >= 1 else 0.0)
            value = changed if changed.ndim else float(changed)
            yield (*inputs[:place], value, *inputs[place + 1 :]), abs(float(changed[index]) - x) / abs(x)


def allowed(condition_number: float) -> float:
    """The largest error that is explained."""
    return max(BAR, LAST_BITS * condition_number * 2.0**-52)


def average(prompt_weights: Any, values: Iterable[arb]) -> arb:
    """The mean of a number of each prompt, a ball."""
    return sum((value * share for value, share in zip(values, row(prompt_weights).fractions(), strict=True)), arb(0))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose decimal logarithm is uniform on [low, high]."""
    return float(10 ** rng.uniform(low, high))


def whole(rng: np.random.Generator, most: float) -> int:
    """A whole number from 1 to `most`, its logarithm uniform."""
    return int(log_uniform(rng, 0, math.log10(most)))


def dyadic(rng: np.random.Generator, parts: int = 64) -> float:
    """k/`parts`, 0 < k < `parts`, a power of 2: the same number for both sides."""
    return int(rng.integers(1, parts)) / parts
