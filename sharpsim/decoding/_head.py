"""The most probable responses to a prompt, with a certified upper bound on every response that was not found.

Use it for exact statements about a distribution that is too large to enumerate: the mass of the head is known, and so is the mass outside.
"""

from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked, count
from sharpsim.decoding._frontier import Frontier, prefixes
from sharpsim.decoding._lockstep import lane_count, lockstep
from sharpsim.decoding._states import affordable_lanes, start_states
from sharpsim.policies import SequencePolicy, checked_prompts

NODES = 2**17
"""The most expanded prefixes held at a time, summed over the prompts that are searched together."""


class Head(NamedTuple):
    """The head of pi(. | x) that a search with a given budget has found."""

    responses: np.ndarray
    """int32 [k, horizon]: all complete responses found, in descending log-probability; ties in lexicographic order of tokens."""
    log_probs: np.ndarray
    """float64 [k], nats."""
    certified: int
    """The first `certified` responses are at least as probable as anything not found: the sorted head of the distribution."""
    bound: float
    """No response that was not found has a larger log-probability; -inf where all were found."""
    remaining_mass: float
    """The total probability of the responses that were not found. It is the sum over the prefixes left on the queue, so it is never
    negative and keeps its digits where it is small. With float32 policies it adds up with the mass found to 1 within 1e-5."""
    expansions: int
    """The number of prefixes expanded, the empty one included."""

    @checked(size=count(0))
    def first(self, size: int) -> "Head":
        """The head of at most `size` responses: what is cut off joins what was not found, and its likeliest is one more bound.

        Raises `ValueError` for a negative size.
        """
        size = _checks.static_count("size", size, 0)
        cut = self.log_probs[size:]
        return self._replace(
            responses=self.responses[:size],
            log_probs=self.log_probs[:size],
            certified=min(self.certified, size),
            bound=max(self.bound, float(cut.max(initial=-np.inf))),
            remaining_mass=self.remaining_mass + float(np.exp(cut).sum()),
        )


@checked(prompts=ANYTHING, max_expansions=count(), lanes=count())
def head(policy: SequencePolicy, prompts: Any, *, max_expansions: int, lanes: int = 256) -> list[Head]:
    """The head of pi(. | x) for each of the prompts [n, ...], after at most `max_expansions` best-first expansions for each prompt.

    Every response more probable than exp(bound) is found. Less probable responses that the search meets are kept too, because they reduce
    the remaining mass; the first `certified` ones are certainly the most probable responses in order. At most `lanes` prompts are searched
    together.

    Raises `ValueError` for `max_expansions` below 1 or prompts that the policy does not accept. Source: ours.
    """
    budget = _checks.static_count("max_expansions", max_expansions)
    lanes = _checks.static_count("lanes", lanes)
    prompts = checked_prompts(policy, prompts)
    lanes = affordable_lanes(policy, prompts[0], budget, max(1, min(lanes, NODES // budget)))
    lanes = lane_count(len(prompts), lanes)
    results: list[Any] = [None] * len(prompts)

    def harvest(frontier: Frontier, lane: int, number: int, slots: np.ndarray, finished: bool) -> None:
        del finished
        responses, log_probs = frontier.complete(lane, slots, -np.inf)
        left = frontier.unexpanded(lane, slots)
        bound = float(left.max(initial=-np.inf))
        results[number] = Head(responses, log_probs, int((log_probs >= bound).sum()), bound, float(np.exp(left).sum()), len(slots))

    lockstep(
        policy,
        prompts,
        start_states(policy, prompts, lanes),
        range(len(prompts)),
        lanes=lanes,
        capacity=prefixes(policy, budget),
        floor=lambda incumbents: np.full(len(incumbents), -np.inf),
        harvest=harvest,
    )
    return results
