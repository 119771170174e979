"""Candidate elimination: keep the members of the class that agree with all observed likelihoods, and answer with their maximiser.

Here the class lists the policies that the base could be. Likelihoods are observed without noise, so the posterior under a uniform prior
is uniform on the members that agree with them. Answering with the response that is most often a maximiser is therefore the Bayes rule
for sharpening. On a family that is invariant under relabelling of the responses it is also minimax.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from sharpsim import _checks
from sharpsim._arguments import CLASS, arrays, checked, within
from sharpsim.algorithms._fits import check_class
from sharpsim.algorithms._sharpened import Sharpened
from sharpsim.classes import choose_among
from sharpsim.oracle import Oracle
from sharpsim.policies import TabularPolicy


@checked(policy_class=CLASS)
def candidate_elimination(oracle: Oracle, policy_class: Any, *, n: int, N: int, key: Key[Array, ""]) -> Sharpened:
    """Draw N responses to each of n prompts from mu; answer with the response that is a maximiser of most remaining candidates.

    m = n N. Ties are broken uniformly. The policy is a point mass at each prompt's answer. Where no candidate agrees with the data, the
    answer is the likeliest response seen; where no response was seen either, a uniformly random one. On the hard
    family with the class of its members it attains `theory.limits.minimax_risk`.
    `info`: `answers` and `candidates` (responses that may still be a maximiser), both `[prompts]`.

    Raises `ValueError` for n or N below 1, and for a class that cannot eliminate candidates (the linear softmax ball).
    Source: the optimal learner behind the lower bounds of Huang et al., arXiv 2412.01951v2, Appendix H (ours).
    """
    draw_key, guess_key = jax.random.split(key)
    batch = oracle.draw(n, N, key=draw_key)
    unseen = _nothing(oracle, policy_class, batch.log_probs.dtype)
    observed = unseen.at[batch.prompts[:, None], batch.responses].set(batch.log_probs)
    return Sharpened(*_answer(policy_class, observed, guess_key, batch.cost))


@checked(policy_class=CLASS, remaining=arrays(within(1, 2**31 - 1)))
def candidate_elimination_adaptive(oracle: Oracle, policy_class: Any, *, n: int, remaining: Any, key: Key[Array, ""]) -> Sharpened:
    """As `candidate_elimination`, but draws at each prompt until at most `remaining` responses can still be its maximiser (Def D.1).

    n prompts come from mu, free of cost; responses cost one each, and a prompt that is drawn again costs nothing more. For `remaining`
    = u + f with a fraction f, each prompt independently stops at u + 1 with probability f, and at u otherwise. On the hard family with the
    optimal rule of `theory.limits_adaptive` it attains the least mean cost.
    `info`: `answers`, `candidates` and `draws`, `[prompts]`.

    Raises `ValueError` for n below 1 and remaining below 1.
    """
    n = _checks.static_count("n", n)
    prompt_key, mix_key, draw_key, guess_key = jax.random.split(key, 4)
    unseen = _nothing(oracle, policy_class, None)
    visited = jnp.zeros(unseen.shape[0], bool).at[oracle.draw_prompts(n, key=prompt_key)].set(True)
    allowed = jnp.floor(remaining + jax.random.uniform(mix_key, visited.shape, unseen.dtype))

    def active(observed: Any) -> Any:
        return visited & (jnp.sum(policy_class.maximiser_votes(observed) > 0, axis=-1) > allowed)

    def going(state: tuple[Any, Any, Any]) -> Any:
        return jnp.any(active(state[1]))

    def draw(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        k, observed, draws = state
        batch = oracle.step(active(observed), key=jax.random.fold_in(draw_key, k))
        place = jnp.where(batch.draws > 0, batch.responses, observed.shape[1])
        return k + 1, observed.at[batch.prompts, place].set(batch.log_probs, mode="drop"), draws + batch.draws

    start = (jnp.zeros((), jnp.uint32), unseen, jnp.zeros(unseen.shape[0], unseen.dtype))
    _, observed, draws = jax.lax.while_loop(going, draw, start)
    policy, cost, info = _answer(policy_class, observed, guess_key, jnp.sum(draws))
    return Sharpened(policy, cost, {**info, "draws": draws})


def _nothing(oracle: Oracle, policy_class: Any, dtype: Any) -> Any:
    """A table [prompts, responses] of NaN: no response seen yet."""
    check_class(oracle, policy_class, "maximiser_votes")
    return jnp.full(policy_class.shape, jnp.nan, dtype)


def _answer(policy_class: Any, observed: Any, key: Any, cost: Any) -> tuple[TabularPolicy, Any, dict[str, Any]]:
    votes = policy_class.maximiser_votes(observed)
    seen = jnp.where(jnp.isnan(observed), -jnp.inf, observed)
    # No candidate agrees: the likeliest response seen, or anything where nothing was.
    ranked = jnp.where(jnp.any(votes > 0, axis=-1, keepdims=True), votes, seen)
    answers = choose_among(ranked == jnp.max(ranked, axis=-1, keepdims=True), key=key)
    at_answer = jnp.arange(observed.shape[1]) == answers[:, None]
    policy = TabularPolicy(jnp.where(at_answer, 0.0, -jnp.inf).astype(observed.dtype))
    return policy, cost, {"answers": answers, "candidates": jnp.sum(votes > 0, axis=-1)}
