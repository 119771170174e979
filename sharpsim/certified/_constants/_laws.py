"""Sharp constants of best of N and of the stopping rule: Prop C.1, Lemma I.1, divergence and win rate with few levels, the profile."""

from functools import cache
from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified import best_of_n, coverage, stopping
from sharpsim.certified._branch import BITS, infimum, mean_log, supremum, x_log_x
from sharpsim.certified._constant import Constant, Enclosure, exactly, rounded
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import Log, ball, power_of_complement, settled
from sharpsim.certified._rows import Row, Table
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified._statements import STATEMENTS
from sharpsim.certified._statements._coverage import used

FEW = 4
"""The N of the constants for few levels."""
TINY = fmpq(1, 10**7)


def _exponent(p: Any) -> Any:
    """(-log(1-p) - p)/p^2 = sum p^k/(k + 2), increasing: by its series up to 1/8."""
    if not (isinstance(p, arb) and p.upper() < fmpq(1, 8)):
        return (mean_log(p) - 1) / p
    rest = (p**6 / (8 * (1 - p))).upper().max(arb(0))
    return sum((fmpq(1, k + 2) * p**k for k in range(6)), arb(0)) + arb(0).union(rest)


def _offset(p: Any) -> Any:
    """1/p + 1/log(1-p), as `_exponent` divided by -log(1-p)/p."""
    return _exponent(p) / mean_log(p)


def _quadratic(c: fmpq) -> Statement:
    known = STATEMENTS["miss_exponential"]
    return Statement(
        "miss_quadratic", known.label, "(1-p)^N <= exp(-N (p + c p^2))", known.left,
        lambda covered_mass, N: (-arb(N * (covered_mass + c * covered_mass**2))).exp(), known.draw, _QUADRATIC,
        attained=lambda covered_mass, N: covered_mass == 1,
    )  # fmt: skip


def _needed(covered_mass: fmpq, rho: fmpq, c: fmpq) -> int:
    return int(settled(lambda: (ball(Log(1 / rho)) * (1 / covered_mass - c)).ceil().unique_fmpz(), "a number of draws"))


def _fewer_draws(c: fmpq) -> Statement:
    known = STATEMENTS["miss_samples"]
    return Statement(
        "miss_offset", known.label, "N = ceil(log(1/rho) (1/p - c)) draws miss a set of mass p with probability at most rho",
        lambda covered_mass, rho: power_of_complement(arb(covered_mass), _needed(covered_mass, rho, c)),
        lambda covered_mass, rho: rho, known.draw, _OFFSET,
    )  # fmt: skip


def _just_below(p: fmpq, N: int) -> fmpq:
    """A rho of 20 digits that N draws do not reach: just below (1-p)^N."""
    with ctx.workprec(BITS):
        return (rounded(power_of_complement(arb(p), N), up=False) * 10**20).floor() / fmpq(10**20)


def _due(row: Row, stop: fmpq) -> int:
    return row.deadline(row.top(), stop)


def _stopped(c: fmpq) -> Statement:
    def right(row: Row, stop: fmpq) -> arb:
        inside = row.part(row.maximal())
        return _due(row, stop) + c * power_of_complement(inside, _due(row, stop)) / inside

    return Statement(
        "stopping_split", "Lemma I.1 (mean)", "E[N_s] <= D + c (1-q)^D/q, D = ceil(s/P*), q = |Y*| P*",
        lambda row, stop: stopping.mean(row, stop=stop), right,
        lambda draws: {"row": draws.row(), "stop": draws.ratio(0, 6, 10)}, _STOPPED,
        attained=lambda row, stop: c >= 1 and len(best_of_n.levels(row)) == 1, gap=_stopping_gap if c >= 1 else None,
    )  # fmt: skip


def _split_seen() -> arb:
    """(E[N_s] - D) q/(1-q)^D at the extremal instance, from below."""
    row, stop = _STOPPED["row"], _STOPPED["stop"]
    with ctx.workprec(BITS):
        inside = row.part(row.maximal())
        return ((stopping.mean(row, stop=stop) - _due(row, stop)) * inside / power_of_complement(inside, _due(row, stop))).lower()


def _stopping_gap(row: Row, stop: fmpq) -> arb:
    """A lower end of D + (1-q)^D/q - E[N_s]: its last part, the draws from the last deadline on, (1-q)^(last)/q."""
    found = best_of_n.levels(row)
    rarest = row.deadline(found[0].responses[0], stop)
    inside = fmpq(sum(row.weights[y] for y in row.maximal()), row.total)
    return ((-arb(inside)).log1p() * rarest).exp() / inside if inside < 1 else arb(0)


def _missed(c: fmpq) -> Statement:
    known = STATEMENTS["stopping_miss"]
    return Statement(
        known.name, known.label, "P[kept outside Y*] <= c (1-q)^ceil(s/P*), q = |Y*| P*", known.left,
        lambda row, stop: c * known.right(row, stop), known.draw, _AT_ONCE,
        attained=lambda row, stop: c >= 1 and known.attained(row, stop),
    )  # fmt: skip


def _level_sum(*edges: Any) -> Any:
    """KL(pi_N || base) = sum f S log S over levels from F- to F = F- + f, S = sum_j F^j F-^(N-1-j) = (F^N - F-^N)/f."""
    found = arb(0)
    for low, high in zip((0, *edges), (*edges, 1), strict=True):
        ratio = sum((high**j * low ** (FEW - 1 - j) for j in range(FEW)), arb(0))
        found = found + (high - low) * x_log_x(ratio)
    return found


def _beaten_sum(*edges: Any) -> Any:
    """The win rate, ties half: sum (F^N - F-^N)(F + F-)/2 over levels."""
    pairs = zip((0, *edges), (*edges, 1), strict=True)
    return sum((((high**FEW - low**FEW) * (low + high) * fmpq(1, 2)) for low, high in pairs), arb(0))


@cache
def _two(value: Any) -> Enclosure:
    return supremum(value, [(0, 1)])


@cache
def _three(value: Any) -> Enclosure:
    # The lower edge as a share of the upper one.
    return supremum(lambda share, edge: value(share * edge, edge), [(0, 1), (0, 1)], width=1e-6)


def _few_levels(name: str, most: int, extremal: Instance) -> Any:
    known = STATEMENTS[name]

    def draw(draws: Draws) -> Instance:
        row = draws.row(smallest=1e-20)
        return {"row": row, "reward": tuple(fmpq(draws.integer(1, most)) for _ in range(len(row))), "N": FEW}

    return lambda c: Statement(
        f"{name}_{most}", known.label, f"{known.claim.split('<=')[0]} <= c", known.left, lambda row, reward, N: c, draw, extremal,
        domain=lambda row, reward, N: N == FEW and len(set(reward)) <= most,
    )  # fmt: skip


def _ranked(*weights: int) -> Instance:
    return {"row": Row(weights), "reward": tuple(fmpq(i) for i in range(len(weights))), "N": FEW}


def _all_covered(table: Table, prompt_weights: Row, slack: fmpq) -> bool:
    """C_cov,g is the exact 1."""
    return not any(row.weights[y] for row in used(table, prompt_weights) for y in row.outside(slack))


def _profile(c: fmpq) -> Statement:
    known = STATEMENTS["profile"]
    return Statement(
        "profile_less_one", known.label, "P_x[base(Y*_g|x) < 1/N] <= (C_cov,g - c)/(N - c), N >= 2", known.left,
        lambda table, prompt_weights, slack, draws: (coverage.coefficient(table, prompt_weights, slack=slack) - c) / (draws - c),
        lambda draws: known.draw(draws) | {"draws": draws.integer(2, 40)}, _PROFILE, domain=lambda draws, **_: draws >= 2, trivial=1,
        attained=lambda table, prompt_weights, slack, draws: c <= 1 and _all_covered(table, prompt_weights, slack),
    )  # fmt: skip


_QUADRATIC = {"covered_mass": TINY, "N": 10**6}
_OFFSET = {"covered_mass": TINY, "rho": _just_below(TINY, 10**6)}
_STOPPED = {"row": Row([2, 1, 1]), "stop": fmpq(20)}
_AT_ONCE = {"row": Row([2, 1]), "stop": fmpq(1, 10)}
_NEAR_HALF = Row([10**9 - 1, 10**9 - 2, 3])
_PROFILE = {"table": Table([_NEAR_HALF, Row([1, 0, 0])]), "prompt_weights": Row([1, 9]), "slack": fmpq(0), "draws": 2}

CONSTANTS = (
    Constant(
        "miss_quadratic", "Prop C.1", "(1-p)^N <= exp(-N (p + c p^2))", "largest", "1/2", "exp(-N p)", lambda: 0, "p -> 0, every N",
        "c is the infimum over p of (-log(1-p) - p)/p^2 = sum p^k/(k + 2), which rises with p; beyond 7/8 it is larger.",
        _quadratic, _QUADRATIC, cache(lambda: infimum(_exponent, [(0, fmpq(7, 8))])),
    ),
    Constant(
        "miss_offset", "Prop C.1 (samples)", "log(1/rho) (1/p - c) draws, rounded up, miss a set of mass p with probability at most rho",
        "largest", "1/2", "log(1/rho)/p", lambda: 0, "p -> 0, rho just below (1-p)^N",
        "c is the infimum over p of 1/p + 1/log(1-p) = 1/2 + p/12 + .., whose coefficients (Gregory's) are positive.",
        _fewer_draws, _OFFSET, cache(lambda: infimum(_offset, [(0, fmpq(7, 8))])),
    ),
    Constant(
        "stopping_split", "Lemma I.1 (mean)", "E[N_s] <= D + c (1-q)^D/q, D = ceil(s/P*), q = |Y*| P*", "smallest", "1",
        "(s + 1/|Y*|)/P*", None, "three responses 1/2, 1/4, 1/4 and s -> infinity",
        "P[N_s > k] is 1 up to D - 1 and at most (1-q)^k from D on, the probability that no draw is a mode; equal until the next deadline.",
        _stopped, _STOPPED, lambda: (_split_seen(), arb(1)), STATEMENTS["stopping_mean"].right,
    ),
    Constant(
        "stopping_miss", "Lemma I.1 (miss)", "P[kept outside Y*] <= c (1-q)^ceil(s/P*), q = |Y*| P*", "smallest", "1", "c = 1", lambda: 1,
        "any row whose deadlines ceil(s/p) are all one", "Lemma I.1 proves c = 1; an instance with equality shows that no smaller c holds.",
        _missed, _AT_ONCE, exactly(1),
    ),
    Constant(
        "kl_two_levels", "Law of best of N (KL)", "KL(pi_4 || base) <= c for a reward of two values", "smallest", "",
        "log 4 - 3/4", lambda: best_of_n.kl_bound(N=FEW), "the lower value has mass .592",
        "A reward acts through the masses of its levels: one free number.",
        _few_levels("kl", 2, _ranked(592_427, 407_573)), _ranked(592_427, 407_573), lambda: _two(_level_sum),
    ),
    Constant(
        "kl_three_levels", "Law of best of N (KL)", "KL(pi_4 || base) <= c for a reward of three values", "smallest", "",
        "log 4 - 3/4", lambda: best_of_n.kl_bound(N=FEW), "levels of mass .437, .301, .263", "As with two values: two free numbers.",
        _few_levels("kl", 3, _ranked(436_874, 300_556, 262_570)), _ranked(436_874, 300_556, 262_570), lambda: _three(_level_sum),
    ),
    Constant(
        "win_two_levels", "Law of best of N (win rate)",
        "best of 4 beats a base draw with probability at most c for a reward of two values", "smallest",
        "1/2 + (N-1)/(2 N) N^(-1/(N-1)) at N = 4", "N/(N+1)", lambda: best_of_n.win_rate_bound(N=FEW),
        "the lower value has mass N^(-1/(N-1)) = .63", "The win rate is (1 + F - F^N)/2, F the mass of the lower value.",
        _few_levels("win_rate", 2, _ranked(629_961, 370_039)), _ranked(629_961, 370_039), lambda: _two(_beaten_sum),
    ),
    Constant(
        "win_three_levels", "Law of best of N (win rate)",
        "best of 4 beats a base draw with probability at most c for a reward of three values",
        "smallest", "", "N/(N+1)", lambda: best_of_n.win_rate_bound(N=FEW), "levels of mass .486, .285, .228",
        "As with two values: two free numbers.",
        _few_levels("win_rate", 3, _ranked(486_038, 285_499, 228_463)), _ranked(486_038, 285_499, 228_463), lambda: _three(_beaten_sum),
    ),
    Constant(
        "profile_less_one", "C_cov (profile)", "P_x[base(Y*_g|x) < 1/N] <= (C_cov,g - c)/(N - c) where C_cov,g < N", "largest", "1",
        "C_cov,g/N", lambda: 0, "a share of prompts at mass 1/N -, all others at mass 1",
        "Markov's inequality for 1/base(Y*_g|x) - 1, which is at least 0; the right side falls in c while C_cov,g < N.",
        _profile, _PROFILE, exactly(1),
    ),
)  # fmt: skip
