"""Minimises a mean loss over examples by AdamW in mini-batches, with warm-up and early stopping on held-out examples.

`fit` and `NeuralClass` call it with their losses; call it directly for a loss of your own.
"""

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
from sharpsim._arguments import ANYTHING, POSITIVE, checked
from sharpsim._precision import placed
from sharpsim.policies import require_finite
from sharpsim.training._kinds import DECAY, FROM_ZERO, POLICY, WHOLE, is_numeric
from sharpsim.training._low_rank import trained_parts

Loss = Callable[[Any, Any], tuple[jax.Array, jax.Array]]
"""(policy, example) -> (total, weight): the mean over examples is the sum of totals over the sum of weights. Hashable."""


@checked(
    steps=WHOLE,
    batch=WHOLE,
    learning_rate=POSITIVE,
    warmup=FROM_ZERO,
    weight_decay=DECAY,
    clip=POSITIVE,
    evaluate_every=WHOLE,
    patience=WHOLE,
)
@dataclasses.dataclass(frozen=True)
class Schedule:
    """The numbers that decide a training run; none has a default.

    The learning rate rises linearly to `learning_rate` over `warmup` steps (with 0 it starts there) and falls by a cosine to 0 at step
    `steps`. Gradients are clipped to norm `clip`. `weight_decay` applies to matrices only. The held-out loss is evaluated every
    `evaluate_every` steps; training stops after `patience` evaluations in a row without a new least loss.

    Raises `ValueError` for a warm-up not shorter than `steps`.
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
        if self.warmup >= self.steps:
            raise ValueError(f"`warmup` must be less than `steps`, {self.steps}; got {self.warmup}.")

    def optimiser(self) -> optax.GradientTransformation:
        """Clipping, then AdamW at this schedule's rates."""
        rates = optax.warmup_cosine_decay_schedule(0.0 if self.warmup else self.learning_rate, self.learning_rate, self.warmup, self.steps)

        def matrices(parameters: Any) -> Any:
            return jax.tree.map(lambda leaf: leaf.ndim >= 2, parameters)

        return optax.chain(optax.clip_by_global_norm(self.clip), optax.adamw(rates, weight_decay=self.weight_decay, mask=matrices))


class TrainingLog(NamedTuple):
    """The losses at each evaluation, as means over weights: nats per token for maximum likelihood."""

    step: np.ndarray
    """int64 [evaluations]: steps taken before the evaluation; the first is 0."""
    training_loss: np.ndarray
    """float64 [evaluations]: mean over the batches since the previous evaluation; NaN for the first."""
    held_out_loss: np.ndarray
    """float64 [evaluations]."""
    best_step: int
    """Number of steps after which the held-out loss was least (the first of equals); the returned policy is from there."""
    stopped_early: bool
    """Whether training stopped because of `patience`, before all steps were taken."""


class Trained(NamedTuple):
    """The policy with the least held-out loss, and the log of the training."""

    policy: Any
    log: TrainingLog


class TrainingDiverged(RuntimeError):
    """Training was stopped because a loss was NaN or infinite."""


@checked(policy=POLICY, data=ANYTHING, held_out=ANYTHING)
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

    Every epoch is a new permutation of the examples, and a batch may span two epochs. The same key gives the same policy on the same
    machine. `watch(step, policy)` is called at each evaluation. All floating-point arrays of the policy are trained, of a `LowRankPolicy`
    the factors alone. Returned is the policy with the least held-out loss among those evaluated, the initial one included.

    Raises `ValueError` for parameters that are not finite, no examples, and a batch larger than the data; `TrainingDiverged` where a loss
    is not finite.
    """
    require_finite(policy)
    n = _checked_sizes(data, held_out, schedule)
    data, held_out = jax.tree.map(jnp.asarray, data), jax.tree.map(jnp.asarray, held_out)
    parameters, rest = eqx.partition(policy, trained_parts(policy))
    state = schedule.optimiser().init(parameters)
    advance = _stepper(loss, schedule, _at_once(policy, schedule.batch))
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
        _require_finite_losses(steps[-1], training[-1], held[-1])
        if watch is not None:
            watch(steps[-1], policy)
        best, since = (parameters, 0) if held[-1] < min(held[:-1]) else (best, since + 1)
        if since >= schedule.patience:
            break
    log = TrainingLog(np.array(steps), np.array(training), np.array(held), steps[int(np.argmin(held))], steps[-1] < schedule.steps)
    return Trained(eqx.combine(best, rest), log)


def _checked_sizes(data: Any, held_out: Any, schedule: Schedule) -> int:
    """The number of examples of `data`, after both sets of examples are checked."""
    n = _examples("data", data)
    _examples("held_out", held_out)
    if schedule.batch > n:
        raise ValueError(f"`batch` must be at most the number of examples, {n}; got {schedule.batch}.")
    shapes, found = (jax.tree.map(lambda leaf: str(np.shape(leaf)[1:]), examples) for examples in (data, held_out))
    if shapes != found:
        raise ValueError(f"`held_out` must hold examples of the shapes {shapes}, as `data` does; got {found}.")
    _checks.affordable("schedule", schedule, size=8.0 * schedule.steps * schedule.batch)
    return n


def _require_finite_losses(step: int, training: float, held_out: float) -> None:
    if not np.isfinite([training, held_out]).all():
        raise TrainingDiverged(f"The loss is not finite after {step} steps: {training} in training, {held_out} held out.")


def _at_once(policy: Any, batch: int) -> int:
    """How many examples of a batch gradients are computed of at a time: a divisor of `batch`, near to what the policy says."""
    most = getattr(policy, "examples_at_once", None) or batch
    found = max(size for size in range(1, min(most, batch) + 1) if batch % size == 0)
    return found if 2 * found >= most else batch


@functools.lru_cache(maxsize=16)
def _stepper(loss: Loss, schedule: Schedule, at_once: int) -> Callable[..., tuple[Any, Any, jax.Array]]:
    """The compiled steps between two evaluations. They are cached, so that another seed compiles nothing."""
    optimiser = schedule.optimiser()

    @eqx.filter_jit
    def advance(parameters: Any, state: Any, rest: Any, data: Any, chosen: Any) -> tuple[Any, Any, jax.Array]:
        def one(carry: Any, places: Any) -> tuple[Any, jax.Array]:
            parameters, state = carry
            examples = jax.tree.map(lambda leaf: leaf[places], data)
            value, gradient = gradient_of(loss, parameters, rest, examples, at_once)
            updates, state = optimiser.update(gradient, state, parameters)
            return (optax.apply_updates(parameters, updates), state), value

        (parameters, state), values = jax.lax.scan(one, (parameters, state), chosen)
        return parameters, state, values

    return advance


def gradient_of(loss: Loss, parameters: Any, rest: Any, examples: Any, at_once: int) -> tuple[jax.Array, Any]:
    """`mean_over` of the policy made of `parameters` and `rest`, and its gradient by `parameters`; `at_once` divides the batch."""
    batch = _examples("examples", examples)
    if at_once == batch:
        return jax.value_and_grad(lambda p: mean_over(loss, eqx.combine(p, rest), examples))(parameters)

    def sums(parameters: Any, some: Any) -> tuple[jax.Array, jax.Array]:
        totals, weights = jax.vmap(lambda example: loss(eqx.combine(parameters, rest), example))(some)
        return totals.sum(), weights.sum().astype(totals.dtype)

    def gradients(some: Any) -> Any:
        # Most often weights do not depend on the policy: then their gradient is 0 and costs nothing.
        return jax.value_and_grad(sums, has_aux=True)(parameters, some), jax.grad(lambda p: sums(p, some)[1])(parameters)

    blocks = jax.tree.map(lambda leaf: leaf.reshape(batch // at_once, at_once, *leaf.shape[1:]), examples)
    shapes = jax.eval_shape(lambda some: gradients(jax.tree.map(lambda leaf: leaf[0], some)), blocks)
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    (((total, weight), by_total), by_weight), _ = jax.lax.scan(
        lambda found, some: (jax.tree.map(jnp.add, found, gradients(some)), None), zeros, blocks
    )
    mean = total / weight
    return mean, jax.tree.map(lambda a, b: ((a - mean * b) / weight).astype(a.dtype), by_total, by_weight)


def mean_over(loss: Loss, policy: Any, examples: Any) -> jax.Array:
    """The weighted mean of `loss` over a batch of examples."""
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
    blocks = jax.tree.map(lambda leaf: placed(leaf)[np.minimum(rows, n - 1)], data)
    totals, weights = _sums(loss, policy, blocks, placed(rows < n))
    return float(np.asarray(totals, np.float64).sum() / np.asarray(weights, np.float64).sum())


def _examples(name: str, data: Any) -> int:
    sizes = {len(leaf) if is_numeric(leaf) and np.ndim(leaf) else 0 for leaf in jax.tree.leaves(data)}
    if len(sizes) != 1 or sizes == {0}:
        raise ValueError(f"`{name}` must hold arrays with the same number of examples, at least one; got {sorted(sizes)}.")
    return sizes.pop()


def _batches(n: int, schedule: Schedule, key: jax.Array) -> np.ndarray:
    shape = schedule.steps, schedule.batch
    order = np.concatenate([np.asarray(_permuted(key, epoch, n)) for epoch in range(-(-shape[0] * shape[1] // n))])
    return order[: shape[0] * shape[1]].reshape(shape)


@functools.partial(jax.jit, static_argnames="n")
def _permuted(key: jax.Array, epoch: Any, n: int) -> jax.Array:
    return jax.random.permutation(jax.random.fold_in(key, epoch), n)
