"""What the paper prints and is false by number: each with the instance that refutes it (the errata of `sharpsim.theory`)."""

from typing import Any

from flint import arb, fmpq

from sharpsim.certified import bounds, coverage, dpo, minimax, stopping, tilt
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import Log
from sharpsim.certified._rows import Row, Table, mean
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified._statements import _bounds, _coverage, _dpo, _laws, _limits
from sharpsim.certified._statements._coverage import ONE_PROMPT

TENTH, HALF = fmpq(1, 10), fmpq(1, 2)


def _cost(table: Table, prompt_weights: Row, delta: fmpq) -> arb:
    stop = Log(2 / delta)
    return mean(prompt_weights, (stopping.mean(row, stop=stop) for row in table))


def _largest_guess(eps: fmpq, coverage: fmpq) -> fmpq:
    """The largest risk D (1 - 1/M) of a guess on a hard family with C_cov,1/2 = 1 - D + D M/2 <= C; it falls with M from 2C on."""
    del eps
    last = int((2 * coverage).floor()) + 1
    return max(min(fmpq(1), (coverage - 1) / (fmpq(M, 2) - 1)) * (1 - fmpq(1, M)) for M in range(3, last + 2))


def _wide(draws: Draws) -> Instance:
    return {"eps": 1 - draws.share(tiny=1e-3) / 4, "coverage": draws.ratio(2, 9)}


def _printed_elliptic(vectors: Any, lam: fmpq, trace_max: fmpq) -> arb:
    ratio, T = trace_max / lam, len(vectors)
    return len(vectors[0]) * ratio * arb((T + 1) * ratio).log() / arb(1 + ratio).log()


def _by_set(policy: Table, table: Table, prompt_weights: Row, delta: fmpq) -> arb:
    """Lemma J.3 with the margin of Assumption J.2 as printed, that of the set's mass."""
    margins = (
        fmpq(sum(row.weights[y] for y in row.maximal()), max(row.weights[y] for y in row.outside())) - 1
        for row in _coverage.used(table, prompt_weights)
        if any(row.weights[y] for y in row.outside())
    )
    return dpo.regret(policy, table, prompt_weights) / (delta * arb(1 + min(margins)).log())


def _on_the_edge_of_the_set(policy: Table, table: Table, prompt_weights: Row, delta: fmpq) -> bool:
    """The mode is unique at every prompt, where both margins are one, and Lemma J.3 is attained."""
    alone = all(len(row.maximal()) == 1 for row in _coverage.used(table, prompt_weights))
    return alone and _dpo.on_the_edge(policy, table, prompt_weights, delta)


def _misplaced(policy: Row, base: Row, beta: fmpq, excess: fmpq) -> fmpq:
    return dpo.beyond(policy, base, beta, lambda: (2 * coverage.moment(base.masses(), policy.masses(), beta) + excess).log())


def _target_regret(row: Row, beta: fmpq) -> arb:
    masses = tilt.law(row, beta=beta)
    return sum((q * (row.masses()[row.top()] / p).log() for p, q in zip(row.masses(), masses, strict=True) if not p.is_zero()), arb(0))


def _printed(name: str, label: str, claim: str, left: Any, right: Any, draw: Any, extremal: Instance, **more: Any) -> Statement:
    return Statement(f"printed_{name}", label, claim, left, right, draw, extremal, printed=True, **more)


_UNIFORM = {"table": Table([Row([1] * 10)]), "prompt_weights": ONE_PROMPT, "delta": TENTH}
_RARE = {"policy": Row([1, 1]), "base": Row([1, 999])}

STATEMENTS = (
    _printed(
        "cost", "Thm D.1 (and 4.1, 4.1')", "E[m]/n <= log(1/delta) Cbar_cov, the printed E[m] = n C log(1/delta) with the larger C",
        _cost, lambda table, prompt_weights, delta: arb(1 / delta).log() * coverage.mode_coverage(table, prompt_weights),
        _laws.STATEMENTS[-1].draw, _UNIFORM,
    ),
    _printed(
        "cost_of_set", "Thm D.1, proof", "E[m]/n <= ceil(log(2/delta)/base(Y*) + 1): the mass of the set Y* for that of one response",
        _cost, lambda table, prompt_weights, delta: mean(
            prompt_weights, (fmpq(row.draws_to_reach(row.maximal(), Log(2 / delta)) + 1) for row in table)),
        _laws.STATEMENTS[-1].draw, _UNIFORM,
    ),
    _printed(
        "range", "Thm 3.1, 3.1'", "for every eps in (0, 1) some family of coverage C forces samples: a guess has a risk of at least eps",
        lambda eps, coverage: eps, _largest_guess, _wide, {"eps": fmpq(9, 10), "coverage": fmpq(3)},
    ),
    _printed(
        "range_adaptive", "Thm D.2", "for every eps in (0, 1) some family of coverage C forces a positive mean of samples",
        lambda eps, coverage: eps, _largest_guess, _wide, {"eps": fmpq(9, 10), "coverage": fmpq(3)},
    ),
    _printed(
        "few_draws", "Lemma H.4", "P[at most M/3 draws]/(4e) <= P[error], for every rule that stops at u labels",
        lambda labels, remaining: (1 - minimax.rule(labels=labels, remaining=remaining, draws=labels // 3)[0]) * (-arb(1)).exp() / 4,
        lambda labels, remaining: minimax.rule(labels=labels, remaining=remaining, draws=0)[1],
        _limits.STATEMENTS[-1].draw, {"labels": 8, "remaining": 1},
    ),
    _printed(
        "elliptic", "Lemma F.2", "sum_t Tr(G_{t-1}^-1 A_t) <= d K log((T+1) K/lam)/(lam log(1 + K/lam))",
        lambda vectors, lam, trace_max: bounds.elliptic_sum(vectors, lam=lam), _printed_elliptic,
        _bounds.STATEMENTS[-1].draw, {"vectors": ((fmpq(1),),), "lam": fmpq(3, 2), "trace_max": fmpq(1)}, domain=_bounds.within_trace,
    ),
    _printed(
        "concentrability", "Lemma 4.1'", "C_{pi_beta} <= C_cov,g/(1-g)",
        lambda table, prompt_weights, slack, beta: tilt.concentrability(table, prompt_weights, beta=beta),
        lambda table, prompt_weights, slack, beta: coverage.coefficient(table, prompt_weights, slack=slack) / (1 - slack),
        _coverage.STATEMENTS[7].draw, {"table": Table([Row([2, *[1] * 10])]), "prompt_weights": ONE_PROMPT, "slack": HALF, "beta": TENTH},
    ),
    _printed(
        "comparator", "Thm 4.2'", "J(pi°) - J(pi_beta) <= beta log C with C over the class {pi_beta} alone, f being 0",
        _target_regret,
        lambda row, beta: beta * tilt.concentrability(Table([row]), ONE_PROMPT, beta=beta).log(),
        lambda draws: {"row": draws.row(), "beta": _coverage.beta(draws)}, {"row": Row([30, 28, 22, 20]), "beta": fmpq(1)},
    ),
    _printed(
        "beta", "Lemma J.1, beta", "P_base[|beta log(base/pi)| >= t] <= (1 + C) e^-t, for any beta",
        lambda policy, base, beta, threshold: dpo.log_ratio_tail(policy, base, beta=beta, threshold=threshold),
        lambda policy, base, beta, threshold: dpo.log_ratio_tail_bound(policy, base, beta=beta, threshold=threshold),
        lambda draws: _dpo.STATEMENTS[0].draw(draws) | {"beta": draws.ratio(1, 6)},
        _RARE | {"beta": fmpq(3), "threshold": fmpq(18)}, trivial=1,
        domain=lambda policy, base, beta, threshold: beta > 0 and _dpo.at_most_one(policy, base, fmpq(1)),
    ),
    _printed(
        "greedy", "Sec. E.2", "greedy's first token is another than the argmax's: the logit of token 2 is below that of token 1",
        lambda vocabulary, coupling: coupling, lambda vocabulary, coupling: coupling,
        lambda draws: {"vocabulary": draws.integer(2, 9), "coupling": draws.ratio(1, 9)}, {"vocabulary": 3, "coupling": fmpq(1)},
        strict=True,
    ),
    _printed(
        "bracket", "Lemma J.1", "P_base[|beta log(base/pi)| > log(2C + s)] <= e^-s",
        _misplaced, lambda policy, base, beta, excess: (-arb(excess)).exp(), _dpo.STATEMENTS[1].draw,
        {"policy": Row([1, 179]), "base": Row([1, 19]), "beta": fmpq(1), "excess": fmpq(5)}, domain=_dpo.at_most_one,
    ),
    _printed(
        "set_margin", "Assumption J.2", "P_x[pi(Y*|x) <= 1 - delta] <= regret/(delta log(1 + g_m)), g_m the margin of the set's mass",
        lambda policy, table, prompt_weights, delta: dpo.unsharpened(policy, table, prompt_weights, delta=delta), _by_set,
        _dpo.learned,
        {"policy": Table([Row([1, 1, 1, 1, 6])]), "table": Table([Row([81, 81, 81, 81, 76])]), "prompt_weights": ONE_PROMPT, "delta": HALF},
        domain=_dpo.has_margin, attained=_on_the_edge_of_the_set, trivial=1,
    ),
)  # fmt: skip
