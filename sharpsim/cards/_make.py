"""Makes cards: of a policy, exactly."""

from typing import Any

from sharpsim import __version__
from sharpsim.cards._card import Card
from sharpsim.cards._exact import exact_content
from sharpsim.cards._goal import USUAL, Goal
from sharpsim.cards._law import Law, law_of_policy, law_of_table
from sharpsim.cards._sentences import sentences

Content = dict[str, Any]


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
    methods = ["Best of N by its exact law, ties to the first drawn; a vote by the exact law of its counts, ties shared evenly."]
    if not law.whole:
        found = float(law.weights @ (1 - law.remaining_mass))
        methods.append(f"Best-first search found responses of {100 * found:.2f}% of the probability on the average prompt.")
    return {"taken": [], "left_out": left_out, "warnings": [], "methods": methods}
