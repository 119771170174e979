"""Exact maximisation over all responses by best-first search."""

from typing import Any, Literal, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim.decoding._frontier import Frontier, affordable_lanes, in_order, start_states
from sharpsim.decoding._lockstep import lane_count, lockstep
from sharpsim.policies import SequencePolicy, start_many, step_many
from sharpsim.sharpness import TIE_GUARD

FIRST_CAPACITY = 1024
SLOTS = 256 * FIRST_CAPACITY
"""Prefixes kept at once, over all lanes, unless a single prompt needs more."""
TIES = 64
"""Prefixes expanded at once where that many tie exactly: the search ends only below their probability, so all of them are due."""


class MostLikely(NamedTuple):
    """All of Y*_slack(x), proven."""

    responses: np.ndarray
    """int32 [k, horizon], log-probability descending, ties by the smallest token sequence; padded with the end token."""
    log_probs: np.ndarray
    """float64 [k], nats."""
    expansions: int
    """Incomplete prefixes taken off the queue, the empty one included."""


class Decoded(NamedTuple):
    """One response and its log-probability."""

    response: np.ndarray
    log_prob: float


class SearchBudgetExceeded(RuntimeError):
    """The search ended before it had proven which responses are most likely."""

    def __init__(self, incumbent: Decoded, bound: float, expansions: int):
        super().__init__(
            f"Not proven within `max_expansions` = {expansions}: the best response found has log-probability {incumbent.log_prob:.6g}, and "
            f"one not found yet may have up to {bound:.6g}. Allow more expansions, or take the incumbent for what it is."
        )
        self.incumbent = incumbent
        """The best complete response found (greedy's where none was), not proven to be a maximiser."""
        self.bound = bound
        """No response that was not found has a larger log-probability than this."""
        self.expansions = expansions


def most_likely(policy: SequencePolicy, prompt: Any, *, slack: float = 0.0, max_expansions: int) -> MostLikely:
    """Y*_slack(x) = {y : pi(y|x) >= (1 - slack) max_y' pi(y'|x)}, exactly, for any |V|^H.

    log pi falls along a prefix, so prefixes are expanded from the most probable on, until none left can reach the set. With
    q = (1 - slack) P*, at most min(1 + (H-1) floor(1/q), E|y|/q) <= H/q prefixes are expanded (lengths count the end token).
    Exact with respect to the policy's step log-probabilities, summed in float64 from the first token on. As in `sharpness.maximisers`, at
    slack 0 only exact ties count; above 0 the edge has a relative guard of 1e-12.

    Raises `SearchBudgetExceeded` where `max_expansions` are not enough: what is returned is always proven. Raises `ValueError` for slack
    outside [0, 1), `max_expansions` below 1, or a prompt that is not the policy's. Source: ours (the bound: each depth has at most 1/q
    prefixes of probability q or more).
    """
    return most_likely_batch(policy, np.asarray(prompt)[None], slack=slack, max_expansions=max_expansions)[0]


def most_likely_batch(
    policy: SequencePolicy,
    prompts: Any,
    *,
    slack: float = 0.0,
    max_expansions: int,
    on_budget: Literal["raise", "return"] = "raise",
    lanes: int = 256,
) -> list[Any]:
    """`most_likely` of each of the prompts [n, ...], `lanes` of them searched in lockstep.

    With `on_budget="return"`, a prompt whose `max_expansions` are used up has its `SearchBudgetExceeded` in the list, and none is raised.
    """
    _checks.in_half_open_unit("slack", slack)
    budget = _checks.static_count("max_expansions", max_expansions)
    lanes = _checks.static_count("lanes", lanes)
    if on_budget not in ("raise", "return"):
        raise ValueError(f'`on_budget` must be "raise" or "return"; got {on_budget!r}.')
    prompts = np.asarray(prompts)
    if prompts.ndim == 0 or len(prompts) == 0:
        raise ValueError(f"`prompts` must hold at least one prompt along its first axis; got shape {prompts.shape}.")
    policy.check_prompts(prompts)

    edge = np.log1p(-slack) - TIE_GUARD[8] if slack > 0 else 0.0
    results: list[Any] = [None] * len(prompts)
    lanes = lane_count(len(prompts), lanes)
    states = start_states(policy, prompts, lanes)

    def harvest(frontier: Frontier, lane: int, number: int, finished: bool) -> None:
        expansions = int(frontier.counts[lane])
        if finished:
            found = frontier.complete(lane, frontier.incumbents[lane] + edge)
            results[number] = MostLikely(*in_order(*found), expansions)
        elif expansions >= budget:
            bound = float(frontier.top(np.array([lane]))[0])
            failure = SearchBudgetExceeded(_incumbent(policy, prompts[number], frontier, lane), bound, expansions)
            if on_budget == "raise":
                raise failure
            results[number] = failure

    # Long searches are few: they are begun again on fewer, longer lanes, which costs a sixteenth and keeps memory with the short ones.
    capacity, left = min(budget, max(FIRST_CAPACITY, SLOTS // min(lanes, len(prompts)))), list(range(len(prompts)))
    while left:
        lockstep(
            policy,
            prompts,
            states,
            left,
            lanes=lane_count(len(left), affordable_lanes(policy, prompts[0], capacity, lanes)),
            capacity=capacity,
            ties=TIES,
            finished=lambda tops, incumbents: tops < incumbents + edge,
            harvest=harvest,
        )
        left = [number for number in left if results[number] is None]
        capacity = min(budget, 16 * capacity)
        lanes = max(1, min(lanes, SLOTS // capacity))
    return results


def _incumbent(policy: SequencePolicy, prompt: Any, frontier: Frontier, lane: int) -> Decoded:
    if frontier.incumbents[lane] > -np.inf:
        responses, log_probs = in_order(*frontier.complete(lane, frontier.incumbents[lane]))
        return Decoded(responses[0], float(log_probs[0]))
    state, token = start_many(policy, np.asarray(prompt)[None]), np.full(1, policy.begin_token, dtype=np.int32)
    response, total = np.full(policy.horizon, policy.end_token or 0, dtype=np.int32), 0.0
    for depth in range(policy.horizon):
        state, log_probs = step_many(policy, state, token)
        token = np.asarray(log_probs).argmax(axis=1).astype(np.int32)
        response[depth], total = token[0], total + float(np.asarray(log_probs)[0, token[0]])
        if token[0] == policy.end_token:
            break
    return Decoded(response, total)
