"""What best of N and pass@k give, prompt by prompt: the mean over all subsets of the draws, in closed form."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FINITE, arrays, checked, count
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._kinds import SIZES
from sharpsim.estimators._weights import weight_columns

_BLOCK = 2**22
"""Entries of a table of weights made at once."""


def sizes_within(draws: Draws, N: Sequence[int] | None) -> np.ndarray:
    """The sizes `N` in ascending order; by default 1, 2, ... up to the fewest draws of any prompt.

    Raises `ValueError` for an N above the draws of some prompt: no subset of that size exists there.
    """
    fewest = int(draws.counts.min())
    if N is None:
        return np.arange(1, fewest + 1)
    sizes = np.array(sorted(set(N)), dtype=np.int64)
    if sizes[-1] > fewest:
        raise ValueError(f"`N` must hold numbers up to {fewest}, the fewest draws of any prompt; got {list(N)!r}.")
    return sizes


@checked(N=SIZES, values=arrays(FINITE, "draws"))
def best_of_n(draws: Draws, N: Sequence[int] | None = None, *, per_token: bool = False, values: Any = None) -> np.ndarray:
    """Accuracy of the most likely of N draws, `[prompts, sizes]`: its mean over all subsets of N draws, an unbiased estimate.

    Args:
        draws: the draws. `log_probs` must be there, and `tokens` too for `per_token`, without NaN (`usable` says for which rows).
        N: sizes; by default 1, 2, ... up to the fewest draws of any prompt.
        per_token: whether log pi / tokens is maximised in place of log pi ("length-normalised").
        values: `[rows]`, what is averaged in place of `correct`, such as the log-probability of what is kept.

    Draws sorted by reward, best first, have weights w_i = C(k-1-i, N-1)/C(k, N). Among draws of equal reward each is equally likely to be
    kept, so all of them get the mean of their weights. Cost: one sort, and k |N| operations for each prompt.

    Raises `ValueError` for missing or NaN columns, and for N above the draws of some prompt.
    """
    sizes = sizes_within(draws, N)
    reward = _reward(draws, per_token)
    kept = draws.correct.astype(np.float64) if values is None else np.asarray(values, dtype=np.float64)
    if kept.shape != (draws.rows,):
        raise ValueError(f"`values` must have one entry for each of the {draws.rows} draws; got shape {kept.shape}.")
    prompt = draws.prompt
    order = np.lexsort((-reward, prompt))
    ranked, sorted_kept = reward[order], kept[order]
    heads = np.flatnonzero(np.append(True, (ranked[1:] != ranked[:-1]) | (prompt[1:] != prompt[:-1])))
    lengths = np.diff(np.append(heads, draws.rows))
    shared = np.repeat(np.add.reduceat(sorted_kept, heads) / lengths, lengths)
    return _weighted(shared, draws, sizes)


@checked
def usable(draws: Draws, *, per_token: bool = False) -> np.ndarray:
    """The rows that best of N can use, `[rows]`: log-probability known, and for `per_token` also a number of tokens of at least 1."""
    found = np.zeros(draws.rows, dtype=bool) if draws.log_probs is None else ~np.isnan(draws.log_probs)
    if per_token:
        found &= np.zeros(draws.rows, dtype=bool) if draws.tokens is None else draws.tokens >= 1
    return found


def _reward(draws: Draws, per_token: bool) -> np.ndarray:
    missing = int((~usable(draws, per_token=per_token)).sum())
    if missing or draws.log_probs is None:
        needed = "`log_probs` and, for `per_token`, at least 1 of `tokens`" if per_token else "`log_probs`"
        raise ValueError(f"`draws` must have {needed} in every row; {missing} of {draws.rows} have none.")
    return draws.log_probs / draws.tokens if per_token and draws.tokens is not None else draws.log_probs


def _weighted(ranked: np.ndarray, draws: Draws, sizes: np.ndarray) -> np.ndarray:
    found = np.empty((draws.prompts, len(sizes)))
    for total in np.unique(draws.counts).tolist():
        chosen = np.flatnonzero(draws.counts == total)
        rows = ranked[draws.starts[chosen][:, None] + np.arange(total)]
        step = max(1, _BLOCK // total)
        for begin in range(0, len(sizes), step):
            found[chosen, begin : begin + step] = rows @ weight_columns(total, sizes[begin : begin + step])
    return found


@checked(successes=count(0, 2**53), draws=count(1, 2**53), k=count())
def pass_at_k(successes: Any, draws: Any, k: Sequence[int] | int) -> np.ndarray:
    """Probability that some of k draws is correct, `[prompts, sizes]`: 1 - C(n-c, k)/C(n, k), the mean over all subsets of k of n draws.

    `successes` (c) and `draws` (n) are whole numbers, `[prompts]` or single; k = n gives exactly 0 or 1. Source: Chen et al. (2021).
    Drawing with replacement, 1 - (1 - c/n)^k, is biased downwards: at n = k = 4 and c = 1 it gives 0.684 in place of 1. Draws of different
    prompts may not be pooled: 50 of 164 problems solved by one answer each are 0.305 at k = 1 and nothing at k = 10, not 0.977.

    Raises `ValueError` for c outside 0..n, and for k above the draws of some prompt, where no subset of that size exists.
    """
    if np.ndim(successes) > 1 or np.ndim(draws) > 1 or len({np.shape(successes), np.shape(draws), ()}) > 2:
        raise ValueError(f"`successes` and `draws` must be single or [prompts]; got shapes {np.shape(successes)} and {np.shape(draws)}.")
    c, n = (np.atleast_1d(part).astype(np.int64) for part in np.broadcast_arrays(successes, draws))
    sizes = np.atleast_1d(k)
    if (c > n).any():
        raise ValueError(f"`successes` must be at most `draws`; got {successes!r} of {draws!r}.")
    if sizes.max() > n.min():
        raise ValueError(f"`k` must be at most {int(n.min())}, the fewest draws of any prompt; got {k!r}.")
    _checks.affordable("successes", successes, size=16.0 * int(c.max()) * min(len(sizes), max(1, _BLOCK // int(n.min()))))
    sizes = sizes.astype(np.int64)
    found = np.empty((len(n), len(sizes)))
    for total in np.unique(n).tolist():
        mine = n == total
        step = max(1, _BLOCK // total)
        for begin in range(0, len(sizes), step):
            found[mine, begin : begin + step] = 1 - _none(total, int(c[mine].max()), sizes[begin : begin + step])[c[mine]]
    return found


def _none(total: int, most: int, sizes: np.ndarray) -> np.ndarray:
    """C(n-c, k)/C(n, k) for c = 0..most, `[most + 1, sizes]`: the product over i < c of (n-k-i)/(n-i)."""
    i = np.arange(most, dtype=np.float64)[:, None]
    return np.cumprod(np.vstack([np.ones(len(sizes)), np.maximum(total - sizes - i, 0.0) / (total - i)]), axis=0)
