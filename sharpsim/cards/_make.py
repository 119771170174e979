"""Makes cards: of a policy, exactly; and of logs, estimated."""

from typing import Any

import numpy as np

from sharpsim import __version__
from sharpsim._arguments import ANYTHING, WEIGHTS, checked, count
from sharpsim._kind import Is
from sharpsim.cards._card import Card
from sharpsim.cards._estimated import estimated_content
from sharpsim.cards._exact import exact_content
from sharpsim.cards._goal import USUAL, Goal
from sharpsim.cards._law import Law, law_of_policy, law_of_table
from sharpsim.cards._sentences import sentences
from sharpsim.cards._text import shown
from sharpsim.logs import Reading, SampleTable, groups

Content = dict[str, Any]
ENOUGH = 0.95
"""With less of the probability found, the card warns."""
PROMPTS = Is("a sequence of prompts, or of names", lambda value: hasattr(value, "__getitem__") and np.ndim(value) > 0)


@checked(policy=ANYTHING, prompts=PROMPTS, judge=ANYTHING, weights=WEIGHTS, max_expansions=count(1, 2**53))
def card(
    policy: Any,
    prompts: Any = None,
    judge: Any = None,
    *,
    weights: Any = None,
    max_expansions: int = 500,
    goal: Goal = USUAL,
    model: str = "",
    task: str = "",
) -> Card:
    """The sharpening card of a policy, with no estimation.

    Args:
        policy: a table `[prompts, responses]` of probabilities or natural log-probabilities (or a `TabularPolicy`); or any sequence policy.
        prompts: of a sequence policy, the prompts `[n, ...]` that it accepts; of a table, names of its rows if wanted.
        judge: what says which responses are correct: a function (prompt, response) -> bool, or -> (bool, answer) for a vote over answers
            (None: no vote); of a table also an array of booleans of its shape. Without it the card is about modes alone.
        weights: prompt weights, a distribution; equal if not given.
        max_expansions: budget of the search for the likeliest responses of a sequence policy. What it leaves open shows as a band.
        goal: what "sharpened" means on the card.
        model, task: names in the title.

    Returns:
        a `Card`. Save it with `.save("card.html")`, print it, or read `.curves` and `.sentences`.

    Raises `ValueError` for tables, weights and judgements that do not fit.
    """
    table = getattr(policy, "log_probs", policy)
    if hasattr(policy, "step"):
        law = law_of_policy(policy, prompts=prompts, judge=judge, weights=weights, max_expansions=max_expansions)
    elif callable(table):
        raise ValueError(f"`policy` must be a table, a TabularPolicy or a sequence policy; got {type(policy).__name__}.")
    else:
        law = law_of_table(table, prompts=prompts, judge=judge, weights=weights)
    return Card((finished(exact_content(law, goal) | {"model": model, "task": task, "basis": _basis(law), "notes": _notes(law)}),))


@checked(min_draws=count(1, 2**53))
def card_of_logs(
    table: SampleTable,
    reading: Reading | None = None,
    *,
    min_draws: int = 1,
    predict: bool = True,
    predict_votes: bool = False,
    goal: Goal = USUAL,
) -> Card:
    """The sharpening card of logged draws: one for each model and task of the table, in its order.

    Args:
        table: the draws, as `sharpsim.logs.read_logs` gives them.
        reading: what was taken for what, from `read_logs`; the card states it.
        min_draws: prompts with fewer draws are left out, so that one short prompt does not end every curve.
        predict: whether the curves go on beyond the draws, as predictions.
        predict_votes: whether that of the majority vote does too; this takes minutes.
        goal: what "sharpened" means on the card, and the confidence of its intervals.

    Raises `ValueError` where no prompt has `min_draws` draws.
    """
    own = None if reading is None else reading.own_policy
    contents = []
    for group in groups(table):
        content = estimated_content(group, goal, own_policy=own, fewest=min_draws, predict=predict, predict_votes=predict_votes)
        content["notes"] = _with_reading(content["notes"], reading)
        contents.append(finished(content | {"model": group.model, "task": group.task, "basis": _sizes(content)}))
    return Card(tuple(contents))


def _with_reading(notes: Content, reading: Reading | None) -> Content:
    if reading is None:
        return notes
    left_out = list(notes["left_out"])
    if reading.own_policy is False:
        why = (
            f"the draws are not of the policy that the log-probabilities are of (temperature {reading.temperature}, top-p {reading.top_p})"
        )
        left_out.append({"what": "coverage and the cost of self-training", "why": why})
    taken = [shown(line, 400) for line in reading.lines() if not line.startswith("warning: ")]
    return notes | {"taken": taken, "left_out": left_out, "warnings": [*map(_text, reading.warnings), *notes["warnings"]]}


def _text(line: str) -> str:
    return shown(line, 400)


def _sizes(content: Content) -> str:
    draws, prompts = content["draws"], content["prompts"]
    each = f"{draws['least']:,}" if draws["least"] == draws["most"] else f"{draws['least']:,} to {draws['most']:,}"
    return f"{prompts:,} {'prompt' if prompts == 1 else 'prompts'} with {each} draws each, {draws['total']:,} draws in all."


def finished(content: Content) -> Content:
    """The content with its version and its sentences, keys in the order in which one reads them."""
    content = {"sharpsim": __version__, "sentences": [], **content}
    return content | {"sentences": sentences(content)}


def _basis(law: Law) -> str:
    prompts = len(law.weights)
    what = f"{prompts:,} {'prompt' if prompts == 1 else 'prompts'}, computed from the policy itself; nothing is estimated"
    return f"{what}." if law.whole else f"{what}, and what the search did not find shows as a band."


def _notes(law: Law) -> Content:
    left_out = []
    if law.correct is None:
        left_out.append({"what": "accuracy, vote and pass@N", "why": "no response was judged"})
    elif law.lengths is None:
        left_out.append({"what": "the likeliest per token", "why": "the responses of a table have no length"})
    warnings = []
    methods = ["Best of N by its exact law, ties to the first drawn; a vote by the exact law of its counts, ties shared evenly."]
    if not law.whole:
        found = float(law.weights @ (1 - law.remaining_mass))
        methods.append(f"Best-first search found responses of {100 * found:.2f}% of the probability on the average prompt.")
        if found < ENOUGH:
            warnings.append(
                f"The search found responses of only {100 * found:.0f}% of the probability: bands are wide, and covariances are of what "
                "was found. A larger `max_expansions` finds more."
            )
    return {"taken": [], "left_out": left_out, "warnings": warnings, "methods": methods}
