"""Best of N and the stopping rule: Prop C.1, the exact law with its divergence and win rate, Lemma I.1, the cost of Theorem D.1."""

from typing import Any

from flint import arb, fmpq

from sharpsim.certified import best_of_n, coverage, stopping
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import Log, power_of_complement
from sharpsim.certified._rows import Row, Table, mean
from sharpsim.certified._statement import Instance, Statement

MOST_DRAWS = 10**12
HALF, ONE = fmpq(1, 2), fmpq(1)


def _levels(draws: Draws) -> Instance:
    row = draws.row(large=True)
    ranks = None if draws.random.random() < 0.5 else tuple(fmpq(draws.integer(1, 3)) for _ in range(len(row)))
    return {"row": row, "reward": ranks, "N": draws.count(MOST_DRAWS)}


def _few(draws: Draws) -> Instance:
    row = draws.row(smallest=1e-20)
    ranks = tuple(fmpq(draws.integer(1, 3)) for _ in range(len(row)))
    y = draws.random.choice([y for y, w in enumerate(row.weights) if w])
    return {"row": row, "reward": ranks, "N": draws.integer(1, 6), "M": draws.integer(1, 6), "y": y}


def _stopped(draws: Draws) -> Instance:
    return {"row": draws.row(large=True), "stop": draws.ratio(0, 6, 10)}


def _costed(draws: Draws) -> Instance:
    table = draws.table(large=True)
    return {"table": table, "prompt_weights": draws.weights(len(table)), "delta": draws.share()}


def _mean_cost(table: Table, prompt_weights: Row, delta: fmpq) -> arb:
    stop = Log(2 / delta)
    return mean(prompt_weights, (stopping.mean(row, stop=stop) if w else 0 for row, w in zip(table, prompt_weights.weights, strict=True)))


def _mode_cost(table: Table, prompt_weights: Row, delta: fmpq) -> arb:
    return arb(2 / delta).log() * coverage.mode_coverage(table, prompt_weights)


def _one_deadline(row: Row, stop: fmpq) -> bool:
    """All deadlines are equal: the kept response is the likeliest of the draws up to it, and misses Y* if they all do."""
    return len({deadline for deadline in stopping.deadlines(row, stop=stop) if deadline is not None}) == 1


def _twice(row: Row, reward: Any, N: int, M: int, y: int) -> fmpq:
    return best_of_n.row(best_of_n.row(row, reward, N=M), reward, N=N).fractions()[y]


def _best_mass(row: Row, reward: Any) -> fmpq:
    best = best_of_n.levels(row, reward)[-1]
    return fmpq(best.level, row.total)


def _landed(row: Row, reward: Any, N: int, M: int, y: int) -> fmpq:
    del M, y
    return sum((best_of_n.row(row, reward, N=N).fractions()[y] for y in best_of_n.levels(row, reward)[-1].responses), fmpq(0))


_NEAR_CONTINUUM = {"row": Row(range(900, 1100)), "reward": None, "N": 8}
_EVEN = Row([1] * 12)

STATEMENTS = (
    Statement(
        "miss_exponential", "Prop C.1", "best of N misses a set of mass p with probability (1-p)^N <= exp(-pN)",
        lambda covered_mass, N: power_of_complement(arb(covered_mass), N),
        lambda covered_mass, N: best_of_n.miss_bound(covered_mass=covered_mass, N=N),
        lambda draws: {"covered_mass": draws.share(tiny=1e-300), "N": draws.count(MOST_DRAWS)},
        {"covered_mass": fmpq(1, 100), "N": 100},
    ),
    Statement(
        "miss_samples", "Prop C.1 (samples)", "N = ceil(log(1/rho)/p) draws miss a set of mass p with probability at most rho",
        lambda covered_mass, rho: power_of_complement(arb(covered_mass), best_of_n.samples_needed(covered_mass=covered_mass, rho=rho)),
        lambda covered_mass, rho: rho,
        lambda draws: {"covered_mass": draws.share(tiny=1e-300), "rho": draws.share(tiny=1e-300)},
        {"covered_mass": fmpq(1, 100), "rho": fmpq(1, 10)},
    ),
    Statement(
        "kl", "Law of best of N (KL)", "KL(pi_N || base) <= log N - (N-1)/N, whatever the reward",
        lambda row, reward, N: best_of_n.kl(row, reward, N=N), lambda row, reward, N: best_of_n.kl_bound(N=N), _levels, _NEAR_CONTINUUM,
    ),
    Statement(
        "win_rate", "Law of best of N (win rate)", "best of N beats a base draw, ties half, with probability at most N/(N+1)",
        lambda row, reward, N: best_of_n.win_rate(row, reward, N=N, tie_credit=HALF),
        lambda row, reward, N: best_of_n.win_rate_bound(N=N), _levels, _NEAR_CONTINUUM,
    ),
    Statement(
        "win_rate_ties", "Law of best of N (ties won)", "with ties won, best of N beats a base draw with probability at least N/(N+1)",
        lambda row, reward, N: best_of_n.win_rate_bound(N=N), lambda row, reward, N: best_of_n.win_rate(row, reward, N=N, tie_credit=ONE),
        _levels, _NEAR_CONTINUUM, bound="left",
    ),
    Statement(
        "rounds", "Law of best of N (rounds)", "best of N of best of M is best of NM, for every response",
        _twice, lambda row, reward, N, M, y: best_of_n.row(row, reward, N=N * M).fractions()[y], _few,
        {"row": Row([1, 2, 3]), "reward": (fmpq(1), fmpq(2), fmpq(2)), "N": 2, "M": 3, "y": 1}, equal=True,
    ),
    Statement(
        "law_of_the_best", "Law of best of N", "best of N has mass 1 - (1-p)^N on the reward's maximisers, of base mass p",
        _landed, lambda row, reward, N, M, y: 1 - (1 - _best_mass(row, reward)) ** N, _few,
        {"row": Row([1, 2, 3]), "reward": (fmpq(1), fmpq(2), fmpq(2)), "N": 2, "M": 3, "y": 1}, equal=True,
    ),
    Statement(
        "stopping_mean", "Lemma I.1 (mean)", "E[N_s] <= (s + 1/|Y*|)/P*",
        lambda row, stop: stopping.mean(row, stop=stop), lambda row, stop: stopping.mean_bounds(row, stop=stop)[1], _stopped,
        {"row": _EVEN, "stop": fmpq(1, 1000)},
    ),
    Statement(
        "stopping_mean_below", "Lemma I.1 (mean, below)", "E[N_s] >= s/P*",
        lambda row, stop: stop / row.fractions()[row.top()], lambda row, stop: stopping.mean(row, stop=stop), _stopped,
        {"row": _EVEN, "stop": fmpq(3)}, bound="left",
    ),
    Statement(
        "stopping_miss", "Lemma I.1 (miss)", "P[kept outside Y*] <= (1 - |Y*|P*)^ceil(s/P*)",
        lambda row, stop: stopping.miss(row, stop=stop), lambda row, stop: stopping.miss_bound(row, stop=stop), _stopped,
        {"row": Row([110, *[100] * 3]), "stop": fmpq(9, 4)}, attained=_one_deadline,
    ),
    Statement(
        "stopping_miss_exponential", "Lemma I.1", "(1 - |Y*|P*)^ceil(s/P*) <= exp(-|Y*|s)",
        lambda row, stop: stopping.miss_bound(row, stop=stop), lambda row, stop: stopping.miss_bound_exponential(row, stop=stop), _stopped,
        {"row": Row([1001, *[1000] * 99]), "stop": fmpq(1)},
    ),
    Statement(
        "adaptive_miss", "Thm D.1 (miss)", "at s = log(2/delta) the rule keeps a response outside Y* with probability at most delta/2",
        lambda row, delta: stopping.miss(row, stop=Log(2 / delta)), lambda row, delta: delta / 2,
        lambda draws: {"row": draws.row(large=True), "delta": draws.share()}, {"row": Row([101, *[100] * 39]), "delta": fmpq(1, 10)},
    ),
    Statement(
        "adaptive_cost_below", "Thm D.1 (cost, below)", "E[m]/n >= log(2/delta) Cbar_cov",
        _mode_cost, _mean_cost, _costed,
        {"table": Table([_EVEN]), "prompt_weights": Row([1]), "delta": fmpq(1, 10)}, bound="left",
    ),
    Statement(
        "adaptive_cost", "Thm D.1", "E[m]/n <= log(2/delta) Cbar_cov + C_cov",
        _mean_cost, lambda table, prompt_weights, delta: _mode_cost(table, prompt_weights, delta)
        + coverage.coefficient(table, prompt_weights), _costed, {"table": Table([_EVEN]), "prompt_weights": Row([1]), "delta": fmpq(1, 10)},
    ),
)  # fmt: skip
