"""One suite over every algorithm: eager, jitted and vmapped agree; samples are counted; the base is seen through the oracle only."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import LawOracle, Oracle, TabularPolicy, algorithms, laws
from sharpsim.classes import AllTabular, FiniteClass, LinearSoftmaxBall, ProductClass
from sharpsim.instances import random_table, row_permutations

BASE, WEIGHTS = random_table(np.random.default_rng(5), prompts=4, responses=6, concentration=0.7)
MEMBERS = row_permutations(np.random.default_rng(6), laws.best_of_n(BASE, BASE, draws=8), members=5)
CLASSES = {
    "finite": FiniteClass(np.swapaxes(MEMBERS, 0, 1)),
    "product": ProductClass(MEMBERS),
    "all tables": AllTabular(4, 6),
    "linear ball": LinearSoftmaxBall(np.random.default_rng(7).normal(size=(4, 6, 3)), 2.0),
}
# An iterative fit ends within its own tolerance of the optimum, wherever rounding leads it; XPO's search rests at steps of 1e-8 radius.
LOOSE = {"linear ball": 1e-9, ("xpo", "linear ball"): 1e-7}
# A new algorithm is one line here: its name and the arguments of one run over 50 prompts.
ALGORITHMS = {
    "best_of_n": {"n": 50, "N": 8},
    "candidate_elimination": {"n": 50, "N": 8},
    "candidate_elimination_adaptive": {"n": 50, "remaining": 1.5},
    "dpo": {"n": 50, "beta": 0.3},
    "sft": {"n": 50, "N": 8},
    "sft_adaptive": {"n": 50, "stop": 1.5},
    "xpo": {"T": 50, "beta": 0.3, "alpha": 0.01},
}
# All tables leave XPO's objective without a minimiser: a response never compared may have as little mass as one likes.
# A ball of parameters has no list of candidates to eliminate.
REFUSED = {("xpo", "all tables"), ("candidate_elimination", "linear ball"), ("candidate_elimination_adaptive", "linear ball")}
# These train networks on prompts given: no oracle, no jit. Their tests are test_amortise.py.
OF_NETWORKS = {"sft_sharpen", "dpo_sharpen"}
every = pytest.mark.parametrize("name", ALGORITHMS)
TABULAR = ("finite", "product", "all tables")
of_oracles = pytest.mark.parametrize("oracle_kind", [Oracle, LawOracle])


def test_every_algorithm_is_here():
    public = {name for name in algorithms.__all__ if name.islower()}
    assert public == set(ALGORITHMS) | OF_NETWORKS


def counted(name):
    """What the algorithm calls the number of its rounds."""
    return next(argument for argument in ("n", "T") if argument in ALGORITHMS[name])


def arrays(result):
    return jax.tree.leaves(eqx.filter((result.policy, result.info), eqx.is_array))


@every
@pytest.mark.parametrize(("kind", "oracle_kind"), [(kind, Oracle) for kind in CLASSES] + [(kind, LawOracle) for kind in TABULAR])
def test_eager_jitted_and_vmapped_agree(name, kind, oracle_kind):
    oracle = oracle_kind(TabularPolicy(BASE), WEIGHTS)
    if (name, kind) in REFUSED:
        with pytest.raises(ValueError, match="`policy_class`"):
            getattr(algorithms, name)(oracle, CLASSES[kind], **ALGORITHMS[name], key=jax.random.key(3))
        return

    def run(key):
        return getattr(algorithms, name)(oracle, CLASSES[kind], **ALGORITHMS[name], key=key)

    keys = jax.random.split(jax.random.key(3), 3)
    jitted = eqx.filter_jit(run)

    def told(key):
        result = run(key)
        return result.info, jnp.asarray(result.samples_used)

    # Compiled: operation by operation it would be hundreds of programs, with the same batching rules.
    many = eqx.filter_jit(eqx.filter_vmap(told))(keys)
    for i in range(3):
        eager, compiled = run(keys[i]), jitted(keys[i])
        for a, b in zip(arrays(eager), arrays(compiled), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=LOOSE.get((name, kind), LOOSE.get(kind, 0.0)))
        for field, values in eager.info.items():
            np.testing.assert_allclose(values, many[0][field][i], rtol=1e-12, atol=LOOSE.get((name, kind), LOOSE.get(kind, 0.0)))
        assert float(eager.samples_used) == float(many[1][i]) == float(compiled.samples_used)


@every
@of_oracles
def test_samples_are_counted(name, oracle_kind):
    arguments = ALGORITHMS[name]
    result = getattr(algorithms, name)(oracle_kind(TabularPolicy(BASE), WEIGHTS), CLASSES["product"], **arguments, key=jax.random.key(0))
    if not {"stop", "remaining"} & set(arguments):
        assert type(result.samples_used) is int
        assert result.samples_used == arguments[counted(name)] * arguments.get("N", 2)
    else:
        assert float(result.samples_used) == float(jnp.sum(result.info["draws"])) > 0
    response = result.policy.sample(jnp.int32(0), key=jax.random.key(1))
    assert 0 <= int(response) < 6


@every
def test_base_is_seen_through_the_oracle_only(name):
    """An oracle that hands out other samples than its base's is believed."""
    liar = LawOracle(TabularPolicy(BASE[:, ::-1].copy()), WEIGHTS)
    policy_class = CLASSES["all tables"]
    if (name, "all tables") in REFUSED:
        policy_class = FiniteClass(np.stack([laws.tilted(table, table, beta=0.3) for table in (BASE, BASE[:, ::-1].copy())]))
    result = getattr(algorithms, name)(liar, policy_class, **{**ALGORITHMS[name], counted(name): 400}, key=jax.random.key(0))
    if name != "best_of_n":
        learned = np.argmax(np.asarray(result.policy.log_probs), axis=1)
        assert (learned == np.argmax(BASE[:, ::-1], axis=1)).all()


@every
def test_results_are_immutable_and_refuse_nonsense(name):
    oracle = LawOracle(TabularPolicy(BASE), WEIGHTS)
    algorithm = getattr(algorithms, name)
    count = counted(name)
    with pytest.raises(ValueError, match=f"`{count}`"):
        algorithm(oracle, CLASSES["product"], **{**ALGORITHMS[name], count: 0}, key=jax.random.key(0))
    other = next(argument for argument in ALGORITHMS[name] if argument != count)
    with pytest.raises(ValueError, match=f"`{other}`"):
        algorithm(oracle, CLASSES["product"], **{**ALGORITHMS[name], other: 0}, key=jax.random.key(0))
    result = algorithm(oracle, CLASSES["product"], **ALGORITHMS[name], key=jax.random.key(0))
    with pytest.raises(AttributeError):
        result.policy.anything = 1


def test_maximum_likelihood_is_exact():
    """Against enumeration of the product class's 5^2 members on two prompts, and against the finite class."""
    rng = np.random.default_rng(0)
    members = MEMBERS[:2]
    for trial in range(20):
        prompts, responses = rng.integers(0, 2, 9), rng.integers(0, 6, 9)
        fit = ProductClass(members).maximum_likelihood(jnp.asarray(prompts), jnp.asarray(responses), key=jax.random.key(trial))
        got = np.asarray(fit.policy.log_probs)[prompts, responses].sum()
        best = max(np.stack([members[0, a], members[1, b]])[prompts, responses].sum() for a in range(5) for b in range(5))
        assert got == pytest.approx(best, rel=1e-12)
        finite = FiniteClass(np.swapaxes(members, 0, 1))
        fit = finite.maximum_likelihood(jnp.asarray(prompts), jnp.asarray(responses), key=jax.random.key(trial))
        scores = members[prompts, :, responses].sum(axis=0)
        assert float(fit.info["log_likelihood"]) == pytest.approx(scores.max(), rel=1e-12)


def test_ties_are_broken_uniformly():
    """A prompt without data gets each of 5 members equally often: Hoeffding at false-alarm rate 1e-6."""
    keys = jax.random.split(jax.random.key(0), 5000)
    data = (jnp.array([0]), jnp.array([0]))
    fit = jax.jit(jax.vmap(lambda key: ProductClass(MEMBERS).maximum_likelihood(*data, key=key).info["members"]))(keys)
    share = np.bincount(np.asarray(fit)[:, 3], minlength=5) / 5000
    assert np.abs(share - 0.2).max() < np.sqrt(np.log(1e7) / 10_000)


def test_classes_refuse():
    with pytest.raises(ValueError, match="`log_probs`"):
        FiniteClass(np.zeros((0, 2, 3)))
    with pytest.raises(ValueError, match="`log_probs`"):
        ProductClass(np.full((1, 1, 3), np.nan))
    with pytest.raises(ValueError, match="`responses`"):
        ProductClass(MEMBERS).maximum_likelihood(jnp.array([0, 1]), jnp.array([0]), key=jax.random.key(0))
    with pytest.raises(ValueError, match="`prompts`"):
        ProductClass(MEMBERS).maximum_likelihood(jnp.array([9]), jnp.array([0]), key=jax.random.key(0))
    with pytest.raises(ValueError, match="`reference`"):
        AllTabular(2, 2, reference=TabularPolicy(BASE))
    with pytest.raises(ValueError, match="`prompts`"):
        AllTabular(0, 2)
    assert ProductClass(MEMBERS).log_size == pytest.approx(4 * np.log(5))
    assert FiniteClass(np.swapaxes(MEMBERS, 0, 1)).log_size == pytest.approx(np.log(5))
