"""Logs of made-up models for the tests of cards: CSV files whose numbers are drawn from a seed."""

import csv
from pathlib import Path

import numpy as np

COLUMNS = ("prompt", "sample", "log_prob", "tokens", "answer", "correct")


def write_log(
    path: Path,
    *,
    prompts: int,
    draws: int,
    seed: int = 0,
    name: str = "question {}",
    knows: float = 1.0,
    short: int = 0,
    greedy: bool = False,
    **fixed: str,
) -> Path:
    """A log of `draws` draws of each prompt from a random law over six answers; `knows` raises the chance that a likely answer is right.

    The first prompt has `short` draws less. `fixed` puts one text into a column. `greedy` adds the likeliest answer as sample -1.
    """
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*COLUMNS, *(column for column in fixed if column not in COLUMNS)))
        for x in range(prompts):
            law = np.sort(rng.dirichlet(np.ones(6)))[::-1]
            weights = law**knows
            right = int(rng.choice(6, p=weights / weights.sum()))
            drawn = rng.choice(6, draws - (short if x == 0 else 0), p=law)
            for sample, answer in [*([(-1, 0)] if greedy else []), *enumerate(drawn.tolist())]:
                row = [name.format(x), sample, repr(float(np.log(law[answer]))), 1 + answer, f"answer {answer}", answer == right]
                made = dict(zip(COLUMNS, row, strict=True)) | fixed
                writer.writerow(list(made.values()))
    return path
