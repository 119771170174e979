"""Power sampling: draws of pi^alpha, the base raised to a power, at inference time and without training.

pi^alpha is the tilted policy of RLHF-Sharpening at alpha = 1 + 1/beta with log-likelihood as reward. Call this module for the exact law,
bias, mixing and cost of the samplers that aim at it, on any policy whose responses can be listed (`Space`).

Statement. Let pi(y) = p(y)^alpha/Z, Z = sum p^alpha, alpha >= 1, and zeta(prefix) = sum over completions of p(completion | prefix)^alpha.

    pi(v | prefix)  =  p(v | prefix)^alpha zeta(prefix v) / zeta(prefix)                                           (next token)

Token-level temperature 1/alpha leaves zeta out. With D the range over y of sum_h log sum_v p(v | y_<h)^alpha, its law has

    total variation to pi  <=  tanh(D/4)                                                                           (temperature)

Metropolis-Hastings with whole responses of base as proposals, started from one: its spectral gap is g = Z/P*^(alpha-1) >= P*, and

    total variation after t steps  <=  (1 - g)^(t+1)  <=  (1 - P*)^(t+1)                                           (independent)

Block resampling with the cut uniform over the current length |y|: with |y| in the quotient of acceptance its stationary law is pi; without,

    stationary law  =  |y| pi(y)/E_pi|y|,   total variation to pi  =  E_pi| |y|/E_pi|y| - 1 |/2                     (length)

The published variant, which also stops a proposal at the current length, never lengthens an answer: its stationary law is p^alpha,
normalised on the prefixes as long as the shortest response (l tokens), with total variation to pi at least P_pi[|y| > l].   (truncated)

Importance resampling of N draws of base, w = pi/p:

    total variation to pi  <=  E_pi[ (w - 1)_+/(N - 1 + w) ]                                                       (resampling)

zeta from K rollouts: the plug-in's bias in the log is at most 0 and of order 1/K, the jackknife's of order 1/K^2   (rollouts). Sequential
Monte Carlo with increments p^(alpha-1): the mean of its normaliser is Z at any number of particles   (particles).

Assumptions. A1 (`lengths`): responses of several lengths, for the bias of `length` and `truncated`. The others assume nothing.

Symbols. p: log_probs; Z, zeta: log_zeta; P*: mode probability; t: steps; N: draws; K: rollouts; l: shortest length.

Source. The algorithm of blocks: Karan and Du, "Reasoning with Sampling", 2025, and its code. zeta, the jackknife: Ji et al., arXiv
2601.21590. Gap of independent proposals: Liu, Statistics and Computing, 1996. The other statements and the constants: ours.

Printed. The published acceptance has no |y| and cuts proposals at the current length; see `length` and `truncated`.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim import laws
from sharpsim._arguments import LABEL, ROWS, TABLE, Kind, arrays, checked, count
from sharpsim._logspace import logsumexp, normalise
from sharpsim.theory._common import Statement, as_float, round_up
from sharpsim.theory._metropolis import (
    Kernel,
    block_kernel,
    has_detailed_balance,
    published_law,
    spectral_gap,
    stationary_law,
    trajectory,
    truncated_kernel,
)
from sharpsim.theory._prefix_tree import ALPHA, Space
from sharpsim.theory._rollouts import log_zeta_bias, next_token_estimate, resampling_law, rollout_calls, rollout_law

_TRANSITIONS = replace(ROWS, axes=("contexts", "tokens"))
_LAW = arrays(Kind("probabilities", lambda x: (x >= 0) & (x <= 1 + 1e-9)), "states")
_GAP = Kind("in [1e-12, 1]", lambda x: (x >= 1e-12) & (x <= 1))


@checked(log_probs=TABLE, alpha=ALPHA)
def power_law(log_probs: Any, *, alpha: float) -> np.ndarray:
    """log pi^alpha, [prompts, responses] in nats: `laws.tilted` by log base at beta = 1/(alpha - 1); the base at alpha = 1."""
    table = normalise(np.asarray(log_probs, dtype=np.float64), np)
    return table if alpha == 1 else laws.tilted(table, table, beta=1 / (alpha - 1))


@checked(log_probs=_TRANSITIONS, alpha=ALPHA, end_token=LABEL, horizon=count(1, 10**6))
def markov_log_zeta(log_probs: Any, *, horizon: int, alpha: float, end_token: int | None = None) -> np.ndarray:
    """log zeta, [horizon + 1, V + 1] in nats: entry [h, v] after token v with h tokens left at most, by the transfer matrix p^alpha.

    `log_probs` [V + 1, V] are next-token laws of an order-1 Markov policy, the last row the first token's; entry [horizon, V] is log Z.
    """
    table = normalise(np.asarray(log_probs, dtype=np.float64), np)
    contexts, size = table.shape
    if contexts != size + 1:
        raise ValueError(f"`log_probs` must have shape [V + 1, V]; got {table.shape}.")
    if end_token is not None and not 0 <= end_token < size:
        raise ValueError(f"`end_token` must be below {size}; got {end_token}.")
    found = np.zeros((int(horizon) + 1, contexts))
    for h in range(1, int(horizon) + 1):
        found[h] = logsumexp(alpha * table + found[h - 1, :size], np)
        if end_token is not None:
            found[h, end_token] = 0.0
    return found


@checked(alpha=ALPHA)
def next_token_law(space: Space, *, alpha: float) -> np.ndarray:
    """pi(last token | tokens before) under pi^alpha for each prefix of `space`: p^alpha zeta, normalised; 1 for the empty prefix."""
    zeta = space.log_zeta(alpha)
    return np.exp(np.where(space.parent >= 0, alpha * space.log_step + zeta - zeta[space.parent], 0.0))


@checked(alpha=ALPHA)
def temperature_law(space: Space, *, alpha: float) -> np.ndarray:
    """The law, [responses], of the base at temperature 1/alpha token by token: prod_h p(y_h | y_<h)^alpha / sum_v p(v | y_<h)^alpha."""
    return np.exp(space.along(space.tempered_steps(alpha))[space.leaf])


@checked(alpha=ALPHA)
def temperature_bound(space: Space, *, alpha: float) -> float:
    """**Upper** bound on the total variation between `temperature_law` and pi^alpha: tanh(D/4), in [0, 1], to rounding.

    D is the range over responses of sum_h log sum_v p(v | y_<h)^alpha, nats. Attained where pi has e^{D/2}/(1 + e^{D/2}) at the upper end
    of that range and the rest at the lower end.
    """
    gained = alpha * space.log_probs - space.along(space.tempered_steps(alpha))[space.leaf]
    return float(np.tanh((gained.max() - gained.min()) / 4))


@checked(law=_LAW, target=_LAW)
def total_variation(law: Any, target: Any) -> float:
    """sum |law - target|/2 of two laws given by their probabilities, [states]; in [0, 1]."""
    one, other = np.asarray(law, dtype=np.float64), np.asarray(target, dtype=np.float64)
    for name, given in (("law", one), ("target", other)):
        if abs(given.sum() - 1) > 1e-9:
            raise ValueError(f"`{name}` must be probabilities with sum 1; got sum {given.sum():.6g}.")
    return float(np.abs(one - other).sum() / 2)


@checked(log_probs=TABLE, alpha=ALPHA)
def independent_gap(log_probs: Any, *, alpha: float) -> np.ndarray:
    """Spectral gap of the chain with proposals from base, [prompts]: Z/P*^(alpha-1), in [P*, 1].

    1 at alpha = 1 and for a uniform base; as alpha -> inf the mass of all modes, P* where there is one.
    """
    table = normalise(np.asarray(log_probs, dtype=np.float64), np)
    top = table.max(axis=-1)
    return np.minimum(np.exp(logsumexp(np.where(table > -np.inf, alpha * (table - top[:, None]), -np.inf), np) + top), 1.0)


@checked(gap=_GAP, steps=count(0))
def independent_bound(*, gap: Any, steps: Any) -> Any:
    """**Upper** bound on the total variation after t steps from a draw of base: (1 - g)^(t+1), to rounding. Arrays broadcast.

    In the limit alpha -> inf, where the chain keeps the best response so far, it is attained: the miss of best of t + 1.
    """
    g, t = np.asarray(gap, dtype=np.float64), np.asarray(steps, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return as_float(np.exp((t + 1) * np.log1p(-g)))


@checked(gap=_GAP)
def independent_steps(*, gap: float, eps: float) -> int:
    """The least t with (1 - g)^(t+1) <= eps: the steps that `independent_bound` asks for."""
    if gap == 1:
        return 0
    t = max(0, int(np.ceil(np.log(eps) / np.log1p(-gap))) - 1)
    while independent_bound(gap=gap, steps=t) > eps:
        t += 1
    while t > 0 and independent_bound(gap=gap, steps=t - 1) <= eps:
        t -= 1
    return t


@checked(alpha=ALPHA)
def length_biased_law(space: Space, *, alpha: float) -> np.ndarray:
    """|y| pi(y)/E_pi|y|, [responses]: the stationary law of block resampling without the length in the acceptance."""
    weighted = np.exp(power_law(space.log_probs[None], alpha=alpha)[0]) * space.lengths
    return weighted / weighted.sum()


@checked(alpha=ALPHA)
def truncated_law(space: Space, *, alpha: float) -> np.ndarray:
    """p^alpha normalised on the prefixes of l tokens, l the length of the shortest response; over prefixes 1, 2, .. of `space`."""
    at = space.depth[1:] == space.lengths.min()
    logs = np.where(at, alpha * space.log_mass[1:], -np.inf)
    return np.exp(logs - logsumexp(logs, np))


@checked(log_probs=TABLE, alpha=ALPHA, draws=count(1))
def resampling_bound(log_probs: Any, *, alpha: float, draws: int) -> np.ndarray:
    """**Upper** bound on the total variation of `resampling_law` to pi^alpha, [prompts]: E_pi[(w-1)_+/(N-1+w)]; attained at N = 1."""
    base = normalise(np.asarray(log_probs, dtype=np.float64), np)
    law = power_law(base, alpha=alpha)
    w = np.exp(np.where(base > -np.inf, law, 0.0) - np.where(base > -np.inf, base, 0.0))
    above = np.maximum(w, 1.0)
    return round_up((np.exp(law) * (above - 1) / (draws - 1 + above)).sum(axis=-1))


@checked
def checks(space: Space) -> dict[str, float]:
    """Signed slack of A1: `lengths`: the longest length less the shortest, less 1. Negative where all are equal: nothing is biased."""
    return {"lengths": float(space.lengths.max() - space.lengths.min() - 1)}


_SOURCE = "ours"


def _statement(label: str, claim: str, side: Any, source: str = _SOURCE, constants: Any = "exact") -> Statement:
    symbols = {"p": "log_probs", "t": "steps", "N": "draws", "K": "rollouts"}
    return Statement("power_sampling", label, claim, side, constants=constants, symbols=symbols, source=source)


STATEMENTS = (
    _statement("Next token", "pi(v | prefix) = p^alpha zeta(prefix v)/zeta(prefix)", "identity", "Ji et al., arXiv 2601.21590"),
    _statement("Token temperature", "total variation to pi^alpha <= tanh(D/4)", "upper"),
    _statement(
        "Independent proposals", "total variation after t steps <= (1 - Z/P*^(alpha-1))^(t+1)", "upper", "Liu 1996; the start: ours"
    ),
    _statement("Block resampling", "stationary law pi^alpha with the length in the acceptance, |y| pi^alpha without", "identity"),
    _statement("Truncated proposals", "the published variant ends on the shortest prefixes", "identity"),
    _statement("Importance resampling", "total variation <= E_pi[(w-1)_+/(N-1+w)]", "upper"),
    _statement("Rollout estimates", "plug-in bias of order 1/K, jackknife 1/K^2", "upper", "Ji et al., arXiv 2601.21590", "fitted"),
    _statement("Sequential Monte Carlo", "the mean of the normaliser is Z", "identity", "Del Moral, Feynman-Kac Formulae, 2004"),
)

__all__ = [
    "Kernel", "STATEMENTS", "Space", "block_kernel", "checks", "has_detailed_balance", "independent_bound", "independent_gap",
    "independent_steps", "length_biased_law", "log_zeta_bias", "markov_log_zeta", "next_token_estimate", "next_token_law", "power_law",
    "published_law", "resampling_bound", "resampling_law", "rollout_calls", "rollout_law", "spectral_gap", "stationary_law",
    "temperature_bound", "temperature_law", "total_variation", "trajectory", "truncated_kernel", "truncated_law",
]  # fmt: skip
