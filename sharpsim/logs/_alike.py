"""Whether draws are more alike than their log-probabilities allow, as they are when drawn at a temperature or top-p below 1.

If draws come from the policy that `log_prob` is of, then, given the draws of a prompt before it, draw i repeats one of them with
probability exactly M_i, the sum of the probabilities of the distinct responses among them. So with X_i = 1 for a repeat, for every lambda

    E(lambda) = prod_i exp(lambda X_i) / (1 + M_i (e^lambda - 1))

has expectation 1, over all draws of all prompts, and so has its mean over a few lambda > 0. By Markov's inequality that mean reaches 1/a
with probability at most a, at any number of draws and without approximation. (An e-value: Vovk & Wang, Annals of Statistics 49(3), 2021.)
"""

from dataclasses import dataclass

import numpy as np

from sharpsim._arguments import checked
from sharpsim.logs._groups import Group, groups
from sharpsim.logs._samples import SampleTable

LAMBDAS = 2.0 ** np.arange(-6, 3)
CLOSE = 1e-4
"""Log-probabilities of one response that was scored twice differ by less (nats)."""
OVER_ONE = 1.01
"""A sum of probabilities above this is more than rounding."""


@dataclass(frozen=True)
class Alike:
    """How alike the draws of one model on one task are.

    `draws` were looked at, of which `repeats` repeat an earlier draw of their prompt, where `expected` (the sum of M_i) would; `log_e` is
    the logarithm of the e-value against draws from the policy that `log_prob` is of. `largest_mass` is the largest sum of the probabilities
    of a prompt's distinct responses, and `heaviest` the number of that prompt.
    """

    draws: int
    repeats: int
    expected: float
    log_e: float
    largest_mass: float
    heaviest: int


def alike(group: Group) -> Alike | None:
    """The test on the draws of a group, over the prompts none of whose log-probabilities is missing; None if there is nothing to test.

    Two draws are the same response if their digests are equal; in logs without texts, if answer, number of tokens and log-probability
    (within `CLOSE`) are. Then log-probabilities with at most three decimals make other responses look the same, and nothing is tested.
    """
    unknown = np.bincount(group.prompt_numbers, np.isnan(group.log_probs), len(group.prompts)) > 0
    rows = np.flatnonzero(~unknown[group.prompt_numbers])
    if not len(rows):
        return None
    prompt, log_prob = group.prompt_numbers[rows], group.log_probs[rows]
    if group.digests[rows].all():
        identity = group.digests[rows]
    elif (np.round(log_prob, 3) == log_prob).all():
        return None
    else:
        identity = _clusters(prompt, group.answers[rows], group.tokens[rows], log_prob)
    # The sort is stable: of equal responses to a prompt the first drawn stands first.
    order = np.lexsort((identity, prompt))
    new = np.empty(len(rows), dtype=bool)
    new[order] = np.append(True, (np.diff(identity[order]) != 0) | (np.diff(prompt[order]) != 0))
    seen = np.cumsum(np.where(new, np.exp(log_prob), 0.0))
    starts = np.searchsorted(prompt, np.arange(len(group.prompts) + 1))
    ends = np.append(0.0, seen)[starts]
    before = np.append(0.0, seen[:-1]) - ends[prompt]
    mass = np.diff(ends)
    likely = np.clip(before, 0.0, 1.0)
    # A repeat of what has all the mass is certain: it says nothing.
    logs = [(lam * ~new - np.log1p(likely * np.expm1(lam))).sum() for lam in LAMBDAS]
    heaviest = int(mass.argmax())
    return Alike(
        len(rows),
        int((~new).sum()),
        float(likely.sum()),
        float(np.logaddexp.reduce(logs) - np.log(len(LAMBDAS))),
        float(mass[heaviest]),
        heaviest,
    )


@checked
def check_alike(table: SampleTable, *, false_alarm: float) -> list[str]:
    """A warning for each model and task whose draws are more alike than their log-probabilities allow.

    The probability that any warning on repeats appears though all draws are from the policy that `log_prob` is of is at most `false_alarm`.
    There is also a warning where the probabilities of the distinct responses of a prompt sum to more than 1, which no policy's do: then
    `log_prob` may be a mean over the tokens.

    Raises `ValueError` for `false_alarm` outside (0, 1).
    """
    found = [(group, alike(group)) for group in groups(table)]
    warnings = []
    for group, test in found:
        if test is None:
            continue
        where = f"{group.model}, {group.task}: "
        if test.largest_mass > OVER_ONE:
            warnings.append(
                f"{where}the probabilities of the distinct responses to one prompt sum to {test.largest_mass:.3g}, and no policy's sum "
                "to more than 1. Is `log_prob` a mean over the tokens, or of another base than e?"
            )
        elif test.log_e >= np.log(len(found) / false_alarm):
            texts = "" if group.digests.all() else " (or several responses share log-probability, length and answer)"
            warnings.append(
                f"{where}the draws are more alike than their log-probabilities allow: {test.repeats} of {test.draws} repeat an earlier "
                f"draw of their prompt, and {test.expected:.1f} are expected (false alarm {false_alarm:g}). They were probably drawn at a "
                f"temperature or top-p below 1, so that `log_prob` is of another policy{texts}. Give `temperature` or `top_p`."
            )
    return warnings


def _clusters(prompt: np.ndarray, answer: np.ndarray, tokens: np.ndarray, log_prob: np.ndarray) -> np.ndarray:
    """A number for each draw, equal for draws of a prompt with one answer, one length and log-probabilities in a chain of close values."""
    tokens = np.nan_to_num(tokens, nan=-1.0)
    order = np.lexsort((log_prob, tokens, answer, prompt))
    changes = np.diff(log_prob[order]) > CLOSE
    for key in (prompt, answer, tokens):
        changes |= np.diff(key[order]) != 0
    made = np.empty(len(order), dtype=np.int64)
    made[order] = np.append(0, np.cumsum(changes))
    return made
