"""Order-1 Markov chains by hand in NumPy, and the SFT pipeline vectorised over its seeds."""

from typing import Any

import numpy as np

from benchmarks._alias_table import Tables


def markov(tables: Tables, way: str, sequences: int, horizon: int, rng: np.random.Generator) -> np.ndarray:
    """Sequences [horizon, sequences]: row v of the tables follows token v, the last row begins; all in step."""
    size = tables.probs.shape[1]
    context = np.full(sequences, size, np.int64)
    out = np.empty((horizon, sequences), np.int32)
    shifted = (tables.running + np.arange(size + 1)[:, None]).ravel()
    accept, alias = tables.accept.ravel(), tables.alias.ravel()
    u = np.empty(sequences)
    for depth in range(horizon):
        rng.random(out=u)
        if way == "searchsorted":
            token = np.clip(shifted.searchsorted(u + context, side="right") - context * size, 0, size - 1)
        else:
            u *= size
            column = u.astype(np.int64)
            u -= column
            place = context * size + column
            token = np.where(u < accept.take(place), column, alias.take(place))
        out[depth] = token
        context = token.astype(np.int64, copy=False)
    return out


def sft_draws(base: Any, weights: Any, law: Any, *, n: int, delta: float, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """Failed prompt mass [seeds] of SFT-Sharpening over all tables, n kept responses for each seed drawn one by one from the given law.

    Per seed: n prompts from mu, a response from the best-of-N law each, the empirical law as the estimate; a prompt fails where the mode
    has an estimate of at most 1 - delta, or was never drawn. Only whether a response is the mode matters, but a user who wants the estimate
    counts them all, and so do we.
    """
    prompts, responses = np.shape(law)
    joint = (weights[:, None] * np.exp(law)).ravel().cumsum()
    drawn = np.minimum(joint.searchsorted(rng.random((seeds, n)) * joint[-1], side="right"), len(joint) - 1)
    drawn += (np.arange(seeds) * len(joint))[:, None]
    counts = np.bincount(drawn.ravel(), minlength=seeds * len(joint)).reshape(seeds, prompts, responses)
    return _failed(counts, base, weights, delta)


def sft_multinomial(base: Any, weights: Any, law: Any, *, n: int, delta: float, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """The same from multinomial counts: no response is drawn by itself, and the time does not grow with n."""
    joint = (weights[:, None] * np.exp(law)).ravel()
    counts = rng.multinomial(n, joint / joint.sum(), size=seeds)
    return _failed(counts.reshape(seeds, *np.shape(law)), base, weights, delta)


def _failed(counts: np.ndarray, base: Any, weights: Any, delta: float) -> np.ndarray:
    mode = np.argmax(base, axis=1)
    total = counts.sum(axis=2)
    right = np.take_along_axis(counts, mode[None, :, None], axis=2)[:, :, 0]
    # As on whole numbers: right / total <= 1 - delta, equality failing, with the guard that the library has.
    failed = (right <= (1 - delta) * total * (1 + 1e-9)) | (total == 0)
    return failed @ weights
