"""SFT-Sharpening: how many prompts and how many draws per prompt it needs (Lemma F.1, Theorem 4.1').

SFT-Sharpening draws N responses for each of n prompts, keeps the likeliest, and fits a policy to them by maximum likelihood. Call this
module for the share of prompts on which that policy is not sharpened: the bound, the samples that it asks for, and the exact risk.

Statement. Pi finite, pihat the maximum-likelihood member on n pairs (x, best of N responses). N* = N / log(2/delta), e_stat = 2
    log(|Pi|/rho) / n, h the binary squared Hellinger distance. With probability >= 1 - rho, for every slack gamma at once,
    P_x[pihat(Y*_gamma(x)|x) <= 1 - delta] <= e_stat / h(delta, delta/2) + P_x[base(Y*_gamma(x)|x) < 1/N*]      (`bound_sharp`)
        <= (12 + 8 sqrt 2) log(|Pi|/rho) / (delta n) + C_cov,gamma / N*                                          (`bound`)
    and the instance's own form, at most the first line, keeps each prompt's miss (1 - p_x)^N               (`bound_instance`).
Assumptions. A1 pi_N is in Pi (Assumption 4.1). A2 prompts are independent draws from mu, responses from base.
Symbols. n, N, delta, rho as printed; gamma is `slack`; C_cov is `coverage`; log|Pi| is `log_class_size`, in nats.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2: Theorem 4.1 and its general form 4.1', Lemma F.1; constants from the proof.
Printed. Constants are hidden there; 4.1' has 1 - 2 delta on the left, n without 1/rho and log(1/delta) for log(2/delta). The proof gives
    what stands here.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import checked, count
from sharpsim.coverage import coverage_profile
from sharpsim.sharpness import mode_log_miss
from sharpsim.theory._common import HELLINGER_CONSTANT, Statement, as_float, hellinger, round_up, statistical_error
from sharpsim.theory._family import Cheapest, PluralityRisk, cheapest, family, family_miss, fill, least_prompts, saturated_risk
from sharpsim.theory._memorised import Memorised, least_memorised, risk_of_masses

__all__ = [
    "Memorised", "STATEMENTS", "SamplesNeeded", "best_of_n_miss", "bound", "bound_instance", "bound_sharp", "checks", "exact_risk",
    "family_cheapest", "family_prompts_needed", "family_risk", "least_memorised", "risk_of_masses", "samples_needed",
]  # fmt: skip

SYMBOLS = {"n": "n", "N": "N", "delta": "delta", "rho": "rho", "gamma": "slack", "C_cov": "coverage", "log|Pi|": "log_class_size"}
STATEMENTS = (
    Statement(
        "sft", "Lemma F.1", "maximum likelihood over a finite class is within 2 log(|Pi|/rho)/n in Hellinger", "upper", symbols=SYMBOLS
    ),
    Statement(
        "sft", "Thm 4.1'", "SFT on best-of-N sharpens: n of order log|Pi|/(delta eps), N of order C_cov/eps", "upper", symbols=SYMBOLS
    ),
)


@checked
def bound(*, log_class_size: float, n: Any, N: Any, delta: float, rho: float, coverage: float) -> Any:
    """**Upper** bound on P_x[pihat(Y*_gamma|x) <= 1 - delta], true with probability 1 - rho (Thm 4.1', explicit constants).

    (12 + 8 sqrt 2) log(|Pi|/rho) / (delta n) + C_cov,gamma log(2/delta) / N. At or above 1 it is vacuous; inf for an infinite class.
    n and N may be arrays. Raises `ValueError` for delta or rho outside (0, 1), n or N below 1, coverage below 1, log class size NaN or
    negative.
    """
    error = statistical_error(log_class_size=log_class_size, n=n, rho=rho)
    return as_float(round_up(HELLINGER_CONSTANT / 2 * error / delta + coverage * math.log(2 / delta) / np.asarray(N, float)))


class SamplesNeeded(NamedTuple):
    """Numbers of prompts n and draws per prompt N that are enough, and their product m."""

    n: int
    N: int
    samples: int


@checked
def samples_needed(*, log_class_size: float, eps: float, delta: float, rho: float, coverage: float) -> SamplesNeeded:
    """Inverse of `bound`: n = ceil((24 + 16 sqrt 2) log(|Pi|/rho) / (delta eps)), N = ceil((2 C_cov/eps) log(2/delta)) make it <= eps."""
    unit = statistical_error(log_class_size=log_class_size, n=1, rho=rho)
    if not (math.isfinite(unit) and math.isfinite(coverage)):
        raise ValueError(f"`log_class_size` and `coverage` must be finite; got {log_class_size!r} and {coverage!r}.")
    # Rounded away from the edge: the bound at the answer must come out at most eps.
    n = math.ceil(HELLINGER_CONSTANT * unit / (delta * eps) * (1 + 1e-15))
    N = math.ceil(2 * coverage / eps * math.log(2 / delta) * (1 + 1e-15))
    return SamplesNeeded(n, N, n * N)


@checked
def bound_sharp(
    log_probs: Any, prompt_weights: Any, *, log_class_size: float, n: int, N: int, delta: float, rho: float, slack: float = 0.0
) -> float:
    """**Upper** bound, first line of Thm 4.1': e_stat / h(delta, delta/2) + P_x[base(Y*_gamma|x) < 1/N*]; never above `bound`."""
    error = statistical_error(log_class_size=log_class_size, n=n, rho=rho)
    uncovered = coverage_profile(log_probs, prompt_weights, draws=N / math.log(2 / delta), slack=slack)
    return float(round_up(error / hellinger(delta, delta / 2) + uncovered))


@checked
def bound_instance(
    log_probs: Any, prompt_weights: Any, *, log_class_size: float, n: int, N: int, delta: float, rho: float, slack: float = 0.0
) -> float:
    """**Upper** bound, sharpest: max{ sum mu_x t_x : 0 <= t <= 1, sum mu_x c_x t_x <= e_stat }, c_x = h(delta, b_x) where
    b_x = (1 - base(Y*_gamma|x))^N < delta, else 0. Never above `bound_sharp`, never above 1.
    """
    error = statistical_error(log_class_size=log_class_size, n=n, rho=rho)
    return fill(best_of_n_miss(log_probs, N=N, slack=slack), prompt_weights, delta=delta, error=float(error))


@checked
def best_of_n_miss(log_probs: Any, *, N: Any, slack: float = 0.0) -> np.ndarray:
    """(1 - base(Y*_gamma(x)|x))^N for each prompt (Prop C.1), with its digits down to 1e-308, whether the mode's mass is near 0 or 1."""
    return np.exp(np.asarray(N, float) * mode_log_miss(np.asarray(log_probs, float), slack=slack))


@checked
def exact_risk(log_probs: Any, prompt_weights: Any, *, n: int, N: int, delta: float, slack: float = 0.0) -> float:
    """E[P_x[pihat(Y*_gamma|x) <= 1 - delta]] for the class of all tables, whose estimate is the empirical law of the kept responses.

    sum_x mu(x) sum_c P[Bin(n, mu(x)) = c] P[Bin(c, b_x) >= delta c], b_x = (1 - base(Y*_gamma|x))^N; a prompt that was never drawn
    counts as failed. In [0, 1], with relative precision. m of c misses fail where the float m/c is at least delta.
    Raises `ValueError` for n or N below 1, delta outside (0, 1), bad tables or weights.
    """
    return saturated_risk(best_of_n_miss(log_probs, N=N, slack=slack), prompt_weights, n=int(n), delta=delta)


@checked
def family_risk(*, n: int, N: int, delta: float, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """E[P_x[pihat(Y*_{1/2}|x) <= 1 - delta]] on the hard family, Pi = the best-of-N laws of its members; in [0, D].

    Per hard prompt the estimate is the mode of the best-of-N labels, ties uniform; with b = (1 - 2/M)^N the prompt fails where
    b >= delta or the mode is not the secret. Exact, with relative precision, whatever n and N.
    """
    return _option(family(hard_prompts, labels, hard_mass), N, delta)(int(n))


@checked
def family_prompts_needed(*, eps: float, N: int, delta: float, hard_prompts: int, labels: int, hard_mass: float) -> int:
    """The least n at which `family_risk` is at most eps, given N; raises `ValueError` where N is too small for any n."""
    return least_prompts(_option(family(hard_prompts, labels, hard_mass), N, delta), eps)


@checked(hard_prompts=count(1, 10**5), labels=count(3, 10**5))
def family_cheapest(*, eps: float, delta: float, hard_prompts: int, labels: int, hard_mass: float) -> Cheapest:
    """The least n N with `family_risk` <= eps, over all integers n and N, and where it is attained; 0 samples where guessing suffices."""
    parameters = family(hard_prompts, labels, hard_mass)
    if hard_mass <= eps:
        return Cheapest(0.0, 0, 0.0, hard_mass)
    first = max(1, math.floor(math.log(delta) / math.log1p(-2 / labels)) - 1)
    options = ((float(N), float(N), _option(parameters, N, delta)) for N in range(first, 10**9))
    return cheapest(options, eps=eps)


def _option(parameters: Any, N: int, delta: float) -> PluralityRisk:
    return PluralityRisk(parameters, family_miss(parameters.labels, float(N)), delta)


@checked
def checks(log_members: Any, log_target: Any, *, N: int, delta: float) -> dict[str, float]:
    """Signed slacks of the assumptions, non-negative where they hold.

    `realizability` (A1): 1e-9 minus the least total variation, maximised over prompts, between a member of `log_members`
    `[members, prompts, responses]` and `log_target`, the law of the kept responses `[prompts, responses]`. `covers_someone`: N* - 1.
    """
    distance = 0.5 * np.abs(np.exp(log_members) - np.exp(log_target)).sum(axis=-1).max(axis=-1)
    return {"realizability": 1e-9 - float(distance.min()), "covers_someone": N / math.log(2 / delta) - 1}
