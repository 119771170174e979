"""Ratios in one run: bursts of one, then bursts of the other, in rounds; never alternating single calls.

The first call on two threads after a phase on one can take twice as long, so each burst begins with a call that is not counted.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

COUNTED = 5
ROUNDS = 3


class Protocol:
    """How much is timed: by `quick`, one counted call a burst and one round, to see a full-sized run through; its figures are noise."""

    quick = False


class Entry(NamedTuple):
    """One contender: a call that returns when its work is done, and how much work that is (draws, prompts, tokens, bytes)."""

    call: Callable[[], Any]
    work: float = 1.0


class Ratio(NamedTuple):
    """Median rates of two contenders (work per second), and the ratio first over second: median, least and greatest of the rounds."""

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
    """Median seconds of `counted` calls, after one that is not counted."""
    call()
    return float(np.median([seconds(call) for _ in range(1 if Protocol.quick else counted)]))


def rate(entry: Entry, counted: int = COUNTED) -> float:
    """Work per second in one burst."""
    return entry.work / burst(entry.call, counted)


def sized(function: Callable[[int], Any], most: int, each: float, target: float = 0.15) -> Entry:
    """A rival's `function(n)` at the n that takes it about `target` seconds, at most `most`; each of the n is `each` of work.

    Slow rivals are given less, so that all take their turn in minutes; rates are per work, and n is never so small that they suffer.
    """
    n = max(1, most // 1000)
    took = seconds(partial(function, n))
    while took < target / 8 and n < most:
        n = min(most, 8 * n)
        took = seconds(partial(function, n))
    size = min(most, max(1, int(n * target / took)))
    return Entry(partial(function, size), size * each)


def best(entries: Mapping[str, Entry]) -> str:
    """The fastest of several ways to do the same, by one burst of three each: who then stands for them in the rounds."""
    return next(iter(entries)) if len(entries) == 1 else max(entries, key=lambda name: rate(entries[name], 3))


def compare(ours: Entry, rivals: Mapping[str, Mapping[str, Entry]], *, counted: int = COUNTED) -> dict[str, Ratio]:
    """Our rate over that of each rival, who is the best of the ways it is written in; a rival without any is left out."""
    chosen = {name: (best(ways), ways) for name, ways in rivals.items() if ways}
    rates: dict[str, list[float]] = {name: [] for name in ["", *chosen]}
    for _ in range(1 if Protocol.quick else ROUNDS):
        rates[""].append(rate(ours, counted))
        for name, (which, ways) in chosen.items():
            rates[name].append(rate(ways[which], counted))
    return {name: ratio_of(rates[""], rates[name], which) for name, (which, _) in chosen.items()}


def ratio_of(ours: list[float], rival: list[float], which: str = "") -> Ratio:
    """Rates of the same rounds as one ratio with its spread."""
    ratios = np.array(ours) / np.array(rival)
    medians = (float(np.median(ours)), float(np.median(rival)), float(np.median(ratios)))
    return Ratio(*medians, float(ratios.min()), float(ratios.max()), which)
