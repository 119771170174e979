"""The exact rows: kernels, total variation against calls, low temperature, biases of estimates, bounds on random trees."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.power_sampling.bases import Base
from experiments.power_sampling.drawn import RULES, SUFFIXES, Rule
from sharpsim import laws
from sharpsim.theory import power_sampling as theory

Rows = list[dict[str, Any]]


class Aim:
    """pi^alpha of a base, on responses and on prefixes, and what all rows of it need."""

    def __init__(self, base: Base, alpha: float):
        self.base, self.alpha, self.space = base, alpha, base.space
        self.start, self.pi = np.exp(self.space.log_probs), np.exp(theory.power_law(self.space.log_probs[None], alpha=alpha)[0])
        self.row = self.space.log_probs[None]
        self.length = float(self.start @ self.space.lengths)
        self.at = {"instance": base.name, "alpha": alpha}

    def on_prefixes(self, law: np.ndarray) -> np.ndarray:
        found = np.zeros(self.space.prefixes)
        found[self.space.leaf] = law
        return found[1:]

    def kernel(self, rule: Rule, suffix: str) -> tuple[theory.Kernel, np.ndarray, np.ndarray, np.ndarray]:
        """The kernel; the law of the start, the target and the stationary law by its formula, on the kernel's states."""
        if rule.truncated:
            kernel = theory.truncated_kernel(self.space, alpha=self.alpha, suffix=suffix)
            expected = theory.truncated_law(self.space, alpha=self.alpha)
            return kernel, self.on_prefixes(self.start), self.on_prefixes(self.pi), expected
        kernel = theory.block_kernel(self.space, alpha=self.alpha, cut=rule.cut, suffix=suffix, corrected=rule.corrected)
        biased = rule.cut == "current" and not rule.corrected
        return kernel, self.start, self.pi, theory.length_biased_law(self.space, alpha=self.alpha) if biased else self.pi


def kernel_rows(aim: Aim, eps: float, steps: int) -> Iterator[tuple[Rule, str, dict[str, Any], np.ndarray, np.ndarray, np.ndarray]]:
    """For each kernel its row, its stationary law, and its total variation and calls along a trajectory."""
    for rule in RULES:
        for suffix in SUFFIXES:
            kernel, start, target, expected = aim.kernel(rule, suffix)
            law = theory.stationary_law(kernel.matrix)
            apart, calls = theory.trajectory(kernel, start, target, steps=steps)
            reached = np.flatnonzero(apart <= eps)
            row = aim.at | {
                "kernel": rule.name, "suffix": suffix, "states": len(law),
                "off": float(np.abs(law - expected).max()),
                "bias": theory.total_variation(law, target),
                "predicted": theory.total_variation(expected, target),
                "gap": theory.spectral_gap(kernel.matrix),
                "least_gap": float(aim.start.max()),
                "known_gap": float(theory.independent_gap(aim.row, alpha=aim.alpha)[0]),
                "reversible": int(theory.has_detailed_balance(kernel.matrix)),
                "acceptance": float(law @ kernel.acceptance),
                "calls": float(law @ kernel.calls),
                "least": float(apart.min()),
                "needed": float(calls[reached[0]] + aim.length) if len(reached) else np.inf,
            }  # fmt: skip
            yield rule, suffix, row, law, apart, calls


def curve(aim: Aim, kernel: str, suffix: str, apart: np.ndarray, calls: np.ndarray) -> Rows:
    """Some points of a trajectory, about evenly on a logarithmic axis. The draw it starts from is paid for."""
    steps = np.unique(np.round(np.geomspace(1, len(apart), 40)).astype(int)) - 1
    gap = float(theory.independent_gap(aim.row, alpha=aim.alpha)[0])
    known = kernel == "independent" and suffix == "base"
    return [
        _point(aim, kernel, suffix, int(t), float(calls[t]) + aim.length, float(apart[t]),
               float(theory.independent_bound(gap=gap, steps=int(t))) if known else 1.0)
        for t in steps
    ]  # fmt: skip


def _point(aim: Aim, method: str, suffix: str, size: int, calls: float, apart: float, bound: float = 1.0, unfinished: float = 0.0):
    return aim.at | {
        "method": method, "suffix": suffix, "size": size, "calls": calls, "variation": apart, "bound": bound,
        "unfinished": unfinished,
    }  # fmt: skip


def other_methods(aim: Aim, settings: Any) -> Rows:
    """Low temperature, best of N, importance resampling, rollouts, and the published algorithm in parts."""
    law = theory.temperature_law(aim.space, alpha=aim.alpha)
    bound = theory.temperature_bound(aim.space, alpha=aim.alpha)
    rows = [_point(aim, "temperature", "tempered", 1, float(law @ aim.space.lengths), theory.total_variation(law, aim.pi), bound)]
    for N in settings.draws:
        best = np.exp(laws.best_of_n(aim.row, aim.row, draws=N)[0])
        rows.append(_point(aim, "best of N", "base", N, N * aim.length, theory.total_variation(best, aim.pi)))
        law = theory.resampling_law(aim.row, alpha=aim.alpha, draws=N)[0]
        bound = float(theory.resampling_bound(aim.row, alpha=aim.alpha, draws=N)[0])
        rows.append(_point(aim, "importance resampling", "base", N, N * aim.length, theory.total_variation(law, aim.pi), bound))
    for K in settings.rollouts:
        law = theory.rollout_law(aim.space, alpha=aim.alpha, rollouts=K)
        calls = theory.rollout_calls(aim.space, alpha=aim.alpha, rollouts=K)
        rows.append(_point(aim, "rollouts", "base", K, calls, theory.total_variation(law, aim.pi)))
    for steps in settings.published:
        law, calls = theory.published_law(aim.space, alpha=aim.alpha, blocks=settings.blocks, steps=steps)
        unfinished = float(law[~aim.space.whole()].sum())
        apart = theory.total_variation(law[1:], aim.on_prefixes(aim.pi))
        rows.append(_point(aim, "published", "tempered", steps, calls, apart, unfinished=unfinished))
    return rows


def temperature_rows(base: Base, alphas: Any) -> Rows:
    """The exact next-token law, and what low temperature makes of it, for several powers."""
    rows = []
    for alpha in alphas:
        aim = Aim(base, alpha)
        product = np.exp(aim.space.along(np.log(theory.next_token_law(aim.space, alpha=alpha)))[aim.space.leaf])
        off = float(np.abs(product - aim.pi).max())
        if base.transitions is not None:
            known = theory.markov_log_zeta(base.transitions, horizon=aim.space.horizon, alpha=alpha, end_token=0)[-1, -1]
            off = max(off, abs(float(known) - float(aim.space.log_zeta(alpha)[0])))
        law = theory.temperature_law(aim.space, alpha=alpha)
        apart = theory.total_variation(law, aim.pi)
        rows.append(
            aim.at | {"off": off, "variation": apart, "bound": theory.temperature_bound(aim.space, alpha=alpha)}
            | {"mode": float(aim.pi.max()), "mode_tempered": float(law[aim.pi.argmax()]), "length": float(aim.pi @ aim.space.lengths)}
            | {"length_tempered": float(law @ aim.space.lengths), "left_out": base.left_out}
        )  # fmt: skip
    return rows


def bias_rows(aim: Aim, rollouts: Any) -> Rows:
    """Biases of both estimates: of log zeta of the empty prefix, and of next-token laws, summed over an answer of pi^alpha.

    The latter is the sum over prefixes of their mass under pi^alpha times the total variation between mean estimate and law.
    """
    exact, rows = theory.next_token_law(aim.space, alpha=aim.alpha), []
    reached = np.exp(aim.space.along(np.log(exact)))[aim.space.parent]
    for K in rollouts:
        for jackknife in (False, True):
            at = aim.at | {"estimator": "jackknife" if jackknife else "plug-in", "rollouts": K}
            zeta = theory.log_zeta_bias(aim.row, alpha=aim.alpha, rollouts=K, jackknife=jackknife)[0]
            found = theory.next_token_estimate(aim.space, alpha=aim.alpha, rollouts=K, jackknife=jackknife)
            token = float((reached * np.abs(found - exact))[1:].sum() / 2)
            rows += [at | {"of": "log zeta", "bias": float(zeta)}, at | {"of": "next token", "bias": token}]
    return rows


def tree(rng: np.random.Generator, *, size: int, horizon: int, concentration: float) -> theory.Space:
    """A random policy over `size` tokens, 0 the end."""
    responses, logs = [], []
    open_: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    while open_:
        prefix, mass = open_.pop()
        probs = rng.dirichlet(np.full(size, concentration)).clip(1e-9)
        for token, share in enumerate(np.log(probs / probs.sum())):
            longer = (*prefix, token)
            if token == 0 or len(longer) == horizon:
                responses.append([*longer, *[0] * (horizon - len(longer))])
                logs.append(mass + share)
            else:
                open_.append((longer, mass + share))
    return theory.Space(np.array(responses), np.array(logs), end_token=0)


def tree_rows(settings: Any, rng: np.random.Generator) -> Rows:
    """The largest ratio of exact to bound over random trees, and at an instance that attains it."""
    most: dict[str, float] = dict.fromkeys(("temperature", "independent", "resampling"), 0.0)
    for i in range(settings.trees):
        space = tree(rng, size=3, horizon=4, concentration=(0.2, 0.6, 2.0)[i % 3])
        for name, ratio in _ratios(space, float(rng.choice([1.2, 2.0, 4.0, 10.0]))).items():
            most[name] = max(most[name], ratio)
    behind = np.full(7, 1 / 7)
    odds = np.sqrt(7 / np.exp(np.log(7) / 2))
    halves = theory.Space([[0, 0], *[[1, v] for v in range(7)]], np.log([1 / (1 + odds), *(odds / (1 + odds) * behind)]))
    flat = theory.Space(np.arange(99)[:, None], np.log(np.array([0.02, *np.full(98, 0.01)])))
    attained = {
        "temperature": _ratios(halves, 2.0)["temperature"],
        "independent": _ratios(flat, 60.0)["independent"],
        "resampling": _ratios(flat, 2.0)["resampling"],
    }
    return [{"claim": name, "instances": settings.trees, "ratio": most[name], "extremal": attained[name]} for name in most]


def _ratios(space: theory.Space, alpha: float) -> dict[str, float]:
    row, start = space.log_probs[None], np.exp(space.log_probs)
    pi = np.exp(theory.power_law(row, alpha=alpha)[0])
    low = theory.total_variation(theory.temperature_law(space, alpha=alpha), pi) / theory.temperature_bound(space, alpha=alpha)
    gap = float(theory.independent_gap(row, alpha=alpha)[0])
    apart, _ = theory.trajectory(theory.block_kernel(space, alpha=alpha, cut="whole"), start, pi, steps=20)
    steps = np.arange(21)
    # Below this, rounding would show in the ratio.
    some = apart > 1e-6
    independent = float((apart[some] / np.asarray(theory.independent_bound(gap=gap, steps=steps))[some]).max(initial=0.0))
    resampling = max(
        theory.total_variation(theory.resampling_law(row, alpha=alpha, draws=N)[0], pi)
        / float(theory.resampling_bound(row, alpha=alpha, draws=N)[0])
        for N in (1, 2, 5, 20)
    )
    return {"temperature": low, "independent": independent, "resampling": resampling}
