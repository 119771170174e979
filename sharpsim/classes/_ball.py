"""Minimises convex quadratics over a ball, exactly. Every fit of a linear class uses it."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def minimise_on_ball(curvatures: Float[Array, " d"], slopes: Float[Array, " d"], radius: Any) -> tuple[Float[Array, " d"], Any]:
    """argmin over ||z|| <= radius of sum_j (w_j z_j^2 / 2 - c_j z_j), w = `curvatures` >= 0, c = `slopes`, and its multiplier.

    Of all minimisers the one of least norm; where w_j = 0, c_j counts as 0 (the caller's cut decides what is 0). If the free
    minimiser is too long, z(lam) = c / (w + lam) with lam > 0 the root of the secular equation ||z(lam)|| = radius.
    """
    has = curvatures > 0
    slopes = jnp.where(has, slopes, 0.0)

    def at(multiplier: Any) -> Any:
        return slopes / jnp.where(has, curvatures + multiplier, 1.0)

    # ||z(lam)|| <= ||c|| / lam: the root lies below ||c|| / radius. The bracket is in lam; a hundred halvings exhaust its digits.
    high = jnp.linalg.norm(slopes) / radius

    def halve(_: Any, bracket: Any) -> Any:
        low, high = bracket
        middle = 0.5 * (low + high)
        long = jnp.linalg.norm(at(middle)) > radius
        return jnp.where(long, middle, low), jnp.where(long, high, middle)

    multiplier = jax.lax.fori_loop(0, 100, halve, (jnp.zeros_like(high), high))[1]
    free = at(jnp.zeros_like(high))
    room = 1 + 8 * jnp.finfo(slopes.dtype).eps
    inside = jnp.linalg.norm(free) <= radius * room
    bound = at(multiplier)
    bound = bound * jnp.minimum(1.0, radius / jnp.maximum(jnp.linalg.norm(bound), jnp.finfo(slopes.dtype).tiny))
    return jnp.where(inside, free, bound), jnp.where(inside, 0.0, multiplier)


def rank_cut(values: Float[Array, " d"], rows: int) -> Float[Array, " d"]:
    """Singular values or eigenvalues with those set to 0 that rounding alone can make."""
    return jnp.where(values > jnp.max(values) * max(rows, values.shape[0]) * jnp.finfo(values.dtype).eps, values, 0.0)


def least_squares_on_ball(rows: Float[Array, "n d"], targets: Float[Array, " n"], radius: Any) -> tuple[Float[Array, " d"], Any, Any]:
    """(theta, multiplier, rank): the least-norm minimiser of ||rows theta - targets||^2 over ||theta|| <= radius.

    By an orthogonal triangle and its singular values, never by normal equations: d independent noise-free rows give theta to the
    digits that their condition number leaves.
    """
    n, d = rows.shape
    triangle = jnp.linalg.qr(jnp.concatenate([rows, targets[:, None]], axis=1), mode="r")
    left, values, right = jnp.linalg.svd(triangle[:, :d], full_matrices=False)
    values = rank_cut(values, n)
    coordinates, multiplier = minimise_on_ball(values**2, values * (left.T @ triangle[:, d]), radius)
    return right.T @ coordinates, multiplier, jnp.sum(values > 0)
