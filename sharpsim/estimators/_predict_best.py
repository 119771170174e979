"""Best of N for N beyond the number of draws: what the known probabilities prove, and a limit on how fast the accuracy may change."""

import numpy as np

from sharpsim.estimators._draws import Draws
from sharpsim.estimators._subsets import best_of_n
from sharpsim.estimators._two_stage import two_stage_interval

Band = tuple[np.ndarray, np.ndarray, np.ndarray]


def predict_best(draws: Draws, N: np.ndarray, level: float, *, per_token: bool) -> Band:
    """(value, low, high) of the accuracy of the most likely of N draws over the population of prompts, each `[sizes]`.

    Two bands, of which the result is the intersection:

    Known mass (not for `per_token`). The probabilities of the responses S seen in k draws of a prompt are known. If there were no others,
    y in S would be the best of N with probability Q(y) = (1 - H(y))^N - (1 - H(y) - pi(y))^N, H(y) the mass of likelier responses in S.
    With more responses this can only fall, so accuracy <= sum c Q + P[best of N not in S] and >= 1 - sum (1-c) Q - P[best of N not in S].
    That last probability is E[(1 - pi(Y_N))^k] <= E[(1 - pi(Y_k))^k], as the best of more draws is likelier; the right side is estimated by
    the mean of (1 - p)^k, p the largest probability seen. No assumption but independent prompts and draws.

    Rate. With k the fewest draws: accuracy at N is within r log2(N/k) of that at k, where r is the largest change per doubling among
    N = k, k/2, ..., 1, plus its standard error. Where the last change is the largest, the curve still bends: in its direction the change
    may grow by half at each further doubling. This is an assumption: that accuracy changes no faster later than so.

    `value` continues the last change per doubling, halved at each doubling, and is moved into the band.
    """
    fewest = int(draws.counts.min())
    sizes = np.unique(np.array([max(1, fewest >> step) for step in range(fewest.bit_length())]))
    values = np.clip(best_of_n(draws, sizes.tolist(), per_token=per_token), 0, 1)
    rate, last, grows = _rates(values, sizes)
    now = two_stage_interval(values[:, -1:], level, bounds=(0.0, 1.0))
    doublings = np.log2(N / fewest)
    # 1.5 + 1.5^2 + ... over the doublings, for any real number of them.
    bent = 3 * (1.5**doublings - 1) if grows else doublings
    low = now.low - rate * (bent if last < 0 else doublings)
    high = now.high + rate * (bent if last > 0 else doublings)
    if not per_token:
        proven = np.array([_known_mass(draws, int(size), level) for size in N])
        low, high = np.maximum(low, proven[:, 0]), np.minimum(high, proven[:, 1])
        # Two bands that do not meet: one of the two is wrong, and neither is taken off the other.
        low, high = np.minimum(low, high), np.maximum(low, high)
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    return np.clip(now.mean + last * (1 - 0.5**doublings), low, high), low, high


def _rates(values: np.ndarray, sizes: np.ndarray) -> tuple[float, float, bool]:
    """Largest change of the mean per doubling plus its standard error, the last change, and whether that is the largest.

    Of one size, the most that can be: 1 and 0.
    """
    if len(sizes) < 2:
        return 1.0, 0.0, False
    changes = np.diff(values, axis=1) / np.diff(np.log2(sizes))
    error = changes.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.zeros(changes.shape[1])
    mean = changes.mean(axis=0)
    return float((np.abs(mean) + error).max()), float(mean[-1]), bool(np.abs(mean).argmax() == len(mean) - 1)


def _known_mass(draws: Draws, N: int, level: float) -> tuple[float, float]:
    """The band that needs no assumption. Draws of one prompt with equal likelihood, correctness and answer are one response."""
    log_probs: np.ndarray = draws.log_probs  # type: ignore[assignment]
    prompt, answers = draws.prompt, draws.answers if draws.answers is not None else np.zeros(draws.rows, dtype=np.int64)
    order = np.lexsort((answers, draws.correct, -log_probs, prompt))
    prompt, correct = prompt[order], draws.correct[order].astype(np.float64)
    keys = np.stack([prompt, log_probs[order], correct, answers[order]])
    new = np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))
    prompt, correct, mass = prompt[new], correct[new], np.exp(log_probs[order][new])
    starts = np.flatnonzero(np.append(True, prompt[1:] != prompt[:-1]))
    sums = np.cumsum(mass)
    upto = np.minimum(sums - np.repeat((sums - mass)[starts], np.diff(np.append(starts, len(prompt)))), 1.0)
    kept = (1 - np.maximum(upto - mass, 0.0)) ** N - (1 - upto) ** N
    right, wrong = (np.clip(np.add.reduceat(kept * side, starts), 0, 1) for side in (correct, 1 - correct))
    unseen = float(((1 - np.minimum(mass[starts], 1.0)) ** draws.counts).mean())
    low = two_stage_interval((1 - wrong)[:, None], level, bounds=(0.0, 1.0)).low
    high = two_stage_interval(right[:, None], level, bounds=(0.0, 1.0)).high
    return low - unseen, high + unseen
