"""Builds the rows of the DPO experiment, one function for each part: guarantee, margin, beta, scaling, classes, lemmas."""

import math
from typing import Any

import jax
import numpy as np

from experiments.dpo.trials import pair_trials
from experiments.engine.bases import bases
from experiments.engine.columns import Column, columns
from experiments.engine.fits import power_law
from experiments.engine.frame import Context
from sharpsim import TabularPolicy, coverage, laws, sharpness
from sharpsim.classes import AllTabular, LinearSoftmaxBall, ProductClass
from sharpsim.estimators import bounded_mean, clopper_pearson
from sharpsim.instances import margin_family
from sharpsim.theory import dpo as theory
from sharpsim.theory import sft

AXES = ("eps", "delta", "margin", "coverage", "hard_prompts")
LISTED = 12
"""Members of the finite lists, whose law is exact."""


_GIVEN = "delta rho beta concentrability loss_moment margin log_class_size"
COLUMNS: dict[str, dict[str, Column]] = {
    "guarantee": columns(count="n n_asked n_needed", exact=f"bound bound_sharp eps {_GIVEN}"),
    "margin": columns(
        text="method",
        count="n seeds",
        exact="held margin beta risk samples delta eps coverage",
        simulated={"measured": "measured_low measured_high"},
        # SFT has no beta and only DPO is simulated; a held beta may never reach the risk.
        nan={"method = sft": "beta", "seeds = 0": "measured"},
        infinite="samples",
    ),
    "beta": columns(
        count="n",
        exact="beta bias bias_bound risk bound_limit concentrability loss_moment margin delta beta_exact beta_by_bias beta_printed "
        "beta_for_risk",
    ),
    "scaling": columns(
        text="axis",
        count="labels hard_prompts samples samples_worst",
        exact="x rho beta eps delta margin coverage log_class_size guarantee",
    ),
    # Samples needed do not depend on delta: there the fitted exponent is the rounding of zero, and its sign, which `text` shows, chance.
    "exponents": columns(text="axis column", exact="scale decades", floor={"exponent": 1e-9, "low": 1e-9, "high": 1e-9}, derived="text"),
    # The lists' rows are exact, with both ends equal to the value.
    "classes": columns(
        text="class",
        count="n samples seeds responses dimension listed",
        exact="beta delta margin coverage",
        simulated={"risk": "risk_low risk_high", "other": "other_low other_high"},
    ),
    "lemmas": columns(
        count="instance",
        exact="beta slack margin coverage target_conc target_conc_bound target_conc_printed target_loss target_loss_bound bias_ratio "
        "tail_ratio fourth fourth_bound regret regret_bound delta failed failed_bound",
        # A base of which all responses are maximal.
        infinite="margin",
    ),
}


def coefficients(*, labels: int, margin: float, beta: float) -> tuple[float, float, float]:
    """(C_conc, C_loss, C_cov) of the margin family's class: every prompt is alike, and so are the members with another mode."""
    one = margin_family(hard_prompts=1, labels=labels, margin=margin)
    members = np.swapaxes(one.members(theory.target(one.log_probs, beta=beta)[0])[:, :2], 0, 1)
    weights = np.ones(1)
    conc, loss = theory.class_coefficients(members, one.log_probs, weights, beta=beta)
    return conc, loss, float(coverage.coverage_coefficient(one.log_probs, weights))


def guarantee_at(*, eps: float, delta: float, rho: float, margin: float, labels: int, hard_prompts: int) -> tuple[float, dict[str, Any]]:
    """The beta that spends half of eps on beta log C_conc, and the arguments of `theory.bound` at it."""
    # C_conc moves with beta by less than its fourth digit here: at its limit beta -> 0 it is largest.
    beta = theory.beta_for_risk(eps=eps, delta=delta, margin=margin, concentrability=labels + margin)
    conc, loss, _ = coefficients(labels=labels, margin=margin, beta=beta)
    return beta, {
        "log_class_size": hard_prompts * math.log(labels), "delta": delta, "rho": rho, "beta": beta, "concentrability": conc,
        "loss_moment": loss, "margin": margin,
    }  # fmt: skip


def at_rest(settings: Any) -> tuple[float, dict[str, Any]]:
    """beta and the bound's arguments at the settings' own point."""
    names = ("eps", "delta", "rho", "margin", "labels", "hard_prompts")
    return guarantee_at(**{name: getattr(settings, name) for name in names})


def guarantee(settings: Any) -> list[dict[str, Any]]:
    """Both forms of the bound from n = 1 to 1e13, and the exact n at which the worst zero-loss member has risk eps."""
    beta, given = at_rest(settings)
    shape = {"hard_prompts": settings.hard_prompts, "labels": settings.labels, "margin": settings.margin}
    needed = theory.FamilyRisk(**shape, beta=beta, delta=settings.delta).pairs_needed(eps=settings.eps, worst=True)
    cover = coefficients(labels=settings.labels, margin=settings.margin, beta=beta)[2]
    asked = theory.samples_needed(**given, eps=settings.eps)
    return [
        {"n": int(n), "bound": theory.bound(**given, n=int(n)), "bound_sharp": theory.bound_sharp(**given, n=int(n), coverage=cover),
         "eps": settings.eps, "n_asked": asked.n, "n_needed": needed, **given}
        for n in np.unique(np.rint(np.geomspace(1, 1e13, 79)))
    ]  # fmt: skip


def margins(settings: Any, context: Context, key: Any) -> list[dict[str, Any]]:
    """Risk and samples needed as the margin vanishes: SFT, DPO at fixed betas, DPO at the beta the margin demands, the guarantee."""
    rows = []
    d, labels, delta, eps = settings.hard_prompts, settings.labels, settings.delta, settings.eps
    for i, margin in enumerate(context.track(settings.margins, "margin")):
        member = margin_family(hard_prompts=d, labels=labels, margin=margin)
        base, weights = member.log_probs, member.prompt_weights

        def row(
            method: str, beta: float, n: int, risk: float, samples: float, held: float = 0.0, seen: Any = None,
            margin: float = margin, cover: float = float(coverage.coverage_coefficient(base, weights)),
        ) -> dict[str, Any]:  # fmt: skip
            mean, low, high = (math.nan,) * 3 if seen is None else bounded_mean(seen, 1.0)
            return {
                "method": method, "held": held, "margin": margin, "beta": beta, "n": n, "risk": risk, "measured": mean,
                "measured_low": low, "measured_high": high, "seeds": 0 if seen is None else len(seen), "samples": float(samples),
                "delta": delta, "eps": eps, "coverage": cover,
            }  # fmt: skip

        demanded = min(1.0, theory.beta_exact(base, weights, delta=delta))
        for j, beta in enumerate((*settings.betas, demanded)):
            exact = theory.FamilyRisk(hard_prompts=d, labels=labels, margin=margin, beta=beta, delta=delta)
            seen = pair_trials(
                jax.random.fold_in(jax.random.fold_in(key, i), j), settings.class_seeds, log_base=base, weights=weights,
                n=settings.margin_n, policy_class=ProductClass(member.members(theory.target(base, beta=beta)[0])), beta=beta, delta=delta,
            ).failed  # fmt: skip
            fixed = j < len(settings.betas)
            samples = math.inf if exact.dull else 2 * exact.pairs_needed(eps=eps)
            method, held = ("fixed", beta) if fixed else ("demanded", 0.0)
            rows.append(row(method, beta, settings.margin_n, exact(settings.margin_n).mean, samples, held, seen))
        risk = sft.exact_risk(base, weights, n=settings.sft_n, N=settings.sft_N, delta=delta)
        rows.append(row("sft", math.nan, settings.sft_n, risk, _sft_samples(member, settings)))
        beta, given = guarantee_at(eps=eps, delta=delta, rho=settings.rho, margin=margin, labels=labels, hard_prompts=d)
        asked = theory.samples_needed(**given, eps=eps).samples
        rows.append(row("guarantee", beta, settings.margin_n, theory.bound(**given, n=settings.margin_n), asked))
    return rows


def _sft_samples(member: Any, settings: Any) -> int:
    """The least n N, N a power of two, at which SFT over all tables has exact risk at most eps."""
    best = math.inf
    for N in (2, 4, 8, 16, 32, 64):
        # Kept responses that miss as often as delta never sharpen.
        if sft.best_of_n_miss(member.log_probs, N=N).max() >= settings.delta:
            continue
        for n in range(1, 400):
            if n * N >= best:
                break
            if sft.exact_risk(member.log_probs, member.prompt_weights, n=n, N=N, delta=settings.delta) <= settings.eps:
                best = n * N
    return int(best)


def strengths(settings: Any) -> list[dict[str, Any]]:
    """The target's miss and DPO's risk against beta at the settings' margin, with the four betas that the theory names."""
    d, labels, margin, delta = settings.hard_prompts, settings.labels, settings.margin, settings.delta
    member = margin_family(hard_prompts=d, labels=labels, margin=margin)
    named = {
        "beta_exact": theory.beta_exact(member.log_probs, member.prompt_weights, delta=delta),
        "beta_by_bias": theory.beta_by_bias(margin=margin, responses=labels, maximal=1, delta=delta),
        "beta_printed": theory.beta_printed(margin=margin, responses=labels, delta=delta),
        "beta_for_risk": at_rest(settings)[0],
    }
    rows = []
    for beta in np.geomspace(1e-4, 1.0, 49):
        conc, loss, _ = coefficients(labels=labels, margin=margin, beta=float(beta))
        limit = theory.bound(
            log_class_size=d * math.log(labels), n=1e300, delta=delta, rho=settings.rho, beta=float(beta), concentrability=conc,
            loss_moment=loss, margin=margin,
        )  # fmt: skip
        exact = theory.FamilyRisk(hard_prompts=d, labels=labels, margin=margin, beta=float(beta), delta=delta)
        rows.append({
            "beta": float(beta), "bias": float(theory.bias(member.log_probs, beta=float(beta))[0]),
            "bias_bound": float(theory.bias_bound(margin=margin, responses=labels, maximal=1, beta=float(beta))),
            "risk": exact(settings.margin_n).mean, "bound_limit": limit, "concentrability": conc, "loss_moment": loss,
            "margin": margin, "delta": delta, "n": settings.margin_n, **named,
        })  # fmt: skip
    return rows


def scaling(settings: Any, context: Context) -> list[dict[str, Any]]:
    """Samples that DPO needs (uniform and worst zero-loss member) and samples the guarantee asks for, as one parameter moves."""
    names = ("eps", "delta", "margin", "labels", "hard_prompts")
    rest = {name: getattr(settings, name) for name in names}

    def spaced(low: float, high: float) -> list[float]:
        return [float(f"{v:.4g}") for v in np.geomspace(low, high, settings.points)]

    grids: dict[str, list[Any]] = {
        "eps": spaced(0.003, 0.3), "delta": spaced(0.005, 0.5), "margin": spaced(1e-4, 1.0),
        "coverage": [round(v) for v in spaced(4, 256)], "hard_prompts": [round(v) for v in spaced(1, 100)],
    }  # fmt: skip
    cells = [(name, value) for name in AXES for value in grids[name]]
    rows = []
    for axis, value in context.track(cells, "samples needed"):
        at = {**rest, ("labels" if axis == "coverage" else axis): value}
        beta, given = guarantee_at(**at, rho=settings.rho)
        shape = {name: at[name] for name in ("hard_prompts", "labels", "margin")}
        exact = theory.FamilyRisk(**shape, beta=beta, delta=at["delta"])
        cover = (at["labels"] + at["margin"]) / (1 + at["margin"])
        rows.append({
            "axis": axis, "x": float(cover if axis == "coverage" else value), "rho": settings.rho, "beta": beta, **at, "coverage": cover,
            "log_class_size": given["log_class_size"], "samples": 2 * exact.pairs_needed(eps=at["eps"]),
            "samples_worst": 2 * exact.pairs_needed(eps=at["eps"], worst=True),
            "guarantee": float(theory.samples_needed(**given, eps=at["eps"]).samples),
        })  # fmt: skip
    return rows


def exponents(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Power laws fitted along each axis, to what is needed and to what is asked for."""
    rows = []
    for axis in AXES:
        mine = [row for row in points if row["axis"] == axis]
        for column in ("samples", "guarantee"):
            fit = power_law([row["x"] for row in mine], [row[column] for row in mine])
            rows.append({"axis": axis, "column": column, **fit._asdict(), "text": str(fit)})
    return rows


class _LinearWorld:
    """One linear softmax base over random unit features, its target pi_beta, and what describes them in the rows of "classes"."""

    def __init__(self, settings: Any, rng: np.random.Generator):
        features = rng.normal(size=(1, settings.responses, settings.dimension))
        self.features = features / np.linalg.norm(features, axis=-1, keepdims=True)
        theta = rng.normal(size=settings.dimension)
        self.base, self.weights = self.softmax(theta * (settings.norm / np.linalg.norm(theta))), np.ones(1)
        self.delta = settings.delta
        self.beta = min(1.0, theory.beta_exact(self.base, self.weights, delta=self.delta))
        self.target = theory.target(self.base, beta=self.beta)
        self.about: dict[str, Any] = {
            "beta": self.beta, "delta": self.delta, "responses": settings.responses, "dimension": settings.dimension,
            "margin": float(coverage.margin(self.base, self.weights)),
            "coverage": float(coverage.coverage_coefficient(self.base, self.weights)), "listed": LISTED,
        }  # fmt: skip

    def softmax(self, parameter: np.ndarray) -> np.ndarray:
        """The log-probabilities of a parameter."""
        scores = self.features @ parameter
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def classes(settings: Any, context: Context, key: Any) -> list[dict[str, Any]]:
    """One linear softmax base and one target under four classes: how fast pi_beta is identified depends on the class alone."""
    rng = np.random.default_rng(context.seed + 1)
    world = _LinearWorld(settings, rng)
    lists = {"generic list": _generic(world, settings, rng), "swap list": _swapped(world, settings, rng)}
    rows = [_listed_row(world, name, members, n) for name, members in lists.items() for n in settings.list_n]
    radius = 1.2 * (1 + 1 / world.beta) * settings.norm
    reference = AllTabular(1, settings.responses, TabularPolicy(world.base))
    fitted = {"linear ball": (LinearSoftmaxBall(world.features, radius), settings.linear_n), "all tables": (reference, settings.table_n)}
    cells = [(name, policy_class, n) for name, (policy_class, grid) in fitted.items() for n in grid]
    for i, cell in enumerate(context.track(cells, "classes")):
        rows.append(_fitted_row(world, *cell, settings.class_seeds, jax.random.fold_in(key, i)))
    return rows


def _generic(world: _LinearWorld, settings: Any, rng: np.random.Generator) -> np.ndarray:
    """The target and random members of the linear class, of the target's norm."""
    others = rng.normal(size=(LISTED - 1, settings.dimension))
    others *= (1 + 1 / world.beta) * settings.norm / np.linalg.norm(others, axis=1, keepdims=True)
    return np.stack([world.target, *(world.softmax(other) for other in others)])


def _swapped(world: _LinearWorld, settings: Any, rng: np.random.Generator) -> np.ndarray:
    """The target and laws that exchange its mode with one other response."""
    best, members = int(world.base[0].argmax()), [world.target]
    for other in rng.permutation(np.delete(np.arange(settings.responses), best))[: LISTED - 1]:
        law = world.target.copy()
        law[0, [best, other]] = law[0, [other, best]]
        members.append(law)
    return np.stack(members)


def _listed_row(world: _LinearWorld, name: str, members: np.ndarray, n: int) -> dict[str, Any]:
    """The exact law of a finite list."""
    law = theory.exact_risk(members, world.base, world.weights, n=n, beta=world.beta, delta=world.delta)
    other = 1 - law.identified
    return {
        "class": name, "n": n, "samples": 2 * n, "risk": law.mean, "risk_low": law.mean, "risk_high": law.mean,
        "other": other, "other_low": other, "other_high": other, "seeds": 0, **world.about,
    }  # fmt: skip


def _fitted_row(world: _LinearWorld, name: str, policy_class: Any, n: int, seeds: int, key: Any) -> dict[str, Any]:
    """Replicates of DPO over an infinite class."""
    seen = pair_trials(
        key, seeds, log_base=world.base, weights=world.weights, policy_class=policy_class, n=n, beta=world.beta, delta=world.delta
    )
    failed, unsure = int((seen.failed > 0.5).sum()), int((~seen.unique).sum())
    low, high = clopper_pearson(failed, seeds)
    other_low, other_high = clopper_pearson(unsure, seeds)
    return {
        "class": name, "n": n, "samples": 2 * n, "risk": failed / seeds, "risk_low": low, "risk_high": high,
        "other": unsure / seeds, "other_low": other_low, "other_high": other_high, "seeds": seeds, **world.about,
    }  # fmt: skip


def lemmas(settings: Any, context: Context) -> list[dict[str, Any]]:
    """Each lemma's exact quantity beside its bound, on random tables or the user's. The policy tested is that of best of 4."""
    given = bases(context, tables=settings.tables, prompts=settings.table_prompts, responses=settings.table_responses)
    rows = []
    for i, (base, weights) in enumerate(context.track(given, "lemmas")):
        policy = laws.best_of_n(base, base, draws=4)
        margin, cover = float(coverage.margin(base, weights)), float(coverage.coverage_coefficient(base, weights))
        for beta in (0.03, 0.3, 1.0):
            target = theory.target(base, beta=beta)
            moments = [float(coverage.ratio_moment(base, law, weights, beta=beta)) for law in (policy, target)]
            mass = weights[:, None] * np.exp(base)
            has = mass > 0
            ratio = np.where(has, np.abs(beta * (np.where(has, base, 0.0) - np.where(has, policy, 0.0))), 0.0)
            # Where the bound is 1 it says nothing.
            tails = [
                float(mass[(ratio >= t) & has].sum()) / bound
                for t in np.unique(ratio[has]) if (bound := theory.log_ratio_tail(loss_moment=moments[0], threshold=t)) < 1
            ]  # fmt: skip
            square = theory.residual_moment(policy, base, weights, beta=beta, power=2)
            conc = float(coverage.concentrability(policy, base, weights))
            regret = max(0.0, theory.regret(policy, base, weights, slack=0.0))
            missing = theory.bias(base, beta=beta)
            maximal = sharpness.maximisers(base).sum(axis=1)
            bias = [
                float(miss) / theory.bias_bound(margin=margin, responses=base.shape[1], maximal=int(count), beta=beta)
                if count < base.shape[1] and margin < math.inf else 0.0
                for miss, count, weight in zip(missing, maximal, weights, strict=True) if weight > 0
            ]  # fmt: skip
            for slack in settings.slacks:
                covered = float(coverage.coverage_coefficient(base, weights, slack=slack))
                rows.append({
                    "instance": i, "beta": beta, "slack": slack, "margin": margin, "coverage": cover,
                    "target_conc": float(coverage.concentrability(target, base, weights)),
                    "target_conc_bound": theory.concentrability_bound(coverage=covered, slack=slack, beta=beta),
                    "target_conc_printed": covered / (1 - slack), "target_loss": moments[1],
                    "target_loss_bound": theory.target_loss_moment_bound(base, weights), "bias_ratio": max(bias),
                    "tail_ratio": max(tails, default=0.0), "fourth": theory.residual_moment(policy, base, weights, beta=beta, power=4),
                    "fourth_bound": theory.residual_fourth_moment(loss_moment=max(moments)),
                    "regret": regret,
                    "regret_bound": theory.regret_from_residual(square=square, beta=beta, concentrability=conc, coverage=cover),
                    "delta": settings.delta, "failed": float(sharpness.unsharpened_fraction(policy, base, weights, delta=settings.delta)),
                    "failed_bound": theory.risk_from_regret(regret=regret, delta=settings.delta, margin=margin),
                })  # fmt: skip
    return rows
