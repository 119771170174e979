"""The rivals in PyTorch, on all cores: best of N and Markov chains, by `multinomial`, by binary search and by alias tables.

torch is optional. `available()` says whether it is installed; it is imported only when it is used.
"""

import importlib
import importlib.util
import os
from typing import Any

import numpy as np

from benchmarks._alias_table import Tables

BLOCK = 2**18
"""Number of draws made at once."""


def available() -> bool:
    """Whether torch is installed."""
    return importlib.util.find_spec("torch") is not None


def torch_module() -> Any:
    """The module torch, set to one thread per core."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    return torch


class TorchTables:
    """The tables of a base policy as tensors. Probabilities stay in float64, because float32 would lose rare responses."""

    def __init__(self, tables: Tables):
        self.torch = torch_module()
        tensors: list[Any] = [self.torch.from_numpy(np.array(part)) for part in tables]
        self.weights, self.log_probs, self.probs, self.running, self.order, self.tail, self.accept, self.alias = tensors

    def draw(self, way: str, x: int, size: int) -> Any:
        """`size` responses to prompt x, drawn in one of `WAYS`."""
        torch = self.torch
        if way == "multinomial":
            return torch.multinomial(self.probs[x], size, replacement=True)
        if way == "searchsorted":
            return torch.searchsorted(self.running[x], torch.rand(size, dtype=torch.float64), right=True)
        u = torch.rand(size, dtype=torch.float64).mul_(self.accept.shape[1])
        column = u.to(torch.int32)
        u.sub_(column)
        return torch.where(u < self.accept[x].index_select(0, column), column, self.alias[x].index_select(0, column))

    def literal(self, way: str, n: int, N: int) -> tuple[Any, Any, Any]:
        """Best of N literal draws for n prompts drawn from mu: prompts, responses, log-likelihoods. Works prompt by prompt."""
        torch, found = self.torch, []
        counts = torch.bincount(torch.multinomial(self.weights, n, replacement=True), minlength=len(self.weights))
        for x, count in enumerate(counts.tolist()):
            for first in range(0, count, max(1, BLOCK // N)):
                rows = min(max(1, BLOCK // N), count - first)
                drawn = self.draw(way, x, rows * N)
                values, winner = self.log_probs[x].index_select(0, drawn).view(rows, N).max(dim=1)
                found.append((torch.full((rows,), x), drawn.view(rows, N).gather(1, winner[:, None])[:, 0], values))
        prompts, responses, values = (torch.cat(parts) for parts in zip(*found, strict=True))
        return prompts, responses, values

    def law(self, n: int, N: float) -> tuple[Any, Any, Any]:
        """Best of N by its exact law, prompt by prompt."""
        torch, found = self.torch, []
        counts = torch.bincount(torch.multinomial(self.weights, n, replacement=True), minlength=len(self.weights))
        for x, count in enumerate(counts.tolist()):
            mass = -torch.expm1(torch.empty(count, dtype=torch.float64).exponential_().div_(-N))
            place = torch.searchsorted(self.tail[x], mass, right=True).clamp_(max=self.tail.shape[1] - 1)
            responses = self.order[x].index_select(0, place)
            found.append((torch.full((count,), x), responses, self.log_probs[x].index_select(0, responses)))
        prompts, responses, values = (torch.cat(parts) for parts in zip(*found, strict=True))
        return prompts, responses, values


WAYS = ("multinomial", "searchsorted", "alias")


def markov(tables: "TorchTables", way: str, sequences: int, horizon: int) -> Any:
    """Tokens [horizon, sequences]. Row v of the tables is the distribution after token v; the last row is that of the first token."""
    torch = tables.torch
    size = tables.probs.shape[1]
    context = torch.full((sequences,), size)
    out = torch.empty((horizon, sequences), dtype=torch.int64)
    if way == "searchsorted":
        shifted = (tables.running + torch.arange(size + 1)[:, None]).view(-1)
    accept, alias = tables.accept.view(-1), tables.alias.view(-1)
    for depth in range(horizon):
        if way == "multinomial":
            token = torch.multinomial(tables.probs[context], 1)[:, 0]
        elif way == "searchsorted":
            place = torch.searchsorted(shifted, torch.rand(sequences, dtype=torch.float64).add_(context), right=True)
            token = (place - context * size).clamp_(0, size - 1)
        else:
            u = torch.rand(sequences, dtype=torch.float64).mul_(size)
            column = u.to(torch.int64)
            u.sub_(column)
            place = column + context * size
            token = torch.where(u < accept.index_select(0, place), column, alias.index_select(0, place).to(torch.int64))
        out[depth] = token
        context = token
    return out
