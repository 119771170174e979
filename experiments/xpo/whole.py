"""Runs Algorithm 1 whole: at the optimism that Theorem J.1 prescribes, with the iterate chosen by its own estimates, paid in responses.

One prompt, two responses, base (P*, 1 - P*); the list has two members, pi_beta and one other law. At delta = 1 - P* the base fails and so
does the other member, pi_beta does not: a bound on the risk below 1 is a promise.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.columns import columns
from experiments.engine.frame import Context, Table, Verdict
from experiments.engine.rough import FAST
from sharpsim import Oracle, TabularPolicy, algorithms, laws
from sharpsim.classes import FiniteClass
from sharpsim.estimators import bounded_mean, clopper_pearson
from sharpsim.theory import xpo as theory


@dataclass(frozen=True)
class Whole:
    """Base (mode, 1 - mode); for each name the other member's mass on the mode, None for pi_beta's modes swapped; horizons and seeds."""

    mode: float
    beta: float
    delta: float
    rho: float
    others: tuple[tuple[str, float | None], ...]
    T: tuple[int, ...]
    validation: int
    seeds: int


COLUMNS = columns(
    text="other",
    count="T responses_used validation seeds informative",
    exact="alpha beta delta rho mode mass other_mass base_regret regret_bound selection bound last_bound",
    simulated={
        "least": "least_low least_high", "returned": "returned_low returned_high", "risk": "risk_low risk_high",
        "over": "over_low over_high", "last": "last_low last_high",
    },
)  # fmt: skip
PROMISE_COLUMNS = columns(text="other", count="T", exact="alpha regret_bound bound last_bound")


def promised(settings: Whole) -> list[dict[str, Any]]:
    """What the theory says of each list at T from 1 to 1e8: the optimism, the bound on the least regret and that on the risk."""
    rows = []
    for name, mass in settings.others:
        promise = _Promise(settings, *_world(settings, mass))
        rows += [{"other": name, "T": T, "alpha": promise.alpha(T), "regret_bound": promise.regret(T), "bound": promise.risk(T),
                  "last_bound": promise.last(T)}
                 for T in (int(v) for v in np.geomspace(1, 1e8, 33))]  # fmt: skip
    return rows


def _world(settings: Whole, mass: float | None) -> tuple[np.ndarray, np.ndarray]:
    """The members `[2, 1, 2]`, pi_beta first, and the base."""
    base = np.log([[settings.mode, 1 - settings.mode]])
    target = laws.tilted(base, base, beta=settings.beta)
    return np.stack([target, target[:, ::-1] if mass is None else np.log([[mass, 1 - mass]])]), base


def whole(settings: Whole, context: Context, key: Any) -> list[dict[str, Any]]:
    """One row for each member list and horizon: regrets and risk measured, beside the bounds that hold together with chance 1 - rho."""
    rows = []
    for i, (name, mass) in enumerate(context.track(settings.others, "Algorithm 1, whole")):
        members, base = _world(settings, mass)
        promise, modes = _Promise(settings, members, base), np.exp(members[:, 0, 0])
        regrets, failing = theory.regret(members, base, base, np.ones(1), beta=settings.beta), modes <= 1 - settings.delta
        for T in settings.T:
            keys = jax.random.split(jax.random.fold_in(jax.random.fold_in(key, i), T), settings.seeds)
            found = _run(base, members, settings.beta, promise.alpha(T), keys, T=T, validation=settings.validation)
            chosen, seen, last, used = (np.asarray(part) for part in found)
            # pi_1, the base, is among the policies whose least regret the theorem bounds; pi_{T+1} is not.
            least = np.minimum(np.where(seen, regrets, np.inf).min(axis=1), promise.base_regret)
            returned, bound = regrets[chosen], promise.regret(T)
            most = max(float(regrets.max()), promise.base_regret)
            over, failed, late = int((least > bound).sum()), int(failing[chosen].sum()), int(failing[last].sum())
            spans = {"least": bounded_mean(least, most), "returned": bounded_mean(returned, most)}
            counted = {"risk": failed, "over": over, "last": late}
            shares = {what: (hits, *clopper_pearson(hits, settings.seeds)) for what, hits in counted.items()}
            rows.append({
                "other": name, "T": T, "responses_used": int(used[0]), "validation": settings.validation, "seeds": settings.seeds,
                "informative": promise.informative, "alpha": promise.alpha(T), "beta": settings.beta, "delta": settings.delta,
                "rho": settings.rho, "mode": settings.mode, "mass": float(modes[0]), "other_mass": float(modes[1]),
                "base_regret": promise.base_regret, "regret_bound": bound, "selection": promise.selection,
                "bound": promise.risk(T), "last_bound": promise.last(T),
                **{end: value for what, span in spans.items() for end, value in _named(what, *span)},
                **{end: value for what, (hits, *span) in shares.items() for end, value in _named(what, hits / settings.seeds, *span)},
            })  # fmt: skip
    return rows


def _named(name: str, value: float, low: float, high: float) -> list[tuple[str, float]]:
    return [(name, float(value)), (f"{name}_low", float(low)), (f"{name}_high", float(high))]


class _Promise:
    """What the theory says of a list: half of rho for Theorem J.1 in its sharp form, half for the choice of the iterate."""

    def __init__(self, settings: Whole, members: np.ndarray, base: np.ndarray):
        weights, beta = np.ones(1), settings.beta
        v_max, r_max = theory.v_max(members, base, weights, beta=beta), theory.r_max(base, weights)
        size: dict[str, Any] = {"log_class_size": math.log(len(members)), "rho": settings.rho / 2, "v_max": v_max, "r_max": r_max}
        lam = (2 * v_max + r_max) ** 2
        self.base_regret = float(theory.regret(base, base, base, weights, beta=beta))
        self.selection = float(theory.selection_error(**size, validation=settings.validation))

        def sec(T: Any) -> float:
            return float(theory.sec_harmonic(members, base, base, weights, beta=beta, T=T, lam=lam))

        self.regret = lambda T: float(theory.regret_bound_sharp(**size, T=T, sec=sec(T)))
        self.alpha = lambda T: float(theory.optimism(**size, beta=beta, T=T, sec=sec(T), sharp=True))
        self.risk = lambda T: float(
            theory.risk_of_regret(self.regret(T) + self.selection, beta=beta, delta=settings.delta, sharp=True)
        )  # fmt: skip
        self.last = lambda T: theory.last_iterate_bound(
            members, base, base, weights, beta=beta, alpha=self.alpha(T), T=T, delta=settings.delta
        )  # fmt: skip
        allowed = beta * theory.bernoulli_kl(settings.delta, settings.delta / 2) - self.selection
        # The first T from which the risk's bound is below 1.
        self.informative = theory.rounds_needed(**size, regret=allowed * (1 - 1e-9), sec=sec, sharp=True) if allowed > 0 else 0


@partial(jax.jit, static_argnames=("T", "validation"), **FAST)
def _run(base: Any, members: Any, beta: float, alpha: Any, keys: Any, *, T: int, validation: int) -> tuple[Any, ...]:
    """Of each seed: the member returned, which members are among pi_2..pi_T, the last, and the responses used."""

    def one(key: Any) -> tuple[Any, ...]:
        oracle, listed = Oracle(TabularPolicy(base), jnp.ones(1)), FiniteClass(members)
        result = algorithms.xpo(oracle, listed, T=T, beta=beta, alpha=alpha, key=key, validation=validation)
        iterates = result.info["iterates"]
        seen = (iterates[: T - 1, None] == jnp.arange(len(members))).any(axis=0)
        return iterates[result.info["chosen"]], seen, iterates[-1], result.samples_used

    return jax.vmap(one)(keys)


def whole_verdicts(rows: Table) -> list[Verdict]:
    """Theorem J.1 by the least regret, Theorem J.2 by the risk of what is returned; where no bound is below 1 the risk stands alone."""
    says = rows["bound"] < 1
    found = [_regret_verdict(rows)]
    if says.any():
        part = rows.take(says)
        claim = "risk of the policy that Algorithm 1 returns, and pays for choosing, <= a bound below 1"
        found.append(_risk_verdict("Thm J.2 (Algorithm 1 whole)", claim, part, "holds" if _rarely(part, "risk") else "violated"))
    if not says.all():
        claim = "risk of the policy that Algorithm 1 returns, and pays for choosing, where the bound is 1 and more"
        found.append(_risk_verdict("Thm J.2 (few rounds)", claim, rows.take(~says), "vacuous"))
    return [*found, _last_verdict(rows)]


def _last_verdict(rows: Table) -> Verdict:
    says = rows["last_bound"] < 1
    inside = (rows["last_low"] <= rows["last_bound"]).all()
    return Verdict(
        "Thm J.2 (last iterate)", "risk of Algorithm 1's last iterate <= the chance that a failing member of the list is ahead",
        f"risk {rows['last'].max():.3g} at most; {int((rows['last_high'] <= rows['last_bound']).sum())} of {len(rows)} intervals below",
        f"{rows['last_bound'].max():.3g} and less; below 1 from T: {_least(rows.take(says), 'T')}",
        "violated" if not inside else "holds" if says.any() else "vacuous", slack=float(rows["last_bound"].max()),
        slack_kind="largest bound on the risk",
    )  # fmt: skip


def _least(rows: Table, column: str) -> str:
    """The least of a column for each list, in words."""
    return ", ".join(f"{name} {int(rows.where(other=name)[column].min()):,}" for name in dict.fromkeys(rows["other"]))


def _rarely(rows: Table, share: str) -> bool:
    """Whether no share of runs is above rho by more than chance."""
    return bool((rows[f"{share}_low"] <= rows["rho"]).all())


def _regret_verdict(rows: Table) -> Verdict:
    says = rows["regret_bound"] < rows["base_regret"]
    over = round(float((rows["over"] * rows["seeds"]).sum()))
    # Where no run is over the bound, their mean is not.
    within = (rows["over"] > 0) | (rows["least"] <= rows["regret_bound"])
    return Verdict(
        "Thm J.1", "Algorithm 1 whole: least regret <= its explicit guarantee at the prescribed alpha",
        f"{over} of {len(rows)} x {rows['seeds'][0]} over", f"below the base's regret at {int(says.sum())} of {len(rows)} settings",
        "violated" if not (_rarely(rows, "over") and within.all()) else "holds" if says.any() else "vacuous",
        slack=float((rows["regret_bound"] / rows["base_regret"]).min()), slack_kind="least ratio of the bound to the base's own regret",
    )  # fmt: skip


def _risk_verdict(label: str, claim: str, rows: Table, verdict: str) -> Verdict:
    return Verdict(
        label, claim, f"risk {rows['risk'].max():.3g}, at most {rows['risk_high'].max():.3g}",
        f"{rows['bound'].min():.3g} and more; below 1 from T: {_least(rows, 'informative')}", verdict, slack=float(rows["bound"].min()),
        slack_kind="least bound on the risk",
    )  # fmt: skip
