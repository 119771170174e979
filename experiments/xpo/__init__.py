"""Tests Theorem J.1: the regret of XPO against the number of rounds T, beside its guarantee.

Algorithm 1 is also run whole, at the optimism that the theorem prescribes and with the choice of the iterate paid for.
Also: the sequential extrapolation coefficient (SEC), exact and between certified bounds; Lemma F.2, as corrected and as printed; Algorithm
1 with the corrected and with the printed sign; and Theorem J.2, from regret to risk.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.fits import power_law
from experiments.engine.frame import ERRATUM, Context, Table, Verdict
from experiments.engine.rough import FAST
from experiments.xpo.whole import COLUMNS as WHOLE_COLUMNS
from experiments.xpo.whole import PROMISE_COLUMNS, Whole, promised, whole, whole_verdicts
from sharpsim import Oracle, TabularPolicy, laws, sharpness
from sharpsim.algorithms import run_rounds
from sharpsim.classes import FiniteClass, LinearSoftmaxBall
from sharpsim.instances import random_table
from sharpsim.theory import xpo as theory


@dataclass(frozen=True)
class Settings:
    """One prompt, unit features, ||theta*|| = 1; `members` laws of norm at most `radius`, pi_beta first; `T` the horizons measured."""

    d: int
    responses: int
    radius: float
    beta: float
    rho: float
    members: int
    T: tuple[int, ...]
    far: tuple[int, ...]
    seeds: int
    alpha_scale: float
    sec_members: int
    sec_T: tuple[int, ...]
    lams: tuple[float, ...]
    sign_alpha: float
    sign_T: int
    tables: int
    risk_beta: float
    delta: float
    whole: Whole


FIXED: dict[str, Any] = {
    "d": 3, "responses": 64, "radius": 4.0, "beta": 0.5, "rho": 0.1, "members": 12, "alpha_scale": 0.3, "sec_members": 5,
    "far": tuple(int(v) for v in np.geomspace(1, 1e10, 41)), "lams": tuple(float(f"{v:.4g}") for v in np.geomspace(0.05, 20, 41)),
    "sign_alpha": 0.01, "tables": 200, "risk_beta": 0.05, "delta": 0.3,
}  # fmt: skip
# At delta = 1 - mode the base fails. These others make the bound say something at the fewest rounds that were found.
WHOLE: dict[str, Any] = {"mode": 0.6, "beta": 0.4, "delta": 0.4, "rho": 0.1, "validation": 2**18}
BOTH = (("uniform", 0.5), ("modes swapped", None))
SETTINGS = {
    "smoke": Settings(
        **FIXED, T=(4, 16, 24, 32), seeds=4, sec_T=(1, 4, 16), sign_T=16,
        whole=Whole(**WHOLE, others=BOTH[:1], T=(16, 1024), seeds=8),
    ),
    "default": Settings(
        **FIXED, T=(4, 8, 16, 32, 64, 128, 256, 512), seeds=24, sec_T=(1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
        sign_T=512, whole=Whole(**WHOLE, others=BOTH, T=(16, 64, 2**10, 2**19), seeds=24),
    ),
    "full": Settings(
        **FIXED, T=(4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096), seeds=256, sec_T=tuple(2**k for k in range(12)), sign_T=4096,
        whole=Whole(**WHOLE, others=BOTH, T=(16, 64, 2**7, 2**10, 2**13, 2**16, 2**19, 2**23), seeds=24),
    ),
}  # fmt: skip


ROUNDING = 1e-24
"""Regret is of second order in the distance from pi_beta: below this the distance is below 1e-11."""
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(
        text="class schedule",
        count="T responses_used d responses members seeds",
        exact="alpha beta rho bound base_regret",
        simulated={"least": "least_low least_high", "returned": "returned_low returned_high"},
        # Without intervals.
        derived="last over",
        # The theorem speaks of the finite class with the prescribed alpha alone.
        nan={"class != finite; schedule != prescribed": "bound"},
    ),
    "guarantee": columns(count="T", exact="bound sec alpha bound_sharp base_regret"),
    # Enumerated up to here.
    "sec": columns(count="T members d", exact="lam exact low high harmonic linear", nan={"T > 32": "exact"}),
    "elliptic": columns(count="d T", exact="lam attained corrected printed"),
    "sign": columns(text="sign", count="T seeds", exact="alpha base_regret worst", simulated={"regret": "low high"}),
    "whole": WHOLE_COLUMNS,
    "promise": PROMISE_COLUMNS,
    "risk": columns(count="instance", exact="beta delta bias_slack regret value_gap terms size risk bound bound_sharp"),
}


@dataclass(frozen=True)
class Problem:
    """The instance of a run, as arrays."""

    features: np.ndarray
    base: np.ndarray
    target: np.ndarray
    members: np.ndarray
    base_norm: float


def problem(settings: Settings, seed: int) -> Problem:
    """Random unit features; members at the ends of random directions, so that none is near pi_beta by design."""
    rng = np.random.default_rng([seed, 4])
    features = rng.normal(size=(1, settings.responses, settings.d))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    star = rng.normal(size=settings.d)
    star /= np.linalg.norm(star)
    others = rng.normal(size=(settings.members - 1, settings.d))
    others *= settings.radius * rng.uniform(0.2, 1.0, (len(others), 1)) / np.linalg.norm(others, axis=1, keepdims=True)
    base = law(features, star)
    target = laws.tilted(base, base, beta=settings.beta)
    return Problem(features, base, target, np.concatenate([target[None], law(features, others)]), 1.0)


def law(features: np.ndarray, thetas: np.ndarray) -> np.ndarray:
    """Log-probabilities `[.., prompts, responses]` of linear softmax laws."""
    scores = np.einsum("xyd,...d->...xy", features, thetas)
    return scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Parts: "" regret against T, "guarantee" the bound far beyond, "sec", "elliptic", "sign" the iterates under both signs,
    "whole" Algorithm 1 as it is, "promise" its bounds at more T, "risk" from regret to risk on random tables.
    """
    world = problem(settings, context.seed)
    regret_key, sign_key = jax.random.split(context.key())
    guarantee = Guarantee(settings, world)
    return {
        "": _regret(settings, context, world, guarantee, regret_key),
        "guarantee": [guarantee.row(T) for T in settings.far],
        "sec": _sec(settings, context, world),
        "elliptic": _elliptic(settings),
        "sign": _sign(settings, world, sign_key),
        "whole": whole(settings.whole, context, jax.random.fold_in(context.key(), 5)),
        "promise": promised(settings.whole),
        "risk": _risk(settings, context.seed),
    }


class Guarantee:
    """Theorem J.1 for the finite class: exact V_max and R_max, SEC by its closed upper bound."""

    def __init__(self, settings: Settings, world: Problem):
        self.world, self.beta, weights = world, settings.beta, np.ones(1)
        v_max = theory.v_max(world.members, world.base, weights, beta=settings.beta)
        size = float(np.log(settings.members))
        self.shared: dict[str, Any] = {
            "log_class_size": size, "rho": settings.rho, "v_max": v_max, "r_max": theory.r_max(world.base, weights),
        }  # fmt: skip
        self.lam = (2 * v_max + self.shared["r_max"]) ** 2
        self.base_regret = float(theory.regret(world.base, world.base, world.base, weights, beta=settings.beta))

    def sec(self, T: int) -> float:
        world = self.world
        return float(theory.sec_harmonic(world.members, world.base, world.base, np.ones(1), beta=self.beta, T=T, lam=self.lam))

    def alpha(self, T: int) -> float:
        return float(theory.optimism(**self.shared, T=T, sec=self.sec(T), beta=self.beta))

    def row(self, T: int) -> dict[str, Any]:
        sec = self.sec(T)
        return {
            "T": T, "bound": theory.regret_bound(**self.shared, T=T, sec=sec), "sec": sec, "alpha": self.alpha(T),
            "bound_sharp": theory.regret_bound_sharp(**self.shared, T=T, sec=sec), "base_regret": self.base_regret,
        }  # fmt: skip


def _regret(settings: Settings, context: Context, world: Problem, guarantee: Guarantee, key: Any) -> list[dict[str, Any]]:
    """Every horizon has its own alpha; all run in one compiled call of max(T) rounds, of which the first T are read."""
    longest = max(settings.T)
    schedules = {
        "prescribed": [guarantee.alpha(T) for T in settings.T],
        "vanishing": [settings.alpha_scale * settings.beta**2 / T**0.5 for T in settings.T],
        "limit": [0.0 for _ in settings.T],
    }
    classes = {"finite": FiniteClass(world.members), "linear": LinearSoftmaxBall(world.features, settings.radius)}
    member_regret = theory.regret(world.members, world.base, world.base, np.ones(1), beta=settings.beta)
    rows = []
    # At alpha = 0 all horizons share one run. Every alpha and seed is a lane of one call, so that a class compiles once.
    lanes = [(name, i, alpha) for name, alphas in schedules.items() for i, alpha in enumerate(alphas) if name != "limit" or i == 0]
    for kind, policy_class in context.track(classes.items(), "regret against T"):
        keys = jax.random.split(jax.random.fold_in(key, len(rows)), settings.seeds)
        found = np.asarray(_iterates(world.base, policy_class, settings.beta, jnp.asarray([lane[2] for lane in lanes]), keys, T=longest))
        for schedule, alphas in schedules.items():
            iterates = found[[lane for lane, (name, _, _) in enumerate(lanes) if name == schedule]]
            if kind == "finite":
                values = member_regret[iterates]
            else:
                values = theory.regret(law(world.features, iterates), world.base, world.base, np.ones(1), beta=settings.beta)
            # An iterate within rounding of pi_beta is pi_beta.
            values = np.where(values < ROUNDING, 0.0, values)
            for i, T in enumerate(settings.T):
                # pi_1 = base is among pi_1..pi_T; the returned iterate is the best of pi_2..pi_{T+1}.
                path = values[min(i, len(values) - 1), :, :T]
                least = np.minimum(path[:, : T - 1].min(axis=1), guarantee.base_regret)
                returned, low, high = _mean(path.min(axis=1))
                mean, mean_low, mean_high = _mean(least)
                bound = guarantee.row(T)["bound"] if kind == "finite" and schedule == "prescribed" else float("nan")
                rows.append({
                    "class": kind, "schedule": schedule, "T": T, "responses_used": 2 * T, "alpha": float(alphas[i]), "beta": settings.beta,
                    "d": settings.d, "responses": settings.responses, "members": settings.members, "rho": settings.rho,
                    "seeds": settings.seeds, "least": mean, "least_low": mean_low, "least_high": mean_high,
                    "returned": returned, "returned_low": low, "returned_high": high, "last": float(path[:, -1].mean()),
                    "over": int((least > bound).sum()), "bound": bound, "base_regret": guarantee.base_regret,
                })  # fmt: skip
    return rows


def _iterates(base: np.ndarray, policy_class: Any, beta: float, alphas: Any, keys: Any, *, T: int, view: Any = lambda evidence: evidence):
    """Parameters of pi_2..pi_{T+1}, `[alphas, seeds, T, ..]`."""

    def one(alpha: Any, key: Any, table: Any, members: Any) -> Any:
        oracle = Oracle(TabularPolicy(table), jnp.ones(1))
        return run_rounds(oracle, members, T=T, beta=beta, alpha=alpha, key=key, view=view).iterates

    across = jax.vmap(jax.vmap(one, (None, 0, None, None)), (0, None, None, None))
    return jax.jit(across, **FAST)(alphas, keys, jnp.asarray(base), policy_class)


def _mean(values: np.ndarray) -> tuple[float, float, float]:
    """Mean over seeds and its 95% interval by the seeds' spread, cut at 0, which no regret is below."""
    mean = float(values.mean())
    half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5
    return mean, max(mean - half, 0.0), mean + half


def _sec(settings: Settings, context: Context, world: Problem) -> list[dict[str, Any]]:
    weights, beta = np.ones(1), settings.beta
    lam = theory.linear_lam(beta=beta, radius=settings.radius, base_norm=world.base_norm)
    members = world.members[1 : 1 + settings.sec_members]
    longest = max(settings.sec_T)
    path = theory.sec_lower_path(members, world.base, world.base, weights, beta=beta, T=longest, lam=lam)
    rows = []
    for T in context.track(settings.sec_T, "SEC"):
        low, high = theory.sec_bounds(members, world.base, world.base, weights, beta=beta, T=T, lam=lam)
        try:
            exact = theory.sec_exact(members, world.base, world.base, weights, beta=beta, T=T, lam=lam)
        except ValueError:
            exact = float("nan")
        rows.append({
            "T": T, "members": settings.sec_members, "d": settings.d, "lam": lam, "exact": exact, "low": max(low, float(path[T - 1])),
            "high": high, "harmonic": theory.sec_harmonic(members, world.base, world.base, weights, beta=beta, T=T, lam=lam),
            "linear": theory.sec_linear(d=settings.d, T=T, reward_is_log_base=True),
        })  # fmt: skip
    return rows


def _elliptic(settings: Settings) -> list[dict[str, Any]]:
    """K e_t e_t' for t = 1..d with K = 1, which attains the corrected lemma, against lam."""
    rows = []
    for d in (1, 4):
        steps = np.eye(d)[:, :, None] * np.eye(d)[:, None, :]
        for lam in settings.lams:
            shared: dict[str, Any] = {"d": d, "T": d, "trace_max": 1.0, "lam": lam}
            rows.append({
                "d": d, "T": d, "lam": lam, "attained": theory.elliptic_sum(steps, lam=lam),
                "corrected": theory.elliptic_bound(**shared), "printed": theory.elliptic_bound_printed(**shared),
            })  # fmt: skip
    return rows


def _sign(settings: Settings, world: Problem, key: Any) -> list[dict[str, Any]]:
    """Algorithm 1 on the finite class with either sign of the square, from the same keys: regret of the iterate in each round."""
    member_regret = theory.regret(world.members, world.base, world.base, np.ones(1), beta=settings.beta)
    keys, alpha = jax.random.split(key, settings.seeds), jnp.asarray([settings.sign_alpha])
    base_regret = float(theory.regret(world.base, world.base, world.base, np.ones(1), beta=settings.beta))
    shown = np.unique(np.geomspace(1, settings.sign_T, 28).astype(int))
    rows = []
    for sign, view in (("plus", lambda seen: seen), ("minus", lambda seen: seen._replace(loss=-seen.loss))):
        found = _iterates(world.base, FiniteClass(world.members), settings.beta, alpha, keys, T=settings.sign_T, view=view)
        values = member_regret[np.asarray(found)[0]]
        for t in shown:
            mean, low, high = _mean(values[:, t - 1])
            rows.append({
                "sign": sign, "T": int(t), "alpha": settings.sign_alpha, "regret": mean, "low": low, "high": high,
                "seeds": settings.seeds, "base_regret": base_regret, "worst": float(member_regret.max()),
            })  # fmt: skip
    return rows


def _risk(settings: Settings, seed: int) -> list[dict[str, Any]]:
    """Policies between pi_beta and noise on random bases whose bias allows the theorem: regret three ways, risk against its bound."""
    rng, beta, delta, rows = np.random.default_rng([seed, 5]), settings.risk_beta, settings.delta, []
    while len(rows) < settings.tables:
        base, weights = random_table(rng, prompts=8, responses=6, concentration=0.7)
        target = laws.tilted(base, base, beta=beta)
        bias = theory.checks(target[None], base, base, weights, beta=beta, delta=delta)["bias"]
        noise = rng.uniform(0, 1, (8, 1)) ** 2
        policy = np.logaddexp(np.log1p(-noise) + target, np.log(noise) + base)
        if bias < 0:
            continue
        regret = float(theory.regret(policy, base, base, weights, beta=beta))
        values = [float(laws.regularised_value(p, base, base, weights, beta=beta)) for p in (target, policy)]
        rows.append({
            "instance": len(rows), "beta": beta, "delta": delta, "bias_slack": bias, "regret": regret, "value_gap": values[0] - values[1],
            "terms": sum(theory.regret_terms(policy, base, base, weights, beta=beta)), "size": 1 + abs(values[0]) + abs(values[1]),
            "risk": float(sharpness.unsharpened_fraction(policy, base, weights, delta=delta)),
            "bound": theory.risk_of_regret(regret, beta=beta, delta=delta),
            "bound_sharp": theory.risk_of_regret(regret, beta=beta, delta=delta, sharp=True),
        })  # fmt: skip
    return rows


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """The guarantee (and where it says nothing), the fitted exponent, SEC's sandwich, and what is false as printed."""
    return [
        *_risk_verdicts(tables["risk"]),
        *whole_verdicts(tables["whole"]),
        _guarantee_verdict(tables[""], tables["guarantee"]),
        _rate_verdict(tables[""]),
        *_sec_verdicts(tables["sec"]),
        *_elliptic_verdicts(tables["elliptic"]),
        *_sign_verdicts(tables["sign"]),
    ]


def _risk_verdicts(risk: Table) -> list[Verdict]:
    """Risk against its bound by regret, and regret computed in three ways."""
    apart = np.maximum(np.abs(risk["regret"] - risk["value_gap"]), np.abs(risk["regret"] - risk["terms"])) / risk["size"]
    below = risk["risk"] <= risk["bound_sharp"] * (1 + 1e-6)
    some = risk.take(risk["risk"] > 0)
    return [
        Verdict(
            "Thm J.2", "risk <= regret / (beta kl(delta, delta/2)), a fortiori with h", f"{below.sum()} of {len(risk)} below", "all",
            "holds" if below.all() else "violated", slack=float((some["bound_sharp"] / some["risk"]).min()) if len(some) else None,
            slack_kind="least ratio of the bound to the risk",
        ),
        Verdict(
            "Regret identity", "J(pi_beta) - J(pi) = beta KL(pi || pi_beta) = its two terms", float(apart.max()), 1e-12,
            "reproduced" if apart.max() <= 1e-12 else "violated",
        ),
    ]  # fmt: skip


def _guarantee_verdict(rows: Table, far: Table) -> Verdict:
    """Theorem J.1 at its own alpha; vacuous where the bound is above the regret of base itself."""
    judged = rows.where(**{"class": "finite", "schedule": "prescribed"})
    usual = judged["over"] <= judged["rho"] * judged["seeds"]
    says = judged["bound"] < judged["base_regret"]
    first = far.take(far["bound"] < far["base_regret"])
    return Verdict(
        "Thm J.1 (more laws)", "least regret <= its explicit guarantee at the prescribed alpha, at few rounds",
        f"{int(judged['over'].sum())} of {len(judged)} x {judged['seeds'][0]} over",
        f"informative from T = {int(first['T'].min()):,}" if len(first) else "never informative here",
        "violated" if not usual.all() else "holds" if says.any() else "vacuous",
        slack=float((judged["bound"] / judged["base_regret"]).min()), slack_kind="least ratio of the bound to the base's own regret",
    )  # fmt: skip


def _rate_verdict(rows: Table) -> Verdict:
    """Vacuous where the exponent's interval lies on both sides."""
    falling = rows.where(**{"class": "linear", "schedule": "vanishing"})
    # Over the rounds after pi_beta's direction is known: before 4 d of them the regret falls for another reason, and faster.
    falling = falling.take(falling["T"] >= 4 * falling["d"])
    fit = power_law(falling["T"], falling["returned"])
    return Verdict(
        "Thm J.1 (rate)", "regret falls at least as fast as T^(-1/2) if alpha is proportional to T^(-1/2)", str(fit),
        "-0.5 up to logarithms", "fitted exponent" if fit.high <= -0.5 else "violated" if fit.low > -0.5 else "vacuous",
    )  # fmt: skip


def _sec_verdicts(sec: Table) -> list[Verdict]:
    known = sec.take(np.isfinite(sec["exact"]))
    inside = (known["low"] <= known["exact"] * (1 + 1e-10)) & (known["exact"] <= known["high"] * (1 + 1e-10))
    ordered = (sec["low"] <= sec["high"]) & (sec["low"] <= sec["linear"])
    return [
        Verdict(
            "SEC", "certified bounds hold the exact coefficient", f"{inside.sum()} of {len(known)} inside", "all",
            "violated" if not (inside.all() and ordered.all()) else "holds" if len(known) else "vacuous",
            slack=float((sec["high"] / sec["low"]).max()),
            slack_kind="largest ratio of the certified bounds",
        ),
        Verdict(
            "Lemma J.5 (nets)", "SEC of laws from the linear class <= its elliptic bound", f"{ordered.sum()} of {len(sec)} below", "all",
            "holds" if ordered.all() else "violated", slack=float((sec["linear"] / sec["low"]).min()),
            slack_kind="least ratio of the bound to the certified lower bound",
        ),
    ]  # fmt: skip


def _elliptic_verdicts(elliptic: Table) -> list[Verdict]:
    corrected = elliptic["attained"] <= elliptic["corrected"] * (1 + 1e-12)
    printed = elliptic["attained"] <= elliptic["printed"] * (1 + 1e-12)
    return [
        Verdict(
            "Lemma F.2", "corrected: attained by orthogonal steps, never exceeded", f"{corrected.sum()} of {len(elliptic)} below", "all",
            "holds" if corrected.all() else "violated", slack=float((elliptic["corrected"] / elliptic["attained"]).min()),
            slack_kind="least ratio of the bound to the sum",
        ),
        Verdict(
            "Lemma F.2 (printed)", "log((T+1)K/lam) for every lam", f"{(~printed).sum()} of {len(elliptic)} above the bound", "0",
            "holds" if printed.all() else ERRATUM, expected=ERRATUM,
        ),
    ]  # fmt: skip


def _sign_verdicts(sign: Table) -> list[Verdict]:
    """Algorithm 1 with either sign of the squares, over the second half of the rounds."""
    plus, minus = sign.where(sign="plus"), sign.where(sign="minus")
    settled = len(minus) // 2
    fails = minus["low"][settled:].min() > plus["high"][settled:].max()
    return [
        Verdict(
            "Algorithm 1", "with a plus before the squares, the last iterate is pi_beta", f"last regret {plus['regret'][-1]:.3g}", 0.0,
            "holds" if plus["high"][settled:].max() <= 1e-12 else "violated",
        ),
        Verdict(
            "Algorithm 1 (printed)", "with a minus before the squares, the last iterate is pi_beta",
            f"last regret {minus['regret'][-1]:.3g}; the base has", float(plus["base_regret"][0]),
            ERRATUM if fails else "holds", expected=ERRATUM,
        ),
    ]  # fmt: skip
