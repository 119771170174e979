"""No estimator, count or interval answers a number for NaN: comparisons with NaN are false, and would count as an answer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import sharpness
from sharpsim.estimators import accuracy_estimates, bounded_mean, densities, vote
from sharpsim.laws import KeptLaw
from sharpsim.theory import amortise, inference

NAN = np.array([0.5, np.nan])
HALVES = np.array([0.5, 0.5])
LOGS, EDGE = np.log([[0.5, 0.3], [0.6, 0.2]]), np.full(2, -5.0)
BROKEN = np.array([[np.log(0.5), np.nan], [np.log(0.6), np.log(0.2)]])
RIGHT = np.array([[True, False], [False, True]])
LAW = KeptLaw(np.array([[0.7, 0.3], [0.8, 0.2]]), np.zeros(2))
DRAWS = np.log([[[0.5, 0.3, 0.2]]])
LABELS, LENGTHS = np.array([[[0, 1, 0]]]), np.ones((1, 1, 3))
CORRECT = np.array([[[True, False, True]]])

CALLS = {
    "fails": ("missing", lambda: sharpness.fails(NAN, delta=0.3)),
    "bounded_mean": ("values", lambda: bounded_mean(NAN, 1.0)),
    "bounded_mean upper": ("upper", lambda: bounded_mean(HALVES, np.nan)),
    "densities": ("values", lambda: densities(NAN, np.array([0.0, 1.0]), 0.95)),
    "accuracy_estimates": (
        "log_probs",
        lambda: accuracy_estimates(np.where(CORRECT, np.nan, DRAWS), CORRECT, LABELS, LENGTHS, N=[2], floor=-9.0),
    ),
    "accuracy_estimates tokens": (
        "tokens",
        lambda: accuracy_estimates(DRAWS, CORRECT, LABELS, np.where(CORRECT, np.nan, LENGTHS), N=[2], floor=-9.0),
    ),
    "accuracy_estimates correct": ("correct", lambda: accuracy_estimates(DRAWS, CORRECT * np.nan, LABELS, LENGTHS, N=[2], floor=-9.0)),
    "vote": ("answers", lambda: vote(LABELS * np.nan, CORRECT)),
    "unsharpened": ("masses", lambda: amortise.unsharpened(NAN, HALVES, delta=0.3)),
    "gaps": ("tail_bound", lambda: amortise.gaps(LOGS, NAN)),
    "gaps log_probs": ("log_probs", lambda: amortise.gaps(BROKEN, EDGE)),
    "accuracy": ("correct", lambda: inference.accuracy(LAW, np.where(RIGHT, np.nan, 0.0))),
    "accuracy text": ("correct", lambda: inference.accuracy(LAW, np.where(RIGHT, "no", "False"))),
    "pass_at": ("correct", lambda: inference.pass_at(LOGS, np.where(RIGHT, "no", "False"), np.full(2, 0.2), draws=2)),
    "mean_log_prob": ("tail_bound", lambda: inference.mean_log_prob(LAW, LOGS, NAN, floor=-9.0)),
    "log_prob_variance": ("log_probs", lambda: inference.log_prob_variance(LAW, BROKEN, EDGE, floor=-9.0)),
    "saturation low": ("low", lambda: inference.saturation([1, 2], NAN, HALVES, limit=0.5, tolerance=0.1)),
    "saturation high": ("high", lambda: inference.saturation([1, 2], HALVES, NAN, limit=0.5, tolerance=0.1)),
    "saturation limit": ("limit", lambda: inference.saturation([1, 2], HALVES, HALVES, limit=np.nan, tolerance=0.1)),
    "saturation draws": ("draws", lambda: inference.saturation([np.nan, 2], HALVES, HALVES, limit=0.5, tolerance=0.1)),
    "coverage": ("masses", lambda: inference.coverage(NAN)),
    "coverage_profile": ("masses", lambda: inference.coverage_profile(NAN, draws=[1.0, 2.0])),
    "lift_predictor": ("log_probs", lambda: inference.lift_predictor(BROKEN, RIGHT)),
}


@pytest.mark.parametrize(("name", "call"), CALLS.values(), ids=CALLS.keys())
def test_nan_is_refused_by_name(name, call):
    with pytest.raises(ValueError, match=rf"`{name}` must"):
        call()


def test_a_traced_nan_fails():
    """As eager code refuses the whole call, all fail."""
    failed = jax.jit(lambda missing: sharpness.fails(missing, delta=0.3))(jnp.array([0.1, jnp.nan, 0.5]))
    assert failed.tolist() == [True, True, True]
