"""One run of `amortise`: fine-tunes one model with one seed and evaluates it on held-out prompts during training."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.amortise.cells import Cell, scored
from sharpsim.estimators import allowed_deviation, bernoulli_variance
from sharpsim.theory import amortise as theory
from sharpsim.theory import inference


@dataclass(frozen=True)
class Tuning:
    """How the sharpening algorithms train: AdamW from base's parameters, rate falling by a cosine from `learning_rate` to 0."""

    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    clip: float
    evaluations: int
    kept_out: int
    """Training prompts that are not trained on, for the training's own held-out loss."""

    def schedule(self) -> Any:
        """The library's schedule; no early stop, for the curves are wanted to their end."""
        from sharpsim.training import Schedule

        return Schedule(
            steps=self.steps, batch=self.batch, learning_rate=self.learning_rate, warmup=0, weight_decay=self.weight_decay, clip=self.clip,
            evaluate_every=self.steps // self.evaluations, patience=self.evaluations,
        )  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Method "SFT" (best of N) or "DPO" (N draws in pairs, at `beta`; NaN for SFT) of replicate number `replicate`."""

    method: str
    N: int
    beta: float
    replicate: int

    @property
    def names(self) -> dict[str, Any]:
        """What tells this run from others on its cell, for the rows."""
        return {"method": self.method, "N": self.N, "beta": self.beta}


def tune(cell: Cell, run: Run, tuning: Tuning, settings: Any, key: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of every evaluation, and the row of exact quantities and bounds of the policy at the end.

    Evaluations see temperature-1 samples on held-out prompts; log-likelihoods are base's. `best` marks the evaluation after the first of
    the largest log-likelihood: chosen on held-out prompts, as the paper does, though without their answers.
    """
    import jax

    from sharpsim.algorithms import dpo_sharpen, sft_sharpen

    tuning_key, evaluation_key = jax.random.split(jax.random.fold_in(key, run.replicate))
    rows, last = [], [cell.policy]

    def watch(step: int, policy: Any) -> None:
        last[0] = policy
        rows.append({"step": step, **_judged(cell, policy, settings, jax.random.fold_in(evaluation_key, step))})

    shared = {"N": run.N, "schedule": tuning.schedule(), "held_out": tuning.kept_out, "key": tuning_key, "watch": watch}
    if run.method == "SFT":
        sft_sharpen(cell.policy, cell.training, **shared)
    else:
        dpo_sharpen(cell.policy, cell.training, beta=run.beta, **shared)
    best = 1 + int(np.argmax([row["log_prob"] for row in rows[1:]]))
    names = cell.names | run.names | {"replicate": run.replicate}
    rows = [{**names, **row, "best": i == best} for i, row in enumerate(rows)]
    return rows, names | exact(cell, last[0], run.N, settings)


def _judged(cell: Cell, policy: Any, settings: Any, key: Any) -> dict[str, Any]:
    from sharpsim.decoding import sample_many

    drawn = sample_many(policy, cell.prompts, draws=settings.draws, key=key).responses.reshape(-1, policy.horizon)
    owners = np.repeat(np.arange(len(cell.prompts)), settings.draws)
    masses = cell.mode_masses(policy)
    return {
        "accuracy": float(cell.judge(drawn, owners).mean()),
        "log_prob": float(scored(cell.policy, cell.prompts[owners], drawn).mean()),
        "mode_mass": float(masses.mean()),
        **{f"unsharpened_{delta:g}": theory.unsharpened(masses, cell.weights, delta=delta) for delta in settings.deltas},
    }


def exact(cell: Cell, policy: Any, N: int, settings: Any) -> dict[str, Any]:
    """Certified bands (means over prompts) of the policy's and best of N's accuracy and cut log-likelihood; distance, shortfall, bounds."""
    head, weights = cell.head, cell.weights
    kept, mine = cell.kept(N), theory.policy_law(cell.head_log_probs(policy))
    row = {}
    accuracies = {"tuned": inference.accuracy(mine, head.correct), "kept": inference.accuracy(kept, head.correct)}
    for name, law in (("tuned", mine), ("kept", kept)):
        row[f"{name}_accuracy_lower"], row[f"{name}_accuracy_upper"] = accuracies[name].mean()
        found = inference.mean_log_prob(law, head.log_probs, head.tail_bound, floor=settings.floor).mean()
        row[f"{name}_log_prob_lower"], row[f"{name}_log_prob_upper"] = found
    distance = theory.squared_hellinger(kept, mine, head.log_probs, head.tail_bound).mean()
    ceiling = theory.likelihood_ceiling(cell.mode_log_probs, weights)
    shortfall, masses, gaps = max(ceiling - row["tuned_log_prob_lower"], 0.0), cell.mode_masses(policy), cell.gaps(settings.floor)
    row |= {
        "distance_lower": distance[0], "distance_upper": distance[1], "variation_bound": theory.variation_bound(distance=distance[1]),
        "ceiling": ceiling, "shortfall": shortfall, "least_gap": float(gaps.min()), "floor": settings.floor,
        "allowed": allowed_deviation(
            bernoulli_variance(*accuracies["tuned"]), span=1.0, trials=settings.draws, false_alarm=settings.false_alarm
        ),
    }  # fmt: skip
    for delta in settings.deltas:
        row[f"unsharpened_{delta:g}"] = theory.unsharpened(masses, weights, delta=delta)
        row[f"by_distance_{delta:g}"] = theory.unsharpened_from_distance(
            cell.base_masses(), weights, distance=distance[1], N=N, delta=delta
        )
        row[f"by_shortfall_{delta:g}"] = theory.unsharpened_from_shortfall(gaps, weights, shortfall=shortfall, delta=delta)
    return row
