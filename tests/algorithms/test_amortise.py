"""Sharpening of networks: on laws that can be listed, tuning ends where the theory says; draws, costs and refusals."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import Oracle
from sharpsim.algorithms import dpo, dpo_sharpen, sft, sft_sharpen
from sharpsim.algorithms._amortise import tilted_weights
from sharpsim.algorithms._likeliest_draw import best_responses
from sharpsim.decoding import Samples, sample_many
from sharpsim.laws import best_of_n, tilted
from sharpsim.policies import tabulate
from sharpsim.testing import binomial_interval
from sharpsim.training import NeuralClass, Schedule
from sharpsim.training._minimise import mean_over
from sharpsim.training._neural_class import Comparisons, squared_residual
from tests.tiny import FREE, Free, pairs, transformer

SCHEDULE = Schedule(steps=400, batch=128, learning_rate=0.05, warmup=0, weight_decay=0.0, clip=10.0, evaluate_every=100, patience=9)
SHORT = dataclasses.replace(SCHEDULE, steps=2, batch=4, evaluate_every=1)


PROMPTS = np.tile(np.arange(2), 700)


def table(policy) -> np.ndarray:
    return tabulate(policy, np.arange(2))[1]


BASE = table(FREE)
MODES = BASE.argmax(axis=1)


def test_sft_ends_at_the_law_of_best_of_n():
    """All laws are in the class, so the maximum-likelihood law is that of the kept responses, itself a sample of pi_N."""
    N, key = 6, jax.random.key(0)
    tuned, used, info = sft_sharpen(FREE, PROMPTS, N=N, schedule=SCHEDULE, held_out=100, key=key)
    assert used == len(PROMPTS) * N
    assert not info["exact"]
    assert info["step"].tolist() == [0, 100, 200, 300, 400]
    exact, found = np.exp(best_of_n(BASE, BASE, draws=N)), np.exp(table(tuned))
    for row in range(2):
        mass = exact[row, MODES[row]]
        low, high = binomial_interval(round(650 * mass), 650, level=1 - 1e-6)
        # Training stops near the optimum, not at it: two hundredths on top of what chance allows.
        assert low - 0.02 < found[row, MODES[row]] < high + 0.02
        assert found[row, MODES[row]] > np.exp(BASE[row, MODES[row]]) + 0.1
    kept = best_responses(sample_many(FREE, PROMPTS, draws=N, key=jax.random.split(key)[0]))
    for row in range(2):
        mine = kept[:1300][PROMPTS[:1300] == row]
        empirical = np.bincount(mine[:, 0] * 3 + mine[:, 1], minlength=9) / len(mine)
        assert np.abs(empirical - found[row]).sum() / 2 < 0.04


def test_many_draws_move_all_mass_to_the_mode():
    tuned = sft_sharpen(FREE, PROMPTS, N=200, schedule=SCHEDULE, held_out=100, key=jax.random.key(1)).policy
    assert (np.exp(table(tuned))[np.arange(2), MODES] > 0.97).all()


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_dpo_ends_at_the_tilted_law(beta):
    """The self-reward has no noise: the tilted law is the one of loss 0. Responses that base hardly draws are hardly compared."""
    tuned, used, info = dpo_sharpen(FREE, PROMPTS, beta=beta, N=20, schedule=SCHEDULE, held_out=20, key=jax.random.key(2))
    assert used == len(PROMPTS) * 20
    wanted = tilted(BASE, BASE, beta=beta)
    np.testing.assert_allclose(np.exp(table(tuned)), np.exp(wanted), atol=0.01)
    assert np.abs(np.exp(wanted) - np.exp(BASE)).max() > 0.05
    assert info["held_out_loss"].min() < 0.01 * info["held_out_loss"][0]


def test_the_loss_is_the_papers():
    """( beta log(pi/base)(y) - beta log(pi/base)(y') - log base(y) + log base(y') )^2, which the targets carry base's part of."""
    policy, beta = Free(FREE.logits * 1.7), 0.3
    mine = table(policy)
    first, second = np.array([2, 0]), np.array([1, 1])
    gap = BASE[1, 2 * 3] - BASE[1, 4]
    wanted = (beta * (mine[1, 6] - BASE[1, 6]) - beta * (mine[1, 4] - BASE[1, 4]) - gap) ** 2
    for weights in ([0.0, 0.0], [0.7, 0.2]):
        total, weight = squared_residual(beta)(policy, Comparisons(1, first, second, (1 + beta) * gap, np.array(weights)))
        assert float(total) == pytest.approx(wanted - weights[0] * mine[1, 6] - weights[1] * mine[1, 4], rel=1e-9)
        assert float(weight) == 1


def test_tilted_weights_by_hand():
    """beta = 1/2: squares of the probabilities, here 1, 4 and 16 hundredths; any number of nats below zero."""
    draws = np.log([[0.1, 0.2, 0.4], [0.5, 0.5, 0.5]])
    for shift in (0.0, -2000.0):
        np.testing.assert_allclose(tilted_weights(draws + shift, beta=0.5), [[1 / 21, 4 / 21, 16 / 21], [1 / 3] * 3], rtol=1e-11)


SIXTEEN = Free(jnp.log(jnp.broadcast_to(jnp.array([0.5, 0.25, 0.25]), (1, 4, 3))))
"""Probabilities are multiples of 1/16, so that 16 draws in which each response has its expected count are base itself."""
DRAWS = np.array([[a, b] for a in (0, 0, 1, 2) for b in (0, 0, 1, 2)])


def population_gradient(beta: float, weights: np.ndarray, policy: Free) -> np.ndarray:
    """Of `dpo_sharpen`'s objective at likelihood weight 2 over all pairs of independent draws of base; `weights` sum to 1 over `DRAWS`."""
    scores = tabulate(SIXTEEN, np.zeros(1, int))[1][0, DRAWS[:, 0] * 3 + DRAWS[:, 1]]
    first, second = (axis.ravel() for axis in np.indices((16, 16)))
    likelihoods = 2 * 16 / 2 * np.stack([weights[first], weights[second]], axis=1)
    gaps = (1 + beta) * (scores[first] - scores[second])
    pairs = Comparisons(np.zeros(256, int), DRAWS[first], DRAWS[second], gaps, likelihoods)
    return np.asarray(jax.grad(lambda policy: mean_over(squared_residual(beta), policy, pairs))(policy).logits)


@pytest.mark.parametrize("beta", [0.4, 2.0])
def test_the_tilted_law_is_stationary_in_the_population(beta):
    """Both terms have it as their minimiser. Weights of another tilt, or of the best draw alone, move it; and so does base's own law."""
    scores = tabulate(SIXTEEN, np.zeros(1, int))[1][0, DRAWS[:, 0] * 3 + DRAWS[:, 1]]
    target = Free((1 + 1 / beta) * SIXTEEN.logits)
    np.testing.assert_allclose(tabulate(target, np.zeros(1, int))[1], tilted(*[tabulate(SIXTEEN, np.zeros(1, int))[1]] * 2, beta=beta))
    right = tilted_weights(scores[None], beta=beta)[0]
    assert np.abs(population_gradient(beta, right, target)).max() < 1e-12
    assert np.abs(population_gradient(beta, right, SIXTEEN)).max() > 0.1
    for wrong in (tilted_weights(scores[None] * (1 + beta), beta=beta)[0], np.eye(16)[0], np.full(16, 1 / 16)):
        assert np.abs(population_gradient(beta, wrong, target)).max() > 0.02


def test_the_likelihood_term_alone_ends_at_the_weighted_draws():
    """With a weight so large that the pairs hardly count, each prompt's law is the mean of its self-normalised draws."""
    N, beta, key = 4, 0.3, jax.random.key(3)
    run = {"beta": beta, "N": N, "schedule": SCHEDULE, "held_out": 100, "key": key}
    tuned, used, _ = dpo_sharpen(FREE, PROMPTS, likelihood_weight=1e4, **run)
    assert used == len(PROMPTS) * N
    drawn = sample_many(FREE, PROMPTS, draws=N, key=jax.random.split(key)[0])
    codes, weights = drawn.responses[:1300, :, 0] * 3 + drawn.responses[:1300, :, 1], tilted_weights(drawn.log_probs[:1300], beta=beta)
    for row in range(2):
        mine = PROMPTS[:1300] == row
        wanted = np.bincount(codes[mine].ravel(), weights[mine].ravel(), minlength=9) / mine.sum()
        plain = np.bincount(codes[mine].ravel(), minlength=9) / mine.sum() / N
        found = np.exp(table(tuned)[row])
        assert np.abs(wanted - found).sum() / 2 < 0.03
        # Unweighted draws, and the tilted law that N = 4 is too few for, are both farther than that.
        assert np.abs(plain - found).sum() / 2 > 0.15
        assert np.abs(np.exp(tilted(BASE, BASE, beta=beta)[row]) - found).sum() / 2 > 0.05


def test_the_likelihood_term_keeps_mass_from_what_no_pair_compares():
    """Two of nine responses are compared. Their ratio is fitted with and without; with it alone, the other seven lose their mass."""
    members = NeuralClass(FREE, np.arange(2), dataclasses.replace(SCHEDULE, batch=4), 1)
    two = np.array([[0, 0], [1, 1]])
    gap, rows = BASE[0, 0] - BASE[0, 4], np.zeros(8, int)
    given = (rows, np.tile(two[:1], (8, 1)), np.tile(two[1:], (8, 1)), np.full(8, (1 + 0.5) * gap))
    weights = np.tile(tilted_weights(BASE[:1, [0, 4]], beta=0.5 / 1.5), (8, 1))
    mass = []
    for likelihoods in (None, weights):
        law = table(members.least_squares(*given, beta=0.5, key=jax.random.key(0), likelihoods=likelihoods).policy)[0]
        assert law[0] - law[4] == pytest.approx(3 * gap, abs=0.05)
        mass.append(np.exp(law[[0, 4]]).sum())
    assert mass[0] < 0.9
    assert mass[1] > 0.95


def test_the_likeliest_draw_is_kept_and_the_first_of_equals():
    drawn = Samples(np.arange(12).reshape(2, 3, 2).astype(np.int32), np.array([[-2.0, -1.0, -1.0], [-0.5, -3.0, -4.0]]))
    assert best_responses(drawn).tolist() == [[2, 3], [6, 7]]


def test_smaller_n_uses_the_first_draws():
    key = jax.random.split(jax.random.key(5))[0]
    many, few = (sample_many(FREE, PROMPTS[:6], draws=N, key=key) for N in (8, 3))
    np.testing.assert_array_equal(many.responses[:, :3], few.responses)


def test_the_class_learns_from_an_oracle():
    """`sft` and `dpo` take the class as they take any other: prompts drawn, counted costs; the given number is returned, the best."""
    oracle, seen = Oracle(FREE, np.full(2, 0.5), prompts=np.arange(2)), []
    members = NeuralClass(FREE, np.arange(2), SHORT, 3, lambda step, policy: seen.append((step, policy)))
    result = sft(oracle, members, n=12, N=3, key=jax.random.key(0))
    assert result.samples_used == 36
    assert [step for step, _ in seen] == [0, 1, 2]
    assert not result.info["exact"]
    assert (seen[1][1].logits != FREE.logits).any()
    best = dict(seen)[int(result.info["best_step"])]
    np.testing.assert_array_equal(result.policy.logits, best.logits)
    assert dpo(oracle, members, n=12, beta=0.5, key=jax.random.key(0)).samples_used == 24
    assert members.log_size == np.inf
    assert members.shape == (2, None)


def test_prompt_numbers_stand_for_prompts():
    """Number 1 is the second entry of `prompts`, here prompt 0; the last `held_out` pairs are the ones held out."""
    members = NeuralClass(FREE, np.array([1, 0]), dataclasses.replace(SHORT, batch=2), 1)
    responses = np.array([[0, 1], [2, 2], [1, 0]])
    for last in (0, 1):
        info = members.maximum_likelihood(np.array([0, 1, last]), responses, key=jax.random.key(0)).info
        assert float(info["held_out_loss"][0]) == pytest.approx(-BASE[1 - last, 3] / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"N": 0}, "`N` must be"),
        ({"held_out": 0}, "`held_out` must be"),
        ({"held_out": 6}, "`prompts` must hold more examples than `held_out`, 6; got 6"),
    ],
)
def test_sft_refuses(change, message):
    given = {"prompts": PROMPTS[:6], "N": 2, "held_out": 1, "schedule": SHORT, "key": jax.random.key(0)} | change
    with pytest.raises(ValueError, match=message):
        sft_sharpen(FREE, given.pop("prompts"), **given)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"N": 3}, "`N` must be even, for disjoint pairs, and at least 2; got 3"),
        ({"N": 1}, "`N`"),
        ({"beta": 0.0}, "`beta` must be positive"),
        ({"likelihood_weight": -1.0}, "`likelihood_weight` must be non-negative and finite, at most 1e15; got -1.0"),
        ({"likelihood_weight": np.nan}, "`likelihood_weight` must be"),
        ({"likelihood_weight": np.inf}, "`likelihood_weight` must be"),
    ],
)
def test_dpo_refuses(change, message):
    given = {"beta": 0.5, "N": 2, "held_out": 1, "schedule": SHORT, "key": jax.random.key(0)} | change
    with pytest.raises(ValueError, match=message):
        dpo_sharpen(FREE, PROMPTS[:6], **given)


def test_what_is_held_out_is_not_trained_on():
    trained, kept = NeuralClass(FREE, np.arange(2), SHORT, 2)._split(Comparisons(*(np.arange(5) + 10 * k for k in range(5))))
    assert [part.tolist() for part in trained] == [[10 * k, 10 * k + 1, 10 * k + 2] for k in range(5)]
    assert [part.tolist() for part in kept] == [[10 * k + 3, 10 * k + 4] for k in range(5)]


def test_foreign_prompts_and_responses_are_refused():
    members = NeuralClass(transformer(0), pairs(0)[0][:6], SHORT, 1)
    good = np.zeros((6, 4), int)
    with pytest.raises(ValueError, match=r"tokens in 0..3"):
        members.least_squares(np.arange(6), good, good + 7, np.zeros(6), beta=1.0, key=jax.random.key(0))
    for wrong, message in (
        (np.zeros(6), r"`likelihoods` must have shape \(6, 2\)"),
        (np.full((6, 2), -1.0), "`likelihoods` must be at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            members.least_squares(np.arange(6), good, good, np.zeros(6), beta=1.0, key=jax.random.key(0), likelihoods=wrong)
    with pytest.raises(ValueError, match="`prompts` must hold tokens"):
        NeuralClass(transformer(0), np.full((6, 3), 9), SHORT, 1)
