"""Checks of unit 7, by the exact law of the stopping time (`sharpsim.laws`) and Lemma I.1 (`theory.sft_adaptive`)."""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from sharpsim import laws as exact
from sharpsim.exercises._answers import close, laws, number, reaches
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import dyadic_row, row
from sharpsim.theory import sft_adaptive as theory


def _mean_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size in (1, 2, 2, 3, 4, 8, 12):
        for make in (dyadic_row, row):
            # 1/4 and 3/2 meet dyadic probabilities in exact ties.
            for stop in (0.25, 1.5, 0.7, 3.0):
                yield {"p": make(rng, size), "stop": stop}


def _mean(answer: Any, *, p: np.ndarray, stop: float) -> None:
    close(number(answer), exact.stopping_time_mean(np.log(p), stop=stop), "E[N_s]", rel=1e-8)


def _slow_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for stop in (1.0, 0.2, 0.5, 2.0, 5.0, *np.round(rng.uniform(0.2, 5, size=6), 3)):
        yield {"stop": float(stop)}


def _slow(answer: Any, *, stop: float) -> None:
    p = laws(answer, (None,), "p")
    if p.size > 1000 or (p <= 0).any():
        raise Wrong(f"return at most 1,000 probabilities, all positive; got {p.size}, the smallest {p.min():.3g}.")
    mean, bound = float(exact.stopping_time_mean(np.log(p), stop=stop)), float(theory.mean_bounds(np.log(p)[None], stop=stop)[1][0])
    reaches(mean / bound, 0.99, "E[N_s] / bound", f"here E[N_s] = {mean:.6g} and the bound is {bound:.6g}")


def _cheap_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size in (2, 3, 4, 6, 10):
        for miss in (0.1, 0.01):
            yield {"p": row(rng, size), "miss": miss}


@cache
def _least(p: tuple[float, ...], miss: float) -> float:
    low, high, log_p = 1e-9, math.log(1 / miss) + 1, np.log(p)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if exact.stopping_time_miss(log_p, stop=middle) <= miss else (middle, high)
    return float(exact.stopping_time_mean(log_p, stop=high))


def _cheap(answer: Any, *, p: np.ndarray, miss: float) -> None:
    stop = number(answer, "s")
    if not (math.isfinite(stop) and stop > 0):
        raise Wrong(f"s must be positive and finite; got {stop!r}.")
    found = float(exact.stopping_time_miss(np.log(p), stop=stop))
    if found > miss * (1 + 1e-9):
        raise Wrong(f"with s = {stop:.8g} the kept response lies outside Y* with probability {found:.6g}, above {miss:g}.")
    least = _least(tuple(p), miss)
    reaches(
        -float(exact.stopping_time_mean(np.log(p), stop=stop)),
        -1.001 * least,
        "minus the mean number of draws",
        f"the least is {least:.6g}",
    )


EXERCISES = (
    Exercise("07.1", "easy", "the mean number of draws of the stopping rule", "mean_draws", _mean_cases, _mean),
    Exercise("07.2", "proof", "a base on which the rule stops as late as it may", "slow_to_stop", _slow_cases, _slow),
    Exercise("07.3", "open", "the cheapest stopping parameter", "cheapest_stop", _cheap_cases, _cheap),
)
