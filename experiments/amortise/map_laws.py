"""What the laws of the task "many writers" give at one place of the map: accuracies, coverage, margin and covariance, all by listing.

Prompts whose laws differ in the texts alone are one class, and a listing is made for one prompt of each class. There are three at most: the
mistake changes the answer; it changes the steps alone; it changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sharpsim.coverage import coverage_coefficient, margin, mode_coverage
from sharpsim.laws import best_of_n
from sharpsim.sharpness import maximisers
from sharpsim.tasks import Corpus, Task
from sharpsim.theory.inference import lift_predictor

GENERIC = Corpus(0.37, 3, 0.64, "precedence")
"""A corpus without coincidences: prompts with equal listings on it are one class."""
Found = dict[str, np.ndarray]
REGIONS = ("greedy_right", "sharpening_wins", "too_few_draws", "mode_wrong")


@dataclass(frozen=True)
class Listing:
    """All responses to one prompt of a class, in alphabetical order: tokens int [k, horizon], and which are correct, bool [k].

    `weight` is the fraction of prompts in the class.
    """

    prompt: str
    weight: float
    tokens: np.ndarray
    correct: np.ndarray

    @property
    def affected(self) -> bool:
        """Whether the mistake changes the answer."""
        return not self.correct.all()


def law(corpus: Corpus, prompt: str) -> tuple[list[str], np.ndarray]:
    """The responses in alphabetical order, and their probabilities, float64 [k]."""
    texts, probs = corpus.law(prompt)
    order = sorted(range(len(texts)), key=texts.__getitem__)
    return [texts[i] for i in order], probs[order]


def listing(task: Task, corpus: Corpus, prompt: str, weight: float) -> Listing:
    """The responses of a corpus; they are the same for all shares and rates strictly between 0 and 1."""
    texts, _ = law(corpus, prompt)
    tokens = np.stack([task.encode_response(text) for text in texts])
    return Listing(prompt, weight, tokens, np.array([task.is_correct(prompt, text) for text in texts]))


def classes(task: Task, prompts: Iterable[str], kind: str) -> dict[str, float]:
    """One prompt of each class of equal laws -> the fraction of the prompts that are in that class; the fractions sum to 1."""
    corpus = Corpus(GENERIC.share, GENERIC.phrasings, GENERIC.rate, kind)
    found: dict[str, list[str]] = {}
    for prompt in prompts:
        found.setdefault(_signature(task, corpus, prompt), []).append(prompt)
    total = sum(map(len, found.values()))
    return {members[0]: len(members) / total for members in found.values()}


def affected_share(task: Task, prompts: Iterable[str], kind: str) -> float:
    """The fraction of the prompts on which the mistake changes the answer."""
    corpus = Corpus(GENERIC.share, 1, GENERIC.rate, kind)
    asked = list(prompts)
    return sum(not all(task.is_correct(prompt, text) for text in corpus.law(prompt)[0]) for prompt in asked) / len(asked)


def _signature(task: Task, corpus: Corpus, prompt: str) -> str:
    one, probs = listing(task, corpus, prompt, 1.0), law(corpus, prompt)[1]
    end = greedy(one.tokens, probs[None])[0]
    return repr((sorted(zip(np.round(probs, 9).tolist(), one.correct.tolist(), strict=True)), one.correct[end]))


def greedy(tokens: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Which response greedy decoding ends at, int [laws], for tokens int [k, horizon] and laws of them [laws, k].

    At each place it goes on with the token that has most of the mass of the responses that still fit; ties go to the smallest token.
    """
    fits = np.ones(probs.shape, dtype=bool)
    for column in tokens.T:
        values, place = np.unique(column, return_inverse=True)
        if len(values) > 1:
            mass = (probs * fits) @ np.eye(len(values))[place]
            # Sums of equal masses may differ in their last bits.
            chosen = (mass >= mass.max(axis=1, keepdims=True) * (1 - 1e-12)).argmax(axis=1)
            fits &= place == chosen[:, None]
    return fits.argmax(axis=1)


def tables(listings: list[Listing], shares: np.ndarray, phrasings: int, rate: float, kind: str) -> list[np.ndarray]:
    """log pi of each listing at each share, float64 [shares, k]."""
    corpora = [Corpus(float(share), phrasings, rate, kind) for share in shares]
    return [np.log(np.stack([law(corpus, one.prompt)[1] for corpus in corpora])) for one in listings]


def accuracy_of_best(listings: list[Listing], logs: list[np.ndarray], draws: int) -> np.ndarray:
    """The accuracy of best of N, float64 [shares, classes]."""
    each = [(np.exp(best_of_n(table, table, draws=draws)) * one.correct).sum(axis=1) for one, table in zip(listings, logs, strict=True)]
    return np.stack(each, axis=1)


def of_classes(listings: list[Listing], logs: list[np.ndarray]) -> Found:
    """What does not depend on N, for each class: float64 [shares, classes]."""
    found = [_of_class(one, table) for one, table in zip(listings, logs, strict=True)]
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


def _of_class(one: Listing, table: np.ndarray) -> Found:
    """Of each row of `table` [shares, k]."""
    probs, right, modes = np.exp(table), np.broadcast_to(one.correct, table.shape), maximisers(table)
    best_right, best_wrong = (np.where(right == flag, table, -np.inf).max(axis=1) for flag in (True, False))
    return {
        "one_draw": (probs * right).sum(axis=1),
        "greedy": one.correct[greedy(one.tokens, probs)].astype(np.float64),
        "mode": (probs * modes * right).sum(axis=1) / (probs * modes).sum(axis=1),
        "covariance": lift_predictor(table, right),
        "margin": table.max(axis=1) - np.where(modes, -np.inf, table).max(axis=1),
        "signed_margin": best_right - best_wrong,
        "correct_log_prob": (probs * right * table).sum(axis=1),
        "log_prob": (probs * table).sum(axis=1),
    }


def means(listings: list[Listing], logs: list[np.ndarray], each: Found) -> Found:
    """Means over prompts of what `of_classes` gives, and what is defined over prompts; float64 [shares], named as in `map.COLUMNS`."""
    weights, affected = (np.array([getattr(one, name) for one in listings]) for name in ("weight", "affected"))
    made = {name: values @ weights for name, values in each.items() if name != "signed_margin"}
    pooled = made.pop("correct_log_prob") - made["one_draw"] * made.pop("log_prob")
    stacked = _stacked(logs)
    return made | {
        # On the other prompts no response is wrong.
        "signed_margin": each["signed_margin"][:, affected] @ (weights[affected] / weights[affected].sum()),
        "pooled_covariance": pooled,
        "coverage": np.array([coverage_coefficient(table, weights) for table in stacked]),
        "mode_coverage": np.array([mode_coverage(table, weights) for table in stacked]),
        "least_margin": np.array([margin(table, weights) for table in stacked]),
    }


def with_best(listings: list[Listing], logs: list[np.ndarray], each: Found, over_prompts: Found, draws: int) -> Found:
    """The means with those of best of N, and the fraction of prompts in each region.

    Every prompt is in one region. Where no response is wrong, greedy decoding is right.
    """
    weights, affected = (np.array([getattr(one, name) for one in listings]) for name in ("weight", "affected"))
    best = accuracy_of_best(listings, logs, draws)
    mode, greedy_right, gains = each["mode"] > 0.5, each["greedy"] > 0.5, best > each["one_draw"]
    open_ = affected & mode & ~greedy_right
    inside = (mode & greedy_right, open_ & gains, open_ & ~gains, ~mode)
    return over_prompts | {"best_of_n": best @ weights} | {name: found @ weights for name, found in zip(REGIONS, inside, strict=True)}


def _stacked(logs: list[np.ndarray]) -> np.ndarray:
    """[shares, classes, k], shorter laws filled up with responses without mass."""
    made = np.full((len(logs[0]), len(logs), max(table.shape[1] for table in logs)), -np.inf)
    for number, table in enumerate(logs):
        made[:, number, : table.shape[1]] = table
    return made
