"""The residual f_pi of a finite class, the ranges of its terms, and the regularised regret that XPO bounds: exact, for tables. Also what
choosing among its iterates costs.

f_pi(x, y, y') = g(x, y) - g(x, y') with g = beta log(pi/base) - r; it vanishes for pi_beta alone.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim import laws
from sharpsim._arguments import TABLE, checked, count
from sharpsim._logspace import normalise, relative_entropy
from sharpsim.theory._common import as_float, round_up


def residuals(log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float) -> tuple[np.ndarray, ...]:
    """g_b = beta log(pi_b/base) - r (0 off the base's support), the members, the base as probabilities, and the prompt weights."""
    members, base = np.asarray(log_members, float), np.asarray(log_base, float)
    weights = np.asarray(prompt_weights, float)
    support = (base > -np.inf) & (weights > 0)[:, None]
    seen = (members > -np.inf) & (weights > 0)[:, None]
    if (seen != support).any():
        raise ValueError("`log_members` must have mass exactly where `log_base` has; a log-ratio is infinite.")
    with np.errstate(invalid="ignore"):
        g = np.where(support, beta * (members - base) - np.asarray(reward, float), 0.0)
    if not np.isfinite(g).all():
        raise ValueError("`reward` must be finite where `log_base` has mass.")
    return g, np.exp(members), np.exp(base), weights


@checked(log_policy=replace(TABLE, axes=("...", "prompts", "responses")))
def regret(log_policy: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float) -> Any:
    """J(pi_beta) - J(pi) = beta E_x KL(pi || pi_beta), exact, for `[.., prompts, responses]` policies; inf off the base's support.

    At a policy that differs from pi_beta by a relative 1e-k the regret is of order 1e-2k and loses k digits, as its inputs have.
    """
    target = laws.tilted(np.asarray(log_base, float), np.asarray(reward, float), beta=beta)
    divergence = relative_entropy(normalise(np.asarray(log_policy, float), np), target, np)
    weights = np.asarray(prompt_weights, float)
    return as_float(beta * np.sum(np.where(weights > 0, weights * divergence, 0.0), axis=-1))


@checked
def regret_terms(log_policy: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float) -> tuple[float, float]:
    """(E_base[beta log(pi/pi_beta)], E_{pi,base} f_pi): optimism and residual, whose sum is the regret."""
    g, policy, base, weights = residuals(np.asarray(log_policy)[None], log_base, reward, prompt_weights, beta=beta)
    target = laws.tilted(np.asarray(log_base, float), np.asarray(reward, float), beta=beta)
    ratio = np.where(base > 0, np.asarray(log_policy, float) - np.where(base > 0, target, 0.0), 0.0)
    residual = float(np.einsum("x,xy,xy->", weights, policy[0] - base, g[0]))
    return beta * float(np.einsum("x,xy,xy->", weights, base, ratio)), residual


@checked
def r_max(log_base: Any, prompt_weights: Any) -> float:
    """R_max = max |log base(y|x)| over the support: the range of the reward log base; units nats."""
    table = np.asarray(log_base, float)
    inside = (table > -np.inf) & (np.asarray(prompt_weights, float) > 0)[:, None]
    return float(-table[inside].min())


@checked
def v_max(log_members: Any, log_base: Any, prompt_weights: Any, *, beta: float) -> float:
    """V_max = max |beta log(pi/base)| over members `[members, prompts, responses]` and the base's support; inf where one has no mass."""
    base, members = np.asarray(log_base, float), np.asarray(log_members, float)
    inside = (base > -np.inf) & (np.asarray(prompt_weights, float) > 0)[:, None]
    return float(beta * np.abs(members[:, inside] - base[inside]).max())


@checked(validation=count(1))
def selection_error(*, log_class_size: float, validation: Any, rho: float, v_max: float, r_max: float) -> Any:
    """**Upper** bound, true with probability 1 - rho, on the regret added by choosing among iterates by estimates of J_beta from
    `validation` responses of each member (Hoeffding, r = log base): 2 (2 V_max + R_max) sqrt((log|Pi| + log(2/rho))/(2 validation)).
    """
    size = (log_class_size + math.log(2 / rho)) / (2 * np.asarray(validation, float))
    return as_float(round_up(2 * (2 * v_max + r_max) * np.sqrt(size) * (1 + 4e-15)))
