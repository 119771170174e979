"""Linear softmax families in closed form, for many parameters at once.

`Cube` does not list its 2^d responses, `Arms` does not list its feature-0 responses, and `Listed` takes any list of responses. Each has
`theta` `[d]` of the base, the `mode`'s features, and for parameters `[k, d]`: `log_partition` `[k]`, its gradient `mean` `[k, d]`, and
`draw`, the features `[k, d]` of one response for each parameter.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim.instances import HiddenArms, SpherePacking


@dataclass(frozen=True)
class Cube:
    """All of {-1, 1}^d/sqrt d: coordinates are independent, whatever the parameter."""

    dimension: int

    @property
    def theta(self) -> np.ndarray:
        """The mode itself."""
        return np.full(self.dimension, self.dimension**-0.5)

    mode = theta

    def log_partition(self, thetas: Any) -> Any:
        """sum_i log 2 cosh(theta_i / sqrt d)."""
        scaled = thetas / np.sqrt(self.dimension)
        return np.logaddexp(scaled, -scaled).sum(axis=-1)

    def mean(self, thetas: Any) -> Any:
        """tanh(theta_i / sqrt d) / sqrt d."""
        return np.tanh(thetas / np.sqrt(self.dimension)) / np.sqrt(self.dimension)

    def draw(self, rng: np.random.Generator, thetas: Any) -> np.ndarray:
        """Signs over sqrt d, one response for each parameter."""
        up = 1 / (1 + np.exp(-2 * thetas / np.sqrt(self.dimension)))
        return np.where(rng.random(thetas.shape) < up, 1.0, -1.0) / np.sqrt(self.dimension)


@dataclass(frozen=True)
class Arms:
    """`arms` unit vectors and `bulk` responses of feature 0, the first arm likelier by the factor 1 + `gap`."""

    arms: int
    bulk: int
    gap: float

    @property
    def theta(self) -> np.ndarray:
        """log(1 + g) e_1."""
        return np.log1p(self.gap) * self.mode

    @property
    def mode(self) -> np.ndarray:
        """e_1."""
        return np.eye(self.arms)[0]

    def log_partition(self, thetas: Any) -> Any:
        """log(M + sum_i exp theta_i)."""
        return np.logaddexp(np.log(self.bulk), np.logaddexp.reduce(thetas, axis=-1))

    def mean(self, thetas: Any) -> Any:
        """The arms' probabilities."""
        return np.exp(thetas - self.log_partition(thetas)[..., None])

    def draw(self, rng: np.random.Generator, thetas: Any) -> np.ndarray:
        """Unit vectors, and 0 for a response of the bulk."""
        edges = np.cumsum(self.mean(thetas), axis=-1)
        where = (rng.random(thetas.shape[:-1])[..., None] >= edges).sum(axis=-1)
        return np.concatenate([np.eye(self.arms), np.zeros((1, self.arms))])[where]

    @classmethod
    def of(cls, instance: HiddenArms) -> "Arms":
        """The same, its secret moved to the first arm."""
        arms = instance.features.shape[2]
        return cls(arms, instance.features.shape[1] - arms, instance.margin)


class Listed:
    """A packing with its responses listed."""

    def __init__(self, packing: SpherePacking):
        self.features, self.theta, self.mode = packing.features[0], packing.theta, packing.theta

    def log_partition(self, thetas: Any) -> Any:
        """By the sum over responses."""
        scores = thetas @ self.features.T
        top = scores.max(axis=-1)
        return top + np.log(np.exp(scores - top[..., None]).sum(axis=-1))

    def mean(self, thetas: Any) -> Any:
        """By the sum over responses."""
        scores = thetas @ self.features.T
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return weights @ self.features / weights.sum(axis=-1, keepdims=True)

    def draw(self, rng: np.random.Generator, thetas: Any) -> np.ndarray:
        """By inverting running sums."""
        scores = thetas @ self.features.T
        edges = np.cumsum(np.exp(scores - scores.max(axis=-1, keepdims=True)), axis=-1)
        level = rng.random(thetas.shape[:-1])[..., None] * edges[..., -1:]
        return self.features[np.minimum((edges <= level).sum(axis=-1), len(self.features) - 1)]


def mode_mass(world: Any, thetas: Any) -> Any:
    """`[k]`: the mass that each parameter puts on the mode."""
    return np.exp(thetas @ world.mode - world.log_partition(thetas))
