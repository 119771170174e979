"""A valid call of every public function: one value for each name of an argument, and exceptions by function.

A name means one thing in the whole library, so that one value serves nearly everywhere: two prompts, three responses, two members.
"""

import atexit
import importlib
import inspect
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flint import fmpq

from sharpsim import LawOracle, Oracle, TabularPolicy, certified, classes, instances, laws
from sharpsim.estimators import Draws
from sharpsim.theory import dpo, power_sampling, xpo
from tests.abuse.surface import Entry, names

LEFT_OUT = object()
"""In place of a value: the argument keeps its default."""


class Made(NamedTuple):
    """In place of a value that is made for each call."""

    make: Callable[[], Any]


FOLDER = Path(tempfile.mkdtemp(prefix="sharpsim-abuse-"))
"""Whatever the calls write lies here, until the process ends."""
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

TABLE = np.log([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
WEIGHTS = np.array([0.25, 0.75])
MEMBERS = np.stack([TABLE, TABLE[:, ::-1]])
HEAD, LEFT, TAIL = np.log([[0.5, 0.3], [0.6, 0.3]]), np.array([0.2, 0.1]), np.log([0.25, 0.2])
CORRECT = np.array([[True, False, False], [False, True, True]])
TRIANGLE = 1 - np.eye(3, dtype=int)
CONDITIONALS = [np.log([[0.6, 0.4], [0.3, 0.7]]), np.log([[[0.6, 0.4], [0.5, 0.5]], [[0.2, 0.8], [0.9, 0.1]]])]
FEATURES = np.array([[[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]], [[0.1, 0.0], [0.0, 0.2], [0.3, 0.3]]])
PAIRS = {"prompts": jnp.array([0, 1]), "first": jnp.array([0, 1]), "second": jnp.array([1, 2]), "targets": jnp.array([0.1, -0.2])}
DRAWS = Draws.of_table(CORRECT[:, [0, 1, 2, 0]], log_probs=np.log([[0.5, 0.3, 0.2, 0.5], [0.1, 0.6, 0.3, 0.1]]))


def _law() -> laws.KeptLaw:
    return laws.kept_law(HEAD, LEFT, TAIL, draws=2)


def _oracle() -> Oracle:
    return Oracle(TabularPolicy(TABLE), WEIGHTS)


def _finite() -> classes.FiniteClass:
    return classes.FiniteClass(jnp.asarray(MEMBERS))


def _product() -> classes.ProductClass:
    return classes.ProductClass(jnp.asarray(MEMBERS.swapaxes(0, 1)))


def _ball() -> classes.LinearSoftmaxBall:
    return classes.LinearSoftmaxBall(FEATURES, 2.0)


def _names_of(module: str) -> list[str]:
    return [f"{module}.{name}" for name in names(importlib.import_module(f"sharpsim.certified.{module}"))]


SPACE = power_sampling.Space([[0, 0], [1, 0], [1, 1]], TABLE[0], end_token=0)
POWER = {
    "alpha": 2.0, "cut": "current", "space": SPACE, "steps": 3, "matrix": np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.1, 0.4, 0.5]]),
    "rollouts": 3, "blocks": 2, "law": np.exp(TABLE[0]), "target": np.exp(TABLE[1]), "start": np.exp(TABLE[0]),
    "kernel": power_sampling.block_kernel(SPACE, alpha=2.0, cut="whole"),
}  # fmt: skip

BY_NAME: dict[str, Any] = {
    # Counts.
    "n": 20, "N": 4, "T": 5, "d": 2, "draws": 3, "labels": 8, "hard_prompts": 3, "responses": 3, "maximal": 1, "dimension": 2,
    "horizon": 4,
    "expansions": 64, "vertices": 4, "arms": 4, "bulk": 6, "queries": 2, "truth": 0, "vocabulary": 3, "power": 2, "samples": 12,
    "trials": 9, "rounds": 3,
    "successes": 3, "k": 2, "total": 6, "prompts": 2, "members": 2, "left": 2, "right": 3, "ring": 5, "step": 2, "distance": 2, "mode": 0,
    "seed": 1, "secret": 0, "count": 2, "bins": 2, "prompt": np.array([0, 1, 0, 1]), "depth": 0, "after": 2.0, "permutations": 3,
    # Numbers.
    "eps": 0.05, "delta": 0.1, "rho": 0.1, "beta": 0.5, "slack": 0.1, "stop": 3.0, "lam": 1.0, "sec": 2.0, "kappa": 0.3, "alpha": 0.1,
    "log_class_size": 3.0, "coverage": 6.0, "concentrability": 4.0, "loss_moment": 5.0, "margin": 0.4, "hard_mass": 0.5, "gap": 0.5,
    "square": 0.3, "regret": 0.2, "excess": 1.0, "threshold": 6.0, "disagreement": 0.2, "radius": 2.0, "resolution": 0.1,
    "theta_norm": 0.5,
    "v_max": 2.0, "r_max": 3.0, "base_norm": 0.5, "a": 0.3, "b": 0.4, "mean": 3.0, "log_inverse_rho": 2.0, "scale": 1.0, "constant": 0.7,
    "trace_max": 2.0, "variation": 0.3, "shortfall": 0.1, "limit": 0.5, "tolerance": 0.1, "floor": -9.0, "mode_probability": 0.4,
    "remaining": 2.0, "error": 0.2, "covered_mass": 0.3, "tie_credit": 0.5, "coupling": 1.0, "best_alignment": 1.0, "coefficient": 1.0,
    "norm": 0.5, "mass": 0.3, "temperature": 0.7, "second_token": 0.9, "p": 0.3, "idle": 0.1, "survival": 0.9, "negligible": 0.0,
    "cut": 2.0, "per_group": 20, "accuracy": 0.4, "pair_error": 0.2, "top": 0.3,
    "log_odds": 0.4, "trust": 0.7,
    "bias": 0.01,
    "level": 0.95, "upper": 1.0, "edge_probability": 0.5, "concentration": 1.0, "span": 1.0, "false_alarm": 1e-6,
    # Tables.
    "log_probs": TABLE, "log_base": TABLE, "log_policy": TABLE[:, ::-1], "log_target": TABLE, "log_members": MEMBERS, "reward": TABLE,
    "proxy": TABLE[:, ::-1],
    "log_probs_row": TABLE[0], "log_numerator": TABLE, "log_denominator": TABLE, "prompt_weights": WEIGHTS,
    "mode_masses": np.exp(TABLE).max(1),
    "masses": np.exp(TABLE).max(1), "mode_log_probs": TABLE.max(1), "gaps": np.array([0.5, 0.2]), "remaining_mass": LEFT,
    "tail_bound": TAIL,
    "correct": CORRECT, "answers": np.array([[0, 1, 1], [0, 1, 0]]), "deltas": np.array([0.1, 0.3]),
    "labelled": np.array([0.6, 0.4]), "voted": np.array([0.5, 0.4]), "shared": np.array([0.7, 0.1]), "missing": np.array([0.1, 0.3]),
    "lengths": np.array([[1, 2, 3], [2, 1, 2]]), "incumbent": TABLE.max(1), "low": np.array([0.1, 0.45]), "high": np.array([0.9, 0.55]),
    "features": FEATURES, "theta": np.array([0.2, 0.1]), "matrices": np.stack([np.eye(2)] * 3), "adjacency": TRIANGLE,
    "weights": np.ones((2, 2)),
    "conditionals": CONDITIONALS, "value": np.array([0.0, 0.5, 1.0]), "votes": np.array([1, 2, 3]),
    "counts": jnp.array([[2.0, 1, 0], [0, 3, 1]]),
    "observed": jnp.asarray(np.where(CORRECT, TABLE, np.nan)), "values": np.array([[0.1, 0.4, 0.3], [0.6, 0.5, 0.9]]), "evidence": None,
    "tokens": np.ones((2, 3), int), "variance": np.array([0.1, 0.2]), "lower": np.array([0.1, 0.2]), "edges": np.array([0.0, 0.5, 1.0]),
    "estimates": np.array([0.1, 0.4, 0.5]), "groups": LEFT_OUT, "bounds": LEFT_OUT, "minus": LEFT_OUT, "log_row": TABLE[0],
    "best": jnp.array([True, False, True]), "kept": np.array([True, False]), "secrets": LEFT_OUT, "start": LEFT_OUT,
    "probs": np.exp(TABLE),
    "active": jnp.array([True, False]), "first": np.array([[0.1, 0.4], [0.6, 0.5]]), "second": np.array([[0.2, 0.4], [0.1, 0.9]]),
    # Objects.
    "key": jax.random.key(0), "rng": np.random.default_rng(0), "law": Made(_law), "policy": Made(_law),
    "base": Made(lambda: TabularPolicy(TABLE)),
    "reference": LEFT_OUT, "slacks": {"scale": 1.0}, "names": "scale", "policy_class": Made(_finite), "which": LEFT_OUT,
}  # fmt: skip

DPO = {name: BY_NAME[name] for name in ("log_class_size", "n", "rho", "beta", "concentrability", "loss_moment")}
CLASS = {**PAIRS, "responses": jnp.array([0, 2])}
ONE_PAIR = {"prompt": jnp.array(0), "first": jnp.array(0), "second": jnp.array(1), "target": jnp.array(0.2)}
HEADS = {"log_probs": HEAD, "correct": CORRECT[:, :2], "answers": np.array([[0, 1], [0, 0]])}
FEW = {"N": [1, 2], "draws": DRAWS, "level": 0.9}

EXACT = {
    "row": [0.5, 0.3, 0.2], "reward": [0.1, 0.3, 0.2], "table": np.exp(TABLE), "policy": [0.4, 0.3, 0.3], "base": [0.5, 0.3, 0.2],
    "numerator": np.exp(TABLE), "denominator": np.exp(TABLE[:, ::-1]), "class_size": 50, "N": 4, "n": 12, "cut": 2.0, "power": 2,
    "vectors": np.array([[0.5, 0.1], [0.2, 0.9]]), "values": np.exp(TABLE), "after": 2, "bits": 100, "delta": 0.25, "draws": 4,
    "miss": 0.25, "votes": 5, "samples": 12, "argument": fmpq(3), "members": np.exp(MEMBERS),
}  # fmt: skip
"""Arguments of the certified twins, which take probabilities and exact numbers."""

KL = certified.statements()["kl"]

BY_FUNCTION: dict[str, dict[str, Any]] = {
    **{f"certified.{name}": EXACT for module in certified.MODULES for name in _names_of(module)},
    "certified.dpo.regret": {**EXACT, "policy": np.exp(TABLE)},
    "certified.dpo.unsharpened": {**EXACT, "policy": np.exp(TABLE)},
    "certified.coverage.tail": {**EXACT, "numerator": [0.4, 0.3, 0.3], "denominator": [0.5, 0.3, 0.2]},
    "certified.coverage.concentrability": {**EXACT, "policy": np.exp(TABLE)},
    "certified.row": {"values": [0.5, 0.3, 0.2]},
    "certified.table": EXACT,
    "certified.precision": EXACT,
    "certified.Log": EXACT,
    "certified.rational": {"numerator": 3, "denominator": 4},
    "certified.judge": {"statement": KL, "instance": KL.extremal, "scale": LEFT_OUT, "highest": 256},
    "certified.sharpest": {"statement": "kl", "atoms": 2, "evaluations": 20, "seed": 1},
    "certified.minimise": {"instance": {"N": 9}, "fails": lambda case: case["N"] > 3},
    "certified.certificate": {"statement": KL, "instance": KL.extremal, "verdict": certified.judge(KL, KL.extremal)},
    "laws.plurality_miss": {"miss": 0.2, "negligible": 1e-17},
    "theory.xpo.selection_error": {"validation": 64},
    "theory.require": {"slacks": {"scale": 1.0}, "names": LEFT_OUT},
    "theory.coverage_measures.draws_needed": {"value": lambda N: 1 / N},
    "theory.coverage_measures.miss_bound_by_mean": {"draws": np.array([1, 4])},
    "theory.coverage_measures.normaliser_miss": {"groups": 3},
    "theory.dpo.exact_risk": {"log_members": Made(lambda: np.stack([dpo.target(TABLE, beta=0.5), TABLE]))},
    "theory.dpo.FamilyRisk": {"margin": 3.0},
    "theory.dpo.FamilyRisk.__call__": {"self": Made(lambda: dpo.FamilyRisk(hard_prompts=3, labels=8, margin=3.0, beta=0.5, delta=0.1))},
    "theory.dpo.FamilyRisk.pairs_needed": {"self": Made(lambda: dpo.FamilyRisk(hard_prompts=3, labels=8, margin=3.0, beta=0.2,
    delta=0.3))},
    "theory.dpo.samples_needed": {"beta": 0.001, "eps": 0.5},
    "theory.dpo.bound_sharp": DPO,
    "theory.dpo.bound_slack": DPO,
    "theory.dpo.bound_without_margin": DPO,
    "theory.amortise.unsharpened_from_distance": {"distance": 0.3},
    "theory.amortise.variation_bound": {"distance": 0.3},
    "theory.amortise.squared_hellinger": {"kept": Made(_law), "log_probs": HEAD},
    "theory.amortise.gaps": HEADS,
    "theory.amortise.checks": {**HEADS, "log_policy": HEAD},
    "theory.best_of_n.rounds": {"draws": [2, 3]},
    "theory.best_of_n.composed_draws": {"draws": [2, 3]},
    "theory.greedy.mode_probability_needed": {"margin": 0.4},
    "theory.hardness.is_maximum_cut": {"responses": np.array([[0, 1, 1, 1, 1]])},
    "theory.inference.accuracy": HEADS,
    "theory.inference.checks": HEADS,
    "theory.inference.log_prob_variance": HEADS,
    "theory.inference.mean_log_prob": HEADS,
    "theory.inference.majority_limit": HEADS,
    "theory.inference.mode_mass": HEADS,
    "theory.inference.mode_probability": {**HEADS, "incumbent": HEAD.max(1)},
    "theory.inference.pass_at": HEADS,
    "theory.inference.saturation": {"draws": np.array([1, 2])},
    "theory.inference.coverage_profile": {"draws": np.array([1, 2])},
    "theory.limits.samples_any_learner_needs": {"power": 1.0},
    "theory.limits.samples_bound": {"power": 1.0, "coverage": 40.0, "eps": 0.03},
    "theory.limits_adaptive.samples_any_learner_needs": {"power": 1.0},
    "theory.limits_adaptive.samples_bound": {"power": 1.0, "coverage": 40.0, "eps": 0.03},
    "theory.representation.conditionals": {"features": [np.eye(2)[None].repeat(2, 0)[0][None], np.ones((1, 2, 2, 2))],
    "weights": np.ones((2, 2))},
    "theory.representation.table": {"features": [np.eye(2)[None].repeat(2, 0)[0][None], np.ones((1, 2, 2, 2))],
    "weights": np.ones((2, 2))},
    "theory.representation.beta_reached": {"norm": 0.5, "radius": 2.0},
    "theory.separation.checks": {"features": FEATURES[0][None], "theta": np.array([0.1, 0.1])},
    "theory.separation.consistent_errors": {"log_members": TABLE},
    "theory.separation.identified": {"features": FEATURES[0], "log_probs": TABLE[0]},
    "theory.separation.regret_bound": {"bound": xpo.regret_bound},
    "theory.separation.rounds_needed": {"bound": lambda T: 8.0 / T, "regret": 0.5},
    "theory.separation.linear_lam": {"base_norm": LEFT_OUT},
    "theory.sft.family_prompts_needed": {"N": 20},
    "theory.xpo.sec_exact": {"reward": TABLE},
    "theory.xpo.rounds_needed": {"regret": 5.0},
    **{f"theory.power_sampling.{name}": POWER for name in names(power_sampling)},
    "theory.power_sampling.Space.along": {"log_steps": np.zeros(SPACE.prefixes)},
    **{f"theory.power_sampling.Space.{name}": {"alpha": 2.0} for name in ("log_zeta", "tempered_steps")},
    "theory.power_sampling.Space": {"responses": np.array([[0, 0], [1, 0], [1, 1]]), "log_probs": TABLE[0], "end_token": 0},
    "theory.power_sampling.markov_log_zeta": {**POWER, "log_probs": np.log([[0.6, 0.4], [0.3, 0.7], [0.5, 0.5]]), "end_token": 0},
    **{f"theory.win_rate.{name}": {"kept": 2} for name in ("best_k_law", "best_k_of_n", "hacking_bound", "shortfall_bound")},
    **{f"theory.self_training.{name}": {"kind": "entropy", "rounds": 3} for name in ("path", "reward")},
    **{f"theory.self_training.{name}": {"policies": np.exp(MEMBERS)} for name in ("belief", "stopping_round")},
    "theory.self_training.blind_regret": {"mode_probability": 0.6},
    "theory.self_training.vote_curve": {"correct": CORRECT[1]},
    "laws.certified_head": HEADS,
    "laws.kept_law": {**HEADS, "reward": LEFT_OUT},
    "laws.kept_laws": {**HEADS, "draws": [1, 2], "reward": LEFT_OUT},
    "laws.occupancy_means": {"floor": 0.0},
    "laws.plurality": {"labels": 4},
    "laws.vote": {"masses": np.exp(TABLE)},
    "laws.binomial_window": {"n": 20, "lower": 1e-18, "upper": 1e-18},
    "instances.MarginFamily.members": {"log_row": np.log(np.full(8, 1 / 8))},
    "instances.row_permutations": {"log_probs": TABLE},
    "instances.max_cut_features": {"prompt": TRIANGLE, "prefix": np.array([1, 0, 1]), "depth": 2},
    "instances.sphere_packing": {"dimension": 3, "distance": 1},
    "Oracle": {"prompts": LEFT_OUT},
    "LawOracle": {"prompts": LEFT_OUT},
    "estimators.Draws": {"counts": np.array([3, 3]), "correct": CORRECT.ravel(), "log_probs": TABLE.ravel(), "tokens": LEFT_OUT,
    "answers": LEFT_OUT},
    "estimators.Draws.of_rows": {"correct": np.array([True, False, True, True]), "log_probs": LEFT_OUT, "tokens": LEFT_OUT,
    "answers": LEFT_OUT},
    "estimators.Draws.of_table": {"answers": LEFT_OUT},
    "estimators.Draws.only": {"self": DRAWS, "kept": np.array([True, False] * 4)},
    "estimators.best_of_n": {**FEW, "values": LEFT_OUT},
    "estimators.accuracy_estimates": {"N": [1, 2], "floor": -9.0},
    "estimators.checked_sizes": {"N": [1, 2], "bins": 4, "level": 0.9},
    "estimators.coverage_lower_bound": FEW,
    "estimators.curves": FEW,
    "estimators.majority_vote": {"draws": Draws.of_table(CORRECT, answers=np.array([[0, 1, 1], [0, 1, 1]])), "N": [1, 2]},
    "estimators.predictions": {**FEW, "N": [6, 9]},
    "estimators.usable": FEW,
    "estimators.pass_at_k": {"successes": np.array([1, 2]), "draws": np.array([4, 5]), "k": 2},
    "estimators.over_seeds": {"values": np.array([0.1, 0.4])},
    "estimators.bounded_mean": {"values": np.array([0.1, 0.4])},
    "estimators.densities": {"values": np.linspace(0.1, 0.9, 7)},
    "estimators.interval": {"estimates": np.linspace([0.1, 0.2], [0.9, 0.8], 7), "level": 0.9},
    "estimators.mean_lower_bound": {"values": np.linspace(1.0, 3.0, 7)},
    "estimators.subsample_weights": {"draws": 2},
    "estimators.bernoulli_variance": {"upper": np.array([0.3, 0.6])},
    "estimators.vote": {"answers": np.array([[0, 1, 1], [0, 1, 1]])},
    "classes.FiniteClass": {"log_probs": MEMBERS},
    "classes.ProductClass": {"log_probs": MEMBERS.swapaxes(0, 1)},
    "classes.WithReference": {"reference": Made(lambda: TabularPolicy(TABLE)), "reward": LEFT_OUT},
    **{f"classes.{name}.{method}": {**given, "evidence": Made(lambda made=made: made().no_evidence())}
       for name, made in (("LinearSoftmaxBall", _ball), ("ProductClass", _product))
       for method, given in (("observe", ONE_PAIR), ("most_optimistic", {}))},
    "classes.LinearSoftmaxBall.policy_at": {"parameter": np.array([0.1, 0.2])},
    "classes.ProductClass.policy_at": {"parameter": np.array([0, 1])},
    "classes.choose_among": {"best": jnp.array([True, False, True])},
}  # fmt: skip

OWNERS: dict[str, Any] = {
    "Oracle": _oracle,
    "LawOracle": lambda: LawOracle(TabularPolicy(TABLE), WEIGHTS),
    "TabularPolicy": lambda: TabularPolicy(TABLE),
    "classes.AllTabular": lambda: classes.AllTabular(2, 3),
    "theory.power_sampling.Space": lambda: SPACE,
    "classes.FiniteClass": _finite,
    "classes.ProductClass": _product,
    "classes.LinearSoftmaxBall": _ball,
    "instances.HardFamily": lambda: instances.hard_family(hard_prompts=3, labels=8, hard_mass=0.5),
    "instances.MarginFamily": lambda: instances.margin_family(hard_prompts=3, labels=8, margin=0.5),
}
"""The object whose methods are called."""

METHODS: dict[str, dict[str, Any]] = {
    "members": {"log_row": np.log(np.full(9, 1 / 9))},
    "least_squares": CLASS,
    "maximum_likelihood": CLASS,
    "optimistic_least_squares": {**CLASS, "count": jnp.array(2), "start": LEFT_OUT},
    "policy_at": {"parameter": 0},
    "most_optimistic": {"evidence": Made(lambda: _finite().no_evidence())},
    "observe": {**ONE_PAIR, "evidence": Made(lambda: _finite().no_evidence())},
    "log_prob": {"prompt": jnp.array(0), "response": jnp.array(1)},
    "sample": {"prompt": jnp.array(0)},
    "evaluate": {"prompts": jnp.array([0, 1]), "responses": jnp.array([2, 1])},
    "respond": {"prompts": jnp.array([0, 1])},
    "rewards": {"draws": Made(lambda: _oracle().draw(3, 2, key=jax.random.key(0)))},
}  # fmt: skip


def valid(entry: Entry) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named arguments of a call that works. Raises `LookupError` where a name has no value."""
    from tests.abuse import valid_outer, valid_policies

    short = entry.name.rpartition(".")[2]
    given = BY_FUNCTION | valid_outer.BY_FUNCTION | valid_policies.BY_FUNCTION
    own = given.get(entry.name, METHODS.get(short, {}) if entry.owner or short == "from_probs" else {})
    positional: list[Any] = []
    named: dict[str, Any] = {}
    parameters = inspect.signature(entry.call).parameters
    for name, parameter in parameters.items():
        if name == "self" and name not in own:
            value = OWNERS[entry.name.rpartition(".")[0]]()
        elif parameter.kind is parameter.VAR_KEYWORD:
            named |= {key: given for key, given in own.items() if key not in parameters}
            continue
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif name in own:
            value = own[name]
        elif parameter.default is not parameter.empty and isinstance(parameter.default, (bool, str)):
            value = parameter.default
        elif name in BY_NAME:
            value = BY_NAME[name]
        else:
            raise LookupError(f"`{name}` of {entry.name} has no valid value: give it one in tests/abuse/valid.py.")
        if isinstance(value, Made):
            value = value.make()
        if value is LEFT_OUT:
            if parameter.default is parameter.empty:
                raise LookupError(f"`{name}` of {entry.name} has no valid value: give it one in tests/abuse/valid.py.")
            value = parameter.default
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positional.append(value)
        else:
            named[name] = value
    return positional, named
