"""SFT-Sharpening of sequence models by fine-tuning on best-of-N responses, and RLHF-Sharpening by the DPO loss, on the same prompts.

Small models trained here stand in for the paper's language models. A model is tuned on its own draws on training prompts, without answers,
and evaluated on held-out prompts: the accuracy of temperature-1 samples, and their log-likelihood under base. Seeds are the replicates:
draws, the order of examples and evaluation samples change with the seed; base and prompts do not. From the certified head of base's law
follow exactly: the law that SFT fits (best of N), the mode, and on how many prompts the tuned model is not sharp.

This experiment would refute the implementation if samples were above the likelihood ceiling by more than chance allows, or if more prompts
were unsharpened than the distance to best of N, or the shortfall in likelihood, permits.
"""

from dataclasses import dataclass, replace
from typing import Any

from experiments.amortise.cells import gather
from experiments.amortise.findings import judged
from experiments.amortise.map import COLUMNS as MAP_COLUMNS
from experiments.amortise.map import MAP, SMALL_MAP, MapSettings, map_rows
from experiments.amortise.map_findings import judged_map
from experiments.amortise.tables import COLUMNS as TABLE_COLUMNS
from experiments.amortise.tables import DELTAS, bound_rows, curve_rows, sharpness_rows, table_rows
from experiments.amortise.tuning import Run, Tuning, tune
from experiments.engine.frame import Context, Table, Verdict

COLUMNS = TABLE_COLUMNS | MAP_COLUMNS
__all__ = ["COLUMNS", "SETTINGS", "Settings", "run", "verdicts"]


@dataclass(frozen=True)
class Settings:
    """`cells` are (task, level, model); SFT runs at every N, DPO at the largest and each of `betas`.

    `prompts` training prompts (or all there are) are tuned on, `held_out` judged with `draws` samples each. `expansions` and `head` say how
    much of base's law is known, `search` how long a mode is looked for. Log-likelihoods in certified bands are cut at `floor`.
    """

    cells: tuple[tuple[str, int, str], ...]
    N: tuple[int, ...]
    betas: tuple[float, ...]
    replicates: int
    prompts: int
    held_out: int
    draws: int
    expansions: int
    search: int
    head: int
    sft: Tuning
    dpo: Tuning
    deltas: tuple[float, ...]
    floor: float
    level: float
    false_alarm: float
    map: MapSettings = MAP


_SFT = Tuning(steps=192, batch=64, learning_rate=3e-4, weight_decay=0.1, clip=0.1, evaluations=8, kept_out=64)
"""Rate, clipping and the replicates are the paper's; steps and prompts are such that the loss on training prompts kept out still falls."""
_DPO = replace(_SFT, batch=32)
"""As many responses a step."""
_SHARED: dict[str, Any] = {"deltas": DELTAS, "floor": -25.0, "level": 0.95, "false_alarm": 1e-6, "search": 20_000}
SETTINGS = {
    "smoke": Settings(
        cells=(("arithmetic", 1, "transformer-small"),), N=(2, 4), betas=(0.5,), replicates=2, prompts=48, held_out=24, draws=2,
        expansions=60, head=32, sft=Tuning(8, 16, 3e-4, 0.1, 0.1, 2, 8), dpo=Tuning(8, 16, 3e-4, 0.1, 0.1, 2, 8), map=SMALL_MAP, **_SHARED,
    ),
    "default": Settings(
        cells=(("pronunciation", 2, "transformer-small"),), N=(50,), betas=(0.5,), replicates=3, prompts=3072, held_out=256, draws=4,
        expansions=200, head=64, sft=_SFT, dpo=_DPO, **_SHARED,
    ),
    "full": Settings(
        cells=(
            ("pronunciation", 2, "transformer-small"),
            ("game of 24", 2, "transformer-small"),
            ("game of 24", 2, "gru"),
            ("deduction", 2, "transformer-small"),
        ),
        N=(10, 25, 50), betas=(0.5,), replicates=3, prompts=3072, held_out=256, draws=4, expansions=200, head=64, sft=_SFT, dpo=_DPO,
        **_SHARED,
    ),
}  # fmt: skip


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Parts: "" means over replicates through training; runs; table (Table 1, and settings as in Table 2); sharpness; bounds."""
    import jax

    methods = [("SFT", N, float("nan")) for N in settings.N] + [("DPO", max(settings.N), beta) for beta in settings.betas]
    plan = [Run(*method, replicate) for method in methods for replicate in range(settings.replicates)]
    rows, ends, cells = [], [], []
    for number, name in enumerate(settings.cells):
        cell = gather(
            name, prompts=settings.prompts, held_out=settings.held_out, expansions=settings.expansions, search=settings.search,
            head_size=settings.head, seed=context.seed,
        )  # fmt: skip
        cells.append(cell)
        key = jax.random.fold_in(context.key(), number)
        for one in context.track(plan, f"{name[2]} on {name[0]}, level {name[1]}"):
            tuning = settings.sft if one.method == "SFT" else settings.dpo
            made, end = tune(cell, one, tuning, settings, key)
            rows += made
            ends.append(end)
    return {
        "": curve_rows(rows, cells, settings),
        "runs": rows,
        "table": table_rows(rows, cells, settings),
        "sharpness": sharpness_rows(ends, cells, settings),
        "bounds": bound_rows(rows, ends),
    } | map_rows(settings.map)


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """The paper's findings one by one, and the three bounds."""
    return judged(tables) + judged_map(tables)
