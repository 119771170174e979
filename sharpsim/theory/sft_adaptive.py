"""Adaptive SFT-Sharpening: how many prompts it needs, and how many draws a prompt takes on average (Lemma I.1, Theorem D.1).

The adaptive method stops drawing for a prompt once the number of draws times the largest likelihood seen reaches a threshold. Call this
module for the risk of the fitted policy and for the mean number of samples, both exact and by bound.

Statement. For each prompt draw until k max_{j<=k} base(y_j|x) >= s, s = log(2/delta), and keep the likeliest; then maximum likelihood
    over Pi. With probability >= 1 - rho, P_x[pihat(Y*|x) <= 1 - delta] <= e_stat / h(delta, delta/2)       (`bound_sharp`)
        <= (12 + 8 sqrt 2) log(|Pi|/rho) / (delta n),                                                       (`bound`)
    and n log(2/delta) Cbar_cov <= E[m] <= n (log(2/delta) Cbar_cov + C_cov)                        (`expected_samples_bounds`).
    Lemma I.1: s/P* <= E[N_s] <= (s + 1/|Y*|)/P*, and P[kept outside Y*] <= (1 - |Y*| P*)^ceil(s/P*) <= exp(-|Y*| s).
Assumptions. A1 pi_s, the law of the kept response, is in Pi. A2 independent draws; the number per prompt may depend on them (Def D.1).
Symbols. The paper's mu in the stopping rule is `stop`, s here. n, delta, rho as printed.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, Appendix D (Theorem D.1) and I (Lemma I.1).
Printed. E[m] = n C log(1/delta) is below the truth: log(2/delta), and the sandwich above. The proof of I.1 inverts two ratios; in the
    proof of D.1 Y* stands where max_y base is meant.
"""

import math
from typing import Any

import numpy as np

from sharpsim import laws
from sharpsim._arguments import UNIT, checked, count
from sharpsim.coverage import coverage_coefficient, mode_coverage
from sharpsim.sharpness import maximisers, mode_log_miss
from sharpsim.theory._common import HELLINGER_CONSTANT, Statement, as_float, hellinger, round_up, statistical_error
from sharpsim.theory._family import Cheapest, Family, PluralityRisk, cheapest, family, family_miss, fill, least_prompts, saturated_risk

SYMBOLS = {"n": "n", "delta": "delta", "rho": "rho", "mu": "stop", "log|Pi|": "log_class_size"}
STATEMENTS = (
    Statement(
        "sft_adaptive", "Lemma I.1", "the stopping rule draws about s/P* times, and rarely misses the mode", "upper", symbols=SYMBOLS
    ),
    Statement("sft_adaptive", "Thm D.1", "adaptive SFT sharpens with samples of order 1/eps, not 1/eps^2", "upper", symbols=SYMBOLS),
)


@checked
def stopping_parameter(*, delta: float) -> float:
    """s = log(2/delta), which keeps the miss of every prompt at most delta/2."""
    return math.log(2 / delta)


@checked
def bound(*, log_class_size: float, n: Any, delta: float, rho: float) -> Any:
    """**Upper** bound on P_x[pihat(Y*|x) <= 1 - delta], true with probability 1 - rho: (12 + 8 sqrt 2) log(|Pi|/rho) / (delta n).

    At or above 1 it is vacuous; inf for an infinite class. Coverage does not appear here; it appears in the number of samples. n may be
    an array.
    Raises `ValueError` for delta or rho outside (0, 1), n below 1, log class size NaN or negative.
    """
    return as_float(round_up(HELLINGER_CONSTANT / 2 * statistical_error(log_class_size=log_class_size, n=n, rho=rho) / delta))


@checked
def bound_sharp(*, log_class_size: float, n: Any, delta: float, rho: float) -> Any:
    """**Upper** bound, first line of Thm D.1: e_stat / h(delta, delta/2); never above `bound`."""
    return as_float(round_up(statistical_error(log_class_size=log_class_size, n=n, rho=rho) / hellinger(delta, delta / 2)))


@checked
def bound_instance(log_probs: Any, prompt_weights: Any, *, log_class_size: float, n: int, delta: float, rho: float) -> float:
    """**Upper** bound with each prompt's exact miss for delta/2, as `sft.bound_instance`; never above `bound_sharp` or 1."""
    error = float(statistical_error(log_class_size=log_class_size, n=n, rho=rho))
    miss = laws.stopping_time_miss(np.asarray(log_probs, float), stop=stopping_parameter(delta=delta))
    return fill(miss, prompt_weights, delta=delta, error=error)


@checked
def prompts_needed(*, log_class_size: float, eps: float, delta: float, rho: float) -> int:
    """Inverse of `bound`: the least n it allows, ceil((12 + 8 sqrt 2) log(|Pi|/rho) / (delta eps))."""
    unit = float(statistical_error(log_class_size=log_class_size, n=1, rho=rho))
    if not math.isfinite(unit):
        raise ValueError(f"`log_class_size` must be finite; got {log_class_size!r}.")
    return math.ceil(HELLINGER_CONSTANT / 2 * unit / (delta * eps) * (1 + 1e-15))


@checked
def expected_samples(log_probs: Any, prompt_weights: Any, *, n: int, delta: float) -> float:
    """E[m] = n E_{x~mu} E[N_s(x)] at s = log(2/delta), exact; prompts of weight zero cost nothing."""
    return n * mean_draws(log_probs, prompt_weights, stop=stopping_parameter(delta=delta))


@checked
def mean_draws(log_probs: Any, prompt_weights: Any, *, stop: float) -> float:
    """E_{x~mu} E[N_s(x)], exact, at least 1."""
    weights = np.asarray(prompt_weights, float)
    means = laws.stopping_time_mean(np.asarray(log_probs, float), stop=stop)
    return float(np.sum(np.where(weights > 0, weights * np.where(weights > 0, means, 0.0), 0.0)))


@checked
def expected_samples_bounds(log_probs: Any, prompt_weights: Any, *, n: int, delta: float) -> tuple[float, float]:
    """(**lower**, **upper**) bound on E[m]: n s Cbar_cov and n (s Cbar_cov + C_cov), s = log(2/delta) (Thm D.1, corrected)."""
    s = stopping_parameter(delta=delta)
    low = n * s * float(mode_coverage(log_probs, prompt_weights))
    return low, low + n * float(coverage_coefficient(log_probs, prompt_weights))


@checked
def mean_bounds(log_probs: Any, *, stop: float) -> tuple[np.ndarray, np.ndarray]:
    """(**lower**, **upper**) bound on E[N_s] for each prompt: s/P* and (s + 1/|Y*|)/P* (Lemma I.1, first part)."""
    table = np.asarray(log_probs, float)
    inverse_mode = np.exp(-table.max(axis=-1))
    return stop * inverse_mode, (stop + 1 / maximisers(table).sum(axis=-1)) * inverse_mode


@checked
def miss_bound(log_probs: Any, *, stop: float) -> np.ndarray:
    """**Upper** bound on P[kept outside Y*] for each prompt: (1 - |Y*| P*)^ceil(s/P*), at most exp(-|Y*| s) (Lemma I.1, second part).

    It is nearly attained by bases that rarely take draws beyond the mode's deadline: the bound ignores that unlikely responses prolong
    the draws.
    """
    table = np.asarray(log_probs, float)
    deadline = laws.stopping_tables(table, stop=stop).deadline[..., -1]
    return np.exp(deadline * mode_log_miss(table))


@checked
def exact_risk(log_probs: Any, prompt_weights: Any, *, n: int, stop: float, delta: float) -> float:
    """E[P_x[pihat(Y*|x) <= 1 - delta]] for the class of all tables: as `sft.exact_risk`, with the stopping rule's miss."""
    miss = laws.stopping_time_miss(np.asarray(log_probs, float), stop=stop)
    return saturated_risk(miss, prompt_weights, n=int(n), delta=delta)


@checked
def family_deadlines(*, stop: float, labels: int) -> tuple[float, float]:
    """The deadlines on a hard prompt, the draw from which on the secret, or another label, stops the draws: ceil(s M/2) and ceil(s
    M(M-1)/(M-2)). Raises `ValueError` for fewer than 3 labels.
    """
    log_probs = np.log([2 / labels, (labels - 2) / (labels * (labels - 1))])
    secret, other = laws.stopping_deadlines(log_probs, stop=stop)
    return float(secret), float(other)


@checked
def family_hit(*, stop: float, labels: int) -> float:
    """P[the kept label is the secret] = 1 - (1 - 2/M)^D', D' the other labels' deadline: it is missed only by D' draws without it."""
    return -math.expm1(family_deadlines(stop=stop, labels=labels)[1] * math.log1p(-2 / labels))


@checked
def family_risk(*, n: int, stop: float, delta: float, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """E[P_x[pihat(Y*|x) <= 1 - delta]] on the hard family, Pi = the laws pi_s of its members; as `sft.family_risk`; in [0, D]."""
    return _option(family(hard_prompts, labels, hard_mass), stop, delta)(int(n))


@checked
def family_prompts_needed(*, eps: float, stop: float, delta: float, hard_prompts: int, labels: int, hard_mass: float) -> int:
    """The least n at which `family_risk` is at most eps, given the stopping parameter; `ValueError` where it is too small for any n."""
    return least_prompts(_option(family(hard_prompts, labels, hard_mass), stop, delta), eps)


def _option(parameters: Family, stop: float, delta: float) -> PluralityRisk:
    return PluralityRisk(parameters, family_miss(parameters.labels, family_deadlines(stop=stop, labels=parameters.labels)[1]), delta)


@checked(hard_mass=UNIT)
def family_mean_draws(*, stop: float, labels: int, hard_mass: float) -> float:
    """E_x E[N_s(x)] on the family: (1 - D) ceil(s) + D (D_1 + sum_{k=D_1}^{D'-1} (1 - 2/M)^k), D_1 and D' the deadlines."""
    secret, other = family_deadlines(stop=stop, labels=labels)
    log_other = math.log1p(-2 / labels)
    waiting = math.exp(secret * log_other) * -math.expm1((other - secret) * log_other) * labels / 2
    return (1 - hard_mass) * float(laws.stopping_deadlines(np.zeros(1), stop=stop)[0]) + hard_mass * (secret + waiting)


@checked(hard_prompts=count(1, 10**5), labels=count(3, 10**5))
def family_cheapest(*, eps: float, delta: float, hard_prompts: int, labels: int, hard_mass: float) -> Cheapest:
    """The least n E[N_s] with `family_risk` <= eps, over n and s = 2k/M, the largest stop at which the secret ends the draws at k.

    0 samples where guessing suffices. The grid of s is exact for the secret's deadline; between its points only the deadline of the
    other labels moves.
    """
    parameters = family(hard_prompts, labels, hard_mass)
    if hard_mass <= eps:
        return Cheapest(0.0, 0, 0.0, hard_mass)

    def options():
        for k in range(1, 100 * parameters.labels):
            stop = 2 * k / parameters.labels
            cost = family_mean_draws(stop=stop, labels=parameters.labels, hard_mass=hard_mass)
            yield stop, cost, _option(parameters, stop, delta)

    return cheapest(options(), eps=eps)


@checked
def checks(log_members: Any, log_probs: Any, *, delta: float) -> dict[str, float]:
    """Signed slacks, non-negative where the assumption holds: `realizability` (A1), 1e-9 minus the least total variation (maximised
    over prompts) between a member `[members, prompts, responses]` and the law of the kept response at s = log(2/delta).
    """
    target = laws.stopping_kept(np.asarray(log_probs, float), stop=stopping_parameter(delta=delta))
    distance = 0.5 * np.abs(np.exp(log_members) - np.exp(target)).sum(axis=-1).max(axis=-1)
    return {"realizability": 1e-9 - float(distance.min())}
