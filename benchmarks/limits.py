"""What the machine can do: random numbers, copies, random reads and matrix products. The random numbers are compared with NumPy's."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import _ours, _torch
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, rate

READS = 2**22
"""Number of random reads of each thread. If the table does not fit a cache, the lines read do not fit it either."""
SIZES = {
    "full": {"chunk": 2**17, "chunks": 256, "copies": (2**20, 2**25, 2**29), "gathers": (2**13, 2**20, 2**28), "matrix": 2048},
    "tiny": {"chunk": 2**8, "chunks": 4, "copies": (2**12,), "gathers": (2**8,), "matrix": 16},
}


def run(scale: str) -> list[Row]:
    """Uniform random numbers against PCG64 on one core; then the limits of the machine, which have no rivals."""
    size: dict[str, Any] = SIZES[scale]
    chunk, chunks = size["chunk"], size["chunks"]
    rng, buffer = np.random.default_rng(0), np.empty(chunk, np.float32)

    def pcg64() -> None:
        for _ in range(chunks):
            rng.random(dtype=np.float32, out=buffer)

    work = chunk * chunks
    ours = Entry(_ours.uniforms(chunk=chunk, chunks=chunks), work)
    name = f"{_ours.key_implementation()}, used in chunks"
    rivals = {"NumPy PCG64, one core": {"float32 into one buffer": Entry(pcg64, work)}}
    rows = compared("limits", "uniforms in fused chunks", name, "M/s", ours, rivals)
    for length in size["copies"]:
        rows.append(Row("limits", f"copy of {_named(length)}", "all cores", "", "GB/s", copy_bandwidth(length) / 1e9))
    for entries in size["gathers"]:
        rows.append(Row("limits", f"4-byte gathers from {_named(4 * entries)}", "all cores", "", "M/s", gather_rate(entries) / 1e6))
    for kind in ("float32", "float64"):
        which, flops = matrix_product(size["matrix"], kind)
        rows.append(Row("limits", f"matrix product, {kind}", which, "", "GFLOP/s", flops / 1e9))
    return rows


def copy_bandwidth(length: int) -> float:
    """Bytes read and written per second when `length` bytes are copied, with one thread per core."""
    threads = len(os.sched_getaffinity(0))
    source, target = np.ones(length, np.uint8), np.zeros(length, np.uint8)
    parts = list(zip(np.array_split(source, threads), np.array_split(target, threads), strict=True))
    repeats = max(1, 2**27 // length)

    def copy(part: tuple[np.ndarray, np.ndarray]) -> None:
        for _ in range(repeats):
            np.copyto(part[1], part[0])

    with ThreadPoolExecutor(threads) as pool:
        return rate(Entry(lambda: list(pool.map(copy, parts)), 2.0 * length * repeats))


def gather_rate(entries: int) -> float:
    """Random reads per second from a table of int32 with `entries` entries, with one thread per core."""
    threads = len(os.sched_getaffinity(0))
    table, rng = np.ones(entries, np.int32), np.random.default_rng(0)
    many = [rng.integers(0, entries, READS) for _ in range(threads)]
    out = [np.empty(READS, np.int32) for _ in range(threads)]

    def gather(thread: int) -> None:
        np.take(table, many[thread], out=out[thread], mode="clip")

    with ThreadPoolExecutor(threads) as pool:
        return rate(Entry(lambda: list(pool.map(gather, range(threads))), float(READS * threads)))


def matrix_products(size: int, kind: str) -> dict[str, Entry]:
    """The product of a [size, size] matrix with itself, by each library that is installed; the work is in floating-point operations."""
    a = np.random.default_rng(0).standard_normal((size, size)).astype(kind)
    on_device, product = jnp.asarray(a), jax.jit(jnp.matmul)
    ways = {"NumPy": lambda: a @ a, "JAX": lambda: jax.block_until_ready(product(on_device, on_device))}
    if _torch.available():
        tensor = _torch.torch_module().from_numpy(a)
        ways["torch"] = lambda: tensor @ tensor
    return {name: Entry(call, 2.0 * size**3) for name, call in ways.items()}


def matrix_product(size: int, kind: str) -> tuple[str, float]:
    """The fastest library for a matrix product, and its floating-point operations per second."""
    rates = {name: rate(entry) for name, entry in matrix_products(size, kind).items()}
    which = max(rates, key=lambda name: rates[name])
    return which, rates[which]


def _named(length: int) -> str:
    return f"{length // 2**20:,} MiB" if length >= 2**20 else f"{length // 2**10} KiB"
