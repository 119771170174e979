"""Accuracy at N beyond the number of draws, as a prediction with a band."""

from collections.abc import Sequence

import numpy as np

from sharpsim._arguments import checked
from sharpsim.estimators._ballots import ballots
from sharpsim.estimators._curves import Curve
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._kinds import SIZES
from sharpsim.estimators._majority import majority_vote
from sharpsim.estimators._predict_best import predict_best
from sharpsim.estimators._predict_pass import predict_pass
from sharpsim.estimators._predict_vote import predict_vote
from sharpsim.estimators._subsets import usable
from sharpsim.estimators._two_stage import two_stage_interval

METHODS = {
    "best_of_n": "known probabilities of the responses seen, and a change per doubling of N no larger than any up to the draws",
    "normalised": "assumes a change per doubling of N no larger than any up to the draws",
    "majority": "all laws of right and strongest wrong answers whose likelihood fits the votes (profile likelihood), and no change",
    "pass": "all laws of success probabilities whose likelihood fits the counts (profile likelihood)",
}
"""What each prediction assumes, in words."""
FEWEST = 5
"""With fewer prompts than this a population cannot be inferred, and bands are NaN."""


@checked(N=SIZES)
def predictions(draws: Draws, level: float, N: Sequence[int], *, seed: int = 0) -> dict[str, Curve]:
    """Predicted curves by name, as `curves` gives measured ones, each with a band over the population of prompts.

    Args:
        draws: the draws; a column that is missing leaves out the curves that need it.
        level: confidence of a whole band, at all N at once. To that end "pass" and "majority" are profile likelihood intervals with a fifth
            of the error 1 - level, and "best_of_n" and "normalised" use intervals with half of it.
        N: sizes, each above the fewest draws of any prompt (up to there, `curves` estimates without a model).
        seed: of the thinning of prompts with many draws, for "majority".

    `METHODS` says what each assumes. "pass" assumes only that draws are independent given the prompt. "majority" takes the right answer to
    compete with one or four equally strong rivals, or with no change from the fewest draws to N. "best_of_n" and "normalised" assume that
    accuracy changes no faster per doubling of N than it did up to the draws (half as fast again where it still bends); where the
    probabilities of the responses seen prove more than that, "best_of_n" uses it.
    With fewer than 5 prompts the bands are NaN.

    Raises `ValueError` for an N that is no count or within the draws, and a level outside (0, 1).
    """
    sizes = np.array(sorted(set(N)), dtype=np.int64)
    fewest = int(draws.counts.min())
    if sizes[0] <= fewest:
        raise ValueError(f"`N` must hold numbers above {fewest}, the fewest draws of any prompt; got {list(N)!r}.")
    # Not at the top: listing the experiments should not wait for scipy.
    from scipy.special import chdtri

    drop, apart = float(chdtri(1, (1 - level) / 5)) / 2, 1 - (1 - level) / 2
    made = {}
    for name, per_token in (("best_of_n", False), ("normalised", True)):
        if (rows := usable(draws, per_token=per_token)).any():
            own = draws.only(rows)
            made[name] = _curve(name, own, sizes, predict_best(own, sizes, apart, per_token=per_token))
    if draws.answers is not None and (draws.answers >= 0).any():
        made["majority"] = _curve("majority", draws, sizes, _vote(draws, sizes, apart, drop, seed))
    made["pass"] = _curve("pass", draws, sizes, predict_pass(draws.successes, draws.counts, sizes, drop))
    return made


def _vote(draws: Draws, sizes: np.ndarray, level: float, drop: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The band of `predict_vote`, widened to hold the interval at the fewest draws: rivals of unequal strength are in no component."""
    value, low, high = predict_vote(ballots(draws), draws.counts, sizes, drop, np.random.default_rng(seed))
    values = majority_vote(draws, [int(draws.counts.min())], seed=seed)[0]
    now = two_stage_interval(np.clip(values, 0, 1), level, bounds=(0.0, 1.0))
    return value, np.fmin(low, now.low), np.fmax(high, now.high)


def _curve(name: str, draws: Draws, sizes: np.ndarray, band: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Curve:
    value, low, high = band
    if draws.prompts < FEWEST:
        low, high = np.full(len(sizes), np.nan), np.full(len(sizes), np.nan)
    else:
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
        value = np.clip(value, low, high)
    return Curve(sizes, value, low, high, f"prediction: {METHODS[name]}", draws.prompts, draws.rows, np.zeros(len(sizes)))
