"""Measures the ratio of two running times. In each of three rounds, one contender makes several calls in a row, then the other.

Such a series of calls is a *burst*. The first call of a burst is not counted: on two threads, the first call after single-threaded work
can take twice as long.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

COUNTED = 5
ROUNDS = 3


class Protocol:
    """How much is timed. With `quick`, one counted call per burst and one round: a test that the full size runs, without usable timings."""

    quick = False


class Entry(NamedTuple):
    """One contender: a call that returns when its work is done, and its amount of work (draws, prompts, tokens or bytes)."""

    call: Callable[[], Any]
    work: float = 1.0


class Ratio(NamedTuple):
    """Median rates of two contenders (work per second), and the ratio of first to second: median, minimum and maximum over the rounds."""

    ours: float
    rival: float
    median: float
    low: float
    high: float
    which: str


def seconds(call: Callable[[], Any]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def burst(call: Callable[[], Any], counted: int = COUNTED) -> float:
    """Median wall time, in seconds, of `counted` calls after one that is not counted."""
    call()
    return float(np.median([seconds(call) for _ in range(1 if Protocol.quick else counted)]))


def rate(entry: Entry, counted: int = COUNTED) -> float:
    """Work per second in one burst."""
    return entry.work / burst(entry.call, counted)


def sized(function: Callable[[int], Any], most: int, each: float, target: float = 0.15) -> Entry:
    """A rival's `function(n)`, with n chosen such that a call takes about `target` seconds, and n <= `most`. The work is n times `each`.

    Slow rivals get a smaller n, so that the whole benchmark takes minutes. Rates are per unit of work, so they stay comparable.
    """
    n = max(1, most // 1000)
    took = seconds(partial(function, n))
    while took < target / 8 and n < most:
        n = min(most, 8 * n)
        took = seconds(partial(function, n))
    size = min(most, max(1, int(n * target / took)))
    return Entry(partial(function, size), size * each)


def best(entries: Mapping[str, Entry]) -> str:
    """The name of the fastest variant of a rival, by one burst of three calls each. Only this variant takes part in the rounds."""
    return next(iter(entries)) if len(entries) == 1 else max(entries, key=lambda name: rate(entries[name], 3))


def compare(ours: Entry, rivals: Mapping[str, Mapping[str, Entry]], *, counted: int = COUNTED) -> dict[str, Ratio]:
    """Our rate divided by the rate of each rival, in its fastest variant. A rival without variants is left out."""
    chosen = {name: (best(ways), ways) for name, ways in rivals.items() if ways}
    rates: dict[str, list[float]] = {name: [] for name in ["", *chosen]}
    for _ in range(1 if Protocol.quick else ROUNDS):
        rates[""].append(rate(ours, counted))
        for name, (which, ways) in chosen.items():
            rates[name].append(rate(ways[which], counted))
    return {name: ratio_of(rates[""], rates[name], which) for name, (which, _) in chosen.items()}


def ratio_of(ours: list[float], rival: list[float], which: str = "") -> Ratio:
    """The ratio, with its range, from two lists of rates measured in the same rounds."""
    ratios = np.array(ours) / np.array(rival)
    medians = (float(np.median(ours)), float(np.median(rival)), float(np.median(ratios)))
    return Ratio(*medians, float(ratios.min()), float(ratios.max()), which)
