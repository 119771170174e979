"""Runs a simulation over a grid of settings and many seeds: call `sweep` with the function of one seed and the cells of the grid.

A cell is one point of the grid, with its number of seeds. The function is compiled once for all cells. Work is cut into units, a chunk of
seeds of one cell, which are shared among devices, threads and workers. Each unit runs the same program on arrays of the same shape, so
the numbers do not depend on the number of devices or workers, nor on whether a run was interrupted and resumed.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.compiled import Replicate, counted, start, words_of
from experiments.engine.frame import Context
from experiments.engine.journal import settings_digest

MOST = {"cpu": 2**11}
"""Largest chunk, in seeds, by backend. On the CPU a chunk should fit the cache; an accelerator takes what its memory holds (2^16)."""

AT_ONCE = {"cpu": 8}
"""Largest number of units in memory at once, by backend: one for each core of a CPU; two keep an accelerator busy."""
START = 64
"""The cost of starting a unit, in units of the cost of one seed."""


class Cell(NamedTuple):
    """One point of a grid: a pytree of numbers and arrays (equal shapes in all cells of a sweep) and how many seeds it gets."""

    settings: Any
    seeds: int


class Unit(NamedTuple):
    """The seeds `first` to `first + chunk - 1` of one cell."""

    cell: int
    first: int

    @property
    def name(self) -> str:
        """The name of its file in the journal."""
        return f"{self.cell}-{self.first}"


def chunk_size(seeds: Sequence[int], *, footprint: int, budget: int, backend: str) -> int:
    """Seeds per unit: the size with the least work that fits the memory budget.

    Work counts the padding of each cell's last chunk, and `START` for each unit. `footprint` is the memory of one running seed, in bytes.
    Raises `ValueError` where not even one seed fits.
    """
    most = min(budget // (_at_once(backend) * footprint), MOST.get(backend, 2**16), max(seeds))
    if most < 1:
        raise ValueError(f"`budget` must hold {_at_once(backend)} seeds of {footprint} bytes; got {budget}.")
    fewest = [-(-n // most) for n in seeds]
    candidates = {-(-n // (least + more)) for n, least in zip(seeds, fewest, strict=True) for more in range(8)}
    return min(candidates, key=lambda size: (sum(-(-n // size) * (size + START) for n in seeds), -size))


def _at_once(backend: str) -> int:
    return AT_ONCE.get(backend, 2)


def sweep(replicate: Replicate, cells: Sequence[Cell], *, key: Any, context: Context, label: str, footprint: int) -> Iterator[Any]:
    """Yields the numbers of each cell, arrays `[seeds, ..]`, in the order of the cells, as soon as each is complete.

    `replicate(settings, key)` gives one seed's numbers, the same pytree of arrays for all. Seed i of cell j runs on
    `fold_in(fold_in(key, j), i)` of a key made from `key` (see `words_of`), whatever the chunk. Memory is bounded by `context.budget`.
    """
    settings = [jax.tree.map(np.asarray, cell.settings) for cell in cells]
    shapes = {str([(a.shape, a.dtype.name) for a in jax.tree.leaves(one)]) for one in settings}
    if len(shapes) != 1:
        raise ValueError(f"`cells` must have settings of one shape, or the sweep compiles more than once; got {sorted(shapes)}.")
    seeds = [cell.seeds for cell in cells]
    chunk = chunk_size(seeds, footprint=footprint, budget=context.budget, backend=jax.default_backend())
    units = [Unit(j, first) for j, n in enumerate(seeds) for first in range(0, n, chunk)]
    words = words_of(key)
    name = f"{replicate.__module__}.{replicate.__qualname__}"
    journal = context.journal.part(name, settings_digest((settings, seeds, words)), chunk)

    def one_seed() -> Any:
        """The shapes of one seed's numbers."""
        return jax.eval_shape(replicate, settings[0], jax.random.wrap_key_data(jnp.asarray(words), impl="threefry2x32"))

    def unit_shapes() -> list[Any]:
        """Shape and dtype of each leaf of a unit's result."""
        return [((chunk, *leaf.shape), np.dtype(leaf.dtype)) for leaf in jax.tree.leaves(one_seed())]

    before = journal.finished((unit.name for unit in units), unit_shapes)
    todo = [unit for unit in units if unit.name not in before]
    started, first_seen = time.perf_counter(), 0.0

    def results() -> Iterator[tuple[Unit, Any]]:
        if before:
            structure = jax.tree.structure(one_seed())
            yield from ((unit, jax.tree.unflatten(structure, before[unit.name])) for unit in units if unit.name in before)
        run = _local if context.client is None else partial(_remote, context.client)
        for unit, numbers in run(replicate, settings, todo, words=words, chunk=chunk):
            journal.add(unit.name, jax.tree.leaves(numbers))
            yield unit, numbers

    waiting: dict[int, dict[int, Any]] = {j: {} for j in range(len(cells))}
    ahead = 0
    with counted() as programs:
        for unit, numbers in context.track(results(), label, total=len(units)):
            first_seen = first_seen or time.perf_counter() - started
            waiting[unit.cell][unit.first] = numbers
            while ahead < len(cells) and len(waiting[ahead]) == -(-seeds[ahead] // chunk):
                parts = [numbers for _, numbers in sorted(waiting.pop(ahead).items(), key=lambda part: part[0])]
                yield _joined(parts, seeds[ahead])
                ahead += 1
    context.note(label, {
        "units": len(units), "resumed": len(before), "chunk": chunk, "programs": len(programs), "devices": jax.local_device_count(),
        "first_result_seconds": round(first_seen, 2), "seconds": round(time.perf_counter() - started, 2),
    })  # fmt: skip


def _local(replicate: Replicate, settings: list[Any], todo: list[Unit], *, words: Any, chunk: int) -> Iterator[tuple[Unit, Any]]:
    """Runs units on all devices of this machine. Several calls are in flight, because one call keeps only half of two cores busy."""
    devices = tuple(jax.local_devices())

    def call(batch: list[Unit]) -> list[tuple[Unit, Any]]:
        given = [(settings[unit.cell], unit.cell, unit.first) for unit in batch]
        return _read(batch, start(replicate, given, words=words, chunk=chunk, devices=devices))

    batches = iter([todo[at : at + len(devices)] for at in range(0, len(todo), len(devices))])
    # The first alone: threads that start together would each compile the program.
    for batch in islice(batches, 1):
        yield from call(batch)
    calls = max(1, min(os.cpu_count() or 1, _at_once(jax.default_backend())) // len(devices))
    pool = ThreadPoolExecutor(calls)
    try:
        running = deque(pool.submit(call, batch) for batch in islice(batches, 2 * calls))
        while running:
            yield from running.popleft().result()
            running.extend(pool.submit(call, batch) for batch in islice(batches, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _joined(parts: list[Any], seeds: int) -> Any:
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:seeds], *parts)


def _read(units: list[Unit], answer: Any) -> list[tuple[Unit, Any]]:
    leaves, structure = jax.tree.flatten(answer)
    host = [np.asarray(leaf) for leaf in leaves]
    return [(unit, jax.tree.unflatten(structure, [leaf[i] for leaf in host])) for i, unit in enumerate(units)]


def _remote(client: Any, replicate: Replicate, settings: list[Any], todo: list[Unit], **given: Any) -> Iterator[tuple[Unit, Any]]:
    # Dask is for those who ask for workers.
    from experiments.engine.cluster import finished

    return finished(client, replicate, settings, todo, **given)
