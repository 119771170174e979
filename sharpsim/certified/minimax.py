"""The hard family's exact minimax risk and adaptive optimum in balls, and the paper's lower bounds on them (section 6, theory.limits)."""

from functools import lru_cache
from itertools import pairwise
from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified._exact import between, positive, rational, whole
from sharpsim.certified.risks import binomial

MOST = 3000
"""Most draws n N, and draws times labels / 100, of an exact minimax risk."""


@lru_cache(maxsize=256)
def _guess_errors(labels: int, draws: int, bits: int) -> list[arb]:
    """e(0..draws) at a precision: one pass over the number of distinct labels seen."""
    del bits  # Part of the cache's key.
    cells, alive = labels - 1, arb(fmpq(labels - 2, labels))
    guess = [arb(fmpq(labels - o - 1, labels - o)) for o in range(labels)]
    law, errors = [arb(1), *[arb(0)] * cells], []
    stay, move = [alive * o / cells for o in range(labels)], [alive * (cells - o) / cells for o in range(labels)]
    for k in range(draws + 1):
        seen = min(k, cells)
        errors.append(sum((law[o] * guess[o] for o in range(seen + 1)), arb(0)))
        for o in range(min(k + 1, cells), 0, -1):
            law[o] = law[o] * stay[o] + law[o - 1] * move[o - 1]
        law[0] = law[0] * stay[0]
    return errors


def guess_errors(*, labels: Any, draws: Any) -> list[arb]:
    """e(k) = (1 - 2/M)^k E[1 - 1/(M - Occ_k)] for k = 0..`draws`: the error of the best guess at one hard prompt's secret."""
    M, K = whole("labels", labels, 3, MOST), whole("draws", draws, 0, MOST)
    whole("draws", M * K, 0, 100 * MOST)
    # Rounded up, so that neighbouring requests share one pass.
    return _guess_errors(M, -(-K // 16) * 16, ctx.prec)[: K + 1]


def risk(*, n: Any, N: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> arb:
    """R(n, N) = D E[e(N Bin(n, D/d))], the exact minimax risk at cost n N."""
    n, N, d = whole("n", n, 0, MOST), whole("N", N, 1, MOST), whole("hard_prompts", hard_prompts, 1, 2**53)
    D = between("hard_mass", hard_mass, 0, 1, closed="high")
    errors = guess_errors(labels=labels, draws=n * N)
    return D * sum((chance * errors[N * c] for c, chance in enumerate(binomial(n, arb(D / d)))), arb(0))


def risk_bound(*, samples: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> arb:
    """(D/4)(1 - 3/M)^(2 D m/d), below the minimax risk at m samples: the paper's proof (Theorem 3.1'). M at least 4."""
    m, d, M = whole("samples", samples, 0), whole("hard_prompts", hard_prompts), whole("labels", labels, 4)
    D = between("hard_mass", hard_mass, 0, 1, closed="high")
    return D / 4 * (arb(fmpq(M - 3, M)).log() * (2 * D * m / d)).exp()


def risk_bound_sharp(*, samples: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> arb:
    """(D/2)(1 - 3D/(dM))^m, below the minimax risk at m samples (ours)."""
    m, d, M = whole("samples", samples, 0), whole("hard_prompts", hard_prompts), whole("labels", labels, 4)
    D = between("hard_mass", hard_mass, 0, 1, closed="high")
    return D / 2 * arb(1 - 3 * D / (d * M)) ** m


@lru_cache(maxsize=64)
def _frontier(labels: int) -> tuple[tuple[fmpq, fmpq], ...]:
    reached, cost, points = fmpq(1), fmpq(0), [(1 - fmpq(1, labels), fmpq(0))]
    for unseen in range(labels, 1, -1):
        new = fmpq((unseen - 1) * (labels - 2), labels * (labels - 1))
        telling = fmpq(2, labels) + new
        cost += reached / telling
        reached *= new / telling
        points.append((reached * (1 - fmpq(1, unseen - 1)), cost))
    return tuple(points)


def frontier(*, labels: Any) -> tuple[tuple[fmpq, fmpq], ...]:
    """(error(u), cost(u)) of the rules "draw until the secret is seen or u labels are left", u = M, .., 1: exact rationals."""
    return _frontier(whole("labels", labels, 3, 200))


def adaptive_samples(*, eps: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> fmpq:
    """d phi(eps/D), the exact least E[m] of adaptive learners with risk eps: phi interpolates `frontier`."""
    eps, d = positive("eps", eps), whole("hard_prompts", hard_prompts)
    D = between("hard_mass", hard_mass, 0, 1, closed="high")
    points, error = frontier(labels=labels), eps / D
    if error >= points[0][0]:
        return fmpq(0)
    for (high, cheap), (low, dear) in pairwise(points):
        if error >= low:
            return d * (cheap + (dear - cheap) * (high - error) / (high - low))
    raise ArithmeticError("the frontier ends at error 0")


def adaptive_bound(*, eps: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> arb:
    """(d M/3)(1/(2e) - 2 eps/D), below `adaptive_samples` (Lemma H.4 as corrected; may be negative)."""
    eps, d, M = positive("eps", eps), whole("hard_prompts", hard_prompts), whole("labels", labels, 3)
    D = between("hard_mass", hard_mass, 0, 1, closed="high")
    return fmpq(d * M, 3) * ((-arb(1)).exp() / 2 - 2 * eps / D)


def adaptive_risk(*, samples: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> fmpq:
    """The least risk of adaptive learners with mean cost m = `samples`, the inverse of `adaptive_samples`."""
    d, D = whole("hard_prompts", hard_prompts), between("hard_mass", hard_mass, 0, 1, closed="high")
    each, points = rational("samples", samples, "at least 0", lambda x: x >= 0) / d, frontier(labels=labels)
    for (high, cheap), (low, dear) in pairwise(points):
        if each <= dear:
            return D * (high + (low - high) * (each - cheap) / (dear - cheap))
    return fmpq(0)


def rule(*, labels: Any, remaining: Any, draws: Any) -> tuple[fmpq, fmpq]:
    """(P[more than `draws` draws], P[error]) of "draw until the secret is seen or `remaining` labels are left, then guess": exact."""
    M, K = whole("labels", labels, 3, 200), whole("draws", draws, 0, 200)
    u = whole("remaining", remaining, 1, M)
    going = {M: fmpq(1)} if u < M else {}
    for _ in range(K):
        after: dict[int, fmpq] = {}
        for unseen, chance in going.items():
            new = fmpq((unseen - 1) * (M - 2), M * (M - 1))
            after[unseen] = after.get(unseen, fmpq(0)) + chance * (1 - fmpq(2, M) - new)
            if unseen - 1 > u:
                after[unseen - 1] = after.get(unseen - 1, fmpq(0)) + chance * new
        going = after
    return sum(going.values(), fmpq(0)), frontier(labels=M)[M - u][0]
