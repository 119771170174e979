"""The votes of each prompt, counted: one entry for each distinct answer of a prompt."""

from typing import NamedTuple

import numpy as np

from sharpsim.estimators._draws import Draws


class Ballots(NamedTuple):
    """Votes of each prompt's distinct answers, prompt after prompt.

    `prompt`, `votes`, `right` are [answers]: the prompt, how many draws gave this answer, and which share of them was correct.
    `answer` is [rows]: the number of the draw's answer in these arrays, -1 for no vote.
    """

    prompt: np.ndarray
    votes: np.ndarray
    right: np.ndarray
    answer: np.ndarray


def ballots(draws: Draws) -> Ballots:
    """Count the votes. Raises `ValueError` where `draws` has no answers."""
    if draws.answers is None:
        raise ValueError("`draws` must have `answers`; got None.")
    voting = np.flatnonzero(draws.answers >= 0)
    answer = np.full(draws.rows, -1, dtype=np.int64)
    if not len(voting):
        nothing = np.zeros(0, dtype=np.int64)
        return Ballots(nothing, nothing, np.zeros(0), answer)
    prompt, label = draws.prompt[voting], draws.answers[voting]
    order = np.lexsort((label, prompt))
    prompt, label = prompt[order], label[order]
    new = np.append(True, (prompt[1:] != prompt[:-1]) | (label[1:] != label[:-1]))
    answer[voting[order]] = np.cumsum(new) - 1
    heads = np.flatnonzero(new)
    votes = np.diff(np.append(heads, len(order)))
    right = np.add.reduceat(draws.correct[voting[order]].astype(np.float64), heads) / votes
    return Ballots(prompt[heads], votes, right, answer)
