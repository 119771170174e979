"""What the laws of the task "many writers" give at one place of the map: accuracies, coverage, margin and covariance, all by listing.

Prompts whose laws differ in the texts alone count as one class: a listing is made for one prompt of each class. Token-by-token decoding is
part of what makes a class.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim.coverage import coverage_coefficient, margin
from sharpsim.laws import best_of_n
from sharpsim.sharpness import maximisers
from sharpsim.tasks.many_writers import Corpus, ManyWriters
from sharpsim.theory.inference import lift_predictor

GENERIC = (0.37, 3, 0.64), (0.73, 2, 0.59)
"""Corpora (share, phrasings, rate) without coincidences: prompts with equal listings on them are one class."""


@dataclass(frozen=True)
class Listing:
    """The responses to one prompt of a class: its share of prompts, tokens int [k, horizon], and which are correct."""

    prompt: str
    weight: float
    tokens: np.ndarray
    correct: np.ndarray


def law_of(prompt: str, share: float, phrasings: int, rate: float, kind: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The responses to the prompt and their probabilities, float64 [k]."""
    return Corpus(share, phrasings, rate, kind).law(prompt)


def classes(task: ManyWriters, prompts: Iterable[str], kind: str) -> dict[str, float]:
    """One prompt of each class of equal laws -> the fraction of the prompts in that class; they sum to 1."""
    found: dict[str, list[str]] = {}
    for prompt in prompts:
        found.setdefault(_signature(task, prompt, kind), []).append(prompt)
    total = sum(map(len, found.values()))
    return {members[0]: len(members) / total for members in found.values()}


def _signature(task: ManyWriters, prompt: str, kind: str) -> str:
    told = []
    for share, phrasings, rate in GENERIC:
        texts, probs = law_of(prompt, share, phrasings, rate, kind)
        correct = [task.is_correct(prompt, text) for text in texts]
        decoded = greedy(np.stack([task.encode_response(text) for text in texts]), probs[None])[0]
        told.append((sorted(zip(np.round(probs, 9).tolist(), correct, strict=True)), correct[decoded]))
    return repr(told)


def listed(task: ManyWriters, prompt: str, weight: float, phrasings: int, kind: str) -> Listing:
    """The responses that careful and careless writers give to a prompt; they do not depend on the share nor, between 0 and 1, on the rate."""
    texts, _ = law_of(prompt, 0.5, phrasings, 0.5, kind)
    tokens = np.stack([task.encode_response(text) for text in texts])
    return Listing(prompt, weight, tokens, np.array([task.is_correct(prompt, text) for text in texts]))


def greedy(tokens: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Which response greedy decoding ends at, int [laws], for tokens int [k, horizon] and laws of them [laws, k].

    At each place the token that most of the mass of what is still open goes on with, ties to the smallest.
    """
    open_ = np.ones(probs.shape, dtype=bool)
    for column in tokens.T:
        values, place = np.unique(column, return_inverse=True)
        if len(values) > 1:
            mass = (probs * open_) @ np.eye(len(values))[place]
            open_ &= place == _first_largest(mass)[:, None]
    return open_.argmax(axis=1)


def _first_largest(mass: np.ndarray) -> np.ndarray:
    """The first within 1e-12 of the largest: sums of equal masses may differ in the last bit."""
    return (mass >= mass.max(axis=1, keepdims=True) - 1e-12).argmax(axis=1)


def quantities(listings: list[Listing], shares: np.ndarray, phrasings: int, rate: float, kind: str, draws: int) -> dict[str, np.ndarray]:
    """Means over prompts at each share, float64 [shares]: see `map.COLUMNS` for what they are."""
    weights = np.array([one.weight for one in listings])
    logs = [_log_laws(one, shares, phrasings, rate, kind) for one in listings]
    by_class: list[dict[str, np.ndarray]] = [_of_class(one, table, draws) for one, table in zip(listings, logs, strict=True)]
    each = {name: np.stack([found[name] for found in by_class], axis=1) for name in by_class[0]}
    means = {name: values @ weights for name, values in each.items()}
    pooled = means.pop("correct_log_prob") - means["one_draw"] * means.pop("log_prob")
    padded = [np.full((len(shares), max(table.shape[1] for table in logs)), -np.inf) for _ in logs]
    for wide, table in zip(padded, logs, strict=True):
        wide[:, : table.shape[1]] = table
    tables = np.stack(padded, axis=1)
    return means | {
        "pooled_covariance": pooled,
        "coverage": np.array([coverage_coefficient(table, weights) for table in tables]),
        "least_margin": np.array([margin(table, weights) for table in tables]),
        **_regions(each, weights),
    }


def _log_laws(one: Listing, shares: np.ndarray, phrasings: int, rate: float, kind: str) -> np.ndarray:
    return np.log(np.stack([law_of(one.prompt, float(share), phrasings, rate, kind)[1] for share in shares]))


def _of_class(one: Listing, table: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Of each row of `table` [shares, k]; the margins in nats, log P* less the log-probability of the next."""
    probs, right = np.exp(table), np.broadcast_to(one.correct, table.shape)
    modes = maximisers(table)
    runner_up = np.where(modes, -np.inf, table).max(axis=1)
    best = {flag: np.where(right == flag, table, -np.inf).max(axis=1) for flag in (True, False)}
    return {
        "one_draw": (probs * right).sum(axis=1),
        "greedy": one.correct[greedy(one.tokens, probs)].astype(np.float64),
        "best_of_n": (np.exp(best_of_n(table, table, draws=draws)) * right).sum(axis=1),
        "mode": (probs * modes * right).sum(axis=1) / (probs * modes).sum(axis=1),
        "covariance": lift_predictor(table, right),
        "margin": table.max(axis=1) - runner_up,
        "signed_margin": best[True] - best[False],
        "correct_log_prob": (probs * right * table).sum(axis=1),
        "log_prob": (probs * table).sum(axis=1),
    }


def _regions(each: dict[str, np.ndarray], weights: np.ndarray) -> dict[str, np.ndarray]:
    """The fraction of prompts in each region. Every prompt is in one: a greedy decoding that is right where the mode is wrong is `mode_wrong`."""
    mode, greedy_right = each["mode"] > 0.5, each["greedy"] > 0.5
    gains = each["best_of_n"] > each["one_draw"]
    inside: dict[str, Any] = {
        "greedy_right": mode & greedy_right,
        "sharpening_wins": mode & ~greedy_right & gains,
        "too_few_draws": mode & ~greedy_right & ~gains,
        "mode_wrong": ~mode,
    }
    return {name: found @ weights for name, found in inside.items()}
