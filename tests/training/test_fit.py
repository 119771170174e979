"""Training: a tiny model learns a toy task, the same key gives the same model, the loss is the mean over tokens, bad input is refused."""

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.decoding import greedy
from sharpsim.policies import GRUPolicy, TransformerPolicy
from sharpsim.training import LowRankPolicy, Pairs, Schedule, TrainingDiverged, fit, mean_loss, minimise, negative_log_likelihood
from sharpsim.training._minimise import _at_once, gradient_of

SIZES = {"vocabulary_size": 5, "horizon": 4, "prompt_length": 3, "end_token": 4}
SCHEDULE = Schedule(steps=200, batch=32, learning_rate=1e-2, warmup=20, weight_decay=0.01, clip=1.0, evaluate_every=100, patience=5)


def reversals(n: int, seed: int) -> Pairs:
    """Words of 1 to 3 letters among 4, and the same backwards."""
    rng = np.random.default_rng(seed)
    prompts, responses = np.full((n, 3), -1), np.full((n, 4), 4)
    for row, length in enumerate(rng.integers(1, 4, n)):
        prompts[row, :length] = rng.integers(0, 4, length)
        responses[row, :length] = prompts[row, :length][::-1]
    return Pairs(prompts, responses)


TRAIN, HELD_OUT = reversals(400, 0), reversals(100, 1)


@functools.cache
def tiny(kind: str):
    if kind == "gru":
        return eqx.filter_jit(GRUPolicy)(**SIZES, width=8, hidden=32, key=jax.random.key(0, impl="philox2x32"))
    return eqx.filter_jit(TransformerPolicy)(**SIZES, layers=2, width=32, heads=2, key=jax.random.key(0, impl="philox2x32"))


@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_a_tiny_model_learns_to_reverse(kind):
    """Held-out loss from that of uniform tokens, log 5, to below 0.1 nats a token; nine greedy answers in ten are right."""
    watched = []
    trained, log = fit(
        tiny(kind), TRAIN, held_out=HELD_OUT, schedule=SCHEDULE, key=jax.random.key(1), watch=lambda step, policy: watched.append(step)
    )
    assert log.held_out_loss[0] > 0.9 * np.log(5)
    assert log.held_out_loss.min() < 0.1
    answers = np.asarray(jax.jit(jax.vmap(lambda prompt: greedy(trained, prompt)))(HELD_OUT.prompts))
    assert (answers == HELD_OUT.responses).all(axis=1).mean() > 0.9
    assert watched == log.step.tolist() == [0, 100, 200]
    assert mean_loss(trained, HELD_OUT, batch=64) == pytest.approx(log.held_out_loss.min(), abs=1e-5)


def weighted_by_itself(policy, pair):
    """A loss whose weights depend on the policy too."""
    total, _ = negative_log_likelihood(policy, pair)
    return total, 1 + jnp.exp(-total / 4)


def in_float64(policy, pair):
    """A loss of more digits than the parameters have."""
    total, weight = negative_log_likelihood(policy, pair)
    return total.astype(float) * np.pi, weight


@pytest.mark.parametrize("loss", [negative_log_likelihood, weighted_by_itself, in_float64])
def test_gradients_of_a_few_examples_at_a_time_add_up_to_that_of_the_batch(loss):
    parameters, rest = eqx.partition(tiny("transformer"), eqx.is_inexact_array)
    examples = Pairs(*(jnp.asarray(part[:24]) for part in TRAIN))
    (value, gradient), (mean, summed) = (jax.jit(lambda p, k=k: gradient_of(loss, p, rest, examples, k))(parameters) for k in (24, 4))
    assert float(mean) == pytest.approx(float(value), rel=1e-5)
    largest = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient))
    for whole, parts in zip(jax.tree.leaves(gradient), jax.tree.leaves(summed), strict=True):
        assert parts.dtype == whole.dtype
        np.testing.assert_allclose(parts, whole, atol=1e-5 * largest)


def test_a_batch_is_divided_where_the_policy_asks_for_it_and_it_can_be():
    policy = tiny("transformer")
    assert [_at_once(policy, batch) for batch in (64, 12, 10, 7, 11, 13)] == [8, 6, 5, 7, 11, 13]
    assert _at_once(LowRankPolicy(policy, 2, key=jax.random.key(0)), 64) == 8
    assert _at_once(tiny("gru"), 64) == _at_once({"w": jnp.zeros(2)}, 64) == 64


def test_the_same_key_gives_the_same_policy():
    schedule = dataclasses.replace(SCHEDULE, steps=30, warmup=0, evaluate_every=20)
    first, again, other = (
        fit(tiny("gru"), TRAIN, held_out=HELD_OUT, schedule=schedule, key=jax.random.key(seed)).policy for seed in (1, 1, 2)
    )
    for leaf, same in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(leaf, same)
    assert any((leaf != changed).any() for leaf, changed in zip(jax.tree.leaves(first), jax.tree.leaves(other), strict=True))


@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_the_loss_is_the_mean_over_tokens(kind):
    """Padding is in neither sum, and so is what stands in a response after its end."""
    policy = tiny(kind)
    scores = jax.jit(jax.vmap(lambda x, y: policy.log_prob(x, y)))(*HELD_OUT)
    wanted = -float(scores.sum()) / policy.lengths(HELD_OUT.responses).sum()
    responses = HELD_OUT.responses.copy()
    responses[policy._ended_before(responses, np)] = 77
    for batch in (7, 128):
        assert mean_loss(policy, HELD_OUT, batch=batch) == pytest.approx(wanted, rel=1e-5)
        assert mean_loss(policy, Pairs(HELD_OUT.prompts, responses), batch=batch) == pytest.approx(wanted, rel=1e-5)


class Line(eqx.Module):
    slope: jax.Array


def squares(line: Line, example):
    x, y = example
    return (line.slope[0, 0] * x - y) ** 2, jnp.ones(())


def test_early_stopping_keeps_the_best():
    """Training pulls the slope to 2, the held-out optimum is passed at 1: its evaluation is kept, and patience ends it."""
    x = np.linspace(0.5, 1.5, 64)
    schedule = Schedule(steps=400, batch=64, learning_rate=0.01, warmup=0, weight_decay=0.0, clip=10.0, evaluate_every=10, patience=3)
    line, log = minimise(Line(jnp.zeros((1, 1))), (x, 2 * x), loss=squares, held_out=(x, x), schedule=schedule, key=jax.random.key(0))
    assert log.stopped_early
    assert log.best_step == log.step[-1 - 3]
    assert float(line.slope[0, 0]) == pytest.approx(1, abs=0.1)
    assert log.held_out_loss[-1] > log.held_out_loss.min()
    assert np.isnan(log.training_loss[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "`steps`"),
        ({"batch": 0}, "`batch`"),
        ({"warmup": -1}, "`warmup`"),
        ({"warmup": 200}, "`warmup` must be less than `steps`, 200; got 200"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive and finite"),
        ({"clip": np.inf}, "`clip`"),
        ({"weight_decay": -0.1}, "`weight_decay`"),
        ({"patience": 0}, "`patience`"),
        ({"evaluate_every": 0}, "`evaluate_every`"),
    ],
)
def test_schedules_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SCHEDULE, **change)


def test_data_is_refused():
    policy, key = tiny("gru"), jax.random.key(0)
    good = {"held_out": HELD_OUT, "schedule": SCHEDULE, "key": key}
    with pytest.raises(ValueError, match="`pairs` must hold as many prompts as responses"):
        fit(policy, Pairs(TRAIN.prompts[:3], TRAIN.responses), **good)
    with pytest.raises(ValueError, match="made by `encode`"):
        fit(policy, Pairs(TRAIN.prompts[:, :2], TRAIN.responses), **good)
    with pytest.raises(ValueError, match=r"tokens in 0..4; got \[5, 0, 0, 0\]"):
        fit(policy, Pairs(TRAIN.prompts[:2], np.array([[4, 9, 9, 9], [5, 0, 0, 0]])), **good)
    with pytest.raises(ValueError, match="`held_out` must hold"):
        fit(policy, TRAIN, held_out=Pairs(TRAIN.prompts[:0], TRAIN.responses[:0]), schedule=SCHEDULE, key=key)
    with pytest.raises(ValueError, match="`batch` must be at most the number of examples, 10"):
        fit(policy, Pairs(TRAIN.prompts[:10], TRAIN.responses[:10]), **good)
    broken = eqx.tree_at(lambda p: p.out, policy, policy.out * np.nan)
    with pytest.raises(ValueError, match="finite parameters; got NaN or infinity in out"):
        fit(broken, TRAIN, **good)


def test_divergence_is_said():
    x = np.ones(4)
    schedule = Schedule(steps=2, batch=4, learning_rate=1e200, warmup=0, weight_decay=0.0, clip=1.0, evaluate_every=1, patience=3)
    with pytest.raises(TrainingDiverged, match="not finite after"):
        minimise(Line(jnp.zeros((1, 1))), (x, x), loss=squares, held_out=(x, x), schedule=schedule, key=jax.random.key(0))
