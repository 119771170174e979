"""The tilted base pi_beta ~ base exp(r/beta), the target of DPO and XPO (section 7.1, Lemma 4.1').

These functions give its mass outside the maximisers, the beta that a margin demands, and its coefficients of concentrability and loss.
"""

import math
from typing import Any

import numpy as np

from sharpsim import coverage, laws
from sharpsim._arguments import at_least_one, checked
from sharpsim.sharpness import maximisers, missing_mass
from sharpsim.theory._common import as_float, round_up


@checked
def bias(log_probs: Any, *, beta: float) -> np.ndarray:
    """1 - pi_beta(Y*|x) for each prompt, exact: in [0, 1), 0 as beta -> 0, the base's own miss as beta -> inf.

    Raises `ValueError` for rows that are not normalised and beta not positive.
    """
    table = np.asarray(log_probs, float)
    return missing_mass(laws.tilted(table, table, beta=beta), table)


@checked
def bias_bound(*, margin: Any, responses: int, maximal: int, beta: Any) -> Any:
    """**Upper** bound on 1 - pi_beta(Y*|x): ((|Y| - |Y*|)/|Y*|) (1 + g_m)^-(1 + 1/beta); above 1 it is vacuous.

    Nearly attained where all other responses attain the margin and the bound b is small (the exact value there is b/(1 + b)).
    Raises `ValueError` for a negative margin, counts below 1, more maximisers than responses, beta not positive.
    """
    _check_maximal(responses, maximal)
    with np.errstate(over="ignore"):
        exponent = (1 + 1 / np.asarray(beta, float)) * np.log1p(margin)
    return as_float(round_up((responses - maximal) / maximal * np.exp(-exponent)))


@checked
def beta_printed(*, margin: float, responses: int, delta: float) -> float:
    """The paper's beta for a miss of at most delta/2: g_m/(2 log(2|Y|/delta)); log(1 + g_m) for g_m/2 where that is less (g_m > 2.51)."""
    return min(margin / 2, math.log1p(margin)) / math.log(2 * responses / delta)


@checked
def beta_by_bias(*, margin: float, responses: int, maximal: int, delta: float) -> float:
    """The largest beta with `bias_bound` <= delta/2, rounded down: 0 at margin 0, inf where every beta does."""
    _check_maximal(responses, maximal)
    if responses == maximal:
        return math.inf
    gain = math.log1p(margin)
    needed = math.log(2 * (responses - maximal) / (maximal * delta)) - gain
    if needed <= 0:
        return math.inf
    return math.nextafter(gain / needed * (1 - 1e-15), 0.0)


@checked
def beta_exact(log_probs: Any, prompt_weights: Any, *, delta: float) -> float:
    """The largest beta at which pi_beta misses Y* by at most delta/2 at every prompt with weight, by root finding, rounded down.

    It is inf where the base itself does. It is never 0, since an exact tie counts as a maximiser and any other response has a margin.
    Raises `ValueError` for rows or weights that do not sum to one, delta outside (0, 1).
    """
    table = np.asarray(log_probs, float)
    table = table[np.asarray(prompt_weights) > 0]
    best = maximisers(table)
    with np.errstate(invalid="ignore"):
        gaps = np.where(best, -np.inf, table - table.max(axis=1, keepdims=True))
    # Outside over inside Y* is sum_y exp(a gap_y)/|Y*| at a = 1 + 1/beta: the miss falls with a.
    allowed = delta / 2 / (1 - delta / 2) * best.sum(axis=1)

    def sharp(a: float) -> bool:
        with np.errstate(invalid="ignore"):
            return bool((np.where(gaps > -np.inf, np.exp(a * gaps), 0.0).sum(axis=1) <= allowed).all())

    if sharp(1.0):
        return math.inf
    low, high = 0.0, 1.0
    while not sharp(1 + high):
        low, high = high, 2 * high
    for _ in range(200):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (low, middle) if sharp(1 + middle) else (middle, high)
    return math.nextafter(1 / high * (1 - 1e-15), 0.0)


@checked
def concentrability_bound(*, coverage: float, slack: float, beta: float) -> float:
    """**Upper** bound on C_{pi_beta} from C_cov,g at slack g (Lemma 4.1', corrected): C_cov,g (1 + q)^2/(4q), q = (1-g)^(1/beta).

    At g = 0 this is C_cov. Attained by two levels, 1 and 1 - g, of base mass q/(1+q) and 1/(1+q). At most C_cov,g (1-g)^(-1/beta);
    the printed C_cov,g/(1-g) is false for beta < 1. Raises `ValueError` for coverage below 1, slack outside [0, 1), beta not positive.
    """
    coverage = at_least_one(coverage)
    # (1 + q)^2 / (4 q) = cosh(log(q) / 2)^2.
    half = -math.log1p(-slack) / (2 * beta)
    return float(round_up(coverage * math.cosh(half) ** 2)) if half < 350 else math.inf


@checked
def target_loss_moment_bound(log_probs: Any, prompt_weights: Any) -> float:
    """**Upper** bound on C_{base/pi_beta;beta}, whatever beta: |Y| E[P*] <= |Y| (Lemma 4.1', second part); attained by uniform bases."""
    table = np.asarray(log_probs, float)
    return float(round_up(table.shape[1] * float(np.asarray(prompt_weights, float) @ np.exp(table.max(axis=1)))))


@checked
def class_coefficients(log_members: Any, log_probs: Any, prompt_weights: Any, *, beta: float) -> tuple[float, float]:
    """(C_conc, C_loss) of a finite class `[members, prompts, responses]`: max(C_cov, max_pi C_pi) and max_pi C_{base/pi;beta}."""
    table, weights = np.asarray(log_probs, float), np.asarray(prompt_weights, float)
    cover = float(coverage.coverage_coefficient(table, weights))
    conc = max(float(coverage.concentrability(member, table, weights)) for member in np.asarray(log_members, float))
    loss = max(float(coverage.ratio_moment(table, member, weights, beta=beta)) for member in np.asarray(log_members, float))
    return max(cover, conc), loss


def _check_maximal(responses: int, maximal: int) -> None:
    if maximal > responses:
        raise ValueError(f"`maximal` must be at most `responses`; got {maximal!r} of {responses!r}.")
