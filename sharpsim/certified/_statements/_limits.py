"""The hard family: the exact minimax risk and adaptive optimum against their lower bounds, and against SFT-Sharpening."""

from typing import Any

from flint import arb, fmpq

from sharpsim.certified import minimax, risks
from sharpsim.certified._draws import Draws
from sharpsim.certified._statement import Instance, Statement

HALF = fmpq(1, 2)


def _family(draws: Draws) -> Instance:
    return {"hard_prompts": draws.integer(1, 6), "labels": draws.integer(4, 16), "hard_mass": draws.share(tiny=1e-3)}


def _design(draws: Draws) -> Instance:
    return {"n": draws.integer(1, 16), "N": draws.integer(1, 6)} | _family(draws)


def _budget(draws: Draws) -> Instance:
    return {"samples": draws.integer(0, 60)} | _family(draws)


def _error(draws: Draws) -> Instance:
    family = _family(draws)
    return {"eps": draws.share(tiny=1e-9) * family["hard_mass"]} | family


def _convex(draws: Draws) -> Instance:
    return {"labels": draws.integer(3, 24), "draws": draws.integer(0, 40)}


def _rule(draws: Draws) -> Instance:
    labels = draws.integer(3, 24)
    return {"labels": labels, "remaining": draws.integer(1, labels)}


def _late(labels: int, remaining: int) -> fmpq:
    return minimax.rule(labels=labels, remaining=remaining, draws=labels // 3)[0]


def _least(samples: int, **family: Any) -> arb:
    return minimax.risk(n=samples, N=1, **family)


def _double(labels: int, draws: int) -> arb:
    return 2 * minimax.guess_errors(labels=labels, draws=draws + 2)[draws + 1]


def _ends(labels: int, draws: int) -> arb:
    errors = minimax.guess_errors(labels=labels, draws=draws + 2)
    return errors[draws] + errors[draws + 2]


_ONE = {"hard_prompts": 1, "labels": 4, "hard_mass": fmpq(1)}

STATEMENTS = (
    Statement(
        "minimax_below_sft", "Minimax risk (SFT)", "SFT-Sharpening's risk on the hard family at delta = 1/2 is at least R(n, N)",
        lambda n, N, **family: minimax.risk(n=n, N=N, **family), lambda n, N, **family: risks.family_risk(n=n, N=N, delta=HALF, **family),
        _design, {"n": 1, "N": 1, "hard_prompts": 6, "labels": 16, "hard_mass": HALF}, bound="left",
    ),
    Statement(
        "minimax_split", "Minimax risk (split)", "one response a prompt is the best split: R(nN, 1) <= R(n, N)",
        lambda n, N, **family: minimax.risk(n=n * N, N=1, **family), lambda n, N, **family: minimax.risk(n=n, N=N, **family),
        _design, {"n": 8, "N": 2, "hard_prompts": 6, "labels": 16, "hard_mass": fmpq(1, 2)}, bound="left",
        attained=lambda n, N, **family: N == 1 or (family["hard_prompts"] == 1 and family["hard_mass"] == 1),
    ),
    Statement(
        "minimax_bound", "Thm 3.1'", "R(m, 1) >= (D/4)(1 - 3/M)^(2Dm/d)",
        lambda samples, **family: minimax.risk_bound(samples=samples, **family), _least, _budget, {"samples": 0, **_ONE}, bound="left",
    ),
    Statement(
        "minimax_bound_sharp", "Thm 3.1' (sharp)", "R(m, 1) >= (D/2)(1 - 3D/(dM))^m",
        lambda samples, **family: minimax.risk_bound_sharp(samples=samples, **family), _least, _budget, {"samples": 0, **_ONE},
        bound="left",
    ),
    Statement(
        "guess_convex", "Minimax risk (convex)", "e(k+1) <= (e(k) + e(k+2))/2: the best guess's error is convex in the draws",
        _double, _ends, _convex, {"labels": 24, "draws": 0}, bound="left",
    ),
    Statement(
        "adaptive_bound", "Thm D.2", "d phi(eps/D) >= (d M/3)(1/(2e) - 2 eps/D)",
        lambda eps, **family: minimax.adaptive_bound(eps=eps, **family), lambda eps, **family: minimax.adaptive_samples(eps=eps, **family),
        _error, {"eps": fmpq(1, 10**9), **_ONE}, bound="left", trivial=0,
    ),
    Statement(
        "adaptive_below", "Adaptive optimum", "adaptive learners need no more: the least risk at mean cost m is at most R(m, 1)",
        lambda samples, **family: minimax.adaptive_risk(samples=samples, **family), _least, _budget,
        {"samples": 1, **_ONE, "hard_mass": fmpq(99, 100)}, bound="left",
        attained=lambda samples, hard_mass, **family: samples == 0 or (samples == 1 and hard_mass == 1),
    ),
    Statement(
        "few_draws", "Lemma H.4", "P[more than M/3 draws] >= 1/(2e) - 2 P[error], for every rule that stops at u labels",
        lambda labels, remaining: (-arb(1)).exp() / 2 - 2 * minimax.rule(labels=labels, remaining=remaining, draws=0)[1],
        _late, _rule, {"labels": 3, "remaining": 1}, bound="left", trivial=0,
    ),
)  # fmt: skip
