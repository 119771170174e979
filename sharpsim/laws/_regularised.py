"""The KL-regularised objective of RLHF-Sharpening, its KL divergence, and the regret of a policy in it (sections 7.1 and 7.3)."""

from dataclasses import replace
from typing import Any

from sharpsim._arguments import FINITE_REWARD, checked
from sharpsim._logspace import as_arrays, normalise, relative_entropy
from sharpsim.laws._tilted import tilted


@checked
def divergence(log_policy: Any, log_base: Any, prompt_weights: Any) -> Any:
    """KL(pi || base) = E_{x~mu, y~pi}[log pi(y|x) - log base(y|x)] in nats, in [0, inf].

    0 exactly at pi = base; inf where pi has mass (at a prompt with weight) that base lacks. Tables `[prompts, responses]`.
    Laws that differ by a relative 1e-k lose k digits, because the logarithms that are given have.

    Raises `ValueError` for rows or weights that do not sum to one and shapes that differ.
    """
    xp, policy, base, weights = _tables(log_policy, log_base, prompt_weights)
    return _mean(relative_entropy(policy, base, xp), weights, xp)


@checked(reward=replace(FINITE_REWARD, axes=("prompts", "responses")))
def regularised_value(log_policy: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: Any) -> Any:
    """J_beta(pi) = E_{x~mu, y~pi}[r(y|x)] - beta KL(pi || base), in nats; -inf where pi has mass that base (or the reward) lacks.

    Its maximum over all pi is at `tilted(log_base, reward, beta=beta)`, E_x[beta log E_base[exp(r / beta)]].

    Args:
        log_policy, log_base, reward: tables `[prompts, responses]`; -inf allowed in all three.
        prompt_weights: mu `[prompts]`; beta > 0 a scalar (it may be traced).

    Raises `ValueError` for rows or weights that do not sum to one, shapes that differ, rewards NaN or +inf, beta not positive.
    Source: section 4.2, Eq. 8.
    """
    xp, policy, _, weights = _tables(log_policy, log_base, prompt_weights)
    mass = xp.exp(policy)
    has_mass = mass > 0
    gains = xp.where(has_mass, mass * xp.where(has_mass, xp.asarray(reward), 0.0), 0.0)
    return _mean(xp.sum(gains, axis=-1), weights, xp) - beta * divergence(log_policy, log_base, prompt_weights)


@checked(reward=replace(FINITE_REWARD, axes=("prompts", "responses")))
def regularised_regret(log_policy: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: Any) -> Any:
    """J_beta(pi_beta) - J_beta(pi) = beta KL(pi || pi_beta) >= 0, in nats; arguments and refusals as `regularised_value`.

    Computed by the right side, which keeps its digits near 0, where the left one is a difference of two values. Source: the regret
    decomposition behind Thm J.1.
    """
    return beta * divergence(log_policy, tilted(log_base, reward, beta=beta), prompt_weights)


def _tables(log_policy: Any, log_base: Any, prompt_weights: Any) -> tuple[Any, ...]:
    xp, policy, base, weights = as_arrays(log_policy, log_base, prompt_weights)
    return xp, normalise(policy, xp), normalise(base, xp), weights


def _mean(values: Any, weights: Any, xp: Any) -> Any:
    """E_{x~mu}, prompts of weight zero left out even where the value is infinite."""
    return xp.sum(xp.where(weights > 0, weights * xp.where(weights > 0, values, 0.0), 0.0))
