"""Compiles the function of one seed into one program for a whole sweep.

Each device runs one unit at a time: a chunk of seeds of one cell, that is, of one point of the grid of settings.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from experiments.engine.rough import FAST
from experiments.engine.rows import ROOT
from sharpsim.files import try_folder

CACHE, CACHED = ROOT / "build" / "jax", 2**30
"""The folder of the compilation cache, and the bytes that it may hold when a command begins; a default run leaves 16 MB."""
Replicate = Callable[[Any, Any], Any]
"""(settings of a cell, key) -> the numbers of one seed. It is a top-level function of a module, so that a worker can import it."""


def prepare_jax(folder: Path = CACHE) -> None:
    """Switch on float64, and the compilation cache on disk for all programs: JAX's default caches only those that compile for a second.

    JAX finds a program there by its text and by the versions and settings that made it. Where the folder cannot be written there is no
    cache: JAX would warn at every program.
    """
    jax.config.update("jax_enable_x64", True)
    try:
        try_folder(folder)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def make_room(folder: Path = CACHE, most: int = CACHED) -> None:
    """Delete the files of a folder that were written first, until it holds at most so many bytes. Others may be deleting, too."""
    files = []
    for path in filter(Path.is_file, folder.iterdir()):
        with suppress(FileNotFoundError):
            found = path.stat()
            files.append((found.st_mtime, found.st_size, path))
    held = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if held <= most:
            return
        path.unlink(missing_ok=True)
        held -= size


def words_of(key: Any) -> np.ndarray:
    """The two 32-bit words of a threefry key made from a key of any kind. Programs and workers are given these plain numbers.

    Sweeps use threefry for two reasons. A philox2x32 key has 32 bits, too few for 10^6 seeds of 10^3 blocks. And a sweep draws many short
    streams side by side, for which threefry is faster on the CPU (four times, at 64 float64 numbers a stream).
    """
    plain = str(jax.random.key_impl(key)) == "threefry2x32"
    return np.asarray(jax.random.key_data(key) if plain else jax.random.bits(key, (2,), jnp.uint32))


@cache
def _program(replicate: Replicate, chunk: int, devices: tuple[Any, ...]) -> Any:
    def unit(settings: Any, words: Any, index: Any, first: Any) -> Any:
        own = jax.tree.map(lambda array: array[0], settings)
        cell_key = jax.random.fold_in(jax.random.wrap_key_data(words, impl="threefry2x32"), index[0])
        # A seed's key depends on its number alone, so that no result depends on who else is in the chunk.
        keys = jax.vmap(lambda seed: jax.random.fold_in(cell_key, seed))(first[0] + jnp.arange(chunk, dtype=jnp.uint32))
        return jax.tree.map(lambda array: array[None], jax.vmap(lambda key: replicate(own, key))(keys))

    # Every device runs the program of one unit, trip counts included: its arithmetic is the same however many there are.
    split, whole = PartitionSpec("units"), PartitionSpec()
    mesh = Mesh(np.array(devices), ("units",))
    return jax.jit(jax.shard_map(unit, mesh=mesh, in_specs=(split, whole, split, split), out_specs=split, check_vma=False), **FAST)


def start(replicate: Replicate, units: Sequence[tuple[Any, int, int]], *, words: np.ndarray, chunk: int, devices: tuple[Any, ...]) -> Any:
    """Start at most one unit (settings, index of the cell, first seed) on each device; the leaves of the result are `[devices, chunk, ..]`.

    JAX returns before the work is done; `np.asarray` of a leaf waits for it.
    """
    padded = [*units, *[units[-1]] * (len(devices) - len(units))]
    settings = jax.tree.map(lambda *leaves: np.stack(leaves), *(unit[0] for unit in padded))
    index, first = (np.array([unit[i] for unit in padded], np.uint32) for i in (1, 2))
    return _program(replicate, chunk, devices)(settings, words, index, first)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Records the programs that this thread requests from XLA inside the block, compiled or read from the cache on disk, by their names."""
    seen: list[str] = []
    mine = threading.get_ident()

    def heard(event: str, duration: float, **details: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration" and threading.get_ident() == mine:
            seen.append(str(details.get("fun_name", "")))

    listen: Any = heard
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield seen
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
