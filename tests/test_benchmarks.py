"""The benchmarks: every rival draws from the right law, every benchmark runs, the committed results have their form."""

import csv
import math
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import (
    _numpy,
    _numpy_sequences,
    _ours,
    _report,
    _results,
    _timing,
    _torch,
    accelerator,
    best_of_n,
    growth,
    law,
    limits,
    markov,
    pipeline,
    reproduce,
    stopping,
)
from benchmarks.__main__ import NAMES, main
from benchmarks._alias_table import Tables, alias_row
from benchmarks._bars import BARS, Bar
from benchmarks._compiled import Compiled, library
from experiments.engine import compiled
from sharpsim import laws
from sharpsim.instances import random_table
from sharpsim.policies import MarkovPolicy, tabulate
from sharpsim.testing import multinomial_test, sample_size_to_see
from sharpsim.theory import sft

DRAWS = 5
N_SEEN = sample_size_to_see(gap=0.01, false_alarm=1e-6, missed=1e-6, cells=21)
NEEDS_TORCH = pytest.mark.skipif(not _torch.available(), reason="needs a rival of the benchmarks: pip install 'sharpsim[bench]'")
NEEDS_COMPILER = pytest.mark.skipif(library() is None, reason="needs a C compiler, for a rival of the benchmarks")


@pytest.fixture
def one_thread(monkeypatch):
    """Two threads that wait for each other are slow on a machine that the test workers already fill."""
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0}, raising=False)


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Three prompts, seven responses, one of them (not the last) impossible."""
    log_probs, weights = random_table(np.random.default_rng(8), prompts=3, responses=7, concentration=0.7)
    probs = np.exp(log_probs)
    probs[1, 2] = 0
    with np.errstate(divide="ignore"):
        return Tables.of(np.log(probs / probs.sum(1, keepdims=True)), weights)


def fits(prompts, responses, law, weights) -> bool:
    """Whether pairs (x, y) agree with mu(x) law(y|x)."""
    place = np.asarray(prompts, np.int64) * law.shape[1] + np.asarray(responses, np.int64)
    joint = (weights[:, None] * np.exp(law)).ravel()
    return multinomial_test(np.bincount(place, minlength=law.size), joint / joint.sum())


def check_best_of(found, tables, N=DRAWS) -> None:
    prompts, responses, log_probs = (np.asarray(part) for part in found)
    assert np.array_equal(log_probs, tables.log_probs[prompts, responses])
    assert fits(prompts, responses, laws.best_of_n(tables.log_probs, tables.log_probs, draws=N), tables.weights)
    assert not fits(prompts, responses, laws.best_of_n(tables.log_probs, tables.log_probs, draws=N + 1), tables.weights)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("concentration", [0.05, 1.0, 50.0])
def test_alias_table_is_the_law(size, concentration):
    probs = np.random.default_rng(size).dirichlet(np.full(size, concentration))
    accept, alias = alias_row(probs)
    assert accept.min() >= 0
    assert accept.max() <= 1
    np.testing.assert_allclose((accept + np.bincount(alias, 1 - accept, minlength=size)) / size, probs, atol=1e-12)


def test_alias_table_of_a_point_and_of_equals():
    assert alias_row(np.array([0.0, 1.0, 0.0]))[0].tolist() == [0, 1, 0]
    assert alias_row(np.full(8, 0.125))[0].tolist() == [1] * 8


@pytest.mark.parametrize("name", ["searchsorted", "searchsorted_flat", "alias", "smallest_uniform", "law", "law_flat"])
def test_numpy_rival(name, tables):
    check_best_of(getattr(_numpy, name)(tables, N_SEEN, DRAWS, np.random.default_rng(1)), tables)


def test_numpy_rival_by_ranks(tables):
    prompts, ranks, log_probs = _numpy.alias_ranked(tables.best_first(), N_SEEN, DRAWS, np.random.default_rng(2))
    check_best_of((prompts, tables.order[prompts, ranks], log_probs), tables)


def test_numpy_loop(tables):
    prompts, responses, _ = _numpy.choice_loop(tables, 3000, DRAWS, np.random.default_rng(3))
    assert fits(prompts, responses, laws.best_of_n(tables.log_probs, tables.log_probs, draws=DRAWS), tables.weights)


@NEEDS_COMPILER
def test_compiled_rival(tables):
    compiled = Compiled(tables)
    check_best_of(compiled.literal(N_SEEN, DRAWS), tables)
    first, second = compiled.literal(100, DRAWS), compiled.literal(100, DRAWS)
    assert not np.array_equal(first[1], second[1])
    # More draws than the generator makes at once.
    check = compiled.literal(50, 5000)
    assert np.array_equal(check[1], tables.order[check[0], 0])


@NEEDS_TORCH
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("way", _torch.WAYS)
def test_torch_rival(way, tables):
    _torch.torch_module().manual_seed(4)
    check_best_of(_torch.TorchTables(tables).literal(way, N_SEEN, DRAWS), tables)


@NEEDS_TORCH
@pytest.mark.usefixtures("one_thread")
def test_torch_law(tables):
    _torch.torch_module().manual_seed(5)
    check_best_of(_torch.TorchTables(tables).law(N_SEEN, DRAWS), tables)


def test_stopping_rival(tables):
    stop, ranked = 3.0, tables.best_first()
    prompts, kept, draws = _numpy.stopping(ranked, 50_000, stop, np.random.default_rng(6))
    assert fits(prompts, kept, laws.stopping_kept(ranked.log_probs, stop=stop), ranked.weights)
    for x in range(3):
        mine = draws[prompts == x]
        survival = laws.stopping_time_survival(ranked.log_probs[x], stop=stop, after=np.arange(mine.max() + 1))
        chance = np.maximum(np.append(survival[:-1] - survival[1:], survival[-1]), 0)
        counts = np.bincount(mine, minlength=len(chance) + 1)[1:]
        assert multinomial_test(counts, chance / chance.sum())


@pytest.mark.parametrize("way", ["searchsorted", "alias"])
def test_numpy_chain(way):
    check_chain(lambda tables: _numpy_sequences.markov(tables, way, 20_000, 3, np.random.default_rng(7)))


@NEEDS_TORCH
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("way", _torch.WAYS)
def test_torch_chain(way):
    _torch.torch_module().manual_seed(8)
    check_chain(lambda tables: np.asarray(_torch.markov(_torch.TorchTables(tables), way, 20_000, 3)))


def check_chain(draw) -> None:
    log_probs, _ = random_table(np.random.default_rng(9), prompts=3, responses=2, concentration=1.0)
    tokens = draw(Tables.of(log_probs, np.full(3, 1 / 3)))
    exact = tabulate(MarkovPolicy(log_probs[None], horizon=3), np.zeros(1, int))[1][0]
    assert multinomial_test(np.bincount(tokens.T @ np.array([4, 2, 1]), minlength=8), np.exp(exact))


@NEEDS_TORCH
@pytest.mark.usefixtures("one_thread")
def test_torch_transformer_is_the_same_function():
    from benchmarks._torch_transformer import TorchTransformer

    torch = _torch.torch_module()
    torch.manual_seed(10)
    policy = _ours.transformer_policy(horizon=5, vocabulary=4, width=8, heads=2)
    prompts = (np.arange(12) % 4)[:, None]
    model = TorchTransformer(policy)
    score = eqx.filter_jit(lambda prompts, tokens: jax.vmap(policy.log_prob)(prompts, tokens))
    for way in ("multinomial", "running sums"):
        tokens, total = (np.asarray(part) for part in model.sample(prompts, 5, way))
        np.testing.assert_allclose(total, score(prompts, jnp.asarray(tokens)), atol=1e-4)
        many, _ = model.sample(np.zeros((4000, 1), int), 4000, way)
        start = np.exp(policy.step(policy.start(np.zeros(1, int)), policy.begin_token)[1])
        assert multinomial_test(np.bincount(np.asarray(many)[:, 0], minlength=4), np.float64(start) / np.float64(start).sum())
    np.testing.assert_allclose(model.score(prompts, tokens), total, atol=1e-5)


SEEDS = 20_000


def within(seeds: int) -> float:
    """How far a mean of numbers in [0, 1] strays from its own but for a rate of 1e-6."""
    return math.sqrt(math.log(2e6) / (2 * seeds))


def cell(**changes):
    return pipeline.grid("tiny")[0]._replace(**changes)


@pytest.mark.parametrize("count", [_numpy_sequences.law_counts, _numpy_sequences.drawn_counts, _numpy_sequences.multinomial_counts])
def test_pipeline_rival_has_the_exact_risk(count):
    base, weights = cell().log_base, cell().weights
    at = cell(n=30, setting=8, target=laws.best_of_n(base, base, draws=8))
    found = _numpy_sequences.sft(at, count, SEEDS, np.random.default_rng(11))
    exact = sft.exact_risk(base, weights, n=30, N=8, delta=at.delta)
    assert abs(found.all_failed.mean() - exact) < within(SEEDS) < abs(sft.exact_risk(base, weights, n=30, N=11, delta=at.delta) - exact)


def test_our_pipeline_does_the_same_work():
    # A program that another test of this process has compiled would not be counted again.
    compiled._program.cache_clear()
    seeds = 4000
    cells = pipeline.grid("tiny")
    call, programs = _ours.pipeline(cells, seeds=seeds)
    for at, ours in zip(cells, call(), strict=True):
        rival = _numpy_sequences.sft(at, _numpy_sequences.drawn_counts, SEEDS, np.random.default_rng(12))
        for name, most in (("failed", 1), ("hellinger", 2), ("all_failed", 1)):
            assert abs(getattr(ours, name).mean() - getattr(rival, name).mean()) < most * (within(seeds) + within(SEEDS)), name
        exact = sft.exact_risk(at.log_base, at.weights, n=at.n, N=int(at.setting), delta=at.delta)
        assert abs(ours.all_failed.mean() - exact) < within(seeds)
    assert programs() == 1


RUNS = (limits, best_of_n, law, stopping, markov, reproduce)


@pytest.fixture
def hasty(monkeypatch):
    """One call where the protocol has five, one round where it has three."""
    monkeypatch.setattr(_timing.Protocol, "quick", True)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("module", RUNS, ids=[module.__name__.split(".")[-1] for module in RUNS])
def test_it_runs(module, tmp_path):
    rows = module.run("tiny")
    assert rows
    _results.write(rows, NAMES, tmp_path)
    written = _results.read(tmp_path / "results.csv")
    assert [row["case"] for row in written] == [row.case for row in rows]
    if module is best_of_n:
        rivals = {row["rival"] for row in written}
        assert rivals >= {rival for name, _, rival in BARS if name == "best_of_n"}


@pytest.mark.skipif(sys.platform != "linux", reason="what other processes hold is read from /proc")
def test_a_command_is_watched_with_its_children(tmp_path):
    child = "import time; held = bytearray(b'x') * (300 << 20); time.sleep(3)"
    (tmp_path / "parent.py").write_text(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)\n")
    found = reproduce.watched([sys.executable, "parent.py"], tmp_path)
    assert found.seconds >= 3
    assert 0.3 < found.largest < found.together < 0.4
    with pytest.raises(subprocess.CalledProcessError):
        reproduce.watched([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transformer", "pipeline", "cold_start", "memory", "accelerator"])
def test_command(name, tmp_path):
    assert main([name, "--scale", "tiny", "--quick", "--out", str(tmp_path)]) == 0
    _timing.Protocol.quick = False
    assert (tmp_path / "RESULTS.md").read_text().startswith("# Benchmarks")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(growth.axes("tiny"))))
def test_every_curve_has_a_call(number):
    curve = growth.axes("tiny")[number]
    curve.make(curve.sizes[0])()


def test_growth_of_the_cost_is_fitted(monkeypatch):
    took = iter([1.0, 2.0, 4.0])
    monkeypatch.setattr(growth, "burst", lambda call, counted: next(took))
    monkeypatch.setattr(growth, "axes", lambda scale: [growth.Axis("literal", "N", "here", (8, 16, 32), lambda size: lambda: size)])
    (row,) = growth.run("tiny")
    assert row["exponent"] == pytest.approx(1.0)
    assert set(row) == set(growth.COLUMNS) - {"hardware", "versions"}
    wanted = {"N", "n", "|X|", "|Y|", "V", "H", "seeds"}
    monkeypatch.undo()
    assert {axis.axis for axis in growth.axes("full")} >= wanted
    assert all(len(axis.sizes) >= 3 for axis in growth.axes("full"))


def test_accelerator_rows(monkeypatch):
    monkeypatch.setattr(accelerator, "rate", lambda entry, counted=1: entry.work)
    case = accelerator.Case("literal", "small", "Mdraw/s", 4e6, 12, lambda: lambda: None)
    monkeypatch.setattr(accelerator, "cases", lambda scale: [case])
    (row,) = accelerator.run("tiny")
    assert set(row) == set(accelerator.COLUMNS) - {"hardware", "versions"}
    assert row["rate"] == 4
    assert row["gigabytes_per_second"] == pytest.approx(0.048)


def test_ratio_is_ours_over_theirs():
    clock = {"ours": 1.0, "slow": 8.0, "fast": 2.0}
    entries = {name: _timing.Entry(lambda: None, 1 / took) for name, took in clock.items()}
    given = {"rival": {name: entries[name] for name in ("slow", "fast")}, "absent": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_timing, "burst", lambda call, counted=5: 1.0)
        found = _timing.compare(entries["ours"], given)
    assert set(found) == {"rival"}
    assert found["rival"].which == "fast"
    assert found["rival"].median == pytest.approx(2.0)
    spread = _timing.ratio_of([4.0, 6.0, 2.0], [2.0, 2.0, 2.0])
    assert (spread.median, spread.low, spread.high) == (2.0, 1.0, 3.0)


def test_slow_rivals_are_given_less(monkeypatch):
    monkeypatch.setattr(_timing, "seconds", lambda call: call())
    assert _timing.sized(lambda n: n * 1e-3, 10**6, 3.0, 0.1).work == 3.0 * 100
    assert _timing.sized(lambda n: n * 1e-9, 10**6, 3.0, 0.1).work == 3.0 * 10**6
    assert _timing.sized(lambda n: 10.0, 10**6, 3.0, 0.1).work == 3.0 * 10


def test_bars_are_judged():
    assert Bar(2, 3).met(2.0)
    assert not Bar(2, 3).met(1.9)
    assert Bar(2, 1, upper=True).met(2.0)
    assert not Bar(2, 1, upper=True).met(2.1)
    row = _results.Row("memory", "law, n = 10^7, N = 10^4", "law", "", "GB", 2.5)
    assert row.judged()["met"] == "no"
    assert _results.Row("law", "S1", "ours", "NumPy law", "", 1.0).judged()["met"] == "not measured"
    assert _results.Row("law", "S1", "ours", "nobody", "", 1.0, ratio=1.0).judged()["met"] == ""


def test_a_rerun_replaces_its_own_rows_only(tmp_path):
    first = [_results.Row("law", "S1", "ours", "NumPy law", "", 1.0, ratio=5.0), _results.Row("limits", "copy", "", "", "", 1.0)]
    _results.write(first, NAMES, tmp_path)
    _results.write([_results.Row("law", "S1", "ours", "NumPy law", "", 1.0, ratio=3.0)], NAMES, tmp_path)
    rows = _results.read(tmp_path / "results.csv")
    assert [(row["benchmark"], row["met"]) for row in rows] == [("limits", ""), ("law", "no")]
    page = _report.report(tmp_path)
    assert _report.NO_ACCELERATOR in page
    assert "at least 4 | 6 | no |" in page


def test_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "no benchmark 'nothing'" in capsys.readouterr().err


def test_committed_results_have_their_form():
    assert (_results.HERE / "RESULTS.md").read_text() == _report.report()
    with (_results.HERE / "results.csv").open(newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == _results.COLUMNS
        rows = list(reader)
    have = {(row["benchmark"], row["case"], row["rival"]) for row in rows}
    assert not set(BARS) - have
    for row in rows:
        assert row["hardware"]
        assert row["versions"]
        bar = BARS.get((row["benchmark"], row["case"], row["rival"]))
        if bar is None:
            assert row["met"] == ""
            continue
        held = row["ratio"] if row["rival"] else row["ours_value"]
        assert (float(row["bar"]), float(row["aim"])) == (bar.bar, bar.aim)
        assert row["met"] == ("not measured" if not held else "yes" if bar.met(float(held)) else "no")
