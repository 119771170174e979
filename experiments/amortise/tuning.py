"""One run of `amortise`: tunes one model with one seed on its own draws and judges it on held-out prompts along the way."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.amortise.cells import NEW, SAME, Cell
from experiments.engine.asked import decoded_greedily, scored
from sharpsim.estimators import allowed_deviation, bernoulli_variance
from sharpsim.theory import amortise as theory
from sharpsim.theory import inference

MOST_EPOCHS, FEWEST_STEPS = 40, 200


@dataclass(frozen=True)
class Tuning:
    """How the sharpening algorithms train: AdamW from base's parameters, rate falling by a cosine from `learning_rate` to 0."""

    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    clip: float
    evaluations: int
    temperatures: tuple[float, ...] = (1.0,)
    """Of these the one of least validation loss is where training starts."""
    rank: int | None = None
    """Of low-rank updates; None: all parameters are trained."""

    def schedule(self, examples: int) -> Any:
        """The library's schedule, in batches of no more than there are examples; no early stop, for the curves are wanted to their end.

        Few examples are not seen more than `MOST_EPOCHS` times, unless in `FEWEST_STEPS`.
        """
        from sharpsim.training import Schedule

        batch = min(self.batch, examples)
        steps = min(self.steps, max(FEWEST_STEPS, MOST_EPOCHS * examples // batch))
        return Schedule(
            steps=steps, batch=batch, learning_rate=self.learning_rate, warmup=0, weight_decay=self.weight_decay,
            clip=self.clip, evaluate_every=steps // self.evaluations, patience=self.evaluations,
        )  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Method "SFT" (best of N) or "DPO" (N draws in pairs, at `beta`; NaN for SFT) on `n` prompts, replicate number `replicate`.

    `n` counts the prompts tuned on; for `SAME` it is all that are judged.
    """

    asked: str
    method: str
    n: int
    N: int
    beta: float
    replicate: int

    @property
    def names(self) -> dict[str, Any]:
        """What tells this run from others on its cell, for the rows."""
        return {"asked": self.asked, "method": self.method, "n": self.n, "N": self.N, "beta": self.beta}


@dataclass(frozen=True)
class Evaluation:
    """A policy during tuning, on each held-out prompt, [prompts].

    The share of correct draws, their mean log-likelihood under base, whether greedy decoding is correct, and the mass on base's modes.
    """

    step: int
    accuracy: np.ndarray
    log_prob: np.ndarray
    greedy: np.ndarray
    masses: np.ndarray


@dataclass(frozen=True)
class Tuned:
    """A run's evaluations, the first of them base itself, with their validation losses (NaN for base where tuning starts elsewhere)."""

    run: Run
    tuning: Tuning
    cell: Cell
    evaluations: list[Evaluation]
    validation_losses: list[float]
    chosen: int
    policy: Any
    bounds: dict[str, Any]

    @property
    def names(self) -> dict[str, Any]:
        """Cell and run, without the replicate."""
        return self.cell.names | self.run.names


def tune(cell: Cell, run: Run, tuning: Tuning, settings: Any, key: Any, first: dict[int, Evaluation]) -> Tuned:
    """Tune and judge. For new prompts the policy chosen is that of the least loss on validation prompts; for the same prompts the last.

    Validation prompts are never judged, and answers play no part in the choice. `first` keeps base's evaluation for each replicate, which
    all runs on the cell share.
    """
    import jax

    tuning_key, evaluation_key = jax.random.split(jax.random.fold_in(key, run.replicate))
    if run.replicate not in first:
        first[run.replicate] = judged(cell, cell.policy, 0, settings.draws, evaluation_key)
    evaluations, policies = [first[run.replicate]], [cell.policy]
    begins_at_base = tuning.temperatures == (1.0,)

    def watch(step: int, policy: Any) -> None:
        if step == 0 and begins_at_base:
            return
        # Base itself is step 0; step 1 is where training starts at another temperature.
        step = max(step, 1)
        policies.append(policy)
        evaluations.append(judged(cell, policy, step, settings.draws, jax.random.fold_in(evaluation_key, step)))

    losses = _sharpened(cell, run, tuning, settings, tuning_key, watch)["held_out_loss"]
    losses = losses if begins_at_base else [float("nan"), *losses]
    chosen = len(losses) - 1 if run.asked == SAME else int(np.nanargmin(losses))
    bounds = cell.names | run.names | {"replicate": run.replicate} | exact(cell, policies[chosen], run.N, settings)
    return Tuned(run, tuning, cell, evaluations, losses, chosen, policies[chosen], bounds)


def _sharpened(cell: Cell, run: Run, tuning: Tuning, settings: Any, key: Any, watch: Any = None) -> dict[str, list[Any]]:
    """Run the algorithm; the steps at which the loss on validation prompts was looked at, and the losses."""
    from sharpsim.algorithms import dpo_sharpen, sft_sharpen

    asked = cell.to_tune_on(run.asked)[: run.n]
    examples = len(asked) * (1 if run.method == "SFT" else run.N // 2)
    shared = {
        "N": run.N, "schedule": tuning.schedule(examples), "held_out": len(cell.validation), "key": key, "watch": watch,
        "temperatures": tuning.temperatures, "rank": tuning.rank,
    }  # fmt: skip
    prompts = np.concatenate([asked, cell.validation])
    if run.method == "SFT":
        found = sft_sharpen(cell.policy, prompts, **shared)
    else:
        found = dpo_sharpen(cell.policy, prompts, beta=run.beta, likelihood_weight=settings.likelihood_weight, **shared)
    return {name: np.asarray(found.info[name]).tolist() for name in ("step", "held_out_loss")}


@dataclass(frozen=True)
class Tried:
    """A way of training and its losses on validation prompts, in nats a token of best of N's responses: the first before any step."""

    cell: Cell
    tuning: Tuning
    N: int
    n: int
    steps: list[int]
    losses: list[float]
    chosen: bool = True


def tried(cell: Cell, tunings: tuple[Tuning, ...], settings: Any, key: Any) -> list[Tried]:
    """SFT on all new prompts in each of these ways, once; chosen is that of least validation loss. Answers play no part in it."""
    run, made = Run(NEW, "SFT", len(cell.fresh), settings.N, float("nan"), 0), []
    for tuning in tunings:
        found = _sharpened(cell, run, tuning, settings, key)
        made.append(Tried(cell, tuning, run.N, run.n, found["step"], found["held_out_loss"]))
    least = min(range(len(made)), key=lambda i: min(made[i].losses))
    return [replace(one, chosen=i == least) for i, one in enumerate(made)]


def judged(cell: Cell, policy: Any, step: int, draws: int, key: Any) -> Evaluation:
    """The policy on the cell's held-out prompts, by `draws` draws of each and by greedy decoding."""
    from sharpsim.decoding import sample_many

    m = len(cell.prompts)
    drawn = sample_many(policy, cell.prompts, draws=draws, key=key).responses.reshape(-1, policy.horizon)
    owners = np.repeat(np.arange(m), draws)
    return Evaluation(
        step=step,
        accuracy=cell.judge.correct(drawn, owners).reshape(m, draws).mean(axis=1),
        log_prob=scored(cell.policy, cell.prompts[owners], drawn).reshape(m, draws).mean(axis=1),
        greedy=cell.judge.correct(decoded_greedily(policy, cell.prompts)[0], np.arange(m)),
        masses=cell.mode_masses(policy),
    )


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
