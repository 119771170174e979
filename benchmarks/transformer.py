"""Sampling from a transformer with cached attention: against PyTorch, and against the speed of a plain matrix product."""

from typing import Any

import numpy as np

from benchmarks import _ours, _torch
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, compare
from benchmarks._torch_transformer import CHUNKS, TorchTransformer
from benchmarks.limits import matrix_product, matrix_products

SIZES = {
    "full": {"horizon": 64, "prompts": 64, "draws": 64, "rival": 1024, "matrix": 2048},
    "tiny": {"horizon": 3, "prompts": 2, "draws": 4, "rival": 8, "matrix": 16},
}
VARIANTS = ("float32", "bfloat16")


def run(scale: str) -> list[Row]:
    """Million tokens per second, with log-probabilities; then floating-point operations per second against a matrix product."""
    size = SIZES[scale]
    policy = _ours.transformer_policy(horizon=size["horizon"])
    prompts = (np.arange(size["prompts"]) % policy.vocabulary_size)[:, None]
    ours = Entry(_ours.transformer(policy, prompts, draws=size["draws"]), size["prompts"] * size["draws"] * size["horizon"])
    rows = compared("transformer", "cached", "decoding.sample_many", "Mtoken/s", ours, {"torch, best": torch_ways(policy, size)}, counted=3)
    which, peak = matrix_product(size["matrix"], "float32")
    flops = flops_per_token(policy)
    entry = matrix_products(size["matrix"], "float32")[which]
    share = compare(Entry(ours.call, ours.work * flops), {"matrix product": {which: entry}}, counted=3)["matrix product"]
    note = f"{which}; {flops / 1e3:.0f} kFLOP a token; peak {peak / 1e9:.0f}"
    return [*rows, Row.of("transformer", "cached", "decoding.sample_many", "matrix product", "GFLOP/s", share, scale=1e9, note=note)]


def torch_ways(policy: Any, size: dict[str, int]) -> dict[str, Entry]:
    """The variants of the PyTorch rival: every chunk size, number type and way to draw a token that may be the fastest."""
    if not _torch.available():
        return {}
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
    """Floating-point operations of one step, with attention over the mean length."""
    width, layers = policy.embedding.shape[1], len(policy.blocks)
    dense = layers * 12 * width**2 + width * policy.vocabulary_size
    attention = layers * 2 * width * (policy.prompt_length + (policy.horizon + 1) / 2)
    return 2.0 * (dense + attention)
