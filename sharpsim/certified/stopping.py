"""The adaptive stopping rule in balls: its mean, survival, kept law and miss, and the bounds of Lemma I.1 (section 5, theory.sft_adaptive).

Draw until k max_{j<=k} base(y_j) >= s, keep the likeliest so far. A response of mass p ends the draws from its deadline ceil(s/p) on.
`stop` is s: a rational, or `Log(2/delta)`, the s of Theorem D.1; deadlines are decided exactly.
"""

from collections.abc import Sequence
from typing import Any

from flint import arb

from sharpsim.certified._exact import ball, log_share, real, whole
from sharpsim.certified._rows import Row, row_of
from sharpsim.certified.best_of_n import Level, levels


def deadlines(row: Any, *, stop: Any) -> list[int | None]:
    """ceil(s/p) for each response; None for a response without mass."""
    row, s = row_of("row", row), real("stop", stop)
    return [row.deadline(y, s) if weight else None for y, weight in enumerate(row.weights)]


def _power(part: Any, rest: Any, count: int) -> arb:
    """(part/(part + rest))^count, the exact 1 where there is no rest."""
    return arb(1) if arb(rest).is_zero() else (log_share(part, rest) * count).exp()


def _segments(found: Sequence[Level], due: Sequence[int]) -> list[arb]:
    """For each level but the last, the sum of F^k over k from the next level's deadline to its own, exclusive."""
    sums = []
    for one, start, end in zip(found[:-1], due[1:], due[:-1], strict=True):
        at_most, total = one.below + one.level, arb(one.below + one.level + one.above)
        if start == end:
            sums.append(arb(0))
            continue
        some = -(log_share(at_most, one.above) * (end - start)).expm1()
        sums.append(_power(at_most, one.above, start) * some * total / arb(one.above))
    return sums


def mean(row: Any, *, stop: Any) -> arb:
    """E[N_s] = 1 + sum_{k>=1} G(s/k)^k, G(t) the mass of responses below t. Exact for rows with one level."""
    row, s = row_of("row", row), real("stop", stop)
    found, due = _levels(row, s)
    return sum(_segments(found, due), arb(due[-1]))


def _levels(row: Row, stop: Any) -> tuple[list[Level], list[int]]:
    found = levels(row)
    return found, [row.deadline(one.responses[0], stop) for one in found]


def survival(row: Any, *, stop: Any, after: Any) -> arb:
    """P[N_s > k] = G(s/k)^k for k = `after`, at least 0."""
    row, s, k = row_of("row", row), real("stop", stop), whole("after", after, 0)
    found, due = _levels(row, s)
    alive = [one for one, deadline in zip(found, due, strict=True) if deadline > k]
    if k == 0 or len(alive) == len(found):
        return arb(1)
    return _power(alive[-1].below + alive[-1].level, alive[-1].above, k) if alive else arb(0)


def kept(row: Any, *, stop: Any) -> list[arb]:
    """pi_s(y), the law of the response kept when the draws stop: F^D - F-^D + f sum_{k>=D} F_k^k by level, D its deadline and F_k the mass
    of responses whose deadline is after k.
    """
    row, s = row_of("row", row), real("stop", stop)
    out, units = [arb(0)] * len(row), row.units()
    for one, mass in zip(*_kept_levels(row, s), strict=True):
        for y in one.responses:
            out[y] = mass * units[y] / one.level
    return out


def _kept_levels(row: Row, stop: Any) -> tuple[list[Level], list[arb]]:
    found, due = _levels(row, stop)
    waiting, late = _segments(found, due), arb(0)
    masses = []
    for j, (one, deadline) in enumerate(zip(found, due, strict=True)):
        total = arb(one.below + one.level + one.above)
        new = arb(1) if j == 0 else -(log_share(one.below, one.level) * deadline).expm1()
        masses.append(_power(one.below + one.level, one.above, deadline) * new + arb(one.level) / total * late)
        late += waiting[j] if j < len(waiting) else 0
    return found, masses


def miss(row: Any, *, stop: Any) -> arb:
    """P[the kept response lies outside Y*]."""
    row, s = row_of("row", row), real("stop", stop)
    return sum(_kept_levels(row, s)[1][:-1], arb(0))


def mean_bounds(row: Any, *, stop: Any) -> tuple[arb, arb]:
    """(s/P*, (s + 1/|Y*|)/P*): bounds on E[N_s] (Lemma I.1, first part)."""
    row, s = row_of("row", row), real("stop", stop)
    best = row.maximal()
    mode, stop_ball = row.masses()[best[0]], ball(s)
    return stop_ball / mode, (stop_ball + arb(1) / len(best)) / mode


def miss_bound(row: Any, *, stop: Any) -> arb:
    """(1 - |Y*| P*)^ceil(s/P*) >= P[kept outside Y*] (Lemma I.1, second part)."""
    row, s = row_of("row", row), real("stop", stop)
    best = levels(row)[-1]
    return arb(0) if arb(best.below).is_zero() else _power(best.below, best.level, row.deadline(best.responses[0], s))


def miss_bound_exponential(row: Any, *, stop: Any) -> arb:
    """exp(-|Y*| s) >= `miss_bound`."""
    row, s = row_of("row", row), real("stop", stop)
    return (-(ball(s) * len(row.maximal()))).exp()
