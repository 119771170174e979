"""Worked solutions of unit 14."""

import numpy as np


def best_k_law(base: np.ndarray, draws: int, kept: int) -> np.ndarray:
    """The answer is i or worse with probability E[(k - B)_+]/k, B ~ Binomial(N, mass above i): of the best k, k - B are not above i."""
    above = np.append(1.0, np.maximum(1 - np.cumsum(base), 0))
    at_most = np.zeros(len(above))
    chance = np.where(above < 1, 1 - above, 0.0) ** draws
    for count in range(kept):
        # `chance` is P[B = count]; at `above` = 1 all draws are above.
        at_most += (kept - count) / kept * np.where(above == 1, float(count == draws), chance)
        chance = chance * (draws - count) / (count + 1) * above / np.where(above < 1, 1 - above, 1.0)
    return np.diff(at_most)


def most_hacked(draws: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A response so rare that N draws rarely have two of it, which the proxy ranks first and which is worst.

    Its density under best of N is nearly N, and it loses all of its rank. The others gain its mass each, which is the 1/N that is missing.
    """
    rare, others = 1e-4 / draws, 400
    base = np.append(rare, np.full(others, (1 - rare) / others))
    ranks = np.arange(1.0, others + 1)
    return base, np.append(0.0, ranks), np.append(others + 1.0, ranks)


def safest_rule(cells: int, wrong: int) -> np.ndarray:
    """Uniform on the top share: with density D it loses D s to the adversary and 1/(2D) for not being at the top. Try every width."""
    ranks = (np.arange(cells) + 0.5) / cells

    def loss(law: np.ndarray) -> float:
        order = np.argsort(-law, kind="stable")
        true = np.empty(cells)
        true[np.concatenate([np.sort(order[:wrong]), np.sort(order[wrong:])])] = ranks
        return 1 - float(law @ true)

    widths = [np.where(np.arange(cells) >= cells - width, 1 / width, 0.0) for width in range(1, cells + 1)]
    return min(widths, key=loss)
