"""The most probable responses and a certificate for what is left out."""

from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim.decoding._frontier import Frontier, affordable_lanes, in_order, start_states
from sharpsim.decoding._lockstep import lane_count, lockstep
from sharpsim.policies import SequencePolicy

NODES = 2**17
"""How many expanded prefixes are held at a time, over all lanes."""


class Head(NamedTuple):
    """What a search with a given budget knows of pi(. | x)."""

    responses: np.ndarray
    """int32 [k, horizon]: every complete response found, log-probability descending, ties by the smallest token sequence."""
    log_probs: np.ndarray
    """float64 [k], nats."""
    certified: int
    """The first `certified` responses are at least as probable as anything not found: the sorted head of the distribution."""
    bound: float
    """No response that was not found has a larger log-probability; -inf where all were found."""
    remaining_mass: float
    """The total probability of the responses not found, summed over the prefixes left on the queue: never below 0, and no digits
    lost where it is small. With float32 policies the masses found and left add up to 1 within 1e-5."""
    expansions: int
    """Incomplete prefixes taken off the queue, the empty one included."""


def head(policy: SequencePolicy, prompts: Any, *, max_expansions: int, lanes: int = 256) -> list[Head]:
    """The head of pi(. | x) for each of the prompts [n, ...], after `max_expansions` best-first expansions of a prompt (or all there are).

    Every response more probable than exp(bound) is found. Responses below the bound are kept too when they come to light,
    because they shrink the remaining mass, but the order of the distribution is certified only down to `certified`.

    Raises `ValueError` for `max_expansions` below 1 or prompts that are not the policy's. Source: ours.
    """
    budget = _checks.static_count("max_expansions", max_expansions)
    lanes = _checks.static_count("lanes", lanes)
    prompts = np.asarray(prompts)
    if prompts.ndim == 0 or len(prompts) == 0:
        raise ValueError(f"`prompts` must hold at least one prompt along its first axis; got shape {prompts.shape}.")
    policy.check_prompts(prompts)
    lanes = affordable_lanes(policy, prompts[0], budget, max(1, min(lanes, NODES // budget)))
    lanes = lane_count(len(prompts), lanes)
    results: list[Any] = [None] * len(prompts)

    def harvest(frontier: Frontier, lane: int, number: int, finished: bool) -> None:
        del finished
        responses, log_probs = in_order(*frontier.complete(lane, -np.inf))
        left = frontier.unexpanded(lane)
        bound = float(left.max(initial=-np.inf))
        results[number] = Head(
            responses, log_probs, int((log_probs >= bound).sum()), bound, float(np.exp(left).sum()), int(frontier.counts[lane])
        )

    lockstep(
        policy,
        prompts,
        start_states(policy, prompts, lanes),
        range(len(prompts)),
        lanes=lanes,
        capacity=budget,
        finished=lambda tops, incumbents: np.zeros(len(tops), dtype=bool),
        harvest=harvest,
    )
    return results
