"""The optimistic objective of a linear class: a convex quadratic plus alpha times a concave log-likelihood, minimised over a ball.

F(theta) = alpha (<seen, theta> - sum_x n_x log Z_x(theta)) + theta' G theta - 2 <m, theta> + const. The log-likelihood lies below its
tangents, so minimising the quadratic plus a tangent over the ball never raises F (the concave-convex procedure); a Newton step is
taken instead where it falls further. Local minima remain: the search starts from several points and certifies nothing.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharpsim.classes._ball import rank_cut

SCOUTING = 3
"""Tangent steps from every start, before the leading ones are followed."""


class LinearSums(NamedTuple):
    """sum phi(y'_i) `[d]`, pairs per prompt `[prompts]`, G = sum a a', m = sum a target, sum target^2; a = beta (phi(y) - phi(y'))."""

    seen: Float[Array, " d"]
    prompts: Float[Array, " prompts"]
    gram: Float[Array, "d d"]
    moment: Float[Array, " d"]
    power: Float[Array, ""]


class Found(NamedTuple):
    """The best point that was found, its log-likelihood and loss, and the steps taken from the leading starts."""

    theta: Float[Array, " d"]
    log_likelihood: Any
    loss: Any
    steps: Any


class _Look(NamedTuple):
    theta: Any
    objective: Any
    log_likelihood: Any
    gradient: Any


class _Problem(NamedTuple):
    """F on the ball in the eigenbasis of G: `values` and `vectors` of G, axes that the squares leave `free`, minimiser on the others.

    `limit` says whether alpha = 0, which means alpha -> 0+.
    """

    features: Any
    sums: LinearSums
    radius: Any
    alpha: Any
    limit: Any
    values: Any
    vectors: Any
    free: Any
    pull: Any
    pinned: Any
    room: Any

    def loss(self, theta: Any) -> Any:
        return theta @ self.sums.gram @ theta - 2 * self.sums.moment @ theta + self.sums.power

    def shares(self, theta: Any) -> tuple[Any, Any]:
        scores = self.features @ theta
        top = jnp.max(scores, axis=1, keepdims=True)
        mass = jnp.exp(scores - top)
        total = mass.sum(axis=1)
        return mass / total[:, None], jnp.log(total) + top[:, 0]

    def look(self, theta: Any) -> _Look:
        """The objective at theta, with the likelihood and its gradient."""
        share, log_partition = self.shares(theta)
        log_likelihood = self.sums.seen @ theta - self.sums.prompts @ log_partition
        mean = jnp.einsum("xy,xyd->d", self.sums.prompts[:, None] * share, self.features)
        objective = jnp.where(self.limit, log_likelihood, self.alpha * log_likelihood + self.loss(theta))
        return _Look(theta, objective, log_likelihood, self.sums.seen - mean)

    def tangent(self, at: _Look) -> Any:
        """The minimiser over the ball of the quadratic plus the likelihood's tangent."""
        slope = self.vectors.T @ at.gradient
        along = jnp.where(self.free, slope, 0.0)
        size = jnp.linalg.norm(along)
        outward = -self.room * along / jnp.where(size > 0, size, 1.0)
        held = jnp.where(size > 0, outward, jnp.where(self.free, self.vectors.T @ at.theta, 0.0))
        step = on_ball(self.values, self.pull - self.alpha / 2 * slope, self.radius)
        return self.vectors @ jnp.where(self.limit, self.pinned + held, step)

    def newton(self, at: _Look) -> Any:
        """The minimiser over the ball of F's second-order model."""
        features, sums, d = self.features, self.sums, self.features.shape[2]
        share, _ = self.shares(at.theta)
        mean = jnp.einsum("xy,xyd->xd", share, features)
        weighted = (features * (sums.prompts[:, None] * share)[:, :, None]).reshape(-1, d)
        covariance = weighted.T @ features.reshape(-1, d) - (sums.prompts[:, None] * mean).T @ mean
        hessian = 2 * sums.gram - self.alpha * covariance
        gradient = 2 * (sums.gram @ at.theta - sums.moment) + self.alpha * at.gradient
        curvatures, axes = jnp.linalg.eigh(hessian)
        return axes @ on_ball(curvatures, axes.T @ (hessian @ at.theta - gradient), self.radius)

    def settled(self) -> Any:
        """Whether there is one minimum: the squares pin every direction, or outweigh the likelihood's curvature.

        That curvature is at most the largest ||phi||^2 for each pair.
        """
        reach = jnp.max(jnp.sum(self.features**2, axis=-1))
        curved = 2 * jnp.min(self.values) > self.alpha * self.sums.prompts.sum() * reach
        return jnp.where(self.limit, ~jnp.any(self.free), curved)


def _problem(features: Any, sums: LinearSums, radius: Any, alpha: Any) -> _Problem:
    alpha = jnp.asarray(alpha, features.dtype)
    values, vectors = jnp.linalg.eigh(sums.gram)
    rows = jnp.maximum(sums.prompts.sum(), 1.0)
    cut = rank_cut(values, features.shape[2])
    values = jnp.where(values > jnp.max(values) * rows * 4 * jnp.finfo(values.dtype).eps, cut, 0.0)
    free = values <= 0
    pull = jnp.where(free, 0.0, vectors.T @ sums.moment)
    pinned = jnp.where(free, 0.0, on_ball(values, pull, radius))
    room = jnp.sqrt(jnp.maximum(radius**2 - jnp.sum(pinned**2), 0.0))
    return _Problem(features, sums, radius, alpha, alpha == 0, values, vectors, free, pull, pinned, room)


@partial(jax.jit, static_argnames=("followed", "most"), inline=True)
def descend(
    features: Any, sums: LinearSums, radius: Any, starts: Float[Array, "starts d"], *, alpha: Any, followed: int, most: int, key: Any
) -> Found:
    """The least F among the local minima that `starts` and the directions of least curvature lead to; alpha = 0 is alpha -> 0+.

    The `followed` leading starts take at most `most` steps. Equal minima are chosen among at random by `key`: a preference by rounding or
    by the order of the coordinates would be knowledge that no learner has.
    """
    direction_key, leading_key, best_key = jax.random.split(key, 3)
    problem = _problem(features, sums, radius, alpha)
    settled = problem.settled()
    scouts = _scouted(problem, _begin(problem, starts, settled, direction_key), settled)
    leading = jnp.argsort(_jittered(scouts.objective, leading_key))[:followed]
    ends, steps = _followed(problem, jax.tree.map(lambda a: a[leading], scouts), settled, most)
    best = jnp.argmin(_jittered(ends.objective, best_key))
    theta = ends.theta[best]
    return Found(theta, ends.log_likelihood[best], jnp.maximum(problem.loss(theta), 0.0), steps)


def _begin(problem: _Problem, starts: Any, settled: Any, key: Any) -> Any:
    """The given starts, the least-squares point, and both ends of a direction that the data say least of."""
    free, vectors, pinned = problem.free, problem.vectors, problem.pinned
    # A random direction that the squares leave free, or the least curved one. The draw is projected, not taken as coordinates in the basis
    # of the free directions: that basis is the linear algebra library's choice, and differs between processors.
    loose = vectors @ jnp.where(free, vectors.T @ jax.random.normal(key, free.shape, problem.features.dtype), 0.0)
    weakest = problem.radius * jnp.where(jnp.any(free), loose / jnp.maximum(jnp.linalg.norm(loose), 1e-30), vectors[:, 0])
    begin = jnp.concatenate([starts, (vectors @ pinned)[None], weakest[None], -weakest[None]])
    return jnp.where(problem.limit & settled, vectors @ pinned, begin)


def _scouted(problem: _Problem, begin: Any, settled: Any) -> _Look:
    """A few tangent steps from every start. They may raise F: in the limit a start need not fit the squares."""

    def scout(carry: tuple[Any, Any]) -> tuple[Any, Any]:
        return carry[0] + 1, jax.vmap(lambda here: problem.look(problem.tangent(here)))(carry[1])

    start = (jnp.int32(0), jax.vmap(problem.look)(begin))
    return jax.lax.while_loop(lambda carry: (carry[0] < SCOUTING) & ~settled, scout, start)[1]


def _followed(problem: _Problem, leading: _Look, settled: Any, most: int) -> tuple[_Look, Any]:
    """Monotone steps from the leading points until they rest, and how many were taken."""
    tolerance = (1e-8 if problem.features.dtype == jnp.float64 else 1e-5) * problem.radius

    def descended(at: _Look, new: _Look) -> _Look:
        return jax.tree.map(lambda a, b: jnp.where((new.objective < at.objective).reshape(-1, *[1] * (a.ndim - 1)), b, a), at, new)

    def step(carry: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        at, _, steps = carry
        down = jax.vmap(lambda here: problem.look(problem.tangent(here)))(at)
        newton = lambda: descended(down, jax.vmap(lambda here: problem.look(problem.newton(here)))(at))  # noqa: E731
        # In the limit the quadratic is met exactly and nothing is left for Newton's.
        new = descended(at, jax.lax.cond(problem.limit, lambda: down, newton))
        moved = jnp.max(jnp.abs(new.theta - at.theta), axis=1)
        # Where there is one minimum, the first to rest has found it.
        return new, jnp.where(settled, jnp.min(moved), jnp.max(moved)) > tolerance, steps + 1

    def going(carry: tuple[Any, Any, Any]) -> Any:
        return carry[1] & (carry[2] < most)

    ends, _, steps = jax.lax.while_loop(going, step, (leading, jnp.asarray(True), jnp.int32(0)))
    return ends, steps


def _jittered(objective: Any, key: Any) -> Any:
    """Values with noise above their rounding and below any difference that matters."""
    room = 1e-10 if objective.dtype == jnp.float64 else 1e-5
    return objective + room * (1 + jnp.abs(objective)) * jax.random.uniform(key, objective.shape, objective.dtype)


def on_ball(curvatures: Float[Array, " d"], slopes: Float[Array, " d"], radius: Any) -> Float[Array, " d"]:
    """argmin over ||z|| <= radius of sum_j (w_j z_j^2 / 2 - c_j z_j), w of either sign: Newton on the secular equation.

    The root of 1/||z(lam)|| = 1/radius is approached from the left, where z(lam) = c/(w + lam) is too long, so it never overshoots.
    Axes with c_j = 0 stay at 0 (the hard case of a negative w_j is left to other starts).
    """
    size = jnp.abs(slopes)
    tiny = jnp.finfo(slopes.dtype).tiny
    multiplier = jnp.maximum(jnp.max(jnp.where(size > 0, size / radius - curvatures, 0.0)), 0.0)

    def at(lam: Any) -> Any:
        return jnp.where(size > 0, slopes / jnp.maximum(curvatures + lam, tiny), 0.0)

    for _ in range(9):
        z = at(multiplier)
        square = jnp.sum(z**2)
        slope = jnp.sum(jnp.where(size > 0, z**2 / jnp.maximum(curvatures + multiplier, tiny), 0.0))
        gain = square / jnp.maximum(slope, tiny) * (jnp.sqrt(square) / radius - 1)
        multiplier = multiplier + jnp.maximum(gain, 0.0)
    z = at(multiplier)
    return z * jnp.minimum(1.0, radius / jnp.maximum(jnp.linalg.norm(z), tiny))
