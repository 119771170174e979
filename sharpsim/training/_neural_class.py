"""The policy class of all networks of one shape, for `sft` and `dpo`. Fits start at a reference network, use AdamW and are not exact."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, FINITE, LABEL, POSITIVE, arrays, checked, several
from sharpsim.classes import Fit
from sharpsim.policies import SequencePolicy
from sharpsim.training._fit import Pairs, fit, negative_log_likelihood
from sharpsim.training._kinds import LIKELIHOODS, WHOLE, about
from sharpsim.training._low_rank import LowRankPolicy
from sharpsim.training._minimise import Loss, Schedule, Trained, evaluate, minimise


class Comparisons(NamedTuple):
    """Prompts [n, ...], two responses int [n, horizon] to each, and the targets [n] of their scaled log-ratio, in nats.

    `likelihoods` [n, 2] are the weights of -log pi of the two responses in the loss (see `squared_residual`); zeros leave them out.
    """

    prompts: Any
    first: Any
    second: Any
    targets: Any
    likelihoods: Any


NUMBERS = arrays(LABEL, "pairs")


@checked(prompts=ANYTHING, held_out=WHOLE, rank=WHOLE, temperatures=several(POSITIVE))
@dataclasses.dataclass(frozen=True)
class NeuralClass:
    """Policies with `reference`'s shape and any parameters, as the algorithms use a class; every fit begins at `reference`.

    `prompts` [k, ...] are what prompt numbers 0..k-1 stand for. Of the data of a fit the last `held_out` examples are kept out of training:
    of the policies seen at the schedule's evaluations, that of the least held-out loss is returned. `watch(step, policy)` sees each.
    With several `temperatures` training starts from the reference at the one of least held-out loss: to be sharper in its last layer is
    one direction, along which the small steps of fine-tuning are slow. With a `rank` only low-rank updates of the matrices are trained
    (`LowRankPolicy`), else all parameters.

    Raises `ValueError` for prompts that are not the policy's; a fit at several temperatures, for a reference without a last layer.
    """

    reference: SequencePolicy
    prompts: Any
    schedule: Schedule
    held_out: int
    watch: Callable[[int, Any], Any] | None = None
    rank: int | None = None
    temperatures: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        with about("prompts", "prompts of `reference`"):
            self.reference.check_prompts(self.prompts)
        if np.ndim(self.prompts) == 0 or len(self.prompts) == 0:
            raise ValueError(f"`prompts` must hold at least one prompt; got shape {np.shape(self.prompts)}.")

    @property
    def log_size(self) -> float:
        """inf: bounds for finite classes say nothing here."""
        return math.inf

    @property
    def shape(self) -> tuple[int, None]:
        """(prompts, None): responses are not listed."""
        return len(self.prompts), None

    @checked(prompts=NUMBERS, responses=ANYTHING)
    def maximum_likelihood(self, prompts: Any, responses: Any, *, key: jax.Array) -> Fit:
        """Towards argmax of sum_i log pi(y_i|x_i) over the class: the mean over tokens of -log pi is minimised.

        `info`: `exact` (False), and of training `step`, `training_loss`, `held_out_loss`, `best_step` (see `TrainingLog`).
        Raises `ValueError` for responses that are not the policy's and fewer than `held_out` + 1 pairs.
        """
        trained, kept = self._split(Pairs(self._asked(prompts), self._responses("responses", responses, prompts)))
        start, watch, key = self._start(negative_log_likelihood, kept, key)
        return _said(fit(start, trained, held_out=kept, schedule=self.schedule, key=key, watch=watch))

    @checked(prompts=NUMBERS, first=ANYTHING, second=ANYTHING, targets=arrays(FINITE, "pairs"), beta=POSITIVE, likelihoods=LIKELIHOODS)
    def least_squares(
        self, prompts: Any, first: Any, second: Any, targets: Any, *, beta: float, key: jax.Array, likelihoods: Any = None
    ) -> Fit:
        """Towards argmin over the class of sum_i ( beta (log pi(y_i|x_i) - log pi(y'_i|x_i)) - targets_i )^2; losses are its means, nats^2.

        `likelihoods` [n, 2], if given, adds sum_i ( -likelihoods_i1 log pi(y_i|x_i) - likelihoods_i2 log pi(y'_i|x_i) ).

        Raises `ValueError` as `maximum_likelihood` does.
        """
        weights = np.zeros((len(targets), 2), np.float32) if likelihoods is None else np.asarray(likelihoods)
        if weights.shape != (len(targets), 2):
            raise ValueError(f"`likelihoods` must have shape ({len(targets)}, 2), two weights a comparison; got {weights.shape}.")
        first, second = self._responses("first", first, prompts), self._responses("second", second, prompts)
        given = Comparisons(self._asked(prompts), first, second, np.asarray(targets), weights)
        trained, kept = self._split(given)
        loss, schedule = squared_residual(float(beta)), self.schedule
        start, watch, key = self._start(loss, kept, key)
        return _said(minimise(start, trained, loss=loss, held_out=kept, schedule=schedule, key=key, watch=watch))

    def _asked(self, prompts: Any) -> np.ndarray:
        """The prompts with these numbers."""
        _checks.indices("prompts", prompts, len(self.prompts))
        return np.asarray(self.prompts)[np.asarray(prompts)]

    def _responses(self, name: str, responses: Any, prompts: Any) -> np.ndarray:
        """One response of the policy for each of the prompts."""
        with about(name, "responses of the policy"):
            given = np.asarray(responses)
            self.reference.check_responses(given)
        if given.shape != (len(prompts), self.reference.horizon):
            raise ValueError(f"`{name}` must have one response for each of the {len(prompts)} `prompts`; got shape {given.shape}.")
        return given

    def _start(self, loss: Loss, kept: Any, key: jax.Array) -> tuple[Any, Callable[[int, Any], Any] | None, jax.Array]:
        """Where training begins, what watches it, and its key."""
        start, watch = self.reference, self.watch
        if tuple(self.temperatures) != (1.0,):
            choices = [start.at_temperature(temperature) for temperature in self.temperatures]
            start = choices[int(np.argmin([evaluate(loss, choice, kept, batch=self.schedule.batch) for choice in choices]))]
        if self.rank is None:
            return start, watch, key
        first, key = jax.random.split(key)
        seen = None if watch is None else lambda step, policy: watch(step, policy.merged())
        return LowRankPolicy(start, self.rank, key=first), seen, key

    def _split(self, data: Any) -> tuple[Any, Any]:
        n = len(data[0])
        if n <= self.held_out:
            raise ValueError(f"`prompts` must hold more examples than `held_out`, {self.held_out}; got {n}.")
        return type(data)(*(part[: n - self.held_out] for part in data)), type(data)(*(part[n - self.held_out :] for part in data))


@functools.lru_cache(maxsize=16)
def squared_residual(beta: float) -> Loss:
    """The loss of one comparison, ( beta (log pi(y|x) - log pi(y'|x)) - target )^2 in nats^2, plus the weighted likelihood losses.

    These are -likelihoods[0] log pi(y|x) - likelihoods[1] log pi(y'|x).
    One object for each beta, so that another seed compiles nothing.
    """

    def loss(policy: SequencePolicy, example: Comparisons) -> tuple[jax.Array, jax.Array]:
        first, second = (policy.token_log_probs(example.prompts, response).sum() for response in (example.first, example.second))
        likelihood = example.likelihoods[0] * first + example.likelihoods[1] * second
        return (beta * (first - second) - example.targets) ** 2 - likelihood, jnp.ones((), first.dtype)

    return loss


def _said(trained: Trained) -> Fit:
    log = trained.log
    named = {name: jnp.asarray(getattr(log, name)) for name in ("step", "training_loss", "held_out_loss", "best_step")}
    policy = trained.policy.merged() if isinstance(trained.policy, LowRankPolicy) else trained.policy
    return Fit(policy, {"exact": jnp.asarray(False), **named})
