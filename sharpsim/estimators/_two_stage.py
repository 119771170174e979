"""Intervals when prompts are a sample too: prompts in the first stage, draws or seeds in the second; and when both are crossed.

Call `two_stage_interval` for a mean over the population of prompts, `paired_interval` for the difference of two systems on the same
prompts, `crossed_interval` where every prompt meets every training seed. `over_seeds` is for prompts that are fixed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim._arguments import FINITE, arrays, checked
from sharpsim.estimators._kinds import BOUNDS, ESTIMATES, LABELS, STAGES


@dataclass(frozen=True)
class Estimate:
    """A mean with its confidence interval and what its error is made of.

    `low` and `high` are NaN where no interval can be had (one prompt, or one seed of a crossed design): "not available with one prompt".
    `sd_prompts` is the standard deviation over prompts of the prompt's true mean, without the noise of its draws; `sd_draws` that of one
    draw (or replicate) within its prompt; `sd_seeds` that of the main effect of training seeds, in crossed designs. NaN: not known.
    `method` names the interval in words.
    """

    mean: float
    low: float
    high: float
    sd_prompts: float
    sd_draws: float
    prompts: int
    method: str
    sd_seeds: float = float("nan")


@checked(values=STAGES, groups=LABELS, bounds=BOUNDS)
def two_stage_interval(values: Any, level: float, *, groups: Any = None, bounds: tuple[float, float] | None = None) -> Estimate:
    """Interval at confidence `level` for the mean over the population of prompts, of which these prompts are a sample.

    Args:
        values: `[prompts, replicates]`, or a sequence of arrays, one for each prompt, of any lengths. A replicate is a draw or a seed.
        groups: a label for each prompt where prompts come in clusters (say, orders of one set of numbers). Clusters are then the sample.
        bounds: (smallest, largest) value possible, (0, 1) for accuracies. Without it, values may be any numbers.

    Prompts weigh equally: mean = average of the prompt means m_i. Their sample variance s^2 contains the variance over prompts and the
    noise of the draws, sigma^2 + E[tau_i^2/k_i]; so s^2/n is the variance of the mean over both stages, and nothing is added to it.
    `sd_prompts` takes the noise out again (0 where the difference is negative).

    Without `bounds`: Student's t, mean -+ t_{n-1} s/sqrt(n). With `bounds`: Wilson's interval (rescaled to [0, 1]) with t_{n-1} for z and
    the effective sample size n' = mean (1 - mean)/(s^2/n) for n, as for complex surveys (Dean and Pagano 2015). Where n' > n, a quarter of
    a prompt at either bound is added to s^2/n, and n' = n where s = 0: accuracies near 0 or 1 everywhere give no interval of length 0, as
    rare prompts may differ. With `groups`, s^2/n is the cluster-robust variance
    G/(G-1) sum_g (sum_{i in g} (m_i - mean))^2/n^2 of G clusters, and G stands for n in t and n'.

    Raises `ValueError` for no prompts, a prompt without values, NaN, values outside `bounds`, groups of another length, a bad level.
    """
    means, counts, within = _stages(values, bounds)
    variance, clusters = _variance_of_mean(means, groups)
    mean, many = float(means.mean()), len(means)
    noise = float(within / (counts - 1).sum()) if (counts > 1).any() else float("nan")
    spread = {"sd_prompts": _left(means, noise, counts), "sd_draws": float(np.sqrt(noise)), "prompts": many}
    if clusters < 2:
        return Estimate(mean, float("nan"), float("nan"), **spread, method="not available with one prompt")
    t = _quantile(clusters - 1, level)
    unit = "clusters of prompts" if groups is not None else "prompts"
    if bounds is None:
        half = t * float(np.sqrt(variance))
        return Estimate(mean, mean - half, mean + half, **spread, method=f"Student t over {unit}")
    low, high = _wilson(mean, variance, clusters, t, bounds)
    return Estimate(mean, low, high, **spread, method=f"Wilson with effective sample size over {unit}")


@checked(first=STAGES, second=STAGES, groups=LABELS, bounds=BOUNDS)
def paired_interval(
    first: Any, second: Any, level: float, *, groups: Any = None, bounds: tuple[float, float] | None = (0.0, 1.0)
) -> Estimate:
    """Interval for the mean over the population of prompts of first - second: two systems judged on the same prompts.

    Args:
        first: values of the first system, `[prompts, replicates]` or a sequence of arrays, as in `two_stage_interval`.
        second: those of the second, on the same prompts in the same order; the number of replicates may differ (1 for greedy decoding).
        groups: as in `two_stage_interval`.
        bounds: (smallest, largest) value of either system; None for any numbers.

    Student's t on the differences d_i of the prompt means, whose sample variance contains the draw noise of both. With `bounds` (a, b)
    two prompts are added in thought, as Agresti and Min (2005) do for matched pairs: d = 0 with weight 1, and -(b-a), +(b-a) with weight
    1/2 each. So equal systems do not get an interval of length 0. `sd_draws` is the noise of one replicate of `first`.

    Raises `ValueError` as `two_stage_interval`, and for different numbers of prompts.
    """
    means, counts, within = _stages(first, bounds, "first")
    other, other_counts, other_within = _stages(second, bounds, "second")
    if len(means) != len(other):
        raise ValueError(f"`second` must have the {len(means)} prompts of `first`; got {len(other)}.")
    gaps = means - other
    mean, many = float(gaps.mean()), len(gaps)
    noise, other_noise = (
        float(left / (k - 1).sum()) if (k > 1).any() else float("nan") for left, k in ((within, counts), (other_within, other_counts))
    )
    # One replicate of a deterministic system, such as greedy decoding, has no noise.
    total = np.mean(noise / counts) + (0.0 if np.isnan(other_noise) else np.mean(other_noise / other_counts))
    between = float(gaps.var(ddof=1)) if many > 1 else float("nan")
    left = float(np.sqrt(np.maximum(between - total, 0.0)))
    spread = {"sd_prompts": left, "sd_draws": float(np.sqrt(noise)), "prompts": many}
    variance, clusters = _variance_of_mean(gaps, groups)
    if clusters < 2:
        return Estimate(mean, float("nan"), float("nan"), **spread, method="not available with one prompt")
    t, centre, span = _quantile(clusters - 1, level), mean, float("inf")
    method = "Student t over differences of prompts"
    if bounds is not None:
        span = bounds[1] - bounds[0]
        centre = clusters * mean / (clusters + 2)
        squares = variance * clusters * (clusters - 1) + clusters * mean**2 + span**2
        variance = (squares / (clusters + 2) - centre**2) / (clusters + 2)
        method = "Student t over differences of prompts, with Agresti and Min's two added prompts"
    half = t * float(np.sqrt(variance))
    low, high = max(centre - half, -span), min(centre + half, span)
    return Estimate(mean, min(low, mean), max(high, mean), **spread, method=method)


def _stages(values: Any, bounds: tuple[float, float] | None, name: str = "values") -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and number of replicates of each prompt, and the sum of squares within prompts."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError(f"`{name}` must be [prompts, replicates], or a sequence of arrays; got shape {values.shape}.")
        counts, flat = np.full(len(values), values.shape[1]), values.reshape(-1).astype(np.float64)
    else:
        parts = [np.asarray(part, dtype=np.float64).reshape(-1) for part in values]
        counts = np.array([len(part) for part in parts], dtype=np.int64)
        if not len(parts) or (counts < 1).any():
            raise ValueError(f"`{name}` must have at least one prompt, and a value for each; got sizes {counts.tolist()}.")
        flat = np.concatenate(parts)
    if np.isnan(flat).any():
        raise ValueError(f"`{name}` must not hold NaN; got {int(np.isnan(flat).sum())} of {len(flat)}.")
    if bounds is not None and (flat.min() < bounds[0] - 1e-9 or flat.max() > bounds[1] + 1e-9):
        raise ValueError(f"`{name}` must be in `bounds`, {bounds}; got {flat.min()} to {flat.max()}.")
    means = np.add.reduceat(flat, np.cumsum(counts) - counts) / counts
    return means, counts, float(((flat - np.repeat(means, counts)) ** 2).sum())


def _left(means: np.ndarray, noise: float, counts: np.ndarray) -> float:
    """Standard deviation of the prompts' true means: what is left when the noise of the draws is taken out."""
    if len(means) < 2 or np.isnan(noise):
        return float("nan")
    return float(np.sqrt(max(means.var(ddof=1) - float(np.mean(noise / counts)), 0.0)))


def _variance_of_mean(means: np.ndarray, groups: Any) -> tuple[float, int]:
    """Variance of the mean of `means`, and how many independent units it comes from."""
    if groups is None:
        return (float(means.var(ddof=1)) / len(means) if len(means) > 1 else float("nan")), len(means)
    labels = np.asarray(groups)
    if labels.shape != means.shape:
        raise ValueError(f"`groups` must have one label for each of the {len(means)} prompts; got shape {labels.shape}.")
    _, numbers = np.unique(labels, return_inverse=True)
    sums = np.bincount(numbers, weights=means - means.mean())
    if len(sums) < 2:
        return float("nan"), len(sums)
    return float((sums**2).sum() * len(sums) / (len(sums) - 1) / len(means) ** 2), len(sums)


def _wilson(mean: float, variance: float, many: int, t: float, bounds: tuple[float, float]) -> tuple[float, float]:
    low, span = bounds[0], bounds[1] - bounds[0]
    share = min(max((mean - low) / span, 0.0), 1.0)
    most = share * (1 - share)
    size = float(many)
    if variance > 0 and most > 0:
        seen = variance / span**2
        # Values that are all tiny do not say that no prompt has a large one: a quarter of a prompt at either end is added to the variance.
        size = max(most / (seen + 0.25 * (1 - 2 * most) / many**2), min(most / seen, size))
    shrink = 1 + t**2 / size
    centre = (share + t**2 / (2 * size)) / shrink
    half = t / shrink * float(np.sqrt(most / size + t**2 / (4 * size**2)))
    return low + span * max(0.0, min(centre - half, share)), low + span * min(1.0, max(centre + half, share))


def _quantile(freedom: float, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - (1 - level) / 2))


@checked(values=ESTIMATES, minus=arrays(FINITE, "prompts"))
def crossed_interval(values: Any, level: float, *, minus: Any = None) -> Estimate:
    """Interval for a mean over the population of prompts and of training seeds, where every seed was judged on every prompt.

    Args:
        values: `[prompts, seeds]`; each entry the mean of the draws of that tuned model on that prompt.
        minus: `[prompts]`, a baseline without seeds that is taken off, such as the base's greedy accuracy on the same prompts.

    Two-way random effects y_ij = mu + a_i + b_j + e_ij with mean squares A (prompts), B (seeds), E (residual): the variance of the mean of
    n prompts and m seeds is (A + B - E)/(n m), taken as at least A/(n m) and B/(n m). Student's t with Satterthwaite's degrees of freedom
    (A + B)^2/(A^2/(n-1) + B^2/(m-1)). `over_seeds` has only B, `two_stage_interval` of one model only A.

    With one prompt or one seed there is no interval. Raises `ValueError` for another shape, NaN, a baseline of another length.
    """
    table = np.asarray(values, dtype=np.float64)
    if minus is not None:
        table = table - np.asarray(minus, dtype=np.float64)[:, None]
    n, m = table.shape
    mean, nan = float(table.mean()), float("nan")
    if n < 2 or m < 2:
        return Estimate(mean, nan, nan, nan, nan, n, f"not available with one {'prompt' if n < 2 else 'seed'}")
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    by_prompt, by_seed = m * float(rows.var(ddof=1)), n * float(columns.var(ddof=1))
    rest = float(((table - rows[:, None] - columns + mean) ** 2).sum()) / ((n - 1) * (m - 1))
    variance = max(by_prompt + by_seed - rest, by_prompt, by_seed) / (n * m)
    squares = by_prompt**2 / (n - 1) + by_seed**2 / (m - 1)
    freedom = (by_prompt + by_seed) ** 2 / squares if squares > 0 else float(min(n, m) - 1)
    half = _quantile(freedom, level) * float(np.sqrt(variance))
    return Estimate(
        mean, mean - half, mean + half, float(np.sqrt(max(by_prompt - rest, 0) / m)), float(np.sqrt(rest)), n,
        "Student t with Satterthwaite's degrees of freedom over prompts and seeds", float(np.sqrt(max(by_seed - rest, 0) / n)),
    )  # fmt: skip
