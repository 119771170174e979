"""DPO without regret and XPO's last iterate: how far a failing policy must disagree, and both risks below 1/10 at sizes that are run."""

from typing import Any

from flint import arb, fmpq

from sharpsim.certified import dpo, guarantees, tilt
from sharpsim.certified._draws import Draws
from sharpsim.certified._rows import Row, row_of
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified._statements._coverage import ONE_PROMPT
from sharpsim.certified._statements._dpo import at_most_one

TENTH, HALF, SMALLEST = fmpq(1, 10), fmpq(1, 2), 1e-30
PAIRS, ROUNDS = 216, 44
"""The least n, and the least T, at which the guarantees below are at most 1/10."""


def _target(base: Row, beta: fmpq) -> Row:
    """pi_beta ~ base^(1 + 1/beta) for a whole 1/beta, in integers."""
    return Row(w ** (1 + int(beta.q)) for w in base.weights)


def _gap(policy: Row, base: Row, beta: fmpq) -> fmpq:
    """pi_beta(Y*) - pi(Y*)."""
    target, policy_masses = _target(base, beta).fractions(), policy.fractions()
    return sum((target[y] - policy_masses[y] for y in base.maximal()), fmpq(0))


def falls_short(policy: Row, base: Row, beta: fmpq) -> bool:
    """The domain of the disagreement: one support, a whole 1/beta, and less mass on Y* than pi_beta has."""
    return at_most_one(policy, base, beta) and beta.p == 1 and _gap(policy, base, beta) > 0


def _least_told(policy: Row, base: Row, beta: fmpq) -> arb:
    C = max(_chi(one, base) for one in (policy, _target(base, beta)))
    return guarantees.least_disagreement(gap=_gap(policy, base, beta), concentrability=C)


def _chi(one: Row, base: Row) -> fmpq:
    """sum_y pi^2/base."""
    return sum((q**2 / p for q, p in zip(one.fractions(), base.fractions(), strict=True) if p), fmpq(0))


def _told(draws: Draws) -> Instance:
    while True:
        base, beta = draws.row(draws.integer(2, 7), smallest=SMALLEST), fmpq(1, draws.integer(1, 6))
        policy = _on_parts(draws, base, beta) if draws.random.random() < 0.7 else draws.like(base, smallest=SMALLEST)
        if falls_short(policy, base, beta):
            return {"policy": policy, "base": base, "beta": beta}


def _on_parts(draws: Draws, base: Row, beta: fmpq) -> Row:
    """A policy proportional to pi_beta on Y* and on the rest, or on parts drawn at random: few pairs tell it from pi_beta."""
    factors, best = [draws.share() for _ in range(3)], set(base.maximal())
    parts = [int(y in best) for y in range(len(base))]
    if draws.random.random() < 0.5:
        parts = [draws.integer(0, 2) for _ in parts]
    target = _target(base, beta).fractions()
    return row_of("policy", [mass * factors[part] for mass, part in zip(target, parts, strict=True)])


def run_by_dpo(row: Row, class_size: int, n: int, **settings: fmpq) -> bool:
    """The prefix class and easier ones: a mode of at least .49 and twice the next, beta <= 1/100, delta >= 1/2, rho >= 1/10."""
    mode, *rest = sorted(row.fractions(), reverse=True)
    peaked = mode >= fmpq(49, 100) and all(2 * other <= mode for other in rest)
    stated = settings["beta"] <= fmpq(1, 100) and settings["delta"] >= HALF and settings["rho"] >= TENTH
    return peaked and stated and class_size <= 21 and n >= PAIRS


def _dpo_risk(row: Row, class_size: int, n: int, beta: fmpq, delta: fmpq, rho: fmpq) -> arb:
    C, bias = tilt.concentrability([row], ONE_PROMPT, beta=beta), tilt.bias(row, beta=beta)
    given: Instance = {"class_size": class_size, "n": n, "delta": delta, "rho": rho, "bias": bias, "concentrability": C}
    return guarantees.bound_zero_loss(**given, everywhere=True)


def _prefixes(draws: Draws) -> Instance:
    mode, others = fmpq(draws.integer(49, 99), 100), draws.integer(2, 300)
    return {
        "row": _modal(mode, others + 2), "class_size": draws.integer(2, 21), "n": PAIRS - 1 + draws.count(10**6),
        "beta": fmpq(1, draws.integer(100, 200)), "delta": draws.random.choice((HALF, fmpq(3, 4))), "rho": TENTH,
    }  # fmt: skip


def _modal(mode: fmpq, others: int) -> Row:
    """A mode and others of equal mass."""
    return row_of("row", [mode] + [(1 - mode) / others] * others)


LISTS = {
    Row([1, 1]): (fmpq(6_264_374_555, 10**10), fmpq(59, 100)),
    Row([1_947_983_412, 8_052_016_588]): (fmpq(1_804_416_477, 10**10), fmpq(77, 100)),
}
"""The other member of each list of two, uniform, and pi_beta with its modes swapped, to ten digits: the alpha of Theorem J.1 at T = 1024,
and l."""


def run_by_xpo(other: Row, base: Row, beta: fmpq, alpha: fmpq, T: int, delta: fmpq) -> bool:
    """A list of two that is run, at an alpha within a tenth below the prescribed one, from `ROUNDS` on."""
    near = other in LISTS and fmpq(9, 10) <= alpha / LISTS[other][0] <= 1
    return near and (base, beta, delta) == (_XPO["base"], _XPO["beta"], _XPO["delta"]) and T >= ROUNDS


def _xpo_risk(other: Row, base: Row, beta: fmpq, alpha: fmpq, T: int, delta: fmpq) -> arb:
    given: dict[str, Any] = {"beta": beta, "alpha": alpha, "T": T, "delta": delta, "scale": LISTS[other][1]}
    return guarantees.last_iterate_bound([[other]], [base], ONE_PROMPT, **given)


def _explored(draws: Draws) -> Instance:
    other = draws.random.choice(list(LISTS))
    alpha = LISTS[other][0] * (1 - fmpq(draws.integer(0, 1000), 10_000))
    return _XPO | {"other": other, "alpha": alpha, "T": ROUNDS - 1 + draws.count(10**6)}


_SWAP = {"policy": Row([7, 7, 6]), "base": Row([9, 9, 2]), "beta": fmpq(1, 100)}
_DPO: Instance = {
    "row": _modal(fmpq(49, 100), 200), "class_size": 21, "n": PAIRS, "beta": fmpq(1, 100), "delta": HALF, "rho": TENTH,
}  # fmt: skip
_XPO: Instance = {
    "other": Row([1, 1]), "base": Row([3, 2]), "beta": fmpq(2, 5), "alpha": LISTS[Row([1, 1])][0], "T": ROUNDS, "delta": fmpq(2, 5),
}  # fmt: skip

STATEMENTS = (
    Statement(
        "zero_loss", "Thm 4.2' (disagreement)",
        "P[f != 0] >= 2b(1-b), b = min(1/2, the least with s^2/b + (1-s)^2/(1-b) <= C), for a policy short of pi_beta by s in mass of Y*",
        _least_told, lambda policy, base, beta: dpo.disagreement(policy, base, beta=beta), _told, _SWAP, bound="left", domain=falls_short,
    ),
    Statement(
        "dpo_guarantee", "Thm 4.2' (zero loss)",
        f"with chance 9/10 DPO's risk is at most 1/10 from n = {PAIRS} pairs on, for a mode of at least .49 and at most 21 members",
        _dpo_risk, lambda **_: TENTH, _prefixes, _DPO, domain=run_by_dpo,
    ),
    Statement(
        "xpo_guarantee", "Thm J.2 (last iterate)",
        f"the risk of XPO's last iterate is at most 1/10 from T = {ROUNDS} rounds on, for the two lists that are run",
        _xpo_risk, lambda **_: TENTH, _explored, _XPO, domain=run_by_xpo,
    ),
)  # fmt: skip

RUN: dict[str, tuple[str, Instance]] = {
    "dpo": ("dpo_guarantee", _DPO | {"n": 1000}),
    **{
        f"xpo_{name}": ("xpo_guarantee", _XPO | {"other": other, "alpha": LISTS[other][0], "T": 1024})
        for name, other in zip(("uniform", "swapped"), LISTS, strict=True)
    },
}
"""The settings that the experiments run, by the name of the certificate: the statement and its instance."""
