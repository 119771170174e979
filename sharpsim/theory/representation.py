"""A multi-layer linear softmax class that is not closed under sharpening (Prop E.2).

The base of this class has a unique most likely response, but no policy in the class puts half of its mass there. So sharpening can be
impossible within the class of the base. Call this module for the largest mass that members of a given norm reach, and for a variant in
which greedy decoding fails as well.

Statement. H = d = 2, V = [n], phi_1(1) = phi_1(2) = e_1, other phi_1 = e_2; phi_2(2,1) = e_1, phi_2(2,j) = e_2 else, phi_2(i,.) = 0 else.
    The base theta_1 = theta_2 = B e_1 (n >= 2, B > 0) has the unique argmax (2,1), yet every member, at any norm, has pi(2,1) < 1/2
    (`bound`), so none is (eps, delta)-sharpened for a delta <= 1/2. With numbers (ours): the most at norms ||theta_h|| <= R is

        max pi(2,1) = 1/((2 + (n-2) t)(1 + (n-1) t)),  t = exp(-sqrt(2) R)                                       (`largest_mass`)

    at theta_h = R (1,-1)/sqrt 2, so each delta > 1/2 is reached at a finite norm (`norm_needed`). Temperature T divides theta by T:
    T -> 0 tends to 1/2 on (2,1) and 1/(2n) on each (1,j), T -> infinity to uniform (`tempered`).
    Strict variant (ours): n >= 3, phi_1(1) = e_1, phi_1(2) = k e_1, phi_1(3) = 0, others e_2, theta_1 = theta_2 = e_1 log n, k = .9: the
    argmax is (2,1), greedy strictly prefers 1, and every member has

        pi(2,1) < 1/(1 + exp(h(k))) = .41944,  h(k) = -k log k - (1-k) log(1-k)                                  (`bound_strict`).

    One layer (H = 1) is closed up to the norm: pi_beta of pi_theta is pi_{(1+1/beta) theta}                     (`sharpened_norm`).
Assumptions. A1 (`unique_mode`): B > 0, so that (2,1) leads. A2 (`in_ball`), for one layer: (1+1/beta)||theta|| <= radius.
Symbols. n: vocabulary, B: scale, R: norm, k: second_token.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, Appendix E.2, Prop E.2; maxima and strict variant: ours.
Printed. "Greedy does not yield the argmax": its first token ties, and one tie-break yields it. "For any delta > 1/2": delta <= 1/2.
    Sharpened "by increasing the temperature": lowering it.
"""

import math
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FINITE, LAYERS, OPEN_UNIT, POSITIVE, REAL, arrays, checked, count
from sharpsim.theory._common import Statement, as_float, round_up

_SYMBOLS = {"n": "vocabulary", "B": "scale", "beta": "beta"}
STATEMENTS = (
    Statement("representation", "Prop E.2", "no member of the class has more than 1/2 on the base's mode", "upper", symbols=_SYMBOLS),
    Statement(
        "representation", "Prop E.2 (maximum)", "the largest mass that a member of norm R has on the mode", "identity", symbols=_SYMBOLS
    ),
    Statement("representation", "Prop E.2 (temperature)", "low temperature tends to 1/2 and 1/(2n)", "identity", symbols=_SYMBOLS),
    Statement("representation", "Prop E.2 (strict)", "the same with greedy strictly wrong: at most .41944", "upper", symbols=_SYMBOLS),
    Statement("representation", "Prop E.2 (one layer)", "one layer is closed up to the norm", "identity", symbols=_SYMBOLS),
)

SECOND_TOKEN = 0.9
"""k, the strict variant's phi_1(2) along e_1."""


def bound() -> float:
    """**Upper** bound on pi(2,1) over the class, any norm and n: 1/2, not attained, approached as the norm grows."""
    return 0.5


@checked(second_token=OPEN_UNIT)
def bound_strict(*, second_token: float = SECOND_TOKEN) -> float:
    """**Upper** bound on pi(2,1) over the strict variant's class: 1/(1 + exp(h(k))) < 1/2, h the entropy in nats; .41944 at k = .9.

    pi(2) is at most 1/(e^((1-k)a) + 1 + e^(-ka)), a the first weight, least at e^a = k/(1-k). Approached as the other weights' size grows.
    Raises `ValueError` for k outside (0, 1).
    """
    k = second_token
    return float(round_up(1 / (1 + math.exp(-k * math.log(k) - (1 - k) * math.log1p(-k)))))


@checked(vocabulary=count(2, 2**53))
def largest_mass(*, vocabulary: int, norm: Any) -> Any:
    """max of pi(2,1) over ||theta_1||, ||theta_2|| <= R: 1/((2 + (n-2)t)(1 + (n-1)t)), t = exp(-sqrt(2) R). From 1/n^2 at R = 0 to 1/2 at
    inf.

    Raises `ValueError` for n below 2 or a norm below 0. Arrays of norms map elementwise.
    """
    n = int(vocabulary)
    t = np.exp(-math.sqrt(2) * np.asarray(norm, dtype=np.float64))
    return as_float(1 / ((2 + (n - 2) * t) * (1 + (n - 1) * t)))


@checked(vocabulary=count(2, 2**53), mass=OPEN_UNIT)
def norm_needed(*, vocabulary: int, mass: Any) -> Any:
    """The least R at which a member has pi(2,1) >= mass, the inverse of `largest_mass`: 0 at or below 1/n^2, inf at or above 1/2.

    Raises `ValueError` for n below 2 or a mass outside (0, 1).
    """
    n = int(vocabulary)
    value = np.asarray(mass, dtype=np.float64)
    # (n-1)(n-2) t^2 + (3n-4) t + 2 - 1/mass = 0, the positive root in the form without cancellation.
    excess, linear = np.maximum(1 / value - 2, 0.0), 3.0 * n - 4
    root = 2 * excess / (linear + np.sqrt(linear**2 + 4 * (n - 1) * (n - 2) * excess))
    with np.errstate(divide="ignore"):
        return as_float(np.maximum(-np.log(root), 0.0) / math.sqrt(2))


@checked(features=LAYERS, weights=arrays(FINITE, "layers", "d"))
def conditionals(features: Any, weights: Any) -> list[np.ndarray]:
    """log pi(y_h | x, y_<h) = <phi_h, theta_h> - log-sum-exp (Eq. 11), `conditionals[h]` [prompts, V, ..., V], from features with d last
    and weights [H, d].

    Raises `ValueError` where their numbers of layers or dimensions differ.
    """
    theta = np.asarray(weights, dtype=np.float64)
    if theta.ndim != 2 or len(features) != len(theta) or any(np.shape(layer)[-1] != theta.shape[1] for layer in features):
        raise ValueError(f"`weights` must be [{len(features)}, {np.shape(features[0])[-1]}], as `features` are; got {theta.shape}.")
    logits = [np.asarray(layer, dtype=np.float64) @ row for layer, row in zip(features, theta, strict=True)]
    # The largest goes first: beside logits of a thousand the digits of log 2 would be lost.
    shifted = [layer - layer.max(axis=-1, keepdims=True) for layer in logits]
    return [layer - np.log(np.exp(layer).sum(axis=-1, keepdims=True)) for layer in shifted]


@checked(features=LAYERS, weights=arrays(FINITE, "layers", "d"))
def table(features: Any, weights: Any) -> np.ndarray:
    """log pi of all sequences, [prompts, V^H], smallest token sequence first."""
    joint, *others = conditionals(features, weights)
    for layer in others:
        joint = joint[..., None] + layer
    return joint.reshape(len(joint), -1)


@checked(vocabulary=count(2, 2**53))
def tempered(*, vocabulary: int, scale: float, temperature: Any) -> dict[str, Any]:
    """The base at temperature T (every next-token law to the power 1/T), which is the member with theta/T, in closed form.

    `mode`: pi(2,1) = e/(2e + n-2) e/(e + n-1), e = exp(B/T); `first`: each pi(1,j) = e/((2e + n-2) n). T -> 0: 1/2 and 1/(2n); T ->
    infinity: 1/n^2.
    """
    n = int(vocabulary)
    t = np.exp(-scale / np.asarray(temperature, dtype=np.float64))
    first = 1 / (2 + (n - 2) * t)
    return {"mode": as_float(first / (1 + (n - 1) * t)), "first": as_float(first / n)}


@checked(vocabulary=count(2, 2**53))
def tempered_limits(*, vocabulary: int) -> dict[str, float]:
    """`tempered` as T -> 0: 1/2 on (2,1), 1/(2n) on each (1,j)."""
    return {"mode": 0.5, "first": 1 / (2 * int(vocabulary))}


@checked
def sharpened_norm(*, norm: Any, beta: Any) -> Any:
    """(1 + 1/beta) ||theta||: the norm of the one-layer member that equals pi_beta, for maximum-likelihood reward. It is in the ball of at
    least this radius.
    """
    return as_float((1 + 1 / np.asarray(beta, dtype=np.float64)) * np.asarray(norm, dtype=np.float64))


@checked(norm=POSITIVE)
def beta_reached(*, norm: float, radius: float) -> float:
    """The least beta whose pi_beta the one-layer ball of this radius holds: ||theta||/(radius - ||theta||), the inverse of
    `sharpened_norm`.

    inf where the base itself is at the edge. Raises `ValueError` for a norm of 0 or less or a radius below it.
    """
    _checks.at_least("radius", radius, norm)
    return math.inf if radius == norm else norm / (radius - norm)


@checked(vocabulary=count(2, 2**53), scale=REAL)
def checks(*, vocabulary: int, scale: float, norm: float, beta: float, radius: float) -> dict[str, float]:
    """Signed slacks, negative where an assumption fails: `unique_mode`, the log-lead of (2,1) over (1,j), log(n e^B/(e^B + n-1)) (the edge,
    B = 0, fails); `in_ball`, radius minus `sharpened_norm`.
    """
    n = int(vocabulary)
    lead = -math.log1p((n - 1) / n * math.expm1(-scale))
    return {
        "unique_mode": lead if lead != 0 else -float(np.finfo(np.float64).tiny),
        "in_ball": radius - sharpened_norm(norm=norm, beta=beta),
    }
