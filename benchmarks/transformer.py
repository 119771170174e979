"""Sampling from a transformer with cached attention: against torch's best, and as a share of what matrix products reach here."""

from typing import Any

import numpy as np

from benchmarks import _ours, _torch
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, compare
from benchmarks.limits import matrix_product

SIZES = {
    "full": {"horizon": 64, "prompts": 64, "draws": 64, "rival": 1024, "matrix": 2048},
    "tiny": {"horizon": 3, "prompts": 2, "draws": 4, "rival": 8, "matrix": 16},
}
VARIANTS = ("float32", "bfloat16")


def run(scale: str) -> list[Row]:
    """Million tokens per second, log-probabilities included; then floating-point operations per second over the matrix product's."""
    size = SIZES[scale]
    policy = _ours.transformer_policy(horizon=size["horizon"])
    prompts = (np.arange(size["prompts"]) % policy.vocabulary_size)[:, None]
    ours = Entry(_ours.transformer(policy, prompts, draws=size["draws"]), size["prompts"] * size["draws"] * size["horizon"])
    rows = compared("transformer", "cached", "decoding.sample_many", "Mtoken/s", ours, {"torch, best": torch_ways(policy, size)}, counted=3)
    which, peak = matrix_product(size["matrix"], "float32")
    flops = flops_per_token(policy)
    a = np.random.default_rng(0).standard_normal((size["matrix"],) * 2).astype(np.float32)
    ways = {"NumPy": lambda: a @ a}
    if which == "torch":
        tensor = _torch.torch_module().from_numpy(a)
        ways = {"torch": lambda: tensor @ tensor}
    if which == "JAX":
        import jax
        import jax.numpy as jnp

        on_device, product = jnp.asarray(a), jax.jit(jnp.matmul)
        ways = {"JAX": lambda: jax.block_until_ready(product(on_device, on_device))}
    entry = Entry(next(iter(ways.values())), 2.0 * size["matrix"] ** 3)
    share = compare(Entry(ours.call, ours.work * flops), {"matrix product": {which: entry}}, counted=3)["matrix product"]
    note = f"{which}; {flops / 1e3:.0f} kFLOP a token; peak {peak / 1e9:.0f}"
    return [*rows, Row.of("transformer", "cached", "decoding.sample_many", "matrix product", "GFLOP/s", share, scale=1e9, note=note)]


def torch_ways(policy: Any, size: dict[str, int]) -> dict[str, Entry]:
    """Every chunk, type and way to draw a token that may be the fastest."""
    if not _torch.available():
        return {}
    from benchmarks._torch_transformer import CHUNKS, TorchTransformer

    prompts = (np.arange(size["rival"]) % policy.vocabulary_size)[:, None]
    models = {kind: TorchTransformer(policy, dtype=kind) for kind in VARIANTS}
    return {
        f"{kind}, chunks of {chunk}, {way}": Entry(
            lambda model=model, chunk=chunk, way=way: model.sample(prompts, chunk, way), size["rival"] * size["horizon"]
        )
        for kind, model in models.items()
        for chunk in CHUNKS
        for way in ("multinomial", "running sums")
        if chunk <= size["rival"] or chunk == CHUNKS[0]
    }


def flops_per_token(policy: Any) -> float:
    """Multiplications and additions of one step, attention at its mean length."""
    width, layers = policy.embedding.shape[1], len(policy.blocks)
    dense = layers * 12 * width**2 + width * policy.vocabulary_size
    attention = layers * 2 * width * (policy.prompt_length + (policy.horizon + 1) / 2)
    return 2.0 * (dense + attention)
