"""Solves the minimax game on tiny hard families by enumerating every dataset and every guess, without any formula of the theory."""

import itertools
from typing import Any

import numpy as np
from scipy import optimize, sparse


def datasets(*, n: int, N: int, hard_prompts: int, labels: int, hard_mass: float) -> tuple[np.ndarray, np.ndarray]:
    """(probability of each dataset under each vector of secrets `[M^d, datasets]`, the secrets `[M^d, d]`).

    A dataset is the sequence of n prompts, each with its N labels and whether each label had the secret's likelihood.
    """
    d, M, D = hard_prompts, labels, hard_mass
    secrets = list(itertools.product(range(M), repeat=d))
    found: dict[Any, int] = {}
    entries: list[tuple[int, int, float]] = []
    for j, secret in enumerate(secrets):
        visits: list[tuple[Any, float]] = [((0,), 1 - D)]
        for i in range(d):
            for seen in itertools.product(range(M), repeat=N):
                hits = tuple(y == secret[i] for y in seen)
                chance = np.prod([2 / M if hit else (M - 2) / (M * (M - 1)) for hit in hits])
                visits.append(((i + 1, seen, hits), D / d * float(chance)))
        for sequence in itertools.product(visits, repeat=n):
            chance = float(np.prod([p for _, p in sequence]))
            if chance > 0:
                entries.append((j, found.setdefault(tuple(v for v, _ in sequence), len(found)), chance))
    law = np.zeros((len(secrets), len(found)))
    for j, k, chance in entries:
        law[j, k] += chance
    return law, np.array(secrets)


def bayes_risk(**game: Any) -> float:
    """Least mean risk over all decision rules under a uniform secret, dataset by dataset: the invariance argument's side."""
    law, secrets = datasets(**game)
    d, M = game["hard_prompts"], game["labels"]
    right = np.stack([[law[secrets[:, i] == y].sum(axis=0) for y in range(M)] for i in range(d)])
    return game["hard_mass"] * (1 - float(right.max(axis=1).sum()) / (d * len(secrets)))


def program_risk(**game: Any) -> float:
    """The minimax risk over randomised rules as a linear program, without any invariance: min t, the risk at every secret <= t.

    The loss adds over prompts, so a rule is its marginals q[dataset, prompt, label].
    """
    law, secrets = datasets(**game)
    d, M, D = game["hard_prompts"], game["labels"], game["hard_mass"]
    sets = law.shape[1]
    columns = np.arange(sets * d * M).reshape(sets, d, M)
    # risk(j) = D - (D/d) sum_k P_j(k) sum_i q[k, i, j_i]
    risk = np.zeros((len(secrets), sets * d * M + 1))
    for j, secret in enumerate(secrets):
        for i in range(d):
            risk[j, columns[:, i, secret[i]]] = -D / d * law[j]
    risk[:, -1] = -1
    simplex = sparse.hstack([sparse.kron(sparse.eye(sets * d), np.ones((1, M))), sparse.csr_matrix((sets * d, 1))])
    cost = np.zeros(sets * d * M + 1)
    cost[-1] = 1
    return _solved(cost, sparse.csr_matrix(risk), np.full(len(secrets), -D), simplex.tocsr(), np.ones(sets * d))


def adaptive_program_cost(*, labels: int, error: float, horizon: int) -> float:
    """The least mean cost on one hard prompt with error at most `error` at every secret, over all randomised adaptive rules of at most
    `horizon` draws: a linear program in sequence form. Every history of labels is a node; seeing the secret ends the game.
    """
    M = labels
    histories = [h for k in range(horizon + 1) for h in itertools.product(range(M), repeat=k) if len(set(h)) < M]
    place = {h: i for i, h in enumerate(histories)}
    other = (M - 2) / (M * (M - 1))
    # Variables: stop at a history with guess g, then continue from it; then the value.
    stop = np.arange(len(histories) * M).reshape(-1, M)
    go = len(histories) * M + np.arange(len(histories))
    size = go[-1] + 2
    rows, columns, values, right = [], [], [], []
    for i, history in enumerate(histories):
        entries = [*((stop[i, g], 1.0) for g in range(M)), (go[i], 1.0)]
        if history:
            entries.append((go[place[history[:-1]]], -1.0))
        right.append(0.0 if history else 1.0)
        for column, value in entries:
            rows.append(i)
            columns.append(column)
            values.append(value)
    flow = sparse.csr_matrix((values, (rows, columns)), shape=(len(histories), size))
    limits = np.zeros((2 * M, size))
    for i, history in enumerate(histories):
        for j in set(range(M)) - set(history):
            chance = other ** len(history)
            limits[j, go[i]] = chance
            limits[M + j, stop[i, [g for g in range(M) if g != j]]] = chance
    limits[:M, -1] = -1
    bounds = [(0, None)] * size
    for i, history in enumerate(histories):
        if len(history) == horizon:
            bounds[go[i]] = (0, 0)
    cost = np.zeros(size)
    cost[-1] = 1
    return _solved(cost, sparse.csr_matrix(limits), np.concatenate([np.zeros(M), np.full(M, error)]), flow, np.array(right), bounds)


def _solved(cost: Any, upper: Any, upper_right: Any, equal: Any, equal_right: Any, bounds: Any = (0, None)) -> float:
    found = optimize.linprog(
        cost, A_ub=upper, b_ub=upper_right, A_eq=equal, b_eq=equal_right, bounds=bounds, method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )  # fmt: skip
    if not found.success:
        raise RuntimeError(f"the linear program was not solved: {found.message}")
    return float(found.fun)
