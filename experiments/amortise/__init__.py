"""SFT-Sharpening of sequence models by fine-tuning on best-of-N responses, and RLHF-Sharpening by the DPO loss, at equal samples.

Small models trained here stand in for the paper's language models. A model is tuned on its own draws without answers, in two settings that
are never mixed: on new prompts (fresh ones; judged are held-out ones), and on the same prompts that it is judged on, as in Theorem 4.1,
where finitely many prompts are given. Judged are temperature-1 samples and greedy decoding. Seeds are the replicates: draws, the order of
examples and evaluation samples change with the seed; base and prompts do not. Intervals cover prompts and seeds; columns named `_seeds`
hold for these prompts only. From the certified head of base's law follow exactly: best of N, which is the ceiling of tuning on it, the
mode, and on how many prompts the tuned model is not sharp.

Which of the two settings the paper's Table 1 is cannot be told from its tables and the settings that it lists (N = 50, 10 to 30 epochs,
three seeds, the best model during training); so many epochs are common for few prompts. Both are shown here, and none stands for the other.

This experiment would refute the implementation if samples were above the likelihood ceiling by more than chance allows, or if more prompts
were unsharpened than the distance to best of N, or the shortfall in likelihood, permits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from experiments.amortise.cells import NEW, SAME, Cell, gather
from experiments.amortise.findings import judged
from experiments.amortise.map import COLUMNS as MAP_COLUMNS
from experiments.amortise.map import MAP, SMALL_MAP, MapSettings, map_rows
from experiments.amortise.map_findings import judged_map
from experiments.amortise.map_models import model_rows
from experiments.amortise.tables import COLUMNS as TABLE_COLUMNS
from experiments.amortise.tables import (
    DELTAS,
    bound_rows,
    choice_rows,
    curve_rows,
    learning_rows,
    on_map,
    run_rows,
    sharpness_rows,
    table_rows,
)
from experiments.amortise.tuning import Evaluation, Run, Tuning, tried, tune
from experiments.engine.beside import call, side_by_side
from experiments.engine.frame import Context, Table, Verdict

COLUMNS = TABLE_COLUMNS | MAP_COLUMNS
SHARES_ITS_WORK = True
__all__ = ["COLUMNS", "SETTINGS", "SHARES_ITS_WORK", "Settings", "run", "verdicts"]


@dataclass(frozen=True)
class Pair:
    """A model on one level of a task, and in which settings it is tuned: SFT in each of `asked`, DPO in each of `dpo`."""

    task: str
    level: int
    model: str
    asked: tuple[str, ...] = (NEW, SAME)
    dpo: tuple[str, ...] = (NEW,)
    new: tuple[Tuning, ...] = ()
    """How SFT on new prompts is trained, where it is not the shared way; of several that of least validation loss is taken."""
    same: Tuning | None = None
    """How SFT on the same prompts is trained, where it is not the shared way."""
    prompts: int | None = None
    """New prompts to tune on, where they are not the shared number."""


@dataclass(frozen=True)
class Settings:
    """Every pair is tuned with N draws of each prompt, and with the DPO loss at each of `betas`.

    `prompts` fresh prompts (or all there are) are tuned on, `held_out` judged with `draws` samples each; `validation` more decide when
    tuning stops. `learning` are the pairs (by number) whose risk is measured for each number of prompts in `sizes` at the largest N; that
    of the first also for each number of draws in `draw_counts` at the most prompts. `expansions` and `head` say how much of base's law is
    known, `search` how long a mode is looked for. Log-likelihoods in certified bands are cut at `floor`.
    """

    pairs: tuple[Pair, ...]
    N: int
    betas: tuple[float, ...]
    replicates: int
    prompts: int
    validation: int
    held_out: int
    draws: int
    expansions: int
    search: int
    head: int
    new: Tuning
    same: Tuning
    dpo: Tuning
    learning: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    draw_counts: tuple[int, ...] = ()
    deltas: tuple[float, ...] = DELTAS
    floor: float = -25.0
    level: float = 0.95
    false_alarm: float = 1e-6
    likelihood_weight: float = 10.0
    """Of DPO (`dpo_sharpen`)."""
    map: MapSettings = MAP


_SFT = Tuning(steps=500, batch=64, learning_rate=1e-3, weight_decay=0.1, clip=1.0, evaluations=2)
_DPO = Tuning(steps=300, batch=64, learning_rate=5e-4, weight_decay=0.0, clip=1.0, evaluations=2)
_SHORT, _SAME = replace(_SFT, steps=200), replace(_SFT, steps=400)
_COOLER = (1.0, 0.7, 0.5, 0.35, 0.25, 0.2)
_ALL = replace(_SFT, steps=900, learning_rate=3e-4, evaluations=3)
_LOW_RANK = replace(_ALL, learning_rate=2e-3, rank=8)
_NEW_ORDERS = tuple(replace(way, temperatures=_COOLER[:-1]) for way in (_LOW_RANK, replace(_LOW_RANK, learning_rate=1e-3, rank=32), _ALL))
_WORDS = tuple(
    replace(_LOW_RANK, steps=300, learning_rate=rate, rank=rank, temperatures=_COOLER)
    for rate, rank in ((3e-4, 8), (1e-3, 8), (3e-4, None))
)
_TINY = Tuning(steps=8, batch=16, learning_rate=3e-4, weight_decay=0.1, clip=0.1, evaluations=2)
WRITERS, BLOG, BOARD = (Pair("many writers", level, "transformer-small") for level in (1, 2, 6))
ORDERS = Pair("game of 24", 3, "transformer-small", dpo=(), new=_NEW_ORDERS)
RECURRENT = Pair("game of 24", 3, "gru", asked=(NEW,), dpo=(), new=_NEW_ORDERS)
WORDS = Pair("pronunciation", 3, "g2p-en", dpo=(), new=_WORDS, same=replace(_SAME, temperatures=_COOLER))
SETTINGS = {
    "smoke": Settings(
        pairs=(replace(WRITERS, new=(_TINY, replace(_TINY, learning_rate=1e-3))),),
        N=4, betas=(0.5,), replicates=2, prompts=48, validation=8, held_out=24, draws=2, expansions=60, search=20_000,
        head=32, new=_TINY, same=_TINY, dpo=_TINY, learning=(0,), sizes=(16,), draw_counts=(2,), map=SMALL_MAP,
    ),
    "default": Settings(
        pairs=(replace(WRITERS, asked=(NEW,), dpo=()), replace(ORDERS, asked=(SAME,))), N=50, betas=(0.5,), replicates=3, prompts=6400,
        validation=128, held_out=256, draws=4, expansions=200, search=20_000, head=64, new=_SFT, same=_SHORT, dpo=_DPO, learning=(),
    ),
    "full": Settings(
        pairs=(
            replace(WRITERS, new=(_SFT, replace(_SFT, steps=900), _ALL), prompts=12_800),
            replace(BLOG, dpo=(), new=(_SFT, replace(_SFT, steps=900))), ORDERS, RECURRENT, WORDS, replace(BOARD, asked=(NEW,), dpo=()),
        ),
        N=50, betas=(0.5,), replicates=3, prompts=6400, validation=128, held_out=1024, draws=4, expansions=200, search=20_000,
        head=64, new=_SFT, same=_SAME, dpo=_DPO, learning=(0, 2), sizes=(64, 200, 640, 2000), draw_counts=(1, 2, 5, 10, 25),
    ),
}  # fmt: skip


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Parts: "" means through training; runs; table (Tables 1 and 2); sharpness; bounds; learning (n and N); choices; those of the map.

    A pair is a piece, so that no program is compiled twice, and so is the map.
    """
    pieces = [*((_one_pair, settings, context.alone(), number) for number in range(len(settings.pairs))), (map_rows, settings.map)]
    parts: dict[str, list[dict[str, Any]]] = {}
    for found in context.track(side_by_side(call, pieces), "models on tasks, and the map", len(pieces)):
        for part, rows in found.items():
            parts.setdefault(part, []).extend(rows)
    return parts


def _one_pair(settings: Settings, context: Context, number: int) -> dict[str, list[dict[str, Any]]]:
    """The parts of one pair."""
    import jax

    pair, ways = settings.pairs[number], []
    cell = gather(
        (pair.task, pair.level, pair.model), prompts=pair.prompts or settings.prompts, validation=settings.validation,
        held_out=settings.held_out, expansions=settings.expansions, search=settings.search, head_size=settings.head, seed=context.seed,
    )  # fmt: skip
    key = jax.random.fold_in(context.key(), number)
    new = settings.new
    if pair.new and NEW in pair.asked:
        ways = tried(cell, pair.new, settings, key)
        new = next(way.tuning for way in ways if way.chosen)
    of = {("SFT", NEW): new, ("SFT", SAME): pair.same or settings.same, ("DPO", NEW): settings.dpo, ("DPO", SAME): settings.dpo}
    first: dict[int, Evaluation] = {}
    runs = [tune(cell, one, of[one.method, one.asked], settings, key, first) for one in _plan(settings, number, cell)]
    main = [one for one in runs if one.run.N == settings.N and one.run.n == len(cell.to_tune_on(one.run.asked))]
    return {
        "": curve_rows(runs, settings),
        "runs": run_rows(runs, settings),
        "table": table_rows(main, settings),
        "sharpness": sharpness_rows(main, settings),
        "bounds": bound_rows(runs),
        "learning": learning_rows([one for one in runs if one.run.asked == NEW], settings),
        "choices": choice_rows(ways, main),
        "map-models": model_rows(on_map(main, settings)),
    }


def _plan(settings: Settings, number: int, cell: Cell) -> Iterator[Run]:
    """The runs of one pair: SFT and DPO in each setting, and the sizes that its risk is measured for."""
    pair = settings.pairs[number]
    kinds: list[tuple[str, str, int, int, float]] = []
    of = {asked: len(cell.to_tune_on(asked)) for asked in (NEW, SAME)}
    kinds += [(asked, "SFT", of[asked], settings.N, float("nan")) for asked in pair.asked]
    kinds += [(asked, "DPO", of[asked], settings.N, beta) for asked in pair.dpo for beta in settings.betas]
    if number in settings.learning:
        kinds += [(NEW, "SFT", n, settings.N, float("nan")) for n in settings.sizes if n < of[NEW]]
    if number in settings.learning[:1]:
        kinds += [(NEW, "SFT", of[NEW], N, float("nan")) for N in settings.draw_counts]
    for kind in kinds:
        yield from (Run(*kind, replicate) for replicate in range(settings.replicates))


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """The paper's findings one by one, and the three bounds."""
    return [*judged(tables), *judged_map(tables)]
