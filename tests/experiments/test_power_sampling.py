"""The simulators of power sampling against enumeration, and verdicts on rows that say otherwise."""

import itertools

import numpy as np
import pytest
from scipy import stats

from experiments.engine.rows import Places, Table, read_parts
from experiments.engine.run import load
from experiments.power_sampling.bases import Base
from experiments.power_sampling.drawn import RULES, SUFFIXES, chains, particles
from experiments.power_sampling.exact import Aim, tree
from sharpsim.theory import power_sampling as theory

SPACE = tree(np.random.default_rng(2), size=3, horizon=3, concentration=1.0)
BASE = Base("tree", SPACE, 0.0)
LEVEL = 1e-8


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_chains_follow_powers_of_the_matrix(rule, suffix):
    count, steps, alpha = 4000, 7, 3.0
    state = chains(BASE, alpha, rule, suffix, count=count, steps=steps, rng=np.random.default_rng(3))
    kernel, start, _, _ = Aim(BASE, alpha).kernel(rule, suffix)
    law = start @ np.linalg.matrix_power(kernel.matrix, steps)
    places = np.arange(1, SPACE.prefixes) if rule.truncated else SPACE.leaf
    seen = np.bincount(state, minlength=SPACE.prefixes)
    assert seen[places].sum() == count
    for hits, mass in zip(seen[places], np.clip(law, 0, 1), strict=True):
        assert stats.binom.ppf(LEVEL, count, mass) <= hits <= stats.binom.isf(LEVEL, count, mass)


def enumerated(alpha, count, suffix):
    """(law of the answer, mean of the normaliser over Z) of particles on three responses of two tokens, by all outcomes."""
    first, second = {0: 0.3, 1: 0.7}, {1: {0: 0.6, 1: 0.4}}
    steps = {"base": lambda law: law, "tempered": lambda law: {v: p**alpha / sum(q**alpha for q in law.values()) for v, p in law.items()}}
    q, rest = steps[suffix](first), steps[suffix](second[1])
    law, mean = {(0,): 0.0, (1, 0): 0.0, (1, 1): 0.0}, 0.0
    for drawn in itertools.product(q, repeat=count):
        weights = np.array([first[v] ** alpha / q[v] for v in drawn])
        for kept in itertools.product(range(count), repeat=count):
            chance = np.prod([q[v] for v in drawn]) * np.prod(weights[list(kept)] / weights.sum())
            tails = [[(drawn[i], v) for v in rest] if drawn[i] else [(0,)] for i in kept]
            for ends in itertools.product(*tails):
                share = np.prod([rest[end[1]] if end[0] else 1.0 for end in ends])
                later = np.array([second[1][end[1]] ** alpha / rest[end[1]] if end[0] else 1.0 for end in ends])
                mean += chance * share * weights.mean() * later.mean()
                for end, weight in zip(ends, later / later.sum(), strict=True):
                    law[end] += chance * share * weight
    return law, mean


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_particles_by_enumeration(count, suffix):
    alpha, trials = 3.0, 40_000
    law, mean = enumerated(alpha, count, suffix)
    p = {(0,): 0.3, (1, 0): 0.42, (1, 1): 0.28}
    z = sum(mass**alpha for mass in p.values())
    # Unbiased at any number of particles, exactly.
    assert mean == pytest.approx(z, rel=1e-12)
    base = Base("three", theory.Space([[0, 0], [1, 0], [1, 1]], np.log(list(p.values())), end_token=0), 0.0)
    found = particles(base, alpha, suffix, count=count, trials=trials, rng=np.random.default_rng(count))
    exact = sum(abs(law[y] - p[y] ** alpha / z) for y in p) / 2
    assert found["variation_low"] - 0.01 <= exact <= found["variation_high"] + 0.01
    assert abs(found["normaliser"] - 1) < 5 * (found["normaliser_high"] - found["normaliser_low"]) / 3.92
    drawn = (0.3 * 1 + 0.7 * 2) if suffix == "base" and count == 1 else None
    assert drawn is None or found["calls"] == pytest.approx(drawn, abs=0.02)


def judged(label, part, **change):
    """A verdict from the committed rows with columns of one part changed in the rows that `where` selects."""
    module = load("power_sampling")
    tables = read_parts("power_sampling", Places.reference(), module.COLUMNS)
    where = change.pop("where", {})
    rows = tables[part]
    mine = np.ones(len(rows), dtype=bool)
    for name, value in where.items():
        mine &= rows[name] == value
    kept = {name: rows[name] for name in rows.columns}
    tables[part] = Table(kept | {name: np.where(mine, how(rows[name]), rows[name]) for name, how in change.items()})
    return next(verdict for verdict in module.verdicts(tables) if verdict.label == label)


@pytest.mark.parametrize(
    ("label", "part", "change"),
    [
        ("Block resampling", "kernels", {"where": {"kernel": "blocks, mended"}, "bias": lambda x: x + 1e-3}),
        ("Block resampling", "", {"hits": lambda x: x // 2}),
        ("Block resampling (no length)", "kernels", {"where": {"kernel": "blocks, no length"}, "bias": lambda x: x * 1.3}),
        ("Block resampling (no length)", "kernels", {"where": {"kernel": "blocks, no length"}, "predicted": lambda x: x * 0.7}),
        ("Truncated proposals", "kernels", {"where": {"kernel": "truncated"}, "bias": lambda x: x * 0.0}),
        ("Independent proposals", "kernels", {"where": {"kernel": "independent"}, "gap": lambda x: x * 1.3}),
        ("Independent proposals", "curve", {"where": {"method": "independent"}, "bound": lambda x: x * 0.7}),
        ("Token temperature", "temperature", {"bound": lambda x: x * 0.1}),
        ("Importance resampling", "curve", {"where": {"method": "importance resampling"}, "bound": lambda x: x * 0.1}),
        ("Rollout estimates (plug-in, log zeta)", "bias", {"where": {"estimator": "plug-in"}, "bias": lambda x: -(x**2)}),
        ("Rollout estimates (jackknife, next token)", "bias", {"where": {"estimator": "jackknife"}, "bias": lambda x: np.sqrt(np.abs(x))}),
        ("Sequential Monte Carlo", "particles", {name: lambda x: x * 1.2 for name in ("normaliser", "normaliser_low", "normaliser_high")}),
    ],
)
def test_verdicts_turn_on_wrong_rows(label, part, change):
    assert not judged(label, part).unexpected
    assert judged(label, part, **change).unexpected
