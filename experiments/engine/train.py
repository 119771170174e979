"""`python -m experiments train`: trains the models of the sequence experiments; writes weights and a log to `sharpsim/weights/`."""

import csv
import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.models import BATCH, MODELS, NAMES, RATES, RECIPES, Recipe, blank, encode_pairs, sizes, training_pairs
from experiments.engine.provenance import hardware, versions
from experiments.engine.rows import Places, Refused
from sharpsim.files import write_whole

PRECISION = "float16"
LOG = "training.csv"
_COLUMNS = (
    *("task", "model", "parameters", "pairs", "batch", "learning_rate", "step", "training_loss", "validation_loss", "best_step"),
    *("cpu_seconds", "wall_seconds", "bytes", "seed", "hardware", "versions"),
)


def train(*, tasks: Sequence[str], models: Sequence[str], seed: int, folder: Path, recipes: dict[str, Recipe] = RECIPES) -> None:
    """Train each model on each task and write its weights. The log keeps the lines of models that were not trained this time."""
    for name, known in (("task", tuple(recipes)), ("model", MODELS)):
        for given in tasks if name == "task" else models:
            if given not in known:
                raise Refused(f"no {name} {given!r}; there are {', '.join(known)}.")
    Places(folder, folder).try_out()
    for task in tasks:
        train_pairs, validation = training_pairs(task, recipes[task], seed=seed)
        for model in models:
            began = time.process_time(), time.perf_counter()
            made = _one(task, model, recipes[task], train_pairs, validation, seed, folder)
            spent = {"cpu_seconds": round(time.process_time() - began[0], 1), "wall_seconds": round(time.perf_counter() - began[1], 1)}
            stamps = {"seed": seed, "hardware": f"{hardware()['cpus']} cores, {hardware()['device']}", "versions": versions()}
            _log(folder / LOG, [row | spent | stamps for row in made])
            print(f"{task}, {NAMES[model]}: {made[-1]['validation_loss']:.3f} nats a token, {spent['wall_seconds']} s", flush=True)


def _one(
    task: str, model: str, recipe: Recipe, train_pairs: list[Any], validation: list[Any], seed: int, folder: Path
) -> list[dict[str, Any]]:
    import jax

    from sharpsim.policies import NGramPolicy, load_policy, parameter_count, save_policy, weights_path
    from sharpsim.tasks import TASKS
    from sharpsim.training import Schedule, fit, mean_loss

    own = TASKS[task](level=recipe.levels[0])
    pairs, held_out = encode_pairs(own, train_pairs), encode_pairs(own, validation)
    path = folder / weights_path(task, model).name
    if model == "ngram":
        shape = {name: size for name, size in sizes(TASKS[task]).items() if name not in ("horizon", "prompt_length")}
        policy = NGramPolicy.from_pairs(pairs.prompts, pairs.responses, order=recipe.order, strength=1.0, **shape)
        steps, training, best = [0], [float("nan")], 0
        save_policy(policy, path, precision=PRECISION)
        losses = [mean_loss(load_policy(path), held_out, batch=BATCH)]
    else:
        every = max(recipe.steps[model] // 10, 1)
        schedule = Schedule(
            steps=recipe.steps[model], batch=BATCH, learning_rate=RATES[model], warmup=every // 2, weight_decay=0.01, clip=1.0,
            evaluate_every=every, patience=10,
        )  # fmt: skip
        trained = fit(
            blank(TASKS[task], model, key=jax.random.key(seed)), pairs, held_out=held_out, schedule=schedule, key=jax.random.key(seed + 1)
        )
        policy, steps, training = trained.policy, trained.log.step.tolist(), trained.log.training_loss.tolist()
        losses, best = trained.log.held_out_loss.tolist(), trained.log.best_step
        save_policy(policy, path, precision=PRECISION)
    fixed = {
        "task": task, "model": model, "parameters": parameter_count(policy), "pairs": len(pairs.prompts), "batch": BATCH,
        "learning_rate": RATES.get(model, float("nan")),
    }  # fmt: skip
    found = zip(steps, training, losses, strict=True)
    return [
        fixed | {"step": step, "training_loss": loss, "validation_loss": value, "best_step": best, "bytes": path.stat().st_size}
        for step, loss, value in found
    ]


def _log(path: Path, rows: list[dict[str, Any]]) -> None:
    """Replace the lines of one model in the log."""
    kept = []
    if path.exists():
        with path.open(newline="") as file:
            kept = [row for row in csv.DictReader(file) if (row["task"], row["model"]) != (rows[0]["task"], rows[0]["model"])]
    order = {(task, model): (i, j) for i, task in enumerate(RECIPES) for j, model in enumerate(MODELS)}
    everything = sorted([*kept, *rows], key=lambda row: (*order.get((row["task"], row["model"]), (99, 99)), int(row["step"])))
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in everything:
        writer.writerow({name: f"{value:.6g}" if isinstance(value, float | np.floating) else value for name, value in row.items()})
    write_whole(path, text.getvalue())
