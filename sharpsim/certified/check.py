"""Re-verifies certificates from the definitions: `python check.py FILE ..`. Needs python-flint alone, shares no code with the laws."""

import json
import sys
from math import prod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat


def read(x: Any) -> Any:
    """JSON to rationals: {"row": [..]} and {"table": [..]} to lists, "p/q" to a fraction."""
    x = x.get("row", x.get("table")) if isinstance(x, dict) else x
    return [read(e) for e in x] if isinstance(x, list) else fmpq(*map(int, x.split("/"))) if isinstance(x, str) else x


def end(x):
    """The ball of an end m*2^e of an interval, or of a rational."""
    return arb(int(x.split("*2^")[0])) * arb(2) ** int(x.split("*2^")[1]) if "*2^" in x else arb(read(x))


# fmt: off
E, Z = lambda x: (-arb(x)).exp(), fmpq(0)
total = lambda xs: sum(xs, arb(0))
power = lambda x, a: arb(1) if x == 1 else arb(x) ** (int(a.p) if isinstance(a, fmpq) and a.q == 1 else arb(a))
tops = lambda p, g=0: [y for y, m in enumerate(p) if m >= (1 - g) * max(p)]
mass = lambda p, g=0: sum((p[y] for y in tops(p, g)), Z)
mean = lambda i, f: total(w * f(row) for w, row in zip(i.prompt_weights, i.table, strict=True) if w)
each = lambda i, f: total(w * f(q, p) for w, q, p in zip(i.prompt_weights, i.policy, i.table, strict=True) if w)
cov, one = lambda i, g=0: mean(i, lambda p: 1 / mass(p, g)), lambda i: ratio(i.base, i.policy, i.beta)
modes, s_of = lambda i: mean(i, lambda p: arb(1 / max(p))), lambda i: arb(2 / i.delta).log()
kl = lambda p, q: total(arb(a) * (arb(a) / b).log() for a, b in zip(p, q, strict=True) if not arb(a).is_zero())
below = lambda p, r, t, at: sum((m for m, o in zip(p, r, strict=True) if o < t or (at and o == t)), Z)
land = lambda p, r, N, y: (below(p, r, r[y], 1) ** N - below(p, r, r[y], 0) ** N) * p[y] / (below(p, r, r[y], 1) - below(p, r, r[y], 0))
best = lambda p, r, N: [land(p, r, N, y) if p[y] else Z for y in range(len(p))]
under = lambda p, k, s, keep: sum((m for m in p if k * m < s and keep(m)), Z)
last = lambda p, s: next(k for k in range(1, 10**6) if not any(m and k * m < s for m in p))
cost = lambda p, s: 1 + total(arb(under(p, k, s, bool)) ** k for k in range(1, last(p, s)))
cut = lambda p, s, k: arb(under(p, k, s, lambda m: m < max(p))) ** k if k else arb(1)
miss = lambda p, s: total(cut(p, s, k - 1) * (1 - mass(p)) - cut(p, s, k) for k in range(1, last(p, s) + 1))
due, low = lambda x, s: next(k for k in range(1, 10**6) if k * x >= s), lambda p: max(m for m in p if m < max(p))
tilt = lambda p, b: [power(m, 1 + 1 / b) / total(power(o, 1 + 1 / b) for o in p if o) if m else arb(0) for m in p]
ratio = lambda q, p, b: total(arb(a) * power(arb(a) / c, b) for a, c in zip(q, p, strict=True) if not arb(a).is_zero())
out = lambda q, p: total(q[y] for y in range(len(p)) if y not in tops(p))
tail = lambda i, edge: sum((p for p, q in zip(i.base, i.policy, strict=True) if p and abs((arb(p) / q).log() * i.beta) > edge), Z)
short = lambda q, p: total(arb(a) * arb(max(p) / b).log() for a, b in zip(q, p, strict=True) if b and b < max(p))
fails = lambda i: each(i, lambda q, p: int(out(q, p) >= i.delta))
gm = lambda i, of=max: min(of(p) / low(p) for w, p in zip(i.prompt_weights, i.table, strict=True) if w and min(p) < max(p))
grow = lambda v, t, lam: fmpq_mat(len(v[0]), len(v[0]), [lam * int(a == b) + sum((x[a] * x[b] for x in v[:t]), Z)
                                                         for a in range(len(v[0])) for b in range(len(v[0]))])
norm = lambda g, x: (fmpq_mat(1, len(x), x) * g.solve(fmpq_mat(len(x), 1, x)))[0, 0]
trace = lambda i: sum((norm(grow(i.vectors, t, i.lam), x) for t, x in enumerate(i.vectors)), Z)
new = lambda M, U: fmpq((U - 1) * (M - 2), M * (M - 1))
late = lambda M, U, u, k: Z if u >= U else fmpq(1) if k == 0 else (
    (1 - fmpq(2, M) - new(M, U)) * late(M, U, u, k - 1) + new(M, U) * late(M, U - 1, u, k - 1))
missed, error = lambda M, U: new(M, U) / (new(M, U) + fmpq(2, M)), lambda i: wrong(i) * (1 - fmpq(1, i.remaining))
wrong = lambda i: prod((missed(i.labels, U) for U in range(i.remaining + 1, i.labels + 1)), start=fmpq(1))
printed = lambda d, T, r: d * r * arb((T + 1) * r).log() / arb(1 + r).log()
logits = lambda i: [i.coupling * int(token < 2) for token in range(i.vocabulary)]
largest = lambda C: max(min(fmpq(1), (C - 1) / (fmpq(M, 2) - 1)) * (1 - fmpq(1, M)) for M in range(3, 200))
lesser = lambda C, s: ((C - 1) / 2 + s - (((C - 1) / 2 + s) ** 2 - C * s**2).sqrt()) / C
zero = lambda i, t: lesser(ratio(t, i.row, 1), i.delta - out(t, i.row))
drift = lambda i: [(arb(a) / b).log() for a, b in zip(i.other, tilt(i.base, i.beta), strict=True)]
by = lambda i, w, y, e: total(b * E(e * (i.beta * (w[y] - v) * i.beta * (w[y] - v) + i.alpha * v)) for b, v in zip(i.base, w, strict=True))
ahead = lambda i, w, e: by(i, w, 0, e).max(by(i, w, 1, e)) ** i.T + int(not out(tilt(i.base, i.beta), i.base) < i.delta)
SIDES = {
    "dpo_guarantee": lambda i: ((1 - (arb(i.rho / i.class_size).log() / i.n).exp()) / (2 * (z := zero(i, tilt(i.row, i.beta))) * (1 - z)),
                                fmpq(1, 10)),
    "xpo_guarantee": lambda i: (ahead(i, drift(i), fmpq(59 if i.other[0] == i.other[1] else 77, 100)), fmpq(1, 10)),
    "miss_exponential": lambda i: ((1 - arb(i.covered_mass)) ** i.N, E(i.N * i.covered_mass)),
    "miss_samples": lambda i: ((1 - arb(i.covered_mass)) ** int((-arb(i.rho).log() / i.covered_mass).ceil().unique_fmpz()), i.rho),
    "kl": lambda i: (kl(best(i.row, i.reward or i.row, i.N), i.row), arb(i.N).log() - fmpq(i.N - 1, i.N)),
    "stopping_mean": lambda i: (cost(i.row, i.stop), (i.stop + fmpq(1, len(tops(i.row)))) / max(i.row)),
    "stopping_mean_below": lambda i: (i.stop / max(i.row), cost(i.row, i.stop)),
    "stopping_miss": lambda i: (miss(i.row, i.stop), (1 - mass(i.row)) ** due(max(i.row), i.stop)),
    "adaptive_miss": lambda i: (miss(i.row, s_of(i)), i.delta / 2),
    "adaptive_cost": lambda i: (mean(i, lambda p: cost(p, s_of(i))), s_of(i) * modes(i) + cov(i)),
    "profile": lambda i: (mean(i, lambda p: int(i.draws * mass(p, i.slack) < 1)), cov(i, i.slack) / i.draws),
    "tilt_concentrability": lambda i: (mean(i, lambda p: ratio(tilt(p, i.beta), p, 1)), cov(i)),
    "log_ratio_tail": lambda i: (tail(i, i.threshold), (1 + one(i)) * E(i.threshold)),
    "risk_from_regret": lambda i: (fails(i), each(i, short) / (i.delta * arb(gm(i)).log())),
    "printed_cost": lambda i: (mean(i, lambda p: cost(p, s_of(i))), arb(1 / i.delta).log() * modes(i)),
    "printed_cost_of_set": lambda i: (mean(i, lambda p: cost(p, s_of(i))), mean(i, lambda p: due(mass(p), s_of(i)) + 1)),
    "printed_range": lambda i: (i.eps, largest(i.coverage)),
    "printed_range_adaptive": lambda i: (i.eps, largest(i.coverage)),
    "printed_few_draws": lambda i: ((1 - late(i.labels, i.labels, i.remaining, i.labels // 3)) * E(1) / 4, error(i)),
    "printed_elliptic": lambda i: (trace(i), printed(len(i.vectors[0]), len(i.vectors), i.trace_max / i.lam)),
    "printed_concentrability": lambda i: (mean(i, lambda p: ratio(tilt(p, i.beta), p, 1)), cov(i, i.slack) / (1 - i.slack)),
    "printed_comparator": lambda i: (short(tilt(i.row, i.beta), i.row), i.beta * ratio(tilt(i.row, i.beta), i.row, 1).log()),
    "printed_beta": lambda i: (tail(i, i.threshold), (1 + one(i)) * E(i.threshold)),
    "printed_greedy": lambda i: (logits(i)[1], max(logits(i)[:1] + logits(i)[2:])),
    "printed_bracket": lambda i: (tail(i, (2 * one(i) + i.excess).log()), E(i.excess)),
    "printed_set_margin": lambda i: (fails(i), each(i, short) / (i.delta * arb(gm(i, mass)).log())),
}

def verdict(found):
    """Whether the verdict of a certificate is seen again, at doubled precisions, and its two balls hold the same numbers."""
    instance, bits = SimpleNamespace(**{name: read(value) for name, value in found["instance"].items()}), 128
    while bits <= 8192 and found["statement"] in SIDES:
        with ctx.workprec(bits):
            left, right = SIDES[found["statement"]](instance)
            ends = [[end(x) for x in (side if isinstance(side, list) else [side] * 2)] for side in (found["left"], found["right"])]
            inside = all(a <= arb(x).upper() and arb(x).lower() <= b for (a, b), x in zip(ends, (left, right), strict=True))
            strict = found["statement"] == "printed_greedy"
            less, more = (arb(left) < right, arb(left) >= right) if strict else (arb(left) <= right, arb(left) > right)
        if less or more:
            return inside and found["verdict"] == ("proved" if less else "refuted")
        bits *= 2
    return False

def main(paths):
    """Print what became of each file; the exit status is 1 where one is not confirmed."""
    results = {path: verdict(json.loads(Path(path).read_text())) for path in paths}
    print("\n".join(f"{path}: {'confirmed' if good else 'NOT confirmed'}" for path, good in results.items()))
    return int(not all(results.values()))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
