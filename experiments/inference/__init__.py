"""Inference-time sharpening of sequence models: best of N, length-normalised, majority, pass@N, greedy and the exact mode.

Small models trained on tasks with exact answers stand in for the paper's language models and benchmarks, and a network of 0.8M parameters
that pronounces English words is looked at more closely, by ranges of word length. Best of N is sampled by the paper's design (seeds x 50
draws, smaller N by subsampling). It is also computed exactly, within a certified band, from the most likely responses of each prompt.

This experiment would refute the implementation if sampled values left the band by more than chance allows (false-alarm rate 1e-6), if
search took more than H/P* expansions, or if greedy missed the mode of a word whose mode has probability above 1/2.
"""

from dataclasses import dataclass
from typing import Any

from experiments.engine.beside import call, side_by_side
from experiments.engine.columns import Column
from experiments.engine.frame import Context, Table, Verdict
from experiments.inference.claims import judged_cells
from experiments.inference.exact import BANDS, profile_rows, theory_row, with_exact
from experiments.inference.exact import COLUMNS as THEORY
from experiments.inference.findings import judged
from experiments.inference.network import COLUMNS as NETWORK
from experiments.inference.network import network_rows
from experiments.inference.pairs import COLUMNS as PAIRS
from experiments.inference.pairs import pair_rows
from experiments.inference.panels import COLUMNS as PANELS
from experiments.inference.panels import panels
from experiments.inference.predictions import zoo_verdicts
from experiments.inference.tables import COLUMNS as TABLES
from experiments.inference.zoo import LONGEST, Question, cells, models_of

CARD_OF_SAMPLES = True
SHARES_ITS_WORK = True


@dataclass(frozen=True)
class Settings:
    """`draws` responses are drawn for each prompt and seed.

    The network: `words` of up to `letters[0]`, to `letters[1]` and more letters are three tasks. The trained models: `questions`, each with
    `prompts` prompts and `cell_seeds` seeds, and the `cell_head` likeliest responses of each. Lower log-probabilities count as `floor`
    (`cells_floor`) where a mean needs one.
    """

    words: int
    expansions: int
    seeds: int
    draws: int
    literal_N: tuple[int, ...]
    exact_N: tuple[int, ...]
    letters: tuple[int, int]
    bin_width: float
    lowest: float
    floor: float
    coverage_N: tuple[float, ...]
    saturation_share: float
    level: float
    false_alarm: float
    questions: tuple[Question, ...]
    prompts: int
    cell_seeds: int
    cell_head: int
    cells_floor: float
    bins: int


_N = (1, 2, 5, 10, 25, 50)
_EXACT_N = (1, 2, 3, 5, 10, 25, 50, 100, 300, 1000)
_SHARED: dict[str, Any] = {
    "draws": 50, "literal_N": _N, "letters": (6, 8), "bin_width": 0.5, "lowest": -14.0, "floor": -20.0, "saturation_share": 0.1,
    "level": 0.95, "false_alarm": 1e-6, "coverage_N": tuple(float(f"{10 ** (k / 10):.4g}") for k in range(21)),
    "cells_floor": -60.0, "bins": 40,
}  # fmt: skip
_TWO = {"pronunciation": (1, 3), "game of 24": (1, 2), "deduction": (1, 2), "arithmetic": (1, 2), "many writers": (1, 6)}
QUESTIONS = (
    *(Question(task, level, "held_out") for task, levels in _TWO.items() for level in levels),
    # The paper shows Game of 24 on training prompts as well.
    Question("game of 24", 2, "train"),
)
"""Two levels of each task, as the columns of the heat maps."""
_FEW = (Question("pronunciation", 1, "held_out"), Question("game of 24", 2, "held_out"), Question("arithmetic", 1, "held_out"))
SETTINGS = {
    "smoke": Settings(
        words=60, expansions=100, seeds=5, exact_N=_EXACT_N, questions=_FEW, prompts=8, cell_seeds=5, cell_head=1000, **_SHARED
    ),
    "default": Settings(
        words=2000, expansions=500, seeds=10, exact_N=_EXACT_N, questions=QUESTIONS, prompts=64, cell_seeds=5, cell_head=300, **_SHARED
    ),
    "full": Settings(
        words=10_000, expansions=500, seeds=10, exact_N=(*_EXACT_N, 3000, 10_000, 100_000), questions=QUESTIONS, prompts=256, cell_seeds=10,
        cell_head=1000, **_SHARED,
    ),
}  # fmt: skip


COLUMNS: dict[str, dict[str, Column]] = {
    **NETWORK,
    **TABLES,
    **PANELS,
    **{part: PANELS[part] | bands for part, bands in BANDS.items()},
    **THEORY,
    **PAIRS,
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """The parts of the network (`network_rows`), and of the trained models: those of `panels`, of `exact` and of `pairs`.

    The network is a piece, and so is what one model is asked of one task: no program is compiled twice. The longest come first.
    """
    tasks = dict.fromkeys(question.task for question in settings.questions)
    asked = sorted(((task, model) for task in tasks for model in models_of(task)), key=lambda pair: LONGEST.index(pair[1]))
    pieces = [(_network, settings, context.alone()), *((_one_model, settings, context.alone(), *pair) for pair in asked)]
    (parts, notes), *found = context.track(side_by_side(call, pieces), "the network, and models on tasks", len(pieces))
    context.notes.update(notes)
    by_pair = dict(zip(asked, found, strict=True))
    # Questions in their order, models within.
    for question in settings.questions:
        for model in models_of(question.task):
            for part, rows in by_pair[question.task, model][question].items():
                parts.setdefault(part, []).extend(rows)
    return parts


def _network(settings: Settings, context: Context) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """The parts, and the speeds that were noted (beside another piece, where there are two cores)."""
    return network_rows(settings, context), context.notes


def _one_model(settings: Settings, context: Context, task: str, model: str) -> dict[Question, dict[str, list[dict[str, Any]]]]:
    """The parts of each question."""
    size = {
        "prompts": settings.prompts, "seeds": settings.cell_seeds, "draws": settings.draws, "expansions": settings.expansions,
        "kept": settings.cell_head,
    }  # fmt: skip
    shared: dict[str, Any] = {"level": settings.level, "floor": settings.cells_floor}
    found = {}
    for cell in cells(context, settings.questions, task, model, **size):
        made = panels(cell.table, N=settings.literal_N, level=settings.level, bins=settings.bins)
        with_exact(made, cell.found, floor=settings.cells_floor)
        made["cells-theory"] = [theory_row(cell, grid=settings.exact_N, share=settings.saturation_share, **shared)]
        made["cells-pairs"] = pair_rows(cell, N=settings.literal_N, level=settings.level)
        made["cells-profile"] = profile_rows(cell, N=settings.coverage_N)
        found[cell.question] = made
    return found


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Agreement of literal and exact at every N, the paper's findings one by one, search and Prop 3.1."""
    return [*judged(tables), *judged_cells(tables), *zoo_verdicts(tables)]
