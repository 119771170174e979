"""Does likelihood know what is right? The covariance of correctness and log-probability, on each prompt and over all."""

from typing import Any

import numpy as np

from sharpsim import estimators
from sharpsim.cards._prompts import only_prompts
from sharpsim.estimators import Draws
from sharpsim.logs import Group

LONGEST = 1000
"""Letters of a prompt that the card keeps."""
Content = dict[str, Any]


def likelihood(group: Group, level: float) -> Content | None:
    """The section "likelihood" of the card; None where no prompt has two draws with log-probabilities.

    The covariance of a prompt is unbiased, sum (c - mean c)(l - mean l)/(k - 1). Its sign is decided, at confidence `level` for each
    prompt, by Mann and Whitney's rank test of the log-probabilities of right and wrong draws, where that agrees with it. `within` is the
    mean over prompts with Student's t. `lost` counts prompts whose likeliest draw is right less often than a draw is on average: there the
    mode, as far as seen, is wrong, and full sharpening loses what single draws get right, whatever the covariance says of its first step.
    `seen_once` counts prompts whose likeliest draw came once: a likelier response may well be unseen, so it need not be the mode.
    """
    own = group.having("log_probs", "correct")
    if not (own.counts >= 2).any():
        return None
    own = only_prompts(own, own.counts >= 2)
    draws = Draws(own.counts, own.correct == 1, log_probs=own.log_probs)
    covariance, sign = _by_prompt(draws, own.log_probs, level)
    mixed = int(((draws.successes > 0) & (draws.successes < draws.counts)).sum())
    within = estimators.two_stage_interval(covariance[:, None], level)
    right, values = draws.correct.astype(float), own.log_probs
    pooled = float(((right - right.mean()) * (values - values.mean())).sum() / (len(values) - 1))
    (best, times), one = _of_likeliest(draws, own.log_probs), draws.successes / draws.counts
    lost = best < one
    named = np.flatnonzero((sign < 0) | lost)
    known = bool(np.isfinite(within.low))
    return {
        "within": {"value": within.mean, "low": within.low if known else None, "high": within.high if known else None},
        "pooled": {"value": pooled, "low": None, "high": None},
        "says": _verdict(within, known),
        "prompts": covariance.tolist(), "signs": sign.astype(int).tolist(),
        "helped": int((sign > 0).sum()), "hurt": int((sign < 0).sum()), "lost": int(lost.sum()), "undecided": int((sign == 0).sum()),
        "mixed": mixed, "seen_once": int((times == 1).sum()),
        "where_it_hurts": [
            {
                "prompt": str(own.prompts[x])[:LONGEST],
                "covariance": float(covariance[x]),
                "one_draw": float(one[x]),
                "sharpened": float(best[x]),
            }
            for x in named[np.argsort((best - one)[named], kind="stable")]
        ],
        "by_chance": f"{mixed:,} of {len(own.prompts):,} prompts have right and wrong draws. If likelihood knew nothing, about "
        f"{mixed * (1 - level) / 2:.1f} of these would be called helped, and as many hurt, by chance.",
    }  # fmt: skip


def _of_likeliest(draws: Draws, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(accuracy, number) of the likeliest draws of each prompt: of several equally likely ones the mean."""
    top = values >= np.maximum.reduceat(values, draws.starts)[draws.prompt]
    times = np.add.reduceat(top.astype(float), draws.starts)
    return np.add.reduceat((top & draws.correct).astype(float), draws.starts) / times, times


def _verdict(within: estimators.Estimate, known: bool) -> str:
    if not known or within.low <= 0 <= within.high:
        return "unclear"
    return "helps" if within.low > 0 else "hurts"


def _by_prompt(draws: Draws, values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of each prompt, nats, and its sign where the rank test decides, else 0."""
    from scipy.special import ndtri

    starts, k = draws.starts, draws.counts.astype(float)
    right = draws.correct.astype(float)

    def total(column: np.ndarray) -> np.ndarray:
        return np.add.reduceat(column, starts)

    covariance = total(right * (values - np.repeat(total(values) / k, draws.counts))) / (k - 1)
    ranks, ties = _ranks(draws.prompt, values, starts)
    one, other = total(right), k - total(right)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(one * other / 12 * (k + 1 - ties / (k * (k - 1))))
        z = (total(right * ranks) - one * (k + 1) / 2) / spread
    decided = np.abs(np.nan_to_num(z, posinf=0, neginf=0)) > ndtri(1 - (1 - level) / 2)
    return covariance, np.where(decided & (np.sign(z) == np.sign(covariance)), np.sign(covariance), 0.0)


def _ranks(prompt: np.ndarray, values: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank of each row within its prompt, from 1, ties at their mean; and the sum over tied rows of t^3 - t of each prompt."""
    order = np.lexsort((values, prompt))
    new = np.append(True, (prompt[order][1:] != prompt[order][:-1]) | (values[order][1:] != values[order][:-1]))
    heads = np.flatnonzero(new)
    lengths = np.diff(np.append(heads, len(order)))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(heads + (lengths + 1) / 2, lengths)
    tied = np.bincount(prompt[order][heads], weights=lengths.astype(float) ** 3 - lengths, minlength=len(starts))
    return ranks - starts[prompt], tied
