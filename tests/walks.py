"""A made-up stem for the sweep engine: a random walk of traced length; importable by workers, and as a script one whole run.

python -m tests.walks OUT [--workers K]      the journal lies in OUT too; a long run where WALKS_STEPS is set
"""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.columns import columns
from experiments.engine.frame import Verdict
from experiments.engine.sweep import Cell, sweep


def walk(at, key):
    """Where a walk of `steps` steps with drift ends, and its highest point. Where WALKS_DIE is set, its worker dies of it."""
    if "WALKS_DIE" in os.environ and multiprocessing.parent_process():
        os._exit(1)

    def step(i, state):
        place, top = state
        place = place + jnp.sum(jax.random.normal(jax.random.fold_in(key, i), (8,))) + at["drift"] @ at["drift"]
        return place, jnp.maximum(top, place)

    return jax.lax.fori_loop(0, at["steps"], step, (jnp.zeros(()), jnp.zeros(())))


@dataclass(frozen=True)
class Settings:
    cells: int
    seeds: int
    steps: int


def made_up(settings: Settings) -> ModuleType:
    """The stem's module; its rows hold every bit of its numbers."""
    module = ModuleType("experiments.sft", "A made-up stem.")

    def run(settings, context):
        cells = [walk_cell(settings.steps + i, 0.1 * i, settings.seeds) for i in range(settings.cells)]
        found = sweep(walk, cells, key=context.key(), context=context, label="walks", footprint=1000)
        rows = [{"i": i, "end": float(end.sum()), "top": float(top.max())} for i, (end, top) in enumerate(found)]
        return {"": rows}

    vars(module).update(SETTINGS=dict.fromkeys(("smoke", "default", "full"), settings), run=run)
    vars(module)["COLUMNS"] = {"": columns(count="i", exact="end top")}
    vars(module)["verdicts"] = lambda tables: [Verdict("Thm 4.1'", "a claim", 1.0, 1.0, "holds")]
    return module


def walk_cell(steps: int, drift: float, seeds: int) -> Cell:
    return Cell({"steps": np.int64(steps), "drift": np.array([drift, 1.0])}, seeds)


def install(settings: Settings, journal: Path) -> None:
    """The made-up stem in the place of `sft`; its chunks are of ten seeds."""
    from experiments.engine import journal as _journal
    from experiments.engine import run as _run
    from experiments.engine import sweep as _sweep

    _journal.FOLDER = journal
    sys.modules["experiments.sft"] = made_up(settings)
    _run.stems = lambda: ["sft"]
    _sweep.MOST = {"cpu": 10}


if __name__ == "__main__":
    from experiments.__main__ import main
    from experiments.engine.interrupt import listen

    out, *options = sys.argv[1:]
    command = ["run", "sft", "--scale", "smoke", "--out", out, *options]
    listen("experiments", command)
    install(Settings(cells=5, seeds=37, steps=int(os.environ.get("WALKS_STEPS", "50"))), Path(out) / "journal")
    sys.exit(main(command))
