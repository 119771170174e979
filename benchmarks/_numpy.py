"""The rivals in NumPy, as a user would write them: best of N by literal draws and by its exact law, and the adaptive stopping rule.

The samplers return (prompts [n], responses [n], log-likelihoods [n]) of the most likely of N draws for n prompts drawn from mu. Functions
that use `blocks` first draw how often each prompt occurs and then work prompt by prompt, so that its table stays in the cache. Functions
whose names end in `_flat` work on all prompts at once.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks._alias_table import Tables

BLOCK = 2**16
"""Number of draws made at once, so that they stay in the cache."""

Best = tuple[np.ndarray, np.ndarray, np.ndarray]
Sampler = Callable[[Tables, int, int, np.random.Generator], Best]


def blocks(tables: Tables, n: int, rows: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yields (x, count): blocks of at most `rows` copies of prompt x, n prompts in all, drawn from mu."""
    for x, count in enumerate(rng.multinomial(n, tables.weights)):
        for first in range(0, int(count), rows):
            yield x, min(rows, int(count) - first)


def _by_prompt(draw: Callable[[Tables, int, int, np.random.Generator], np.ndarray]) -> Sampler:
    """Best of N, given `draw(tables, x, size, rng)`, which draws responses to prompt x."""

    def best(tables: Tables, n: int, N: int, rng: np.random.Generator) -> Best:
        found = []
        for x, rows in blocks(tables, n, max(1, BLOCK // N), rng):
            drawn = draw(tables, x, rows * N, rng).reshape(rows, N)
            values = tables.log_probs[x].take(drawn)
            winner = np.arange(0, rows * N, N) + values.argmax(axis=1)
            found.append((np.full(rows, x), drawn.ravel()[winner], values.ravel()[winner]))
        return _joined(found)

    return best


def alias_draws(tables: Tables, x: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """`size` responses to prompt x from its alias table. One float64 uniform gives both the column and the coin."""
    u = rng.random(size)
    u *= tables.accept.shape[1]
    column = u.astype(np.int32)
    u -= column
    return np.where(u < tables.accept[x].take(column), column, tables.alias[x].take(column))


searchsorted = _by_prompt(lambda tables, x, size, rng: tables.running[x].searchsorted(rng.random(size), side="right"))
alias = _by_prompt(alias_draws)


def choice_loop(tables: Tables, n: int, N: int, rng: np.random.Generator) -> Best:
    """The simplest program: a loop over prompts that calls `choice` for each."""
    found = []
    for x in rng.choice(len(tables.weights), size=n, p=tables.weights):
        drawn = rng.choice(tables.probs.shape[1], size=N, p=tables.probs[x])
        response = drawn[tables.log_probs[x][drawn].argmax()]
        found.append((x, response, tables.log_probs[x, response]))
    prompts, responses, log_probs = zip(*found, strict=True)
    return np.array(prompts), np.array(responses), np.array(log_probs)


def alias_ranked(tables: Tables, n: int, N: int, rng: np.random.Generator) -> Best:
    """Best of N as the smallest of N ranks, from `tables.best_first()`. No likelihood is looked up for the draws that lose."""
    found = []
    for x, rows in blocks(tables, n, max(1, BLOCK // N), rng):
        rank = alias_draws(tables, x, rows * N, rng).reshape(rows, N).min(axis=1)
        found.append((np.full(rows, x), rank, tables.log_probs[x].take(rank)))
    return _joined(found)


def searchsorted_flat(tables: Tables, n: int, N: int, rng: np.random.Generator) -> Best:
    """One binary search for all prompts: the cumulative probabilities are joined end to end, with row x shifted by x."""
    size = tables.running.shape[1]
    shifted = (tables.running + np.arange(len(tables.weights))[:, None]).ravel()
    found = []
    for first in range(0, n, max(1, BLOCK // N)):
        prompts = _prompts(tables, min(n, first + max(1, BLOCK // N)) - first, rng)
        drawn = shifted.searchsorted(rng.random((len(prompts), N)) + prompts[:, None], side="right")
        values = tables.log_probs.ravel().take(np.minimum(drawn, tables.log_probs.size - 1))
        winner = values.argmax(axis=1)[:, None]
        responses = np.take_along_axis(drawn, winner, 1)[:, 0] - prompts * size
        found.append((prompts, np.minimum(responses, size - 1), np.take_along_axis(values, winner, 1)[:, 0]))
    return _joined(found)


def smallest_uniform(tables: Tables, n: int, N: int, rng: np.random.Generator) -> Best:
    """Draw N uniforms and search for the smallest only, in the cumulative probabilities of the responses in order of likelihood."""
    found = []
    for x, rows in blocks(tables, n, max(1, BLOCK // N), rng):
        rank = tables.tail[x].searchsorted(rng.random((rows, N)).min(axis=1), side="right")
        responses = tables.order[x].take(rank)
        found.append((np.full(rows, x), responses, tables.log_probs[x].take(responses)))
    return _joined(found)


def law(tables: Tables, n: int, N: float, rng: np.random.Generator) -> Best:
    """Best of N by its exact law: invert the cumulative probabilities, most likely response first, at 1 - U^(1/N)."""
    found = []
    for x, rows in blocks(tables, n, BLOCK, rng):
        mass = -np.expm1(rng.standard_exponential(rows) / -N)
        responses = tables.order[x].take(tables.tail[x].searchsorted(mass, side="right"), mode="clip")
        found.append((np.full(rows, x), responses, tables.log_probs[x].take(responses)))
    return _joined(found)


def law_flat(tables: Tables, n: int, N: float, rng: np.random.Generator) -> Best:
    """As `law`, with one search for all prompts."""
    size = tables.tail.shape[1]
    prompts = _prompts(tables, n, rng)
    shifted = (tables.tail + np.arange(len(tables.weights))[:, None]).ravel()
    place = shifted.searchsorted(prompts - np.expm1(rng.standard_exponential(n) / -N), side="right")
    responses = tables.order.ravel().take(np.minimum(place, (prompts + 1) * size - 1))
    return prompts, responses, tables.log_probs[prompts, responses]


def stopping(tables: Tables, n: int, stop: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw until k max_{j<=k} base(y_j|x) >= stop. Returns (prompts, kept ranks, number of draws).

    `tables` must come from `best_first()`: the kept response is then the running minimum of the ranks, and a response of probability p
    has the deadline ceil(stop/p). All unfinished prompts draw together, in blocks that fit the cache. When few prompts are left, each
    draws many responses per round.
    """
    width = tables.probs.shape[1]
    prompts = _prompts(tables, n, rng)
    kept, draws = np.empty(n, np.int64), np.empty(n, np.int64)
    alive, best, seen = np.arange(n), np.full(n, width - 1), 0
    accept, aliases = tables.accept.ravel(), tables.alias.ravel().astype(np.int64)
    with np.errstate(divide="ignore"):
        deadlines = np.ceil(stop / tables.probs.ravel())
    while len(alive):
        length = max(1, min(1024, BLOCK // len(alive)))
        offset = (prompts[alive] * width)[:, None]
        u = rng.random((len(alive), length))
        u *= width
        column = u.astype(np.int64)
        u -= column
        column += offset
        rank = np.where(u < accept.take(column), column - offset, aliases.take(column))
        np.minimum(rank[:, 0], best, out=rank[:, 0])
        np.minimum.accumulate(rank, axis=1, out=rank)
        over = deadlines.take(rank + offset) <= np.arange(seen + 1, seen + length + 1)
        last = over.argmax(axis=1)
        stopped = over[np.arange(len(alive)), last]
        kept[alive[stopped]], draws[alive[stopped]] = rank[stopped, last[stopped]], seen + last[stopped] + 1
        alive, best, seen = alive[~stopped], rank[~stopped, -1], seen + length
    return prompts, kept, draws


def _prompts(tables: Tables, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.minimum(np.cumsum(tables.weights).searchsorted(rng.random(n), side="right"), len(tables.weights) - 1)


def _joined(found: list[tuple[Any, Any, Any]]) -> Best:
    prompts, responses, log_probs = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return prompts, responses, log_probs
