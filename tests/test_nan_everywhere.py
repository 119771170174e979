"""Every public function of theory, laws, coverage, sharpness and estimators, with one argument made NaN: none answers a number.

An argument's valid value is found by its name, since one name means one thing throughout. A new function is in the test once its arguments
have names that are known here.
"""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from experiments.engine.rows import ROOT
from sharpsim import laws
from sharpsim.theory import STEMS

MODULES = [f"sharpsim.{name}" for name in ("estimators", "laws", "sharpness", "coverage", "rewards")]
MODULES += [f"sharpsim.theory.{stem}" for stem in STEMS if (ROOT / "sharpsim" / "theory" / f"{stem}.py").exists()]

BASE = np.log([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]])
POLICY = np.log([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1]])
PAIR = np.array([0.5, 0.6])
TABLE = np.array([[0.1, 0.2], [0.3, 0.4]])
HEAD = {"remaining_mass": np.zeros(2), "tail_bound": np.full(2, -5.0)}
STEPS = np.eye(3)[:, :, None] * np.eye(3)[:, None, :]
TRIANGLE = np.ones((3, 3)) - np.eye(3)
FEATURES = np.random.default_rng(0).normal(size=(1, 3, 2))

VALUES: dict[str, Any] = {
    **dict.fromkeys(("log_probs", "log_base", "log_denominator", "reward"), BASE),
    **dict.fromkeys(("log_policy", "log_numerator", "log_target"), POLICY),
    **dict.fromkeys(("masses", "mode_masses", "gaps"), PAIR),
    **dict.fromkeys(("estimates", "first"), TABLE), "second": TABLE - 0.05,
    **HEAD, "log_probs_row": BASE[0], "log_members": np.stack([POLICY, BASE]), "prompt_weights": np.array([0.5, 0.5]),
    "law": laws.kept_law(BASE, **HEAD, draws=5.0), "kept": laws.kept_law(BASE, **HEAD, draws=5.0),
    "policy": laws.kept_law(POLICY, **HEAD, draws=5.0), "mode_log_probs": np.log(PAIR), "incumbent": BASE.max(axis=1),
    "correct": np.array([[True, False, True], [True, False, False]]), "answers": np.array([[0, 1, 0], [0, 1, 2]]),
    "lengths": np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), "matrices": STEPS, "steps": STEPS, "adjacency": TRIANGLE,
    "features": [FEATURES], "weights": np.array([[0.3, 0.2]]), "conditionals": [np.log([[0.6, 0.4]]), np.log([[[0.5, 0.5], [0.3, 0.7]]])],
    "missing": np.array([0.1, 0.5]), "miss": np.array([0.1, 0.2]), "deltas": np.array([0.1, 0.3]), "after": np.array([2.0, 5.0]),
    "values": np.array([0.1, 0.2, 0.3]), "edges": np.array([0.0, 0.2, 0.5]), "variance": np.array([0.1, 0.2]),
    "votes": np.array([2.0, 3.0]),
    "lower": np.array([0.2, 0.3]), "upper": np.array([0.6, 0.7]), "low": np.array([0.4, 0.5]), "high": np.array([0.5, 0.55]),
    "slack": 0.1, "draws": 5.0, "delta": 0.3, "beta": 0.5, "power": 2.0, "stop": 3.0, "hard_mass": 0.6, "eps": 0.05, "rho": 0.1,
    "coverage": 3.0, "log_class_size": 2.0, "covered_mass": 0.2, "samples": 200.0, "remaining": 2.0, "concentrability": 2.0,
    "loss_moment": 2.0,
    "margin": 1.0, "square": 0.1, "regret": 0.1, "mode_probability": 0.7, "mean": 0.3, "log_inverse_rho": 2.0, "scale": 2.0, "sec": 3.0,
    "v_max": 2.0, "r_max": 1.0, "lam": 2.0, "trace_max": 1.0, "radius": 2.0, "base_norm": 1.0, "a": 0.2, "b": 0.4, "resolution": 0.1,
    "theta_norm": 1.0, "gap": 0.5, "coupling": 0.5, "coefficient": 1.5, "norm": 2.0, "mass": 0.4, "temperature": 0.5, "floor": -9.0,
    "limit": 0.5, "tolerance": 0.1, "shortfall": 0.1, "distance": 0.1, "variation": 0.3, "excess": 1.0, "threshold": 1.0,
    "disagreement": 0.1,
    "level": 0.9, "span": 1.0, "false_alarm": 1e-6, "p": 0.3, "error": 0.1, "a_priori": 0.1, "n": 100, "N": 8, "labels": 8,
    "hard_prompts": 4,
    "T": 16, "d": 3, "dimension": 3, "responses": 8, "arms": 4, "bulk": 16, "queries": 2, "vertices": 3, "vocabulary": 4, "horizon": 5,
    "expansions": 20, "maximal": 1, "successes": 3, "trials": 9, "total": 10, "bins": 4, "visits": 3, "chance": 0.3, "validation": 64,
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "estimators.accuracy_estimates": {
        "log_probs": BASE[:, None], "correct": VALUES["correct"][:, None], "answers": VALUES["answers"][:, None],
        "tokens": np.ones((2, 1, 3)), "N": [2],
    },
    "estimators.bounded_mean": {"upper": 1.0}, "estimators.checked_sizes": {"N": [2]}, "estimators.subsample_weights": {"draws": 3},
    "estimators.two_stage_interval": {"values": TABLE}, "estimators.crossed_interval": {"values": TABLE},
    "laws.vote": {"masses": PAIR[:, None] * [0.8, 0.6], "correct": VALUES["correct"][:, :2], "draws": 3}, "laws.binomial_window": {"n": 10},
    "best_of_n.rounds": {"draws": [2, 3]}, "best_of_n.composed_draws": {"draws": [2, 3]},
    "inference.saturation": {"draws": np.array([1.0, 2.0])}, "inference.coverage_profile": {"draws": np.array([1.0, 2.0])},
    "separation.consistent_errors": {"log_members": np.log([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]), "draws": 4},
    "separation.identified": {"features": FEATURES[0], "log_probs": BASE[0], "draws": 4},
    "limits.samples_any_learner_needs": {"power": 1.0}, "dpo.residual_moment": {"power": 2},
}  # fmt: skip
_DRAWS = ("best_of_n", "coverage_lower_bound", "curves", "majority_vote", "predictions", "usable")
LEFT_OUT = {
    **{f"estimators.{name}": "takes `Draws`, which are checked where they are made" for name in _DRAWS},
    "estimators.pass_at_k": "takes counts",
    "laws.occupancy_means": "takes the values of a function",
    "separation.checks": "its arguments have other shapes than those of these names",
    **dict.fromkeys(("separation.regret_bound", "separation.rounds_needed"), "takes a function"),
}


def public() -> Iterator[tuple[str, Any]]:
    """The functions of each module that its `__all__` names, or, without one, that it defines."""
    for name in MODULES:
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None)
        for each in listed or [key for key in vars(module) if not key.startswith("_")]:
            function = getattr(module, each)
            if inspect.isfunction(function) and (listed or function.__module__ == name):
                yield f"{name.split('.')[-1]}.{each}", function


FUNCTIONS = dict(public())


def valid(key: str, function: Any) -> dict[str, Any]:
    """Valid arguments by name; those with a default are left to it, but for rewards and slacks."""
    own, found = OWN.get(key, {}), {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if name in own or parameter.default is parameter.empty or (name in ("reward", "slack") and name in VALUES):
            found[name] = own[name] if name in own else VALUES[name]
    return found


def called(function: Any, arguments: dict[str, Any]) -> Any:
    kinds = inspect.signature(function).parameters
    first = [value for name, value in arguments.items() if kinds[name].kind != kinds[name].KEYWORD_ONLY]
    return function(*first, **{name: value for name, value in arguments.items() if kinds[name].kind == kinds[name].KEYWORD_ONLY})


def broken(value: Any) -> list[Any]:
    """The value with NaN in it: as the number, in one entry, in all."""
    if isinstance(value, bool | str):
        return []
    if isinstance(value, int | float):
        return [np.nan]
    if hasattr(value, "_fields"):
        return [value._replace(found=broken(value.found)[0])]
    if isinstance(value, list):
        return [[broken(value[0])[0], *value[1:]]]
    if value.dtype.kind != "f":
        return []
    one = value.copy()
    one.reshape(-1)[value.size // 2] = np.nan
    return [one, np.full_like(value, np.nan)]


def numbers(result: Any) -> list[np.ndarray]:
    if isinstance(result, dict):
        return [each for value in result.values() for each in numbers(value)]
    if isinstance(result, list | tuple):
        return [each for value in result for each in numbers(value)]
    if hasattr(result, "__dataclass_fields__"):
        return numbers(vars(result))
    return [np.asarray(result)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("key", sorted(FUNCTIONS.keys() - LEFT_OUT.keys()))
def test_nan_gets_no_number(key):
    arguments = valid(key, FUNCTIONS[key])
    try:
        called(FUNCTIONS[key], arguments)
    except (ValueError, TypeError):
        pytest.skip("no valid arguments by these names alone")
    for name, value in arguments.items():
        for nan in broken(value):
            try:
                answer = called(FUNCTIONS[key], {**arguments, name: nan})
            except Exception:  # What an error says is the matter of another test.
                continue
            assert any(each.dtype.kind == "f" and np.isnan(each).any() for each in numbers(answer)), f"`{name}` NaN answers {answer!r}"


def test_what_is_left_out_is_there():
    assert set(LEFT_OUT) <= set(FUNCTIONS)
    assert len(FUNCTIONS) > 150
