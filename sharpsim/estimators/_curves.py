"""Accuracy against N over the population of prompts: best of N, length-normalised, majority vote and pass@k, each with its band."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharpsim._arguments import checked, one_of
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._kinds import SIZES
from sharpsim.estimators._majority import TIES, majority_vote
from sharpsim.estimators._subsets import best_of_n, pass_at_k, usable
from sharpsim.estimators._two_stage import two_stage_interval

CURVES = ("best_of_n", "normalised", "majority", "pass")
EVERY = 1000
"""Up to this N every size is in a curve; beyond it, sizes grow by 2% until the last."""


@dataclass(frozen=True)
class Curve:
    """Accuracy against N: `N` ascending, `value`, `low`, `high` of the same length. NaN: not available (one prompt has no interval).

    `method` says in words how value and band were found; `prompts` and `draws` which were used (prompts without a usable draw are gone).
    `simulation_error` is the standard error of `value` that comes from random subsets, 0 where all subsets were counted.
    """

    N: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    method: str
    prompts: int
    draws: int
    simulation_error: np.ndarray
    estimates: np.ndarray | None = None
    """`[prompts, sizes]`: the estimate of each prompt, of which `value` is the mean; None for predictions."""


@checked(N=SIZES, ties=one_of(*TIES))
def curves(draws: Draws, level: float, *, N: Sequence[int] | None = None, ties: str = "split", seed: int = 0) -> dict[str, Curve]:
    """The curves that the columns of `draws` allow, by name: "best_of_n", "normalised", "majority", "pass".

    Args:
        draws: the draws; a column that is missing leaves out the curves that need it, and rows without a value are left out of them.
        level: confidence of each band, at each N, for the mean over the population of prompts (`two_stage_interval`).
        N: sizes; by default 1, 2, ... up to the fewest draws of any prompt that a curve can use.
        ties: of the majority vote, as in `majority_vote`.
        seed: of random subsets, as in `majority_vote`.

    Raises `ValueError` for a level outside (0, 1) and N above the draws of some prompt.
    """
    made = {}
    for name, per_token in (("best_of_n", False), ("normalised", True)):
        if (rows := usable(draws, per_token=per_token)).any():
            own = draws.only(rows)
            sizes = _sizes(own, N)
            values = best_of_n(own, sizes.tolist(), per_token=per_token)
            made[name] = _curve(sizes, values, np.zeros_like(values), level, "mean over all subsets of N draws", own)
    sizes = _sizes(draws, N)
    if draws.answers is not None and (draws.answers >= 0).any():
        values, errors = majority_vote(draws, sizes.tolist(), ties=ties, seed=seed)
        how = "random" if errors.any() else "all"
        made["majority"] = _curve(sizes, values, errors, level, f"mean over {how} subsets of N draws", draws)
    values = pass_at_k(draws.successes, draws.counts, sizes.tolist())
    made["pass"] = _curve(sizes, values, np.zeros_like(values), level, "mean over all subsets of N draws", draws)
    return made


def _sizes(draws: Draws, N: Sequence[int] | None) -> np.ndarray:
    if N is not None:
        return np.array(sorted(set(N)), dtype=np.int64)
    fewest = int(draws.counts.min())
    if fewest <= EVERY:
        return np.arange(1, fewest + 1)
    steps = int(np.ceil(np.log(fewest / EVERY) / np.log(1.02)))
    return np.union1d(np.arange(1, EVERY + 1), np.round(np.geomspace(EVERY, fewest, steps + 1)).astype(np.int64))


def _curve(sizes: np.ndarray, values: np.ndarray, errors: np.ndarray, level: float, method: str, draws: Draws) -> Curve:
    found = [two_stage_interval(column[:, None], level, bounds=(0.0, 1.0)) for column in np.clip(values, 0, 1).T]
    value, low, high = (np.array([getattr(one, name) for one in found]) for name in ("mean", "low", "high"))
    simulation = np.sqrt((errors**2).sum(axis=0)) / len(values)
    return Curve(sizes, value, low, high, f"{method}; {found[0].method}", draws.prompts, draws.rows, simulation, values)
