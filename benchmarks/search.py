"""Exact search for the mode with trained transformers: against beam search of equal quality, and the bound H/P* on its expansions."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks._beam import beam_search
from benchmarks._results import Row, compared
from benchmarks._timing import Entry
from experiments.engine.asked import load
from experiments.engine.models import available_prompts
from sharpsim.decoding import MostLikely, most_likely_batch
from sharpsim.tasks import TASKS

SIZES = {"full": {"prompts": 256, "widest": 64}, "tiny": {"prompts": 6, "widest": 4}}
CHUNKS = (64, 256)
"""Prompts that the rival searches in one call; the faster one counts."""
BUDGET = 20_000
RIVAL = "beam search of equal quality"
BOUND = "most expansions over H/P*"


class Case(NamedTuple):
    """A model and the prompts that it is asked."""

    task: str
    level: int
    model: str

    @property
    def name(self) -> str:
        """As the rows call it."""
        return f"{self.task} {self.level}, {self.model.removeprefix('transformer-')}"


CASES = (Case("pronunciation", 3, "transformer-small"), Case("many writers", 1, "transformer-small"))


def run(scale: str) -> list[Row]:
    """Prompts a second, each with a proof; then the expansions of the prompt that comes closest to the bound."""
    size, rows = SIZES[scale], []
    for case in CASES:
        asked = load(TASKS[case.task](level=case.level), case.model)
        texts = available_prompts(TASKS[case.task](level=case.level), "held_out", 2 * size["prompts"], 0)
        prompts = asked.encode(texts)
        tuned, timed = prompts[: len(prompts) // 2], prompts[len(prompts) // 2 :]
        width, share = equal_width(asked.policy, tuned, size["widest"])
        # Bound here, so that each entry keeps the model and the prompts of its own case.
        ours = Entry(lambda policy=asked.policy, timed=timed: _modes(policy, timed), len(timed))
        ways = {
            f"{chunk} prompts a call": Entry(
                lambda policy=asked.policy, timed=timed, width=width, chunk=chunk: beam_search(policy, timed, width, chunk), len(timed)
            )
            for chunk in CHUNKS
            if chunk <= len(timed) or chunk == CHUNKS[0]
        }
        (row,) = compared("search", case.name, "decoding.most_likely_batch", "prompt/s", ours, {RIVAL: ways}, scale=1, counted=3)
        modes = _modes(asked.policy, timed)
        found = finds(asked.policy, timed, modes, width)
        rows.append(replace(row, note=f"{row.note}; width {width} finds {share:.2%} and {found:.2%} of the modes"))
        of_bound = np.array([mode.expansions * np.exp(mode.log_probs[0]) for mode in modes]) / asked.policy.horizon
        note = f"mean {of_bound.mean():.2g}; {np.mean([mode.expansions for mode in modes]):.3g} expansions a prompt"
        rows.append(Row("search", f"{case.name}, {BOUND}", "decoding.most_likely_batch", "", "", float(of_bound.max()), note=note))
    return rows


def _modes(policy: Any, prompts: np.ndarray) -> list[MostLikely]:
    return most_likely_batch(policy, prompts, max_expansions=BUDGET)


def finds(policy: Any, prompts: np.ndarray, modes: list[MostLikely], width: int) -> float:
    """The share of prompts for which beam search of this width finds a mode."""
    responses, _ = beam_search(policy, prompts, width, min(CHUNKS[0], len(prompts)))
    return float(np.mean([(mode.responses == response).all(axis=1).any() for mode, response in zip(modes, responses, strict=True)]))


def equal_width(policy: Any, prompts: np.ndarray, widest: int) -> tuple[int, float]:
    """The least width 1, 2, 4, ... at which beam search finds a mode for every prompt, as exact search does; at most `widest`.

    Returns the width and the share of prompts for which it finds one.
    """
    modes, width = _modes(policy, prompts), 1
    while (share := finds(policy, prompts, modes, width)) < 1 and 2 * width <= widest:
        width *= 2
    return width, share
