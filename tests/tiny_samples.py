"""A small table of samples made up from a seed, for tests of what reads one."""

from typing import Any

import numpy as np

from sharpsim.logs import SampleTable


def table_of(
    seed: int, *, model: str = "m", tasks: int = 2, prompts: int = 3, seeds: int = 2, draws: int = 5, greedy: bool = True, text: str = "p"
) -> SampleTable:
    """One model on `tasks` tasks; answers "", "a", "b", "c"; log-probabilities with ties; greedy, if at all, under seed 0."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for task in range(tasks):
        for prompt in range(prompts):
            keys = [(s, d) for s in range(seeds) for d in range(draws)] + ([(0, -1)] if greedy else [])
            for s, d in keys:
                answer = ["", "a", "b", "c"][rng.integers(4)]
                log_prob = -0.1 * rng.integers(1, 8) / 0.7
                rows.append((model, f"task {task}", f"{text}{prompt}", s, d, log_prob, rng.integers(1, 4), answer, answer == "a"))
    return SampleTable(*(np.array(column, dtype=object) for column in zip(*rows, strict=True)))
