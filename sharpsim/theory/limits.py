"""Lower bounds on samples: the least risk of any sample-and-evaluate learner on the hard family (Theorems 3.1, 3.1').

Call this module for the number of samples that every learner needs, whatever its method: the exact minimax risk and its inverse on one
hard family, the best such bound over all families of a given coverage, and the explicit form of the paper's bound.

Statement. On H(d, M, D) (hard mass D on d prompts, M labels, the secret label of mass 2/M and the others (M-2)/(M(M-1)) each) every
    learner with n prompts and N responses each has, for some member, risk P_x[pihat(y*(x)|x) <= 1/2] at least, in expectation,
    R(n, N) = D E[e(N Bin(n, D/d))],  e(k) = (1 - 2/M)^k E[1 - 1/(M - Occ_k)],                           (`minimax_risk`)
    and the learner that guesses uniformly among the labels it has not seen attains it. Occ_k: distinct labels hit by k uniform draws on
    the M-1 that are no secret. One response per prompt is the best split: R*(m) = R(m, 1), since e is convex.
    Explicit form of the paper's bound: R >= (D/4)(1 - 3/M)^(2Dm/d)   (`bound`),   >= (D/2)(1 - 3D/(dM))^m   (`bound_sharp`, ours);
    so with D = 16 eps and M >= 8 labels, fewer than d ln 2/(-2 D ln(1 - 3/M)) samples have risk 2 eps   (`samples_bound`).
Assumptions. A1 eps <= 1/16, so that D <= 1. A2 M >= 8 at D = 16 eps. The exact risk needs neither.
Symbols. d is `hard_prompts`, M `labels`, D `hard_mass`, C `coverage` (C_cov,1/2,p), p `power`; m = n N.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, section 3.3 and Appendix H; the exact risk is ours.
Printed. eps anywhere in (0, 1): false near 1, where a guess needs no samples. The constant is hidden; "at least 1/4" in the proof of
    Lemma H.3 is 1/2; Lemma H.1's secrets are in [M]^d; Eq. 15 has floor(d/2) for ceil(d/2).
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import optimize

from sharpsim._arguments import checked, count
from sharpsim.theory import _witness as witness
from sharpsim.theory._common import Statement, as_float, require
from sharpsim.theory._family import family, least_count
from sharpsim.theory._hidden_label import Errors, guess_errors, guess_errors_ceiling, mean_error, mean_gain
from sharpsim.theory._witness import Necessary

SMALLEST = 1e-280
"""Risks below this share of the hard mass are not inverted: below 1e-290 they have no digits."""

SYMBOLS = {"eps": "eps", "C": "coverage", "d": "hard_prompts", "M": "labels", "Delta": "hard_mass", "p": "power", "m": "samples"}
STATEMENTS = (
    Statement(
        "limits", "Thm 3.1", "no learner sharpens the hard family with less than order C log|Pi|/eps^2 samples", "lower", symbols=SYMBOLS
    ),
    Statement("limits", "Thm 3.1'", "with power p of coverage, order C log|Pi|/eps^(1+1/p)", "lower", symbols=SYMBOLS),
    Statement("limits", "Minimax risk", "the exact minimax risk of the hard family", "identity", symbols=SYMBOLS),
)


@checked(draws=count(0))
def guess_error(*, labels: int, draws: Any) -> Any:
    """e(k), the least error of a guess at one hard prompt's secret after k = `draws` responses to it; in [0, 1 - 1/M].

    (1 - 2/M)^k E[1 - 1/(M - Occ_k)]: the secret was not seen, and one of the M - Occ_k labels left is guessed. Convex and falling in k.
    `draws` may be an array of whole numbers. Relative error about 1e-13, down to 1e-300. Raises `ValueError` for M < 3 and negative draws.
    """
    return as_float(guess_errors(int(labels))(draws))


@checked(n=count(0))
def minimax_risk(*, n: int, N: int, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """R(n, N) = D E[e(N Bin(n, D/d))], the exact minimax risk with n prompts and N responses each (cost m = n N); in [0, D].

    `n` = 0 is allowed: D (1 - 1/M), a guess. Relative error about 1e-13, down to 1e-290; ten last bits times n D/d where that is more.
    Raises `ValueError` for n < 0, N < 1, d < 1, M < 3, D outside (0, 1].
    """
    d, M, D = family(hard_prompts, labels, hard_mass)
    return D * mean_error(guess_errors(M), visits=int(n), chance=D / d, each=float(N))


@checked
def minimax_samples(*, eps: float, hard_prompts: int, labels: int, hard_mass: float) -> int:
    """The exact least m at which some learner has risk at most eps on every member of H(d, M, D): least m with R(m, 1) <= eps.

    0 where a guess suffices, D (1 - 1/M) <= eps. Raises `ValueError` for eps outside (0, 1) or below 1e-280 D, and parameters out of
    range.
    """
    return minimax_prompts(eps=eps, N=1, hard_prompts=hard_prompts, labels=labels, hard_mass=hard_mass)


@checked
def minimax_prompts(*, eps: float, N: int, hard_prompts: int, labels: int, hard_mass: float) -> int:
    """The exact least number of prompts n with R(n, N) <= eps, when each prompt gets N responses; the cost is n N."""
    d, M, D = family(hard_prompts, labels, hard_mass)
    if eps >= D * (1 - 1 / M):
        return 0
    if eps < SMALLEST * D:
        raise ValueError(f"`eps` must be at least {SMALLEST:g} times `hard_mass`, below which risks have no digits; got {eps!r}.")
    # e(k) <= (1 - 1/M)(1 - 2/M)^k gives enough prompts, in closed form; one, where no prompt is easy and N draws leave nothing.
    gone = -math.expm1(N * math.log1p(-2 / M)) * D / d
    enough = math.ceil(math.log(D * (1 - 1 / M) / eps) / -math.log1p(-gone)) + 1 if gone < 1 else 1
    return least_count(lambda n: D * mean_error(guess_errors(M), visits=n, chance=D / d, each=float(N)), eps, low=0, high=enough)


@witness.at_point
def samples_any_learner_needs(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> Necessary:
    """The most samples that a hard family with C_cov,1/2,p at most `coverage` forces on every learner, and that family.

    max over M and D of `minimax_samples`, exact. For a given M, coverage allows D up to (C^p - 1)/((M/2)^p - 1). More mass forces
    more samples up to about D = e eps, so each M is searched at the largest allowed D, or at the best D below it.
    As eps -> 0 it tends to `samples_limit`, at D = sqrt(e) eps for p = 1.

    Raises `ValueError` for eps outside (0, 1), C < 1 or infinite, d < 1, p <= 0, and where more than 1e7 label counts would be searched.
    """
    d = int(hard_prompts)

    def at_most(labels: np.ndarray, masses: np.ndarray) -> np.ndarray:
        guess = 1 - 1 / labels
        mass = np.minimum(masses, math.e * eps / guess)
        return np.ceil(float(d) * labels / (2 * mass) * np.log(guess * mass / eps)) + 1

    return witness.strongest(
        at_most,
        lambda M, D: _forced(guess_errors_ceiling, eps, d, M, D),
        lambda M, D: _forced(guess_errors, eps, d, M, D),
        eps=eps,
        coverage=coverage,
        hard_prompts=d,
        power=power,
    )


def _forced(make: Callable[[int], Errors], eps: float, d: int, M: int, most_mass: float) -> tuple[float, float]:
    """max over D <= `most_mass` of the least m with D E[e(Bin(m, D/d))] <= eps, and where it is attained; `make` gives e."""
    errors = make(M)

    def risk(m: int, mass: float) -> float:
        return mass * mean_error(errors, visits=m, chance=mass / d)

    def slope(m: int, mass: float) -> float:
        # d/dq E[f(Bin(m, q))] = m E[f(B + 1) - f(B)], B of m - 1 draws.
        return mean_error(errors, visits=m, chance=mass / d) - mass * m / d * mean_gain(errors, visits=m - 1, chance=mass / d)

    guess = 1 - 1 / M
    widest = min(most_mass, math.e * eps / guess)
    # Enough for every mass up to the kink: the crude bound's maximum over masses.
    enough = math.ceil(d * M / (2 * widest) * math.log(guess * widest / eps)) + 1
    mass = most_mass
    m = least_count(partial(risk, mass=mass), eps, low=0, high=enough)
    # Rarely, where labels are few, less mass forces more; each turn makes m larger.
    while slope(m, most_mass) < 0:
        peak = float(optimize.brentq(partial(slope, m), eps, most_mass))  # pyright: ignore[reportArgumentType]
        if risk(m, peak) <= eps:
            break
        mass = peak
        m = least_count(partial(risk, mass=mass), eps, low=m, high=enough)
    return float(m), mass


@witness.at_point
def samples_limit(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> float:
    """The limit of `samples_any_learner_needs` as eps -> 0: p/((p+1) e) (C^p - 1)^(1/p) d eps^-(1+1/p)."""
    given: dict[str, Any] = {"eps": eps, "coverage": coverage, "hard_prompts": hard_prompts, "power": power}
    return witness.limiting_samples(power / ((power + 1) * math.e), **given, exponent=1 + 1 / power)


@checked
def bound(*, samples: Any, hard_prompts: int, labels: int, hard_mass: float) -> Any:
    """**Lower** bound on every learner's risk from the paper's proof: (D/4)(1 - 3/M)^(2Dm/d), m = `samples`, maybe an array; in [0, D/4].

    With probability at least 1/2 a hard prompt has at most 2Dm/d responses (Markov); then the secret and one other label stay unseen
    with probability at least (1 - 3/M) to that power, and a guess between the two errs with probability 1/2.
    """
    d, M, D = family(hard_prompts, labels, hard_mass)
    if M == 3:
        return as_float(np.where(np.asarray(samples) == 0, D / 4, 0.0))
    return as_float(np.nextafter(D / 4 * np.exp(2 * D / d * np.asarray(samples, float) * math.log1p(-3 / M)), 0))


@checked
def bound_sharp(*, samples: Any, hard_prompts: int, labels: int, hard_mass: float) -> Any:
    """**Lower** bound (ours): (D/2)(1 - 3D/(dM))^m, the same argument without Markov's inequality; never below `bound`, in [0, D/2]."""
    d, M, D = family(hard_prompts, labels, hard_mass)
    gone = 3 * D / (d * M)
    if gone == 1:
        return as_float(np.where(np.asarray(samples) == 0, D / 2, 0.0))
    return as_float(np.nextafter(D / 2 * np.exp(np.asarray(samples, float) * math.log1p(-gone)), 0))


@witness.at_point
def samples_bound(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> float:
    """**Lower** bound on the samples of every learner with risk eps: Theorem 3.1' with its proof's constant, d ln 2/(-2 D ln(1 - 3/M)).

    D = 16 eps and M = floor(2 ((C^p - 1 + D)/D)^(1/p)), the proof's family; about 0.092 d M/D at M = 8 and 0.116 d M/D for large M.
    Raises `AssumptionError` outside the theorem's regime (eps <= 1/16, M >= 8), where the bound does not apply.
    """
    require(checks(eps=eps, coverage=coverage, hard_prompts=hard_prompts, power=power))
    mass = witness.PROOF_FACTOR * eps
    labels = witness.labels_within(mass, coverage=coverage, power=power)
    return float(np.nextafter(hard_prompts * math.log(2) / (-2 * mass * math.log1p(-3 / labels)), 0))


@witness.at_point
def printed_rate(*, eps: Any, coverage: float, log_class_size: float, power: float = 1) -> Any:
    """C log|Pi|/(eps^(1+1/p) (1 + log(C eps^(-1/p)))), Theorem 3.1' without its constant c; a rate, no bound."""
    return witness.printed_rate(eps=eps, coverage=coverage, log_class_size=log_class_size, power=power, exponent=1 + 1 / power)


@witness.at_point
def checks(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> dict[str, float]:
    """Signed slacks of the theorem's regime: `small_eps` (A1) 1/16 - eps, `labels` (A2) M - 8 at D = min(1, 16 eps)."""
    mass = min(1.0, witness.PROOF_FACTOR * eps)
    return {"small_eps": 1 / witness.PROOF_FACTOR - eps, "labels": float(witness.labels_within(mass, coverage=coverage, power=power) - 8)}
