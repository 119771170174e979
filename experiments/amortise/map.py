"""The map of writers: share of careful writers against number of phrasings, and who is right at each place: exact, from the text's law.

Part "map": one row a place, for the first rate and the first N.

- `one_draw`, `greedy`, `best_of_n`, `mode`: accuracies, means over prompts.
- `affected`: the fraction of prompts on which the mistake changes the answer; on the others no response is wrong.
- `greedy_right`, `sharpening_wins`, `too_few_draws`, `mode_wrong`: fractions of prompts. `region`: where most affected prompts are.
- `coverage`, `mode_coverage`: C_cov and Cbar_cov. `least_margin`: Assumption 4.2's, a ratio.
- `margin`: the mean over prompts of log P* less the log-probability of the next, nats.
- `signed_margin`: the mean over affected prompts of the largest log-probability of a right response less that of a wrong one, nats.
- `covariance`: the mean over prompts of Cov(correct, log pi) under one draw; `pooled_covariance`: that of pairs of prompt and response.

Part "map-borders": the closed forms of `borders` as lines. Part "map-areas": for each rate and N the fraction of places in each region, and
how many places contradict a closed form. Part "map-predictors": see `map_predictors`. Part "map-models": see `map_models`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.amortise import borders, map_models
from experiments.amortise.map_laws import REGIONS, Listing, classes, listing, means, of_classes, tables, with_best
from experiments.amortise.map_predictors import predictor_rows
from experiments.engine.columns import Column, columns
from sharpsim.tasks import Corpus, ManyWriters

Rows = list[dict[str, Any]]
Grid = dict[str, np.ndarray]
CLOSED_FORMS = ("greedy", "mode", "best_of_n", "covariance")
_MEANS = (
    *("one_draw", "greedy", "best_of_n", "mode", "coverage", "mode_coverage", "margin", "least_margin", "signed_margin"),
    *("covariance", "pooled_covariance", *REGIONS),
)
COLUMNS: dict[str, dict[str, Column]] = {
    "map": columns(text="region", count="N prompts phrasings", exact=" ".join(("rate", "affected", "share", *_MEANS))),
    "map-borders": columns(text="border", count="N", exact="rate share phrasings"),
    "map-areas": columns(
        count=" ".join(("N", "places", *(f"{name}_off" for name in CLOSED_FORMS))), exact=" ".join(("rate", "best_of_n_share", *REGIONS))
    ),
    "map-predictors": columns(
        text="border quantity threshold_from",
        count="N places above",
        exact="rate threshold happens agree missed promised",
        # A rule that always says no, or always yes.
        infinite="threshold",
    ),
    "map-models": map_models.COLUMNS,
}


@dataclass(frozen=True)
class MapSettings:
    """`shares` is (first, last, number), evenly spaced in log-odds; `phrasings` is (last, number): distinct integers from 1, about evenly
    spaced in the logarithm.

    All `rates` and all `draws` (values of N) are judged; the first of each is drawn. Best of N beats what it exceeds by more than `least`.
    """

    shares: tuple[float, float, int]
    phrasings: tuple[int, int]
    rates: tuple[float, ...]
    draws: tuple[int, ...]
    kind: str
    level: int
    prompts: int
    least: float

    def __post_init__(self) -> None:
        if wrong := [rate for rate in self.rates if not 0.5 < rate < 1]:
            raise ValueError(f"`rates` must be in (1/2, 1), or the mistake is not the likelier; got {wrong[0]!r}.")
        if wrong := [N for N in self.draws if N < 2]:
            raise ValueError(f"`draws` must be at least 2; got {wrong[0]!r}.")

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """The shares, float64, and the numbers of phrasings, int."""
        first, last, number = self.shares
        odds = np.linspace(np.log(first / (1 - first)), np.log(last / (1 - last)), number)
        return 1 / (1 + np.exp(-odds)), np.unique(np.rint(np.geomspace(1, *self.phrasings)).astype(int))


MAP = MapSettings(
    shares=(0.002, 0.975, 40), phrasings=(256, 24), rates=(0.65, 0.9), draws=(50, 10), kind="precedence", level=1, prompts=256, least=1e-3
)
"""The first rate and the largest number of phrasings are those of the task's levels."""
SMALL_MAP = replace(MAP, shares=(0.002, 0.975, 10), phrasings=(256, 7), rates=(0.65,), prompts=64)


def map_rows(settings: MapSettings) -> dict[str, Rows]:
    """The parts "map", "map-borders", "map-areas" and "map-predictors"."""
    task = ManyWriters(level=settings.level)
    found = classes(task, task.prompts("held_out", settings.prompts, 0), settings.kind)
    shares, phrasings = settings.grid()
    listings = {int(P): [listing(task, Corpus(0.5, int(P), 0.5, settings.kind), *one) for one in found.items()] for P in phrasings}
    parts: dict[str, Rows] = {"map": [], "map-borders": [], "map-areas": [], "map-predictors": []}
    for rate in settings.rates:
        logs = {P: tables(made, shares, P, rate, settings.kind) for P, made in listings.items()}
        each = {P: of_classes(made, logs[P]) for P, made in listings.items()}
        over_prompts = {P: means(made, logs[P], each[P]) for P, made in listings.items()}
        for N in settings.draws:
            rows = [with_best(made, logs[P], each[P], over_prompts[P], N) for P, made in listings.items()]
            grid = {name: np.stack([row[name] for row in rows], axis=1) for name in _MEANS}
            names = {"rate": rate, "N": N}
            if not parts["map"]:
                parts["map"] = list(_places(names, grid, settings, shares, phrasings, listings[1]))
            parts["map-borders"] += _border_rows(names, shares, float(phrasings[-1]))
            parts["map-areas"].append(names | areas(grid, shares, phrasings, rate, N))
            parts["map-predictors"] += [names | row for row in predictor_rows(grid, draws=N, least=settings.least)]
    return parts


def _regions(grid: Grid) -> np.ndarray:
    """The number of each place's region, int [shares, phrasings]: most of the affected prompts are in it.

    Unaffected prompts are in the region "greedy_right", so it is the answer only where no other has any.
    """
    others = np.stack([grid[name] for name in REGIONS[1:]])
    return np.where(others.max(axis=0) > 0, 1 + others.argmax(axis=0), 0)


def _places(
    names: dict[str, Any], grid: Grid, settings: MapSettings, shares: np.ndarray, phrasings: np.ndarray, listings: list[Listing]
) -> Iterator[dict[str, Any]]:
    regions, affected = _regions(grid), sum(one.weight for one in listings if one.affected)
    for i, share in enumerate(shares):
        for j, P in enumerate(phrasings):
            place = {"share": float(share), "phrasings": int(P), "region": REGIONS[regions[i, j]]}
            yield names | {"prompts": settings.prompts, "affected": affected} | place | {name: float(grid[name][i, j]) for name in _MEANS}


def areas(grid: Grid, shares: np.ndarray, phrasings: np.ndarray, rate: float, N: int) -> dict[str, Any]:
    """The fraction of places in each region, and how many places a closed form has on the wrong side of its border."""
    regions, least = _regions(grid), borders.best_of_n_share(rate, N)
    fractions = {name: float((regions == number).mean()) for number, name in enumerate(REGIONS)}
    share, P = shares[:, None], phrasings[None]
    mode = borders.mode_phrasings(share, rate) < P
    said = {
        "greedy": np.broadcast_to(share > borders.greedy_share(), mode.shape),
        "mode": mode,
        "best_of_n": mode & (share > least),
        "covariance": borders.covariance_phrasings(share, rate) < P,
    }
    seen = {
        "greedy": regions == 0,
        "mode": regions != 3,
        "best_of_n": grid["best_of_n"] > grid["one_draw"],
        "covariance": grid["covariance"] > 0,
    }
    off = {f"{name}_off": int((said[name] != seen[name]).sum()) for name in CLOSED_FORMS}
    return {"places": regions.size, "best_of_n_share": least, **fractions, **off}


def _border_rows(names: dict[str, Any], shares: np.ndarray, most: float) -> Rows:
    """Points of the lines, up to four times `most` phrasings. `greedy` and `best_of_n` are vertical, and the latter ends at the mode's."""
    odds = shares / (1 - shares)
    fine = np.geomspace(odds[0], odds[-1], 97)
    fine = fine / (1 + fine)
    lines = {
        name: [(float(share), float(P)) for share, P in zip(fine, line(fine, names["rate"]), strict=True) if most * 4 >= P]
        for name, line in (("mode", borders.mode_phrasings), ("covariance", borders.covariance_phrasings))
    }
    rate, least = names["rate"], borders.best_of_n_share(names["rate"], names["N"])
    feet = {"greedy": (borders.greedy_share(), 1.0), "best_of_n": (least, max(1.0, float(borders.mode_phrasings(least, rate))))}
    lines |= {name: [(share, foot), (share, max(most, foot))] for name, (share, foot) in feet.items()}
    return [names | {"border": name, "share": share, "phrasings": P} for name, line in lines.items() for share, P in line]
