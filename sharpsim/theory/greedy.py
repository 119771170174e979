"""When greedy decoding finds the most likely sequence (Prop 3.1).

It does whenever that sequence has probability above 1/2; at or below 1/2 it can fail. Call this module with the conditional probabilities
of an autoregressive policy to learn whether greedy succeeds, by which margin, and which margin its mode probability guarantees.

Statement. Autoregressive pi over V^H with unique Y*(x) = {y*}: pi(y*|x) > 1/2 implies that greedy decoding returns y*. Tight: at every
value in (0, 1/2] it can fail. With numbers (ours): greedy returns y* exactly where its margin

    min_h [ log pi(y*_h | x, y*_<h) - max_{v != y*_h} log pi(v | x, y*_<h) ]  >=  log( P* / (1-P*) ),   P* = pi(y*|x),

is positive (a token that ties for the lead leaves margin 0, and the smaller token wins). For each conditional along y* is at least their
product P*, and what the others share is at most 1 - P*. Equality: two responses, the second one step away.

Assumptions. A1 (`unique_mode`): one maximiser. A2 (`mode_above_half`): P* > 1/2, which implies A1.

Symbols. pi: conditionals; P*: mode_probability.

Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, section 3, Prop 3.1; the margin: ours.

Printed. As printed.

`conditionals[h]` is [prompts, V, ..., V] with h + 1 axes of size V, natural log-probabilities of the token after the h before it, as
`policies.TabularSequencePolicy` takes them. An end token is a token that is followed by itself for certain.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import REAL, checked
from sharpsim._logspace import logsumexp
from sharpsim.theory._common import Statement, as_float

THRESHOLD = 0.5
"""Above this mode probability greedy decoding cannot fail; at or below it can."""

TIE_GUARD = 1e-12
"""Nats within which two sequences count as equally likely: sums of the same logs in another order differ by rounding."""

ENUMERATION_LIMIT = 2**22


@checked
def bound(*, mode_probability: Any) -> Any:
    """log(P*/(1-P*)) in nats <= the margin of greedy decoding; positive exactly above 1/2, -inf as P* -> 0, inf at P* = 1.

    Arrays map elementwise. Raises `ValueError` for P* outside (0, 1].
    """
    p = np.asarray(mode_probability, dtype=np.float64)
    with np.errstate(divide="ignore"):
        value = np.log(p) - np.log1p(-p)
    # Near 1/2 the two logarithms cancel, and the sign is the statement.
    near = np.abs(p - 0.5) < 0.25
    return as_float(np.where(near, 2 * np.arctanh(np.where(near, 2 * p - 1, 0.0)), value))


@checked(margin=REAL)
def mode_probability_needed(*, margin: Any) -> Any:
    """1/(1 + exp(-margin)): the least P* that guarantees this margin (nats), the inverse of `bound`; `THRESHOLD` at margin 0.

    Raises `ValueError` for NaN.
    """
    value = np.asarray(margin, dtype=np.float64)
    return as_float(np.exp(-np.logaddexp(0.0, -value)))


@checked
def may_fail(*, mode_probability: Any) -> Any:
    """Whether some policy with this mode probability makes greedy decoding fail: P* <= 1/2. Raises `ValueError` outside (0, 1]."""
    found = np.asarray(bound(mode_probability=mode_probability)) <= 0
    return bool(found) if found.ndim == 0 else found


@checked
def enumerate_responses(conditionals: Sequence[Any]) -> np.ndarray:
    """log pi(y|x) of all V^H responses, [prompts, V^H] in nats, smallest token sequence first.

    Raises `ValueError` for tables that do not fit together, rows that are not normalised, or more than 2^22 entries.
    """
    tables = _tables(conditionals)
    joint = tables[0]
    for table in tables[1:]:
        joint = joint[..., None] + table
    return joint.reshape(len(joint), -1)


@checked
def mode(conditionals: Sequence[Any]) -> np.ndarray:
    """y*(x), tokens [prompts, H]: the likeliest response by enumeration, the smallest token sequence among equals."""
    joint = enumerate_responses(conditionals)
    first = np.argmax(joint >= joint.max(axis=1, keepdims=True) - TIE_GUARD, axis=1)
    size = np.shape(conditionals[0])[1]
    return np.stack(np.unravel_index(first, (size,) * len(conditionals)), axis=1)


@checked
def mode_probability(conditionals: Sequence[Any]) -> np.ndarray:
    """P*(x) = max_y pi(y|x) for each prompt, in (0, 1], by enumeration."""
    return np.exp(enumerate_responses(conditionals).max(axis=1))


@checked
def mode_log_odds(conditionals: Sequence[Any]) -> np.ndarray:
    """log(P*/(1-P*)) in nats for each prompt, 1-P* summed over the others: `bound` of P*, with its digits also where P* is near 1."""
    joint = enumerate_responses(conditionals)
    first = joint.argmax(axis=1)[:, None]
    others = joint.copy()
    np.put_along_axis(others, first, -np.inf, axis=1)
    return np.take_along_axis(joint, first, axis=1)[:, 0] - logsumexp(others, np)


@checked
def greedy_response(conditionals: Sequence[Any]) -> np.ndarray:
    """What greedy decoding returns, tokens [prompts, H]: the likeliest next token each time, the smallest among exact equals."""
    tables = _tables(conditionals)
    prompts = np.arange(len(tables[0]))
    tokens: list[np.ndarray] = []
    for table in tables:
        tokens.append(np.argmax(table[(prompts, *tokens)], axis=-1))
    return np.stack(tokens, axis=1)


@checked
def greedy_is_mode(conditionals: Sequence[Any]) -> np.ndarray:
    """Whether greedy's response is a maximiser, for each prompt: certain where P* > 1/2. Log-probabilities within 1e-12 are equal."""
    joint = enumerate_responses(conditionals)
    size, horizon = np.shape(conditionals[0])[1], len(conditionals)
    found = np.ravel_multi_index(tuple(greedy_response(conditionals).T), (size,) * horizon)
    return joint[np.arange(len(joint)), found] >= joint.max(axis=1) - TIE_GUARD


@checked
def greedy_margin(conditionals: Sequence[Any]) -> np.ndarray:
    """min over h of log pi(y*_h|x, y*_<h) - max over other tokens, nats, [prompts]: positive where greedy returns y*, negative if not.

    At least `mode_log_odds`. A margin of 0 is a tie, which the smaller token wins; the margin is inf where y* is certain.
    """
    tables, best = _tables(conditionals), mode(conditionals)
    prompts, least = np.arange(len(best)), np.full(len(best), np.inf)
    for h, table in enumerate(tables):
        rows = table[(prompts, *best[:, :h].T)]
        others = rows.copy()
        others[prompts, best[:, h]] = -np.inf
        least = np.minimum(least, rows[prompts, best[:, h]] - others.max(axis=-1))
    return least


@checked
def checks(conditionals: Sequence[Any]) -> dict[str, float]:
    """Signed slacks, least over prompts, negative where an assumption fails (the edge fails).

    `unique_mode`: log P* minus the log-probability of the next likeliest response; `mode_above_half`: P* - 1/2.
    """
    joint = enumerate_responses(conditionals)
    top = joint.max(axis=1)
    second = np.sort(joint, axis=1)[:, -2] if joint.shape[1] > 1 else np.full(len(joint), -np.inf)
    lead, excess = float((top - second).min()), float(np.exp(top).min()) - THRESHOLD
    edge = -float(np.finfo(np.float64).tiny)
    return {"unique_mode": lead if lead > TIE_GUARD else edge, "mode_above_half": excess if excess != 0 else edge}


def _tables(conditionals: Sequence[Any]) -> list[np.ndarray]:
    tables = [np.asarray(table, dtype=np.float64) for table in conditionals]
    if tables[0].ndim != 2:
        raise ValueError(f"`conditionals[0]` must have shape [prompts, V]; got {tables[0].shape}.")
    prompts, size = tables[0].shape
    _checks.enumerable(prompts * float(size) ** len(tables), ENUMERATION_LIMIT, "the table of all responses", "decoding.most_likely")
    for h, table in enumerate(tables):
        if table.shape != (prompts, *[size] * (h + 1)):
            raise ValueError(f"`conditionals[{h}]` must have shape {(prompts, *[size] * (h + 1))}; got {table.shape}.")
        _checks.rows(f"conditionals[{h}]", table)
    return tables


_SYMBOLS = {"pi": "conditionals", "P*": "mode_probability"}
STATEMENTS = (
    Statement("greedy", "Prop 3.1", "greedy decoding returns the mode if its probability exceeds 1/2", "lower", symbols=_SYMBOLS),
    Statement("greedy", "Prop 3.1 (margin)", "the margin of greedy decoding is at least log(P*/(1-P*))", "lower", symbols=_SYMBOLS),
    Statement("greedy", "Prop 3.1 (tight)", "at every mode probability in (0, 1/2] greedy decoding can fail", "identity", symbols=_SYMBOLS),
)
