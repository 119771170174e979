"""DPO on a class on which Theorem 4.2' says something at sizes that can be run.

Every prompt has one mode, of mass just below 1/2, and many other responses of equal mass. Member s is pi_beta on the first s prompts and
base on the rest, so base itself fails everywhere at delta = 1/2. A pair tells base from pi_beta where exactly one of its responses is the
mode; the members of zero loss are those from the last prompt on that was told, which gives the exact law of the risk.
"""

import math
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from experiments.dpo.trials import pair_trials
from experiments.engine.columns import columns
from experiments.engine.counting import enough_cover
from experiments.engine.frame import Context, Table, Verdict
from sharpsim import coverage
from sharpsim.classes import FiniteClass
from sharpsim.estimators import bounded_mean, clopper_pearson
from sharpsim.theory import dpo as theory


@dataclass(frozen=True)
class Prefixes:
    """`others` responses beside the mode of mass `mode`; DPO is run with each of `n` pairs: `most` times, or
    `fewest` where that is over `pairs` pairs in all.
    """

    prompts: int
    others: int
    mode: float
    beta: float
    delta: float
    rho: float
    n: tuple[int, ...]
    pairs: int
    most: int
    fewest: int


BOUNDS = ("bound", "bound_sharp", "bound_average", "bound_everywhere")
COLUMNS = columns(
    count="n samples prompts others members seeds",
    exact="mode beta delta rho concentrability loss_moment margin bias exact_risk exact_worst over_explicit over_everywhere "
    + " ".join(BOUNDS),
    simulated={"risk": "risk_low risk_high"},
    derived="over",
)


def rows(settings: Prefixes, context: Context, key: Any) -> list[dict[str, Any]]:
    """One row for each n: the risk measured and exact, the bounds, and the exact chance that the worst member is above them."""
    base, members, weights = _world(settings)
    conc, loss = theory.class_coefficients(members, base, weights, beta=settings.beta)
    bias, margin = float(theory.bias(base, beta=settings.beta).max()), float(coverage.margin(base, weights))
    told = theory.disagreement(base, base, weights, beta=settings.beta)
    shared: dict[str, Any] = {"log_class_size": math.log(len(members)), "delta": settings.delta, "rho": settings.rho}
    given = {**shared, "beta": settings.beta, "concentrability": conc, "loss_moment": loss, "margin": margin}
    # Prompts are alike, so that pi_beta's own concentrability is what no member exceeds at any prompt.
    zero = {**shared, "bias": bias, "concentrability": conc}
    made, share = [], np.arange(settings.prompts, -1, -1) / settings.prompts
    for n in context.track(settings.n, "prefix class"):
        seeds = min(settings.most, max(settings.fewest, settings.pairs // n))
        failed = pair_trials(
            jax.random.fold_in(key, n), seeds, log_base=base, weights=weights, policy_class=FiniteClass(members), n=n,
            beta=settings.beta, delta=settings.delta,
        ).failed  # fmt: skip
        mean, low, high = bounded_mean(failed, 1.0)
        explicit, everywhere = theory.bound(**given, n=n), theory.bound_zero_loss(**zero, n=n, everywhere=True)
        law = _law(settings.prompts, told, n)
        made.append({
            "n": n, "samples": 2 * n, "prompts": settings.prompts, "others": settings.others, "members": len(members),
            "seeds": seeds, "mode": settings.mode, "beta": settings.beta, "delta": settings.delta, "rho": settings.rho,
            "concentrability": conc, "loss_moment": loss, "margin": margin, "bias": bias,
            # A member of zero loss is chosen uniformly from number s on.
            "exact_risk": float(law @ share) / 2, "exact_worst": float(law @ share), "over_explicit": float(law[share > explicit].sum()),
            "over_everywhere": float(law[share > everywhere].sum()), "bound": explicit,
            "bound_sharp": theory.bound_sharp(**given, n=n), "bound_average": theory.bound_zero_loss(**zero, n=n),
            "bound_everywhere": everywhere, "risk": mean, "risk_low": low, "risk_high": high,
            "over": int((failed > everywhere).sum()),
        })  # fmt: skip
    return made


def _world(settings: Prefixes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Base `[prompts, responses]`, the members `[members, prompts, responses]`, and the prompts' weights."""
    row = np.log(np.append(settings.mode, np.full(settings.others, (1 - settings.mode) / settings.others)))
    base = np.tile(row, (settings.prompts, 1))
    first = np.arange(settings.prompts) < np.arange(settings.prompts + 1)[:, None]
    members = np.where(first[:, :, None], theory.target(base, beta=settings.beta), base)
    return base, members, np.full(settings.prompts, 1 / settings.prompts)


def _law(prompts: int, told: float, n: int) -> np.ndarray:
    """P[the last prompt that n pairs told is number s], s = 0 (none) to `prompts`."""
    below = np.exp(n * np.log1p(-told * (prompts - np.arange(prompts + 1)) / prompts))
    return np.diff(below, prepend=0.0)


def verdicts(found: Table) -> list[Verdict]:
    """Theorem 4.2' and its form without regret, by the exact law of the zero-loss set and by DPO run literally."""
    cover = (found["risk_low"] <= found["exact_risk"]) & (found["exact_risk"] <= found["risk_high"])
    # `over` is binomial with a chance of at most rho.
    usual = clopper_pearson(found["over"], found["seeds"], 1 - 1e-6)[0] <= found["rho"]
    last = found.take(found["n"] == found["n"].max())
    ordered = (found["bound_everywhere"] <= found["bound_average"] * (1 + 1e-9)) & (found["bound_sharp"] <= found["bound"] * (1 + 1e-9))

    def judged(label: str, claim: str, bound: str, holds: bool) -> Verdict:
        holds &= bool((found["risk_low"] <= found[bound]).all())
        least, first = float(found[bound].min()), found["n"][found[bound] < 1]
        return Verdict(
            label, claim, f"{float(last['risk'][0]):.3g}, at most {float(last['risk_high'][0]):.2g}, at n = {int(last['n'][0]):,}",
            f"{least:.3g}; below 1 from n = {int(first.min()) if len(first) else 0:,}",
            "violated" if not holds else "holds" if least < 1 else "vacuous", slack=least, slack_kind="least bound at sizes that were run",
        )  # fmt: skip

    explicit = bool(enough_cover(cover) and ordered.all() and (found["over_explicit"] <= found["rho"]).all())
    sharper = bool(enough_cover(cover) and usual.all() and ordered.all() and (found["over_everywhere"] <= found["rho"]).all())
    return [
        judged("Thm 4.2'", "DPO sharpens: its risk is below the explicit bound, on a class where this says something", "bound", explicit),
        judged("Thm 4.2' (zero loss)", "DPO's risk is below p/least disagreement, at any margin", "bound_everywhere", sharper),
    ]
