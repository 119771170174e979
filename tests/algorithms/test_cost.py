"""Costs under compilation: a fixed cost is a Python int whatever JAX's integers can hold; a random one adds up."""

import importlib
import inspect
import subprocess
import sys

import equinox as eqx
import jax
import numpy as np
import pytest

from sharpsim import LawOracle, Oracle, TabularPolicy, algorithms
from sharpsim.classes import AllTabular, FiniteClass

BASE = TabularPolicy.from_probs(np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]))
WEIGHTS = np.array([0.5, 0.5])
LARGE = """
import jax, numpy as np, warnings
warnings.simplefilter("ignore")
from sharpsim import LawOracle, TabularPolicy, algorithms
from sharpsim.classes import AllTabular
oracle = LawOracle(TabularPolicy.from_probs(np.array([[0.5, 0.3, 0.2]])), np.ones(1))
for name in ("sft", "best_of_n"):
    run = lambda key: getattr(algorithms, name)(oracle, AllTabular(1, 3), n=10**5, N=10**6, key=key)
    used = jax.jit(run)(jax.random.key(0)).samples_used
    assert used == 10**11 and type(used) is int, used
    policy, used, info = run(jax.random.key(0))
    assert used == 10**11
print("done")
"""


def test_1e11_samples_compile_without_64_bit_numbers():
    ran = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "done", ran.stderr


@pytest.mark.parametrize("name", ["sft", "best_of_n"])
def test_vmapped_over_seeds_the_cost_of_a_seed_stays_an_int(name):
    oracle = Oracle(BASE, WEIGHTS)
    result = eqx.filter_vmap(lambda key: getattr(algorithms, name)(oracle, AllTabular(2, 3), n=7, N=3, key=key))(
        jax.random.split(jax.random.key(0), 4)
    )
    assert result.samples_used == 21
    assert {np.shape(value)[0] for value in result.info.values()} == {4}


def test_a_traced_number_of_draws_has_a_traced_cost():
    """A sweep over N compiles once: the law oracle takes N as a number."""
    traces = []

    @jax.jit
    def run(key, N):
        traces.append(N)
        return algorithms.sft(LawOracle(BASE, WEIGHTS), AllTabular(2, 3), n=5, N=N, key=key).samples_used

    assert [int(run(jax.random.key(0), N)) for N in (1, 10, 1000)] == [5, 50, 5000]
    assert len(traces) == 1
    with pytest.raises(ValueError, match="`N` sets a shape"):
        jax.jit(lambda N: Oracle(BASE, WEIGHTS).best_of(5, N, key=jax.random.key(0)).cost)(3)


class Spy(Oracle):
    """An oracle that notes which of its methods are called."""

    calls: list = eqx.field(static=True)

    def __init__(self, base, weights, calls):
        super().__init__(base, weights)
        self.calls = calls

    def best_of(self, n, N, *, key):
        self.calls.append("best_of")
        return super().best_of(n, N, key=key)

    def best_until(self, n, *, stop, key):
        self.calls.append("best_until")
        return super().best_until(n, stop=stop, key=key)

    def draw(self, n, N, *, key):
        self.calls.append("draw")
        return super().draw(n, N, key=key)


@pytest.mark.parametrize(("name", "arguments"), [("best_of_n", {"N": 4}), ("sft", {"N": 4}), ("sft_adaptive", {"stop": 1.0})])
def test_all_samples_are_asked_for_in_one_counted_call(name, arguments):
    calls = []
    spy = Spy(BASE, WEIGHTS, calls)
    result = getattr(algorithms, name)(spy, AllTabular(2, 3), n=6, **arguments, key=jax.random.key(0))
    assert calls == ["best_until" if name == "sft_adaptive" else "best_of"]
    assert float(result.samples_used) >= 6


@pytest.mark.parametrize("module", ["_best_of_n", "_sft"])
def test_no_algorithm_reads_what_the_oracle_keeps(module):
    """The base, its table and its weights are the oracle's own: no algorithm names them."""
    source = inspect.getsource(importlib.import_module(f"sharpsim.algorithms.{module}"))
    assert not [name for name in ("_base", "_weights", "_running", "_sorted", "_reward") if f".{name}" in source]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("dpo", {"n": 5, "beta": 0.5}),
        ("xpo", {"T": 5, "beta": 0.5, "alpha": 0.1}),
        ("candidate_elimination", {"n": 5, "N": 2}),
        ("candidate_elimination_adaptive", {"n": 5, "remaining": 1}),
    ],
)
def test_a_class_for_other_prompts_or_responses_is_refused(name, arguments):
    """Indices beyond a table are clamped by JAX, silently: the shapes are compared first."""
    table = np.log([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    oracle = Oracle(TabularPolicy(table), np.array([0.5, 0.5]))
    narrow = np.log([[[0.5, 0.5], [0.4, 0.6]]])
    for wrong in (FiniteClass(table[None, :1]), FiniteClass(narrow), None):
        with pytest.raises(ValueError, match="`policy_class`"):
            getattr(algorithms, name)(oracle, wrong, **arguments, key=jax.random.key(0))


class Counter(Oracle):
    """An oracle that counts the responses it gives and the likelihoods it tells."""

    counted: list = eqx.field(static=True)

    def __init__(self, base, weights, counted):
        super().__init__(base, weights)
        self.counted = counted

    def draw(self, n, N, *, key):
        self.counted.append(n * N)
        return super().draw(n, N, key=key)

    def evaluate(self, prompts, responses):
        self.counted.append(len(prompts))
        return super().evaluate(prompts, responses)


@pytest.mark.parametrize(("members", "T", "judged"), [(2, 4, 2), (3, 2, 2)])
def test_xpo_counts_what_validation_draws_and_evaluates(members, T, judged):
    """Of each fresh prompt the base's response, with which it comes, and one response of each iterate judged: (judged + 1) validation."""
    tables = np.stack([np.asarray(BASE.log_probs), np.log([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]]), np.log(np.full((2, 3), 1 / 3))])
    used, counted = [], []
    with jax.disable_jit():
        for validation in (None, 7):
            counter = Counter(BASE, WEIGHTS, [])
            found = algorithms.xpo(
                counter, FiniteClass(tables[:members]), T=T, beta=0.5, alpha=0.1, validation=validation, key=jax.random.key(0)
            )
            used.append(found.samples_used)
            counted.append(sum(counter.counted))
    assert used == [2 * T, 2 * T + (judged + 1) * 7]
    assert counted[1] - counted[0] == used[1] - used[0]
