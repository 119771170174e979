"""The most likely response to a prompt, proven by best-first search over prefixes.

Use it for the mode of a sequence policy, or for all responses within a factor 1 - slack of it. Greedy decoding and beam search give
no proof.
"""

from typing import Any, Literal, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, HALF_OPEN_UNIT, checked, count, one_of
from sharpsim.decoding._frontier import Frontier
from sharpsim.decoding._lockstep import lane_count, lockstep
from sharpsim.decoding._states import affordable_lanes, start_states
from sharpsim.policies import SequencePolicy, checked_prompts, start_many, step_many
from sharpsim.sharpness import TIE_GUARD

FIRST_CAPACITY = 1024
SLOTS = 256 * FIRST_CAPACITY
"""The most prefixes held at a time, summed over the prompts that are searched together, unless a single prompt needs more."""


class MostLikely(NamedTuple):
    """All responses in Y*_slack(x), proven complete."""

    responses: np.ndarray
    """int32 [k, horizon], in descending log-probability, ties in lexicographic order of tokens; padded with the end token."""
    log_probs: np.ndarray
    """float64 [k], nats."""
    expansions: int
    """The number of prefixes expanded, the empty one included."""


class Decoded(NamedTuple):
    """One response and its log-probability."""

    response: np.ndarray
    log_prob: float


class SearchBudgetExceeded(RuntimeError):
    """The search used up its expansions before it had proven which responses are most likely."""

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


@checked(prompt=ANYTHING, slack=HALF_OPEN_UNIT, max_expansions=count())
def most_likely(policy: SequencePolicy, prompt: Any, *, slack: float = 0.0, max_expansions: int) -> MostLikely:
    """Y*_slack(x) = {y : pi(y|x) >= (1 - slack) max_y' pi(y'|x)}, exactly, for any |V|^H.

    A prefix is at least as probable as every response that continues it. The search therefore expands the most probable prefix first, and
    stops when no prefix left is probable enough. With q = (1 - slack) P*, where P* is the mode's probability, at most
    min(1 + (H-1) floor(1/q), E|y|/q) <= H/q prefixes are expanded (lengths count the end token).

    The result is exact for the policy's step log-probabilities, summed in float64 from the first token on. As in `sharpness.maximisers`,
    only exact ties count at slack 0; above 0 the threshold has a relative guard of 1e-12.

    Raises `SearchBudgetExceeded` where `max_expansions` are not enough, so that a returned answer is always proven. Raises `ValueError` for
    slack outside [0, 1), `max_expansions` below 1, or a prompt that the policy does not accept. Source: ours (the bound: each depth has at
    most 1/q prefixes of probability q or more).
    """
    policy.check_prompt(prompt)
    return most_likely_batch(policy, np.asarray(prompt)[None], slack=slack, max_expansions=max_expansions)[0]


@checked(prompts=ANYTHING, slack=HALF_OPEN_UNIT, max_expansions=count(), on_budget=one_of("raise", "return"), lanes=count())
def most_likely_batch(
    policy: SequencePolicy,
    prompts: Any,
    *,
    slack: float = 0.0,
    max_expansions: int,
    on_budget: Literal["raise", "return"] = "raise",
    lanes: int = 256,
) -> list[Any]:
    """`most_likely` for each of the prompts [n, ...]; at most `lanes` prompts are searched together.

    With `on_budget="return"`, the list has a `SearchBudgetExceeded` for each prompt whose expansions were not enough, and none is raised.
    """
    budget = _checks.static_count("max_expansions", max_expansions)
    lanes = _checks.static_count("lanes", lanes)
    prompts = checked_prompts(policy, prompts)

    edge = np.log1p(-slack) - TIE_GUARD[8] if slack > 0 else 0.0
    return _search_all(policy, prompts, edge, budget, lanes, on_budget)


def _search_all(policy: SequencePolicy, prompts: np.ndarray, edge: float, budget: int, lanes: int, on_budget: str) -> list[Any]:
    """The answer for each prompt: responses with log-probability at least the mode's plus `edge`, or the failure."""
    results: list[Any] = [None] * len(prompts)
    lanes = lane_count(len(prompts), lanes)
    states = start_states(policy, prompts, lanes)

    def harvest(frontier: Frontier, lane: int, number: int, slots: np.ndarray, finished: bool) -> None:
        if finished:
            results[number] = MostLikely(*frontier.complete(lane, slots, frontier.incumbents[lane] + edge), len(slots))
        elif len(slots) >= budget:
            bound = float(frontier.unexpanded(lane, slots).max())
            failure = SearchBudgetExceeded(_incumbent(policy, prompts[number], *frontier.complete(lane, slots, -np.inf)), bound, len(slots))
            if on_budget == "raise":
                raise failure
            results[number] = failure

    # Few searches are long. They start again with 16 times the capacity on fewer lanes, which repeats a sixteenth of their work.
    capacity, left = min(budget, max(FIRST_CAPACITY, SLOTS // min(lanes, len(prompts)))), list(range(len(prompts)))
    while left:
        lockstep(
            policy,
            prompts,
            states,
            left,
            lanes=lane_count(len(left), affordable_lanes(policy, prompts[0], capacity, lanes)),
            capacity=capacity,
            floor=lambda incumbents: incumbents + edge,
            harvest=harvest,
        )
        left = [number for number in left if results[number] is None]
        capacity = min(budget, 16 * capacity)
        lanes = max(1, min(lanes, SLOTS // capacity))
    return results


def _incumbent(policy: SequencePolicy, prompt: Any, responses: np.ndarray, log_probs: np.ndarray) -> Decoded:
    """The best of the responses found, in order; greedy decoding's where there are none."""
    if len(responses):
        return Decoded(responses[0], float(log_probs[0]))
    state, token = start_many(policy, np.asarray(prompt)[None]), np.full(1, policy.begin_token, dtype=np.int32)
    response, total = np.full(policy.horizon, policy.end_token or 0, dtype=np.int32), 0.0
    for depth in range(policy.horizon):
        state, following = step_many(policy, state, token)
        row = np.asarray(following)[0]
        token = row.argmax(keepdims=True).astype(np.int32)
        response[depth], total = token[0], total + float(row[token[0]])
        if token[0] == policy.end_token:
            break
    return Decoded(response, total)
