"""The parts that follow from the statements alone: one question, a world of many, closed forms, takeover, belief, blind stopping."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import optimize

from experiments.engine.counting import frequency
from sharpsim import instances
from sharpsim.theory import self_training as theory

VOTE = "vote"
Rows = list[dict[str, Any]]


def world(settings: Any, rng: np.random.Generator, trust: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A table, and one correct answer for each prompt, drawn from its row to the power of trust: base is calibrated at 1."""
    base = instances.random_table(rng, prompts=settings.prompts, responses=settings.answers, concentration=settings.concentration)[0]
    masses = np.exp(trust * base)
    key = np.array([rng.choice(settings.answers, p=row / row.sum()) for row in masses])
    return base, np.arange(settings.answers) == key[:, None]


def question(settings: Any) -> Rows:
    """The mass of each answer against rounds, under each reward; for votes the mean, and 5% and 95% quantiles."""
    base, rows = np.log(settings.question), []
    for kind in theory.REWARDS:
        path = np.exp(theory.path(base[None], kind=kind, beta=settings.beta, rounds=settings.rounds)[:, 0])
        for (t, a), mass in np.ndenumerate(path):
            rows.append({"reward": kind, "round": t, "answer": a, "mean": float(mass), "low": float(mass), "high": float(mass)})
    for a in range(len(base)):
        one = np.arange(len(base)) == a
        curve = theory.vote_curve(base, one, beta=settings.beta, draws=settings.draws, rounds=settings.rounds, k=1)
        for t in range(settings.rounds + 1):
            at = {"reward": VOTE, "round": t, "answer": a}
            rows.append(at | {"mean": float(curve.accuracy[t]), "low": float(curve.low[t]), "high": float(curve.high[t])})
    return rows


def curves(settings: Any, base: np.ndarray, correct: np.ndarray) -> Rows:
    """Mean over the prompts of the world; for votes exact means, and the standard deviation of the mean accuracy over votes."""
    rows = []
    for kind in theory.REWARDS:
        path = theory.path(base, kind=kind, beta=settings.beta, rounds=settings.rounds)
        for t, table in enumerate(path):
            policy = np.exp(table)
            right = theory.accuracy(table, correct)
            rows.append(_point(kind, t, right, 0.0, policy, base, 1 - (1 - right) ** settings.k))
    each = [
        theory.vote_curve(row, right, beta=settings.beta, draws=settings.draws, rounds=settings.rounds, k=settings.k)
        for row, right in zip(base, correct, strict=True)
    ]
    laws = [theory.vote_rounds(row, beta=settings.beta, draws=settings.draws, rounds=settings.rounds) for row in base]
    for t in range(settings.rounds + 1):
        policy = np.array([law[t].probability @ np.exp(law[t].log_policy) for law in laws])
        spread = math.sqrt(sum(curve.deviation[t] ** 2 for curve in each)) / len(base)
        point = _point(VOTE, t, np.array([c.accuracy[t] for c in each]), spread, policy, base, np.array([c.pass_at_k[t] for c in each]))
        rows.append(point | {"entropy": float(np.mean([curve.entropy[t] for curve in each]))})
    return rows


def _point(
    kind: str, t: int, right: np.ndarray, deviation: float, policy: np.ndarray, base: np.ndarray, some: np.ndarray
) -> dict[str, Any]:
    entropy = -np.where(policy > 0, policy * np.log(np.where(policy > 0, policy, 1.0)), 0.0).sum(axis=1).mean()
    likelihood = (policy * base).sum(axis=1).mean()
    numbers = {"accuracy": right.mean(), "deviation": deviation, "entropy": entropy, "log_likelihood": likelihood, "pass_at_k": some.mean()}
    return {"reward": kind, "round": t} | {name: float(value) for name, value in numbers.items()}


def closed_forms(settings: Any, base: np.ndarray, correct: np.ndarray, rng: np.random.Generator) -> Rows:
    """Accuracy by steps and by the closed form; takeover by one answer as a discrete normal law; a shared round by least squares."""
    rows, beta = [], settings.beta
    for kind in ("fixed", "likelihood"):
        path = theory.path(base, kind=kind, beta=beta, rounds=settings.rounds)
        for t in range(settings.rounds + 1):
            closed = (
                theory.own_likelihood(base, beta=beta, rounds=t)
                if kind == "likelihood"
                else theory.fixed_reward(base, base, beta=beta, rounds=t)
            )
            rows.append(_pair(kind, t, beta, theory.accuracy(path[t], correct).mean(), theory.accuracy(closed, correct).mean()))
    for b in settings.betas:
        L = settings.log_odds[0]
        steps = np.arange(-math.ceil(60 * math.sqrt(b) + b + 9), math.ceil(60 * math.sqrt(b) + 9))
        weights = np.exp(-b * ((L + (steps + 0.5) / b) ** 2 - min((L + 0.5 / b) ** 2, (L - 0.5 / b) ** 2)) / 2)
        rows.append(_pair("one answer", 0, b, weights[steps < 0].sum() / weights.sum(), theory.takeover(log_odds=L, beta=b, draws=1)))
    features = rng.normal(size=(*base.shape, settings.shared))
    weights, reward = np.full(len(base), 1 / len(base)), theory.reward(base, base, kind="majority")
    seen = theory.shared_reward(base, weights, features, reward)
    direction = _by_pairs(base, features, reward)
    for t in range(settings.rounds + 1):
        stepped = base + t / beta * (features @ direction)
        stepped -= np.log(np.exp(stepped - stepped.max(1, keepdims=True)).sum(1, keepdims=True)) + stepped.max(1, keepdims=True)
        closed = theory.fixed_reward(base, seen, beta=beta, rounds=t)
        rows.append(_pair("shared", t, beta, theory.accuracy(stepped, correct).mean(), theory.accuracy(closed, correct).mean()))
    return rows


def _pair(claim: str, t: int, beta: float, stepped: Any, closed: Any) -> dict[str, Any]:
    return {"claim": claim, "round": t, "beta": beta, "stepped": float(stepped), "closed": float(closed)}


def _by_pairs(base: np.ndarray, features: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """beta times the parameters that DPO adds in one round: least squares over all pairs of responses, weighted by base."""
    mass = np.sqrt(np.exp(base))
    weight = (mass[:, :, None] * mass[:, None, :])[..., None]
    rows = weight * (features[:, :, None] - features[:, None, :])
    targets = weight[..., 0] * (reward[:, :, None] - reward[:, None, :])
    return np.linalg.lstsq(rows.reshape(-1, features.shape[2]), targets.ravel(), rcond=None)[0]


def label(settings: Any) -> Rows:
    """The miss after rounds of one label, and its bound."""
    rows = []
    for mass in (0.05, 0.3, 0.6):
        for t in range(settings.rounds + 1):
            at: dict[str, Any] = {"beta": settings.beta / 4, "rounds": t, "mode_probability": mass}
            values = {"exact": theory.label_miss(**at), "bound": theory.label_miss_bound(**at)}
            rows.append({"round": t, "mass": mass, "beta": settings.beta / 4} | values)
    return rows


def takeover(settings: Any) -> Rows:
    """Which of two answers takes over, against beta and the votes of a round."""
    rows = []
    for L in settings.log_odds:
        for N in settings.votes:
            bound = theory.takeover_bound(log_odds=L, draws=N)
            for beta in settings.betas:
                found = theory.takeover(log_odds=L, beta=beta, draws=N)
                normal = theory.takeover_normal(log_odds=L, beta=beta, draws=N)
                rows.append({"draws": N, "log_odds": L, "beta": beta, "exact": found, "bound": bound, "normal": normal})
    return rows


def searched(settings: Any, rng: np.random.Generator) -> Rows:
    """Three answers: the largest of P[the mode does not take over] / P[it loses one vote], over random tables."""
    rows = []
    for N in (1, 2, 3, 5):
        # Large steps settle at once, small ones within the rounds that can be listed.
        for beta, rounds in ((0.05, 12), (0.25, 16), (0.5, 24), (1.0, 44)):
            tables = instances.random_table(rng, prompts=settings.tables // 16, responses=3, concentration=2.0)[0]
            tables = np.concatenate([tables, np.log([[0.34, 0.33, 0.33]])])
            worst = 0.0
            for row in tables:
                last = theory.vote_rounds(row, beta=beta, draws=N, rounds=rounds)[-1]
                ends = float(last.probability @ np.exp(last.log_policy[:, row.argmax()]))
                worst = max(worst, (1 - ends) / (1 - float(theory.vote_law(row[None], draws=N)[0, row.argmax()])))
            rows.append({"answers": 3, "draws": N, "instances": len(tables), "beta": beta, "ratio": worst})
    return rows


def beliefs(settings: Any, rng: np.random.Generator) -> Rows:
    """The largest fall of belief from one round to the next: on tables, and with the parameters of all prompts shared."""
    rows = []
    shape = (20, settings.answers)
    for kind in ("fixed", "likelihood", "majority", "self-certainty"):
        fall, shared_fall = 0.0, 0.0
        for _ in range(settings.tables // 2):
            base, weights = instances.random_table(rng, prompts=shape[0], responses=shape[1], concentration=settings.concentration)
            path = np.exp(theory.path(base, kind=kind, beta=settings.beta, rounds=8))
            fall = max(fall, -float(np.diff(theory.belief(base, weights, path)).min()))
            seen = theory.shared_reward(base, weights, rng.normal(size=(*shape, 4)), theory.reward(base, base, kind=kind))
            shared = np.exp(theory.fixed_reward(base, seen, beta=settings.beta / 8, rounds=np.arange(9)))
            shared_fall = max(shared_fall, -float(np.diff(theory.belief(base, weights, shared)).min()))
        rows.append({"reward": kind, "instances": settings.tables // 2, "fall": fall, "shared_fall": shared_fall})
    return rows


def turns(settings: Any, rng: np.random.Generator) -> Rows:
    """How often accuracy falls on tables: worlds of 24 prompts, key drawn from base^trust, so that base is overconfident below 1.

    A world turns if its accuracy ends more than .01 below its peak, and loses if it ends more than .01 below its start.
    """
    rows: Rows = []
    for trust in (2.0, 1.0, 0.5, 0.25):
        curves: dict[str, list[np.ndarray]] = {"fixed": [], "majority": []}
        for _ in range(settings.worlds):
            base, correct = world(replace(settings, prompts=24), rng, trust)
            for kind, found in curves.items():
                reward = theory.reward(base, base, kind=kind)
                path = theory.fixed_reward(base, reward, beta=settings.beta, rounds=np.arange(4 * settings.rounds))
                found.append(np.exp(path)[:, correct].mean(axis=1))
        for kind, found in curves.items():
            accuracy = np.array(found)
            turned = frequency(accuracy[:, -1] < accuracy.max(axis=1) - 0.01)
            lost = frequency(accuracy[:, -1] < accuracy[:, 0] - 0.01, "lost_")
            rows.append({"reward": kind, "trust": trust} | turned | lost)
    return rows


def blind(settings: Any) -> Rows:
    """The least that the worse of two worlds can lose, by a linear program over laws of the stopping round, and the statement."""
    rows = []
    for mass in (0.5, 0.6, 0.75, 0.9):
        for rounds in (1, 4, 16):
            at: dict[str, Any] = {"mode_probability": mass, "beta": settings.beta}
            label_mass = 1 - theory.label_miss(**at, rounds=np.arange(rounds + 1))
            losses = np.stack([label_mass.max() - label_mass, label_mass - label_mass.min()])
            cost = np.append(np.zeros(rounds + 1), 1.0)
            inside = np.append(np.ones(rounds + 1), 0.0)[None]
            found: Any = optimize.linprog(cost, A_ub=np.column_stack([losses, [-1, -1]]), b_ub=np.zeros(2), A_eq=inside, b_eq=[1])
            bound = theory.blind_regret(**at, rounds=rounds)
            rows.append({"rounds": rounds, "mass": mass, "beta": settings.beta, "bound": bound, "minimax": float(found.fun)})
    return rows
