"""Where a fit starts: at the temperature of least held-out loss; a policy at a temperature is that of TemperedPolicy."""

import jax
import numpy as np
import pytest

from sharpsim.decoding import TemperedPolicy
from sharpsim.policies import GRUPolicy, NGramPolicy, TransformerPolicy
from sharpsim.training import NeuralClass, Schedule

SIZES = {"vocabulary_size": 5, "horizon": 3, "prompt_length": 2, "prompt_vocabulary_size": None, "end_token": 0}
POLICIES = (
    TransformerPolicy(**SIZES, layers=1, width=8, heads=2, key=jax.random.key(0)),
    GRUPolicy(**SIZES, width=4, hidden=6, key=jax.random.key(0)),
)
PROMPTS = np.array([[1, 2], [3, 4]])
SCHEDULE = Schedule(steps=2, batch=4, learning_rate=1e-9, warmup=0, weight_decay=0.0, clip=1.0, evaluate_every=1, patience=5)


@pytest.mark.parametrize("policy", POLICIES, ids=["transformer", "gru"])
@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_at_a_temperature(policy, temperature):
    made, wanted = policy.at_temperature(temperature), TemperedPolicy(policy, temperature=temperature)
    for response in ([2, 3, 0], [1, 1, 4], [0, 0, 0]):
        np.testing.assert_allclose(made.log_prob(PROMPTS[0], response), wanted.log_prob(PROMPTS[0], response), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="`temperature`"):
        policy.at_temperature(0.0)


@pytest.mark.parametrize("policy", POLICIES, ids=["transformer", "gru"])
def test_the_start_is_the_temperature_of_least_held_out_loss(policy):
    """On the policy's own likeliest responses colder is better, on its unlikeliest hotter; a rate of nearly 0 stays there."""
    responses = np.array([[a, b, 0] for a in range(1, 5) for b in range(1, 5)])
    values = np.array([float(policy.log_prob(PROMPTS[0], response)) for response in responses])
    temperatures = (0.2, 1.0, 5.0)
    for response, best in ((responses[values.argmax()], 0.2), (responses[values.argmin()], 5.0)):
        fitted = NeuralClass(policy, PROMPTS, SCHEDULE, 2, None, None, temperatures)
        found = fitted.maximum_likelihood(np.zeros(8, int), np.tile(response, (8, 1)), key=jax.random.key(0))
        wanted = policy.at_temperature(best).log_prob(PROMPTS[0], response)
        np.testing.assert_allclose(found.policy.log_prob(PROMPTS[0], response), wanted, rtol=1e-3)
        assert found.info["held_out_loss"][0] == pytest.approx(-float(wanted) / 3, rel=1e-4)


@pytest.mark.parametrize("temperatures", [(), (0.0,), (1.0, -1.0)])
def test_temperatures_are_positive(temperatures):
    with pytest.raises(ValueError, match="`temperatures`"):
        NeuralClass(POLICIES[0], PROMPTS, SCHEDULE, 2, None, None, temperatures)


def test_a_policy_without_a_last_layer_has_no_temperature():
    policy = NGramPolicy.from_pairs(PROMPTS, np.array([[2, 3, 0], [4, 0, 0]]), order=1, strength=1.0, vocabulary_size=5, end_token=0)
    with pytest.raises(ValueError, match=r"last layer.*NGramPolicy"):
        policy.at_temperature(0.5)
