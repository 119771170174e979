"""Nonsense never gets past the door: public functions refuse wrong arguments by name and in time, and never answer them with NaN."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import LawOracle, Oracle, TabularPolicy, classes, instances, laws
from sharpsim._arguments import KINDS, UNIT, checked, count
from sharpsim.decoding import TemperedPolicy
from sharpsim.theory import inference, separation, sft
from tests.abuse.surface import surface
from tests.abuse.valid import TABLE, WEIGHTS, valid
from tests.abuse.walk import GOOD, PACKAGES, outcomes


def wrong(packages, sample=None):
    return "\n".join(str(outcome) for outcome in outcomes(packages, sample) if outcome.verdict not in GOOD)


def test_every_public_function_has_a_valid_call():
    for entry in surface():
        valid(entry)


def test_wrong_arguments_are_refused_by_name():
    """A sample, the same each time; `python -m tests.abuse.walk` makes all calls."""
    assert not wrong(PACKAGES, sample=3)


@pytest.mark.slow
def test_all_wrong_arguments_are_refused_by_name():
    assert not wrong(PACKAGES)


@checked(c=UNIT)
def product(log_probs, *, n: int, delta: float = 0.5, c=None, sharp: bool = False):
    """A function of many kinds."""
    return n, delta, c, sharp


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 0}, "`n` must be a whole number of at least 1; got 0"),
        ({"n": "abc"}, "`n` must be a whole number of at least 1; got 'abc'"),
        ({"n": [2, 3]}, "`n` must be one number"),
        ({"n": 10**400}, "`n` must be a whole number of at least 1; got an integer of 1329 bits"),
        ({"n": True}, "`n` must be a whole number of at least 1; got True"),
        ({"n": 2 + 1j}, r"`n` must be a whole number of at least 1; got \(2\+1j\)"),
        ({"delta": float("nan")}, r"`delta` must be in \(0, 1\); got nan"),
        ({"delta": None}, "`delta` must be in"),
        ({"c": np.array([0.5, 2.0])}, r"`c` must be in \[0, 1\]; got array"),
        ({"sharp": "no"}, "`sharp` must be true or false; got 'no'"),
        ({"log_probs": TABLE[0]}, r"`log_probs` must be a table \[prompts, responses\]; got shape \(3,\)"),
    ],
)
def test_one_refusal_of_each_kind(given, message):
    table = given.pop("log_probs", TABLE)
    with pytest.raises(ValueError, match=message):
        product(table, **{"n": 2, **given})


def test_arrays_of_one_call_must_fit():
    with pytest.raises(ValueError, match=r"`prompt_weights` must have 2 prompts, as `log_policy` has; got shape \(3,\)"):
        laws.divergence(TABLE, TABLE, np.full(3, 1 / 3))


def test_what_is_right_passes_and_the_signature_stays():
    assert product(TABLE, n=10**30) == (10**30, 0.5, None, False)
    assert product(TABLE, n=np.int64(3), c=[0.1])[2] == [0.1]
    assert list(inspect.signature(product).parameters) == ["log_probs", "n", "delta", "c", "sharp"]
    first, blank, rules = product.__doc__.split("\n")
    assert (first, blank) == ("A function of many kinds.", "")
    assert rules.startswith("Arguments: `log_probs` must be floating-point log-probabilities; `n` must be a whole number of at least 1;")


def test_a_new_name_needs_a_kind():
    assert "unheard_of" not in KINDS
    with pytest.raises(TypeError, match=r"`unheard_of` of .* has no kind"):
        checked(lambda unheard_of: unheard_of)
    assert checked(unheard_of=count())(lambda unheard_of: unheard_of)(3) == 3


def test_what_does_not_exist_has_no_likelihood():
    policy = TabularPolicy(TABLE)
    with pytest.raises(ValueError, match=r"`prompt` must be integers in 0\.\.1; got 7"):
        policy.log_prob(7, 99)
    with pytest.raises(ValueError, match=r"`response` must be integers in 0\.\.2; got -1"):
        policy.log_prob(1, -1)
    assert float(policy.log_prob(1, 2)) == TABLE[1, 2]
    traced = jax.vmap(policy.log_prob)(jnp.array([0, 7, 0, 1]), jnp.array([0, 0, -1, 2]))
    assert np.isnan(traced).tolist() == [False, True, True, False]
    for made in (Oracle, LawOracle):
        with pytest.raises(ValueError, match=r"`responses` must be integers in 0\.\.2"):
            made(policy, WEIGHTS).evaluate(jnp.array([0, 1]), jnp.array([99, -1]))


@pytest.mark.parametrize("counts", [[[np.nan, 1, 0], [0, 3, 1]], [[-1.0, 1, 0], [0, 3, 1]], [[np.inf, 1, 0], [0, 3, 1]]])
def test_counts_are_counts(counts):
    members = np.stack([TABLE, TABLE[:, ::-1]])
    for made in (classes.FiniteClass(members), classes.AllTabular(2, 3), classes.ProductClass(members.swapaxes(0, 1))):
        with pytest.raises(ValueError, match="`counts` must be non-negative and finite"):
            made.fit_counts(jnp.asarray(counts), key=jax.random.key(0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laws.tilted(TABLE, np.full(TABLE.shape, -np.inf), beta=1.0), "`reward` must be above -inf"),
        (lambda: laws.binomial_window(20, -1.0), r"`p` must be in \[0, 1\]; got -1.0"),
        (lambda: inference.mode_mass(np.array([[2.3, 0.0]]), np.array([-1.0])), "`log_probs` must be log-probabilities, at most 0"),
        (lambda: inference.coverage(np.array([-1.83])), r"`masses` must be in \[0, 1\]"),
        (lambda: TemperedPolicy("abc", temperature=1.0), "`policy` must be a SequencePolicy; got 'abc'"),
        (lambda: sft.family_cheapest(eps=0.05, delta=5e-324, hard_prompts=3, labels=8, hard_mass=0.5), "`delta` must be at least 1e-300"),
        (
            lambda: separation.identified(np.eye(3), TABLE[0], draws=2**31),
            "`draws` must be smaller, as the call would take about 8.6e.03 seconds",
        ),
        (
            lambda: instances.random_graph(np.random.default_rng(0), vertices=4, edge_probability=5e-324),
            "`edge_probability` must be smaller|larger",
        ),
        (
            lambda: Oracle(TabularPolicy(TABLE), WEIGHTS).draw(20, 2**31, key=jax.random.key(0)),
            "`N` must be smaller, as .* about 1.4e.03 GB",
        ),
    ],
)
def test_single_faults(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("value", [1.5, 2 + 2**-40, np.array([1.0, 2.5])])
def test_a_count_is_whole(value):
    for least in (0, 1):
        with pytest.raises(ValueError, match=f"`x` must be a whole number of at least {least}"):
            count(least).check("x", value, {})
    count().check("x", np.array([1.0, 2e15]), {})
