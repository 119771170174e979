"""Minimising a mean loss over examples: AdamW in mini-batches, warm-up, early stopping on held-out examples."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

try:
    import optax
except ImportError as error:
    raise ImportError('Training needs optax: pip install "sharpsim[train]".') from error

from sharpsim import _checks
from sharpsim.policies import require_finite

Loss = Callable[[Any, Any], tuple[jax.Array, jax.Array]]
"""(policy, example) -> (total, weight): the mean over examples is the sum of totals over the sum of weights. Hashable."""


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; nothing has a default.

    The rate rises linearly to `learning_rate` over `warmup` steps (0: at once) and falls by a cosine to 0 at `steps`. Gradients longer than
    `clip` are cut to that length; weights that are matrices decay. Every `evaluate_every` steps the held-out loss is taken; after
    `patience` times in a row without a new best one, training stops.
    """

    steps: int
    batch: int
    learning_rate: float
    warmup: int
    weight_decay: float
    clip: float
    evaluate_every: int
    patience: int

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "evaluate_every", "patience"):
            _checks.static_count(name, getattr(self, name))
        _checks.static_count("warmup", self.warmup, 0)
        _checks.positive("learning_rate", self.learning_rate)
        _checks.positive("clip", self.clip)
        _checks.at_least("weight_decay", self.weight_decay, 0.0)
        if self.warmup >= self.steps:
            raise ValueError(f"`warmup` must be less than `steps`, {self.steps}; got {self.warmup}.")

    def optimiser(self) -> optax.GradientTransformation:
        """Clipping, then AdamW at this schedule's rates."""
        rates = optax.warmup_cosine_decay_schedule(0.0 if self.warmup else self.learning_rate, self.learning_rate, self.warmup, self.steps)

        def matrices(parameters: Any) -> Any:
            return jax.tree.map(lambda leaf: leaf.ndim >= 2, parameters)

        return optax.chain(optax.clip_by_global_norm(self.clip), optax.adamw(rates, weight_decay=self.weight_decay, mask=matrices))


class TrainingLog(NamedTuple):
    """What training saw, at each evaluation; losses are means over weights, nats per token for maximum likelihood."""

    step: np.ndarray
    """int64 [evaluations]: steps taken; the first is 0, before any."""
    training_loss: np.ndarray
    """float64 [evaluations]: mean over the batches since the evaluation before; NaN for the first."""
    held_out_loss: np.ndarray
    """float64 [evaluations]."""
    best_step: int
    """The steps after which the returned policy was reached: the least held-out loss, the first of equals."""
    stopped_early: bool
    """Whether patience ran out before the steps did."""


class Trained(NamedTuple):
    """The policy of the least held-out loss, and the log."""

    policy: Any
    log: TrainingLog


class TrainingDiverged(RuntimeError):
    """A loss was no longer finite."""


def minimise(
    policy: Any,
    data: Any,
    *,
    loss: Loss,
    held_out: Any,
    schedule: Schedule,
    key: jax.Array,
    watch: Callable[[int, Any], Any] | None = None,
) -> Trained:
    """The policy after minimising the mean of `loss` over `data`, a pytree of arrays [n, ...] with one example along the first axis.

    Each epoch is a fresh permutation, batches run on across epochs; the same key gives the same policy on the same machine.
    `watch(step, policy)` is called at each evaluation. All floating-point arrays of the policy are trained.

    Raises `ValueError` for parameters that are not finite, no examples, and a batch larger than the data; `TrainingDiverged` where a loss
    is not finite.
    """
    require_finite(policy)
    data, held_out = jax.tree.map(jnp.asarray, data), jax.tree.map(jnp.asarray, held_out)
    n = _examples("data", data)
    _examples("held_out", held_out)
    if schedule.batch > n:
        raise ValueError(f"`batch` must be at most the number of examples, {n}; got {schedule.batch}.")
    parameters, rest = eqx.partition(policy, eqx.is_inexact_array)
    state = schedule.optimiser().init(parameters)
    advance = _stepper(loss, schedule)
    batches = _batches(n, schedule, key)

    best, since = parameters, 0
    steps, training, held = [0], [np.nan], [evaluate(loss, policy, held_out, batch=schedule.batch)]
    if watch is not None:
        watch(0, policy)
    for first in range(0, schedule.steps, schedule.evaluate_every):
        chosen = batches[first : first + schedule.evaluate_every]
        parameters, state, values = advance(parameters, state, rest, data, chosen)
        policy = eqx.combine(parameters, rest)
        steps.append(first + len(chosen))
        training.append(float(np.asarray(values, dtype=np.float64).mean()))
        held.append(evaluate(loss, policy, held_out, batch=schedule.batch))
        if not np.isfinite([training[-1], held[-1]]).all():
            raise TrainingDiverged(f"The loss is not finite after {steps[-1]} steps: {training[-1]} in training, {held[-1]} held out.")
        if watch is not None:
            watch(steps[-1], policy)
        best, since = (parameters, 0) if held[-1] < min(held[:-1]) else (best, since + 1)
        if since >= schedule.patience:
            break
    log = TrainingLog(np.array(steps), np.array(training), np.array(held), steps[int(np.argmin(held))], steps[-1] < schedule.steps)
    return Trained(eqx.combine(best, rest), log)


@functools.lru_cache(maxsize=16)
def _stepper(loss: Loss, schedule: Schedule) -> Callable[..., tuple[Any, Any, jax.Array]]:
    """The steps between two evaluations; kept, so that another seed compiles nothing."""
    optimiser = schedule.optimiser()

    @eqx.filter_jit
    def advance(parameters: Any, state: Any, rest: Any, data: Any, chosen: Any) -> tuple[Any, Any, jax.Array]:
        def one(carry: Any, places: Any) -> tuple[Any, jax.Array]:
            parameters, state = carry
            examples = jax.tree.map(lambda leaf: leaf[places], data)
            value, gradient = jax.value_and_grad(lambda p: mean_over(loss, eqx.combine(p, rest), examples))(parameters)
            updates, state = optimiser.update(gradient, state, parameters)
            return (optax.apply_updates(parameters, updates), state), value

        (parameters, state), values = jax.lax.scan(one, (parameters, state), chosen)
        return parameters, state, values

    return advance


def mean_over(loss: Loss, policy: Any, examples: Any) -> jax.Array:
    """The mean of `loss` over a batch of examples, by weight."""
    totals, weights = jax.vmap(lambda example: loss(policy, example))(examples)
    return totals.sum() / weights.sum()


@eqx.filter_jit
def _sums(loss: Loss, policy: Any, blocks: Any, real: jax.Array) -> tuple[jax.Array, jax.Array]:
    def one(at: Any) -> tuple[jax.Array, jax.Array]:
        examples, counts = at
        totals, weights = jax.vmap(lambda example: loss(policy, example))(examples)
        return jnp.where(counts, totals, 0).sum(), jnp.where(counts, weights, 0).sum()

    return jax.lax.map(one, (blocks, real))


def evaluate(loss: Loss, policy: Any, data: Any, *, batch: int) -> float:
    """The mean of `loss` over all of `data`, `batch` examples at a time."""
    n = _examples("data", data)
    rows = np.arange(-(-n // batch) * batch).reshape(-1, batch)
    blocks = jax.tree.map(lambda leaf: jnp.asarray(leaf)[np.minimum(rows, n - 1)], data)
    totals, weights = _sums(loss, policy, blocks, jnp.asarray(rows < n))
    return float(np.asarray(totals, np.float64).sum() / np.asarray(weights, np.float64).sum())


def _examples(name: str, data: Any) -> int:
    sizes = {len(leaf) if np.ndim(leaf) else 0 for leaf in jax.tree.leaves(data)}
    if len(sizes) != 1 or sizes == {0}:
        raise ValueError(f"`{name}` must hold arrays with the same number of examples, at least one; got {sorted(sizes)}.")
    return sizes.pop()


def _batches(n: int, schedule: Schedule, key: jax.Array) -> np.ndarray:
    """The examples of every step, int [steps, batch]."""
    needed = schedule.steps * schedule.batch
    permute = jax.jit(lambda epoch: jax.random.permutation(jax.random.fold_in(key, epoch), n))
    order = np.concatenate([np.asarray(permute(epoch)) for epoch in range(-(-needed // n))])
    return order[:needed].reshape(schedule.steps, schedule.batch)
