"""How often intervals and bounds hold the truth, over random worlds: `python -m tests.estimators.simulation [WORLDS]` prints the table.

In every world the population of prompts is a finite table, from which prompts are drawn with replacement, so the truth has no error.
"""

import sys
import time

import numpy as np

from sharpsim.estimators import (
    best_of_n,
    coverage_lower_bound,
    crossed_interval,
    curves,
    majority_vote,
    paired_interval,
    pass_at_k,
    predictions,
    two_stage_interval,
    vote,
)
from tests.estimators.worlds import Population, world

LEVEL = 0.95
_PROMPTS = (30, 600)
"""Fewest and most prompts of a log."""


def _log_size(rng: np.random.Generator) -> int:
    return int(np.exp(rng.uniform(*np.log(_PROMPTS))))


def _population(rng: np.random.Generator, prompts: int) -> Population:
    chosen = world(rng)
    return chosen.population(min(prompts, int(4e5 / chosen.responses)), rng)


def interval_coverage(worlds: int, repeats: int, seed: int) -> np.ndarray:
    """Share of intervals that hold the truth in each world and kind, [worlds, kinds]; see `KINDS`.

    The worlds of one draw a prompt have accuracies from 2% to 98%: below, counts are so small that no interval can cover 93% to 97%.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((worlds, len(KINDS)))
    for w in range(worlds):
        truth = np.zeros(0)
        while not 0.02 < (truth.mean() if len(truth) else 0.0) < 0.98:
            people = _population(rng, 2000)
            truth = (people.probs * people.correct).sum(axis=1)
        prompts, draws = _log_size(rng), int(rng.choice([2, 4, 16, 64]))
        greedy = people.correct[:, 0].astype(float)
        held = np.zeros(len(KINDS))
        for _ in range(repeats):
            chosen = rng.integers(len(truth), size=prompts)
            p = np.clip(truth[chosen], 0, 1)
            many = rng.binomial(draws, p)[:, None] / draws
            ragged = rng.integers(1, draws + 1, prompts)
            some = rng.binomial(ragged, p)[:, None] / ragged[:, None]
            ends = (
                (truth.mean(), two_stage_interval(rng.binomial(1, p)[:, None].astype(float), LEVEL, bounds=(0, 1))),
                (truth.mean(), two_stage_interval(many, LEVEL, bounds=(0, 1))),
                (truth.mean(), two_stage_interval(some, LEVEL, bounds=(0, 1))),
                ((truth - greedy).mean(), paired_interval(many, greedy[chosen][:, None], LEVEL)),
            )
            held += [one.low <= value <= one.high for value, one in ends]
        found[w] = held / repeats
    return found


KINDS = ("one draw a prompt", "several draws", "ragged draws", "minus greedy")


def crossed_coverage(worlds: int, repeats: int, seed: int) -> np.ndarray:
    """Share of intervals over prompts and training seeds that hold the truth, [worlds]: accuracies with effects of both, binomial draws."""
    rng = np.random.default_rng(seed)
    found = np.empty(worlds)
    for w in range(worlds):
        prompts, seeds, draws = _log_size(rng), int(rng.integers(3, 8)), int(rng.choice([1, 8, 64]))
        centre, by_prompt, by_seed = rng.uniform(-1.5, 1.5), rng.uniform(0.3, 2), rng.choice([0.0, 0.1, 0.4])
        grid = np.linspace(-3.5, 3.5, 141)
        weight = np.exp(-(grid**2) / 2)
        weight /= weight.sum()
        logits = centre + by_prompt * grid[:, None] + by_seed * grid
        truth = weight @ (1 / (1 + np.exp(-logits))) @ weight
        held = 0
        for _ in range(repeats):
            rows, columns = rng.choice(grid, prompts, p=weight), rng.choice(grid, seeds, p=weight)
            chance = 1 / (1 + np.exp(-(centre + by_prompt * rows[:, None] + by_seed * columns)))
            one = crossed_interval(rng.binomial(draws, chance) / draws, LEVEL)
            held += one.low <= truth <= one.high
        found[w] = held / repeats
    return found


def curve_coverage(worlds: int, seed: int) -> dict[str, np.ndarray]:
    """For each curve and size, whether the band of one log held the truth: {name: [worlds, sizes]} at N = 1, 2, 4, 8, 16."""
    rng = np.random.default_rng(seed)
    sizes = (1, 2, 4, 8, 16)
    held: dict[str, list[np.ndarray]] = {"best_of_n": [], "majority": [], "pass": []}
    for _ in range(worlds):
        people = _population(rng, 1000)
        counts = rng.integers(16, 25, _log_size(rng))
        made = curves(people.sample(len(counts), rng).draw(counts, rng), LEVEL, N=sizes)
        for name, one in made.items():
            if name in held:
                truth = np.array(_truths(people, name, sizes, rng))
                held[name].append((one.low <= truth + 1e-9) & (truth - 1e-9 <= one.high))
    return {name: np.array(rows) for name, rows in held.items()}


def _truths(people: Population, name: str, sizes: tuple[int, ...], rng: np.random.Generator) -> list[float]:
    if name == "majority":
        return [float(people.majority(N, rng, groups=10).mean()) for N in sizes]
    return [float({"best_of_n": people.best_of, "pass": people.passes}[name](N).mean()) for N in sizes]


def prediction_coverage(worlds: int, seed: int, *, draws: int = 32, N: tuple[int, ...] = (64, 128, 256)) -> dict[str, np.ndarray]:
    """Of each curve and world (truth, value, low, high) at each N, from `draws` draws of each prompt: {name: [worlds, sizes, 4]}."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[np.ndarray]] = {"best_of_n": [], "majority": [], "pass": []}
    for _ in range(worlds):
        people = _population(rng, 1500)
        prompts = _log_size(rng)
        made = predictions(people.sample(prompts, rng).draw(np.full(prompts, draws), rng), LEVEL, N)
        for name, rows in found.items():
            if name in made:
                one = made[name]
                rows.append(np.stack([_truths(people, name, N, rng), one.value, one.low, one.high], axis=1))
    return {name: np.array(rows) for name, rows in found.items()}


def bound_coverage(worlds: int, repeats: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(share of lower bounds on C_cov that are at most the truth, mean of (bound - 1)/(truth - 1)), each [worlds]."""
    rng = np.random.default_rng(seed)
    held, size = np.empty(worlds), np.empty(worlds)
    for w in range(worlds):
        people = _population(rng, 1000)
        truth = float((1 / people.probs[:, 0]).mean())
        prompts, draws = int(np.exp(rng.uniform(np.log(10), np.log(300)))), int(rng.choice([4, 16, 64]))
        lows = np.array([
            coverage_lower_bound(people.sample(prompts, rng).draw(np.full(prompts, draws), rng), LEVEL).low for _ in range(repeats)
        ])  # fmt: skip
        held[w], size[w] = (lows <= truth + 1e-9).mean(), (lows.mean() - 1) / max(truth - 1, 1e-9)
    return held, size


def variance_ratio(repeats: int, seed: int, *, draws: int, N: int) -> dict[str, float]:
    """Variance of the estimate from disjoint blocks over that from all subsets, of each rule, for fixed prompts; mean over prompts."""
    rng = np.random.default_rng(seed)
    people = world(rng).population(40, rng)
    ours: dict[str, list[np.ndarray]] = {"best_of_n": [], "majority": [], "pass": []}
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in ours}
    for _ in range(repeats):
        log = people.draw(np.full(40, draws), rng)
        ours["best_of_n"].append(best_of_n(log, [N])[:, 0])
        ours["majority"].append(majority_vote(log, [N])[0][:, 0])
        ours["pass"].append(pass_at_k(log.successes, log.counts, N)[:, 0])
        cut = draws // N * N
        log_probs, correct, answers = (
            np.asarray(part).reshape(40, draws)[:, :cut].reshape(40, -1, N) for part in (log.log_probs, log.correct, log.answers)
        )
        blocks["best_of_n"].append(np.take_along_axis(correct, log_probs.argmax(axis=-1)[..., None], -1)[..., 0].mean(axis=1))
        blocks["majority"].append(vote(answers, correct).mean(axis=1))
        blocks["pass"].append(correct.any(axis=-1).mean(axis=1))
    return {name: float(np.var(blocks[name], axis=0).mean() / np.var(ours[name], axis=0).mean()) for name in ours}


def main(worlds: int) -> None:
    """Print what the checks find."""
    for name, table in (("two-stage", interval_coverage(worlds, 400, 1)), ("crossed", crossed_coverage(worlds, 400, 2)[:, None])):
        for kind, column in zip(KINDS if table.shape[1] > 1 else ("prompts and seeds",), table.T, strict=True):
            print(f"{name:10} {kind:18} mean {column.mean():.3f}; 5%, 50%, 95% of worlds {np.quantile(column, [0.05, 0.5, 0.95]).round(3)}")
    for name, held in curve_coverage(worlds, 3).items():
        print(f"curve      {name:18} {held.mean(axis=0).round(3)}")
    for name, rows in prediction_coverage(worlds, 4).items():
        held = (rows[..., 2] <= rows[..., 0] + 1e-9) & (rows[..., 0] <= rows[..., 3] + 1e-9)
        width = rows[..., 3] - rows[..., 2]
        print(f"prediction {name:18} {held.mean(axis=0).round(3)} all {held.all(axis=1).mean():.3f}; width {width.mean(axis=0).round(3)}")
    held, size = bound_coverage(worlds, 100, 5)
    print(
        f"C_cov      lower bound        mean {held.mean():.4f}, least {held.min():.3f}; size {np.quantile(size, [0.1, 0.5, 0.9]).round(2)}"
    )
    for draws, N in ((3, 2), (50, 10), (50, 25), (32, 8)):
        print(f"variance   {draws} draws, N = {N}: {variance_ratio(400, 6, draws=draws, N=N)}")


if __name__ == "__main__":
    started = time.perf_counter()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print(f"{time.perf_counter() - started:.0f} s")
