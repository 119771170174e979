"""Checks of unit 1: `sharpness.unsharpened_fraction`, the definition itself, and the tilted law at its KL divergence."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import root_scalar

from sharpsim import laws as exact
from sharpsim import sharpness
from sharpsim.exercises._answers import close, laws, number, parts, reaches
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import dyadic_row, row, tables


def _definition_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for base, weights in tables(rng):
        policy = np.stack([dyadic_row(rng, base.shape[1]) for _ in base])
        top = np.sum(policy * (base == base.max(axis=1, keepdims=True)), axis=1)
        # At the edge: the first prompt's mass on the mode equals 1 - delta exactly.
        for delta in (float(1 - top[0]), 0.375):
            for slack in (0.0, 0.5):
                if 0 < delta < 1:
                    yield {"policy": policy, "base": base, "weights": weights, "delta": delta, "slack": slack}


def _definition(answer: Any, *, policy: np.ndarray, base: np.ndarray, weights: np.ndarray, delta: float, slack: float) -> None:
    want = sharpness.unsharpened_fraction(np.log(policy), np.log(base), weights, delta=delta, slack=slack)
    close(number(answer), want, "the unsharpened fraction")


def _delta_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for delta in (0.5, 0.9, 0.1, 0.25, 0.05, *np.round(rng.uniform(0.04, 0.96, size=8), 3)):
        yield {"delta": float(delta)}


def _less_likely(answer: Any, *, delta: float) -> None:
    first, second = parts(answer, 2, "(base, policy)")
    base, policy = laws(first, (None,), "base"), laws(second, (None,), "policy")
    if base.shape != policy.shape or base.size > 10_000:
        raise Wrong(f"base and policy must have the same shape, at most 10,000 responses; got {base.shape} and {policy.shape}.")
    if (base <= 0).any():
        raise Wrong("base must be positive everywhere.")
    if np.sum(base == base.max()) != 1:
        raise Wrong("the mode of base must be unique.")
    mass = policy[np.argmax(base)]
    if not mass > 1 - delta:
        raise Wrong(f"policy has mass {mass:.6g} on the mode of base; it must be above 1 - delta = {1 - delta:.6g}.")
    here, there = float(policy @ np.log(base)), float(base @ np.log(base))
    if not here < there:
        raise Wrong(f"E_policy[log base] = {here:.6g} is not below E_base[log base] = {there:.6g}.")


def _budget_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size in (2, 2, 3, 3, 4, 6, 10, 20):
        base = row(rng, size)
        limit = -np.log(base.max())
        for share in (0.1, 0.5, 0.9, 1.5):
            yield {"base": base, "budget": float(share * limit)}


def _within(answer: Any, *, base: np.ndarray, budget: float) -> None:
    policy = laws(answer, base.shape, "the policy")
    held = policy > 0
    spent = float(np.sum(policy[held] * np.log(policy[held] / base[held])))
    if spent > budget + 1e-9:
        raise Wrong(f"KL(policy || base) = {spent:.10g} nats exceeds the budget {budget:.10g}.")
    log_base = np.log(base)[None]

    def spends(log_inverse_beta: float) -> float:
        law = exact.tilted(log_base, log_base, beta=float(np.exp(-log_inverse_beta)))
        return float(np.sum(np.exp(law) * np.where(np.isfinite(law), law - log_base, 0.0))) - budget

    best = float(np.log(base.max()))
    if budget < -best:
        root = root_scalar(spends, bracket=(-30.0, 12.0)).root if spends(12.0) > 0 else 12.0
        best = float(np.sum(np.exp(exact.tilted(log_base, log_base, beta=float(np.exp(-root)))) * log_base))
    reaches(float(policy @ np.log(base)), best - 1e-4, "E_policy[log base]", f"the optimum is {best:.8g}")


EXERCISES = (
    Exercise("01.1", "easy", "the fraction of prompts that are not sharpened", "unsharpened_fraction", _definition_cases, _definition),
    Exercise("01.2", "proof", "sharpened, yet less likely under the base", "sharpened_yet_less_likely", _delta_cases, _less_likely),
    Exercise("01.3", "open", "the most likely policy within a KL budget", "most_likely_within", _budget_cases, _within),
)
