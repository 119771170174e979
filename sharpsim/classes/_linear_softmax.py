"""The class of linear softmax policies with bounded parameters."""

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import FINITE, arrays, checked
from sharpsim._precision import as_jax
from sharpsim.classes._ball import least_squares_on_ball, minimise_on_ball, rank_cut
from sharpsim.classes._compared import check_pairs
from sharpsim.classes._counts import Fit, pair_counts
from sharpsim.classes._descent import LinearSums, descend
from sharpsim.classes._kinds import COMPARED, ONE_PAIR, PAIRS, one_pair
from sharpsim.classes._optimism import Choice, Optimistic
from sharpsim.policies import LinearSoftmaxPolicy

STEPS = 100
"""Newton steps at most."""
SWIFT, THOROUGH = (2, 2, 10), (32, 6, 60)
"""Random starts of the optimistic search, besides those that the data suggest; how many of all are followed, and for how many steps at
most: in each of many rounds, where the last minimiser is a start, and in a fit on its own."""


class LinearSoftmaxBall(Optimistic):
    """{pi_theta : ||theta|| <= radius}, pi_theta(y|x) proportional to exp <phi(x, y), theta>; `features` `[prompts, responses, d]`.

    Infinite, so `log_size` is inf (its covering numbers are Lemma J.4's). Raises `ValueError` for features that are not finite or no
    such array, and a radius not positive and finite.
    """

    features: Float[Array, "prompts responses d"]
    radius: Float[Array, ""]

    @checked
    def __init__(self, features: Any, radius: Any):
        self.features = as_jax(features)
        self.radius = jnp.asarray(radius, self.features.dtype)

    @property
    def log_size(self) -> float:
        """log|Pi| = inf."""
        return math.inf

    @property
    def shape(self) -> tuple[int, int]:
        """(prompts, responses) of each member's table."""
        return self.features.shape[0], self.features.shape[1]

    @checked(**COMPARED)
    def least_squares(
        self,
        prompts: Int[Array, " n"],
        first: Int[Array, "..."],
        second: Int[Array, "..."],
        targets: Float[Array, "..."],
        *,
        beta: Any,
        key: Key[Array, ""],
    ) -> Fit:
        """argmin of sum_i ( beta <phi(x_i, y_i) - phi(x_i, y'_i), theta> - targets_i )^2, exactly: the log-partition cancels.

        Of all minimisers the shortest theta; where that is too long, the ridge solution of norm exactly `radius` (secular equation).
        `info`: `theta`, `loss` (the sum of squares), `rank` of the rows (d: the minimiser is unique), `multiplier` (0 inside the
        ball). `key` is unused.
        """
        del key
        prompts, first, second, targets = check_pairs(prompts, first, second, targets, self.shape)
        info = _least_squares(self.features, self.radius, prompts, first, second, targets, beta)
        return Fit(LinearSoftmaxPolicy(self.features, info["theta"]), info)

    @checked(**PAIRS)
    def maximum_likelihood(self, prompts: Int[Array, " n"], responses: Int[Array, "..."], *, key: Key[Array, ""]) -> Fit:
        """argmax of sum_i log pi_theta(y_i|x_i) over the ball, a concave problem, by Newton steps that stay inside it.

        `info`: `theta`, `log_likelihood`, `gap`, a certified bound on how far (nats) that is from the maximum: by concavity
        max_{||t|| <= radius} <gradient, t - theta>; and `steps`. `key` is unused.
        """
        del key
        counts = pair_counts(prompts, responses, self.shape, self.features.dtype)
        fitted = _newton(self.features, counts, self.radius)
        info = {"theta": fitted.theta, "log_likelihood": fitted.value, "gap": fitted.gap, "steps": fitted.steps}
        return Fit(LinearSoftmaxPolicy(self.features, fitted.theta), info)

    def no_evidence(self) -> LinearSums:
        """Sums of zero."""
        prompts, _, d = self.features.shape
        zeros = [jnp.zeros(shape, self.features.dtype) for shape in ((d,), (prompts,), (d, d), (d,), ())]
        return LinearSums(*zeros)

    @checked(**ONE_PAIR)
    def observe(self, evidence: LinearSums, prompt: Any, first: Any, second: Any, target: Any, *, beta: Any) -> LinearSums:
        """The sums with one more pair."""
        one_pair(prompt, first, second, self.shape)
        chosen = self.features[prompt, second]
        row = beta * (self.features[prompt, first] - chosen)
        return LinearSums(
            evidence.seen + chosen,
            evidence.prompts.at[prompt].add(1.0),
            evidence.gram + row[:, None] * row[None, :],
            evidence.moment + row * target,
            evidence.power + target**2,
        )

    @checked(start=arrays(FINITE, "d"))
    def most_optimistic(
        self, evidence: LinearSums, *, alpha: Any, key: Key[Array, ""], start: Any = None, thorough: bool = False
    ) -> Choice:
        """The best of a monotone search from several starts: `start`, least squares, both ends of an unexplored direction, and
        random ones by `key`, which also chooses among equals. No minimum is certified: `info["exact"]` is False.
        """
        if start is not None:
            _checks.shape_of("start", start, self.features.shape[2:])
        count, followed, most = THOROUGH if thorough else SWIFT
        start_key, search_key = jax.random.split(key)
        random = jax.random.normal(start_key, (count, self.features.shape[2]), self.features.dtype)
        random = self.radius * random / jnp.linalg.norm(random, axis=1, keepdims=True)
        starts = random if start is None else jnp.concatenate([jnp.asarray(start, random.dtype)[None], random])
        found = descend(self.features, evidence, self.radius, starts, alpha=alpha, followed=followed, most=most, key=search_key)
        info = found._asdict() | {"objective": alpha * found.log_likelihood + found.loss, "exact": jnp.asarray(False)}
        return Choice(found.theta, info)

    @checked(parameter=arrays(FINITE, "d"))
    def policy_at(self, parameter: Any) -> LinearSoftmaxPolicy:
        """The policy with this theta."""
        _checks.shape_of("parameter", parameter, self.features.shape[2:])
        return LinearSoftmaxPolicy(self.features, parameter)

    def any_parameter(self) -> Any:
        """theta = 0."""
        return jnp.zeros(self.features.shape[2], self.features.dtype)


@partial(jax.jit, inline=True)
def _least_squares(features: Any, radius: Any, prompts: Any, first: Any, second: Any, targets: Any, beta: Any) -> dict[str, Any]:
    rows = beta * (features[prompts, first] - features[prompts, second])
    targets = targets.astype(features.dtype)
    theta, multiplier, rank = least_squares_on_ball(rows, targets, radius)
    return {"theta": theta, "loss": jnp.sum((rows @ theta - targets) ** 2), "rank": rank, "multiplier": multiplier}


class _Newton(NamedTuple):
    theta: Any
    value: Any
    gradient: Any
    gap: Any
    steps: Any
    stuck: Any


def _newton(features: Any, counts: Any, radius: Any) -> _Newton:
    """Each step minimises the quadratic model over the ball, then halves until the likelihood rises enough."""
    total = counts.sum(axis=1)
    halvings = 0.5 ** jnp.arange(24, dtype=features.dtype)
    tolerance = 64 * jnp.finfo(features.dtype).eps * counts.sum()

    def likelihood(scores: Any) -> Any:
        return jnp.sum(counts * jax.nn.log_softmax(scores, axis=-1), axis=(-2, -1))

    def look(theta: Any, steps: Any, stuck: Any) -> _Newton:
        scores = features @ theta
        excess = counts - total[:, None] * jax.nn.softmax(scores, axis=-1)
        gradient = jnp.einsum("xy,xyd->d", excess, features)
        gap = jnp.maximum(radius * jnp.linalg.norm(gradient) - gradient @ theta, 0.0)
        return _Newton(theta, likelihood(scores), gradient, gap, steps, stuck)

    def going(state: _Newton) -> Any:
        return (state.gap > tolerance * (1 + radius)) & (state.steps < STEPS) & ~state.stuck

    def step(state: _Newton) -> _Newton:
        scores = features @ state.theta
        probs = jax.nn.softmax(scores, axis=-1)
        centred = features - jnp.einsum("xy,xyd->xd", probs, features)[:, None, :]
        hessian = jnp.einsum("xy,xyd,xye->de", total[:, None] * probs, centred, centred)
        curvatures, vectors = jnp.linalg.eigh(hessian)
        curvatures = rank_cut(curvatures, counts.size)
        slopes = vectors.T @ (hessian @ state.theta + state.gradient)
        goal = vectors @ minimise_on_ball(curvatures, slopes, radius)[0]
        move = goal - state.theta
        values = likelihood(scores + halvings[:, None, None] * (features @ move))
        enough = values >= state.value + 1e-4 * halvings * (state.gradient @ move)
        length = halvings[jnp.argmax(enough)]
        found = jnp.any(enough) & (state.gradient @ move > 0)
        return look(jnp.where(found, state.theta + length * move, state.theta), state.steps + 1, ~found)

    start = look(jnp.zeros(features.shape[2], features.dtype), jnp.int32(0), jnp.asarray(False))
    return jax.lax.while_loop(going, step, start)
