"""Coverage coefficients, margin and concentrability of a base policy: they determine how many samples sharpening needs.

Call these on a table of log-probabilities to evaluate the bounds of `sharpsim.theory`. Source: section 2 of arXiv 2412.01951v2.

Pure functions of arrays, in the array's own namespace. Tables are `[prompts, responses]` of natural log-probabilities;
`prompt_weights` sums to one; prompts of weight zero contribute nothing. Rows are divided by their exact sum first.
All raise `ValueError` for NaN, rows or weights that do not sum to one and shapes that do not fit.

In float32 (JAX without 64-bit numbers) the relative error is about 1e-6 times the largest |log-probability|, or 1e-6 if that is below 1.
A number above 3.4e38 is refused with `ValueError`; under tracing, where nothing can be refused, it is inf.
"""

from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import POSITIVE, checked
from sharpsim._logspace import as_arrays, logsumexp, normalise
from sharpsim.sharpness import maximisers, mode_log_mass


def _log_mean(log_values: Any, weights: Any, xp: Any) -> Any:
    """log E_{x~mu}[exp(log_values)], prompts of weight zero left out even where the value is infinite."""
    log_weights = xp.log(xp.where(weights > 0, weights, 1.0))
    return logsumexp(xp.where(weights > 0, log_weights + xp.where(weights > 0, log_values, 0.0), -xp.inf), xp)


EDGE_GUARD = {8: 1e-12, 4: 1e-5}
"""Relative width within which a mass counts as equal to 1/N, by bytes per float."""


def _exp(x: Any, xp: Any, name: str) -> Any:
    with np.errstate(over="ignore"):
        value = xp.exp(x)
    _fits_float32(name, value, x)
    return value


@checked
def coverage_coefficient(log_probs: Any, prompt_weights: Any, *, slack: Any = 0.0, power: Any = 1) -> Any:
    """C_cov,gamma,p = ( E_{x~mu}[ pi(Y*_gamma(x)|x)^-p ] )^(1/p), in [1, inf].

    1 means that every response is maximal; with one maximiser it is at most |Y| (p = 1). Non-increasing in `slack`,
    non-decreasing in `power`. inf only where a mass underflows the exponential.

    Raises `ValueError` for slack outside [0, 1) and power not positive. Source: section 3.3 and Thm 3.1'.
    """
    log_mass, weights, xp = _mode_masses(log_probs, prompt_weights, slack)
    return _exp(_log_mean(-power * log_mass, weights, xp) / power, xp, "log_probs")


def _mode_masses(log_probs: Any, prompt_weights: Any, slack: Any) -> tuple[Any, Any, Any]:
    xp, table, weights = as_arrays(log_probs, prompt_weights)
    return mode_log_mass(table, slack=slack), weights, xp


@checked
def mode_coverage(log_probs: Any, prompt_weights: Any) -> Any:
    """Cbar_cov = E_{x~mu}[1 / max_y pi(y|x)], in [1, |Y|]; at least C_cov, and equal to it where the maximiser is unique.

    Source: Thm D.1, whose stopping rule sees the likelihood of single responses.
    """
    xp, table, weights = as_arrays(log_probs, prompt_weights)
    return _exp(_log_mean(-xp.max(normalise(table, xp), axis=-1), weights, xp), xp, "log_probs")


@checked(draws=POSITIVE)
def coverage_profile(log_probs: Any, prompt_weights: Any, *, draws: Any, slack: Any = 0.0) -> Any:
    """mu{x : pi(Y*_gamma(x)|x) < 1/N} for each N in `draws`: the share of prompts that N draws do not cover; in [0, 1], shape of `draws`.

    `draws` are positive reals (N* = N / log(2/delta) in Thm 4.1'). By Markov at most C_cov,gamma / N. A mass within 1e-12 of 1/N
    (relative; float32: 1e-5) is covered.
    """
    log_mass, weights, xp = _mode_masses(log_probs, prompt_weights, slack)
    xp, log_mass, weights, counts = as_arrays(log_mass, weights, draws)
    # A mass that equals 1/N is covered, whichever way its logarithm was rounded.
    uncovered = log_mass < -xp.log(counts)[..., None] - EDGE_GUARD.get(log_mass.dtype.itemsize, 1e-5)
    return xp.sum(xp.where(uncovered, weights, 0.0), axis=-1)


@checked
def margin(log_probs: Any, prompt_weights: Any) -> Any:
    """The largest g with P*(x) >= (1 + g) pi(y'|x) for all y' outside Y*(x) and x with mu(x) > 0; in [0, inf].

    inf where every response with mass is maximal. Source: Assumption 4.2 (there gamma_margin).
    """
    xp, table, weights = as_arrays(log_probs, prompt_weights)
    top = xp.max(table, axis=-1)
    second = xp.max(xp.where(maximisers(table), -xp.inf, table), axis=-1)
    with np.errstate(over="ignore"):
        ratio = xp.expm1(top - second)
    _fits_float32("log_probs", ratio, top - second)
    return xp.min(xp.where(weights > 0, ratio, xp.inf))


@checked
def concentrability(log_policy: Any, log_base: Any, prompt_weights: Any) -> Any:
    """C_pi = E_{x~mu, y~pi}[ pi(y|x) / base(y|x) ] = 1 + chi^2(pi || base), in [1, inf].

    1 exactly at pi = base; inf where pi has mass (at a prompt with weight) that base lacks. Source: section 4.2.
    """
    return ratio_moment(log_policy, log_base, prompt_weights, beta=1.0)


@checked
def ratio_moment(log_numerator: Any, log_denominator: Any, prompt_weights: Any, *, beta: Any) -> Any:
    """C_{pi/pi';beta} = E_{x~mu, y~pi}[ (pi(y|x) / pi'(y|x))^beta ], in [1, inf].

    1 exactly at pi = pi' (and as beta -> 0 where pi' covers pi). Responses without mass under pi contribute nothing.

    Raises `ValueError` for beta not positive. Source: section 4.2 (C_loss is the supremum of C_{base/pi;beta} over the class).
    """
    xp, top, bottom, weights = as_arrays(log_numerator, log_denominator, prompt_weights)
    top, bottom = normalise(top, xp), normalise(bottom, xp)
    has_mass = top > -xp.inf
    safe_top = xp.where(has_mass, top, 0.0)
    safe_bottom = xp.where(has_mass, bottom, 0.0)
    exponents = xp.where(has_mass, safe_top + beta * (safe_top - safe_bottom), -xp.inf)
    lacking = xp.any(exponents == xp.inf, axis=-1)
    finite = logsumexp(xp.where(exponents == xp.inf, 0.0, exponents), xp)
    return _exp(_log_mean(xp.where(lacking, xp.inf, finite), weights, xp), xp, "log_numerator")


@checked
def chi_square(log_policy: Any, log_base: Any, prompt_weights: Any) -> Any:
    """E_{x~mu, y~base}[ (pi/base - 1)^2 ] = C_pi - 1, in [0, inf]; every digit also where the two are close.

    inf where pi has mass (at a prompt with weight) that base lacks.
    """
    log_ratio, _, base, weights, xp = _ratios(log_policy, log_base, prompt_weights)
    lacking = xp.any(log_ratio == xp.inf, axis=-1)
    far = xp.where(log_ratio == xp.inf, 0.0, log_ratio)
    gap = xp.abs(far)
    # log |e^r - 1|: the larger of r and 0, and what is left of it.
    log_gap = xp.where(gap > 0, xp.maximum(far, 0.0) + xp.log(-xp.expm1(-xp.where(gap > 0, gap, 1.0))), -xp.inf)
    finite = logsumexp(base + 2 * log_gap, xp)
    return _exp(_log_mean(xp.where(lacking, xp.inf, finite), weights, xp), xp, "log_policy")


@checked
def tail_coverage(log_policy: Any, log_base: Any, prompt_weights: Any, *, cut: Any) -> Any:
    """Cov_M = P_{x~mu, y~pi}[ pi(y|x)/base(y|x) >= M ] for each M in `cut`; in [0, 1], shape of `cut`, non-increasing in M.

    A ratio within 1e-12 of M (relative; float32: 1e-5) counts as M. Source: the coverage profile of Block and Shetty (COLT 2026).
    """
    log_ratio, policy, _, weights, xp = _ratios(log_policy, log_base, prompt_weights)
    xp, log_ratio, edge = as_arrays(log_ratio, cut)
    reached = log_ratio >= xp.log(edge)[..., None, None] - EDGE_GUARD.get(log_ratio.dtype.itemsize, 1e-5)
    return xp.sum(weights * xp.sum(xp.where(reached, xp.exp(policy), 0.0), axis=-1), axis=-1)


@checked
def excess_coverage(log_policy: Any, log_base: Any, prompt_weights: Any, *, cut: Any) -> Any:
    """E_M = E_{x~mu} sum_y (pi(y|x) - M base(y|x))_+ for each M in `cut`; in [0, 1], shape of `cut`, at most Cov_M.

    It is the mass of pi that min(pi, M base) leaves out. Source: as `tail_coverage`.
    """
    log_ratio, policy, _, weights, xp = _ratios(log_policy, log_base, prompt_weights)
    xp, log_ratio, edge = as_arrays(log_ratio, cut)
    over = -xp.expm1(xp.minimum(xp.log(edge)[..., None, None] - log_ratio, 0.0))
    return xp.sum(weights * xp.sum(xp.exp(policy) * over, axis=-1), axis=-1)


@checked
def integrated_coverage(log_policy: Any, log_base: Any, prompt_weights: Any, *, cut: Any) -> Any:
    """ICov_M = E_{x~mu, y~pi}[ min(pi(y|x)/base(y|x), M) ], the integral of Cov_t over t in [0, M], for each M in `cut`; in [0, M].

    Shape of `cut`; ICov_M / M is non-increasing in M and at least Cov_M, and ICov_M rises to C_pi. Source: as `tail_coverage`.
    """
    log_ratio, policy, _, weights, xp = _ratios(log_policy, log_base, prompt_weights)
    xp, log_ratio, edge = as_arrays(log_ratio, cut)
    kept = logsumexp(policy + xp.minimum(log_ratio, xp.log(edge)[..., None, None]), xp)
    return _exp(_log_mean(kept, weights, xp), xp, "cut")


@checked
def likelihood_quantile(log_probs: Any, prompt_weights: Any, *, eps: Any, slack: Any = 0.0) -> Any:
    """Q(eps) = sup{a : mu{x : pi(Y*_gamma(x)|x) <= a} <= eps}, in (0, 1], shape of `eps`: all but eps of the prompts have this mode mass.

    It inverts the coverage profile: fewer than an eps of the prompts are left uncovered by N > 1/Q(eps) draws. Prompts whose weights add up
    to eps within 1e-12 may be left out.
    """
    log_mass, weights, xp = _mode_masses(log_probs, prompt_weights, slack)
    xp, log_mass, weights, level = as_arrays(log_mass, weights, eps)
    order = xp.argsort(log_mass)
    below = xp.cumsum(xp.take(weights, order))
    over = below > level[..., None] + EDGE_GUARD.get(log_mass.dtype.itemsize, 1e-5)
    largest = xp.max(xp.where(weights > 0, log_mass, -xp.inf))
    return xp.exp(xp.min(xp.where(over, xp.take(log_mass, order), largest), axis=-1))


def _ratios(log_policy: Any, log_base: Any, prompt_weights: Any) -> tuple[Any, Any, Any, Any, Any]:
    """log pi/base (-inf where pi has no mass, inf where base alone has none), log pi, log base, the weights and the namespace."""
    xp, policy, base, weights = as_arrays(log_policy, log_base, prompt_weights)
    policy, base = normalise(policy, xp), normalise(base, xp)
    has_mass = policy > -xp.inf
    return xp.where(has_mass, xp.where(has_mass, policy, 0.0) - xp.where(has_mass, base, 0.0), -xp.inf), policy, base, weights, xp


def _fits_float32(name: str, result: Any, exponent: Any) -> None:
    """Refuse a float32 `result` that is infinite although the number it stands for, exp(`exponent`), is not."""
    if _checks.is_traced(result) or np.dtype(result.dtype).itemsize != 4:
        return
    if (np.isinf(np.asarray(result)) & np.isfinite(np.asarray(exponent))).any():
        raise ValueError(
            f"`{name}` must be float64 where the answer is above {float(np.finfo(np.float32).max):.2g}, the largest float32; "
            f"got float32, and an answer of exp({float(np.max(np.asarray(exponent)[np.isfinite(np.asarray(exponent))])):.4g})."
        )
