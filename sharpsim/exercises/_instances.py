"""Random instances that the checks of several units share: rows of probabilities, some of them with exact ties."""

from collections.abc import Iterator

import numpy as np


def dyadic_row(rng: np.random.Generator, size: int) -> np.ndarray:
    """A row of multiples of 1/64, all positive, so that ties and sums are exact in floating point; size at most 16."""
    counts = 1 + rng.multinomial(64 - size, rng.dirichlet(np.ones(size)))
    return counts / 64


def row(rng: np.random.Generator, size: int) -> np.ndarray:
    """A Dirichlet(1) row with every entry at least 1e-4."""
    return 0.999 * rng.dirichlet(np.ones(size)) + 0.001 / size


def tables(rng: np.random.Generator, *, repeats: int = 4) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(base, weights) from 1 x 2 to 5 x 8, dyadic rows with ties and generic ones in turn; weights sum to one."""
    for prompts, responses in ((1, 2), (1, 3), (2, 2), (2, 3), (2, 4), (3, 4), (3, 6), (5, 8)):
        for repeat in range(repeats):
            make = dyadic_row if repeat % 2 == 0 else row
            weights = rng.dirichlet(np.ones(prompts)) if prompts > 1 else np.ones(1)
            yield np.stack([make(rng, responses) for _ in range(prompts)]), weights
