"""RLHF-Sharpening with exploration (section 4.2 and Appendix J, Algorithm 1 with its sign corrected)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from sharpsim import _checks, laws
from sharpsim._arguments import CLASS, FITTED_BETA, arrays, checked, count
from sharpsim._program import one_program
from sharpsim.algorithms._fits import check_class
from sharpsim.algorithms._sharpened import Sharpened
from sharpsim.classes import FiniteClass, WithReference
from sharpsim.oracle import Oracle

ROUND = 1e-5
"""Seconds that a round takes at least."""


@checked(policy_class=CLASS, beta=arrays(FITTED_BETA), validation=count())
def xpo(
    oracle: Oracle, policy_class: Any, *, T: int, beta: Any, alpha: Any, key: Key[Array, ""], validation: int | None = None
) -> Sharpened:
    """XPO: T rounds, each with a base response y' and a response y of the current iterate to one prompt, scored without noise.

    pi_1 = base; pi_{t+1} = argmin over Pi of alpha sum_{i<=t} log pi(y'_i|x_i) + sum_{i<=t} f_pi(x_i, y_i, y'_i)^2, with f_pi =
    beta log(pi/base)(y) - beta log(pi/base)(y') - r(y) + r(y'). alpha = 0 is the limit alpha -> 0+: among the least-squares
    minimisers the one under which base responses are least likely. beta > 0 and alpha >= 0 may be traced; alpha is in nats^2.

    Returned is the iterate among pi_2..pi_{T+1} (the base is the oracle's, not the learner's to hand out) with the largest
    J_beta(pi) = E_pi[r] - beta KL(pi || base): exactly for a class that knows the base (`classes.WithReference`); otherwise as
    estimated from `validation` responses of every iterate, to fresh prompts; without either simply the last.

    m = 2T, plus (T + 1) `validation` (each prompt comes with a base response); a finite list of M members is judged member by member,
    for (min(M, T) + 1) `validation`, as its iterates repeat. The class needs optimistic least squares: finite
    lists, products of them, linear softmax balls (whose `info["exact"]` says that the minimisers are a search's). `info`: `iterates`
    (parameters, `[T, ..]`; `policy_class.policy_at` makes policies of them), `loss`, `objective`, `exact` `[T]`, `chosen`, and `values`.

    Raises `ValueError` for T or validation below 1, beta not positive, alpha negative, a class without such minimisers, and (unless
    traced) an iterate that answers outside the base's support. Source: Huang et al., arXiv 2412.01951v2, Algorithm 1.
    """
    T = _checks.static_count("T", T)
    _checks.affordable("T", T, seconds=ROUND * T)
    check_class(oracle, policy_class, "most_optimistic")
    fresh = None if validation is None else _checks.static_count("validation", validation)
    if fresh is not None:
        _checks.affordable("validation", fresh, size=32.0 * fresh)
    run_key, judge_key = jax.random.split(key)
    rounds = run_rounds(oracle, policy_class, T=T, beta=beta, alpha=alpha, key=run_key)
    own = rounds.own_log_probs
    if not _checks.is_traced(own) and not np.isfinite(np.asarray(own)).all():
        raise ValueError("`policy_class` must have no mass where the base has none; an iterate answered outside the base's support.")
    info = {"iterates": rounds.iterates, "loss": rounds.loss, "objective": rounds.objective, "exact": rounds.exact}
    cost = 2 * T
    if isinstance(policy_class, WithReference):
        info["values"] = exact_values(policy_class, rounds.iterates, beta=beta)
    elif fresh is not None:
        repeats = isinstance(policy_class, FiniteClass) and policy_class.log_probs.shape[0] < T
        judged = jnp.arange(policy_class.log_probs.shape[0]) if repeats else rounds.iterates
        values = _validated(oracle, policy_class, judged, fresh, beta=beta, key=judge_key)
        info["values"] = values[rounds.iterates] if repeats else values
        cost += (len(values) + 1) * fresh
    info["chosen"] = jnp.argmax(info["values"]) if "values" in info else jnp.asarray(T - 1)
    best = jax.tree.map(lambda values: values[info["chosen"]], rounds.iterates)
    return Sharpened(policy_class.policy_at(best), cost, info)


class Rounds(NamedTuple):
    """The result of T rounds: the iterates pi_2..pi_{T+1} as parameters, their fits, and log base of the iterates' own responses."""

    iterates: Any
    loss: Any
    objective: Any
    exact: Any
    own_log_probs: Any


def run_rounds(
    oracle: Oracle, policy_class: Any, *, T: int, beta: Any, alpha: Any, key: Any, view: Callable[[Any], Any] = lambda evidence: evidence
) -> Rounds:
    """The T rounds in one scan. `view` changes the running sums before each fit (to show that the printed sign fails)."""
    return _rounds(oracle, policy_class, beta, alpha, key, T=T, view=view)


@one_program
def _rounds(oracle: Oracle, policy_class: Any, beta: Any, alpha: Any, key: Any, *, T: int, view: Callable[[Any], Any]) -> Rounds:
    pair_key, start_key, scan_key = jax.random.split(key, 3)
    base = oracle.draw(T, 1, key=pair_key)
    goals = (beta * base.log_probs + oracle.rewards(base))[:, 0]
    # pi_1 is the base: its response is one more base draw.
    begin = oracle.respond(base.prompts[:1], 1, key=start_key).responses[0]

    def one(carry: tuple[Any, Any], given: tuple[Any, ...]) -> tuple[Any, Rounds]:
        evidence, parameter = carry
        t, prompt, second, goal, own_key = given
        answer_key, fit_key = jax.random.split(own_key)
        own = policy_class.policy_at(parameter).sample(prompt, key=answer_key)
        first = jnp.where(t == 0, begin, own.astype(begin.dtype))
        seen = oracle.evaluate(prompt[None], first[None])
        goal_first = (beta * seen.log_probs + oracle.rewards(seen))[0]
        evidence = policy_class.observe(evidence, prompt, first, second, goal_first - goal, beta=beta)
        chosen = policy_class.most_optimistic(view(evidence), alpha=alpha, key=fit_key, start=parameter)
        fit = chosen.info
        return (evidence, chosen.parameter), Rounds(chosen.parameter, fit["loss"], fit["objective"], fit["exact"], seen.log_probs[0])

    given = (jnp.arange(T), base.prompts, base.responses[:, 0], goals, jax.random.split(scan_key, T))
    return jax.lax.scan(one, (policy_class.no_evidence(), policy_class.any_parameter()), given)[1]


def exact_values(policy_class: WithReference, iterates: Any, *, beta: Any) -> Any:
    """J_beta of each iterate, `[T]`, by the base that the class knows."""
    known = policy_class

    def value(parameter: Any) -> Any:
        table = known.policy_at(parameter).log_probs
        return laws.regularised_value(table, known.reference.log_probs, known.reward, known.prompt_weights, beta=beta)

    return jax.lax.map(value, iterates)


def _validated(oracle: Oracle, policy_class: Any, iterates: Any, fresh: int, *, beta: Any, key: Any) -> Any:
    """Estimates of J_beta, `[T]`: the mean of r(y) - beta log(pi/base)(y) over own responses to `fresh` prompts, the same for all."""
    prompt_key, answer_key = jax.random.split(key)
    prompts = oracle.draw(fresh, 1, key=prompt_key).prompts
    # The same draws for every iterate: what they share cancels in comparisons.
    keys = jax.random.split(answer_key, fresh)

    def value(parameter: Any) -> Any:
        policy = policy_class.policy_at(parameter)
        answers = jax.vmap(lambda prompt, own_key: policy.sample(prompt, key=own_key))(prompts, keys)
        seen = oracle.evaluate(prompts, answers)
        own = jax.vmap(policy.log_prob)(prompts, answers)
        return jnp.mean(oracle.rewards(seen) - beta * (own - seen.log_probs))

    return jax.lax.map(value, iterates)
