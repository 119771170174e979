"""The speed of each sampler on the processor and on the accelerator that JAX finds, and the share of memory bandwidth that it reaches.

The share counts the bytes that a draw must touch: each table entry looked up and each result written, once. A share far below one means
that arithmetic or latency is the limit, not bandwidth. Bandwidth is measured by a copy on the same device.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import _ours
from benchmarks._instances import SETTINGS, markov_table, table
from benchmarks._timing import Entry, rate

FILE = "accelerator.csv"
COLUMNS = ("device", "kind", "sampler", "size", "unit", "rate", "bytes", "gigabytes_per_second", "copy", "share", "hardware", "versions")
BY = "device"


class Case(NamedTuple):
    """A sampler at one size: the unit of work, the amount of work, and the bytes that one unit must touch."""

    sampler: str
    size: str
    unit: str
    work: float
    bytes: float
    make: Callable[[], _ours.Call]


def cases(scale: str) -> list[Case]:
    """The cases: one for each sampler. On an accelerator, sequence policies get a batch large enough to fill it."""
    full = scale == "full"
    base, weights = table(SETTINGS[scale]["S1"])
    n, N, many, batch, horizon = (10**5, 64, 2**21, 65_536, 64) if full else (16, 4, 32, 16, 3)
    chunks = 2**10 if full else 4
    prompts = np.zeros((64 if full else 2, 1), np.int64)
    policy = _ours.transformer_policy(horizon=horizon)
    draws = (64 if jax.default_backend() == "cpu" else batch // 64) if full else 2
    chain = markov_table(256 if full else 4)
    return [
        Case("uniforms", f"{chunks} chunks of 2^16", "M/s", chunks * 2.0**16, 4, lambda: _ours.uniforms(chunk=2**16, chunks=chunks)),
        Case("literal", f"S1, n = {n:,}, N = {N}", "Mdraw/s", n * N, 12, lambda: _ours.literal(base, weights, n=n, N=N)),
        Case("law", f"S1, n = {many:,}", "Mprompt/s", many, 8 * 8, lambda: _ours.law_static(base, weights, n=many, N=10**4)),
        Case("stopping", f"S1, n = {many:,}", "Mprompt/s", many, 24 * 8, lambda: _ours.stopping(base, weights, n=many, stop=8.0)),
        Case("tilted", f"S1, n = {many:,}", "Mprompt/s", many, 20, lambda: _ours.tilted(base, n=many, beta=0.5)),
        Case("markov", f"V = 256, {batch:,} x {horizon}", "Mtoken/s", batch * horizon, 16,
             lambda: _ours.markov(chain, horizon=horizon, sequences=batch)),
        Case("transformer", f"{len(prompts) * draws:,} x {horizon}", "Mtoken/s", len(prompts) * draws * horizon, cache_bytes(policy),
             lambda: _ours.transformer(policy, prompts, draws=draws)),
    ]  # fmt: skip


def cache_bytes(policy: Any) -> float:
    """Bytes of cached keys and values that one step reads, at the mean length, in float32."""
    return 4.0 * 2 * len(policy.blocks) * policy.embedding.shape[1] * (policy.horizon + 1) / 2


def copy_bandwidth(length: int) -> float:
    """Bytes read and written per second on the default device."""
    array, copy = jnp.ones(length // 4, jnp.float32), jax.jit(lambda x: x + 1)
    return rate(Entry(lambda: jax.block_until_ready(copy(array)), 2.0 * length))


def run(scale: str) -> list[dict[str, object]]:
    """One row for each sampler and device. The processor and the accelerator, if there is one, run the same calls."""
    devices = [jax.devices("cpu")[0], *(device for device in jax.devices()[:1] if device.platform != "cpu")]
    rows: list[dict[str, object]] = []
    for device in devices:
        with jax.default_device(device):
            copy = copy_bandwidth(2**30 if scale == "full" else 2**12)
            for case in cases(scale):
                reached = rate(Entry(case.make(), case.work), 3)
                moved = reached * case.bytes
                what = {"sampler": case.sampler, "size": case.size, "unit": case.unit}
                speed = {"rate": reached / 1e6, "bytes": case.bytes, "gigabytes_per_second": moved / 1e9}
                limit = {"copy": copy / 1e9, "share": moved / copy}
                rows.append({"device": device.device_kind, "kind": device.platform, **what, **speed, **limit})
    return rows
