"""SFT-Sharpening on the sweep engine against the algorithms themselves, drawn literally."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from experiments.engine.frame import Context
from experiments.sft.trials import Setting, Trials, adaptive, fixed, trials
from sharpsim import Oracle, TabularPolicy, algorithms, laws, sharpness
from sharpsim.classes import AllTabular, ProductClass
from sharpsim.instances import hard_family, random_table, row_permutations

SEEDS = 4000


def setting(n: int, draws: float, *, stops: bool = False) -> Setting:
    base, weights = random_table(np.random.default_rng(5), prompts=3, responses=5, concentration=0.7)
    law = laws.stopping_kept(base, stop=draws) if stops else laws.best_of_n(base, base, draws=int(draws))
    return Setting(base, weights, law, row_permutations(np.random.default_rng(6), law, members=3), n, draws, 0.3, 0.0)


def wider(stops: bool) -> Setting:
    """Another cell of the sweep, so that the first is padded in every direction."""
    member = hard_family(hard_prompts=4, labels=6, hard_mass=0.5)
    law = laws.stopping_kept(member.log_probs, stop=2.0) if stops else member.log_probs
    return Setting(member.log_probs, member.prompt_weights, law, member.members(law[1])[:, :4], 70, 2.0, 0.4, 0.0)


def fast(replicate, at: Setting) -> Trials:
    context = Context(scale="test", quiet=True)
    cells = [at, wider(replicate is adaptive)]
    return next(trials(replicate, cells, [SEEDS, 10], key=jax.random.key(1), context=context, label="runs"))


def slow(at: Setting, *, stops: bool) -> Trials:
    """The algorithms on a literal oracle, over both classes with the same key, so on the same draws."""
    oracle = Oracle(TabularPolicy(jnp.asarray(at.log_base)), jnp.asarray(at.weights))

    def one(key):
        def run(policy_class):
            if stops:
                return algorithms.sft_adaptive(oracle, policy_class, n=at.n, stop=at.setting, key=key)
            return algorithms.sft(oracle, policy_class, n=at.n, N=int(at.setting), key=key)

        chosen, every = run(ProductClass(at.members)), run(AllTabular(*at.log_base.shape))
        lost = [
            sharpness.fails(sharpness.missing_mass(found.policy.log_probs, jnp.asarray(at.log_base)), delta=at.delta)
            for found in (chosen, every)
        ]
        weights = jnp.asarray(at.weights)
        distance = jnp.sum((jnp.exp(chosen.policy.log_probs / 2) - jnp.exp(at.target / 2)) ** 2, axis=-1)
        all_lost = lost[1] | (every.info["seen"] == 0)
        spent = jnp.asarray(chosen.samples_used, float)
        return Trials(jnp.where(lost[0], weights, 0).sum(), weights @ distance, jnp.where(all_lost, weights, 0).sum(), spent)

    return Trials(*map(np.asarray, jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(2), SEEDS))))


def chance(one: np.ndarray, other: np.ndarray) -> float:
    """The p-value of one law behind two samples of few values, by a chi-squared test on those seen ten times or more."""
    values, index = np.unique(np.round(np.concatenate([one, other]), 9), return_inverse=True, axis=0)
    table = np.array([np.bincount(half, minlength=len(values)) for half in np.split(index.reshape(-1), 2)])
    table = table[:, table.sum(axis=0) >= 10]
    return float(stats.chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0


def together(seen: Trials) -> np.ndarray:
    return np.stack([seen.failed, seen.all_failed], axis=1)


@pytest.mark.parametrize(("stops", "draws"), [(False, 3.0), (True, 0.9)])
def test_replicates_follow_the_algorithms(stops, draws):
    replicate = adaptive if stops else fixed
    at = setting(10, draws, stops=stops)
    seen, expected = fast(replicate, at), slow(at, stops=stops)
    assert chance(together(seen), together(expected)) >= 1e-6
    assert chance(seen.hellinger[:, None], expected.hellinger[:, None]) >= 1e-6
    # The sample sees two prompts fewer, and another setting.
    for other in (at._replace(n=8), at._replace(setting=draws * 2)):
        far = slow(other, stops=stops)
        assert min(chance(together(seen), together(far)), chance(seen.samples[:, None], far.samples[:, None])) < 1e-6
    if stops:
        assert stats.ks_2samp(seen.samples, expected.samples).pvalue >= 1e-6
    else:
        assert (seen.samples == 30).all()


def test_blocks_are_cut_at_n():
    """63, 64, 65 and 200 prompts are those many: each costs N."""
    context = Context(scale="test", quiet=True)
    cells = [setting(n, 3.0) for n in (63, 64, 65, 200)]
    found = trials(fixed, cells, [5] * 4, key=jax.random.key(1), context=context, label="runs")
    for n, seen in zip((63, 64, 65, 200), found, strict=True):
        assert (seen.samples == 3.0 * n).all()


def test_padding_is_not_seen():
    """A cell by itself and beside wider ones: prompts, responses and members that are not there never occur."""
    at = setting(10, 3.0)
    context = Context(scale="test", quiet=True)
    alone = next(trials(fixed, [at], [SEEDS], key=jax.random.key(1), context=context, label="runs"))
    beside = fast(fixed, at)
    assert chance(together(alone), together(beside)) >= 1e-6
    possible = [at.weights @ lost for lost in np.ndindex(2, 2, 2)]
    assert np.isin(np.round(beside.failed, 9), np.round(possible, 9)).all()
