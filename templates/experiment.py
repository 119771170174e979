"""Simulates how often N draws all miss a response, and compares the frequency with the exact probability and its bound.

The experiment would refute the bound if the lower end of a confidence interval (false-alarm rate 1e-6) were above it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.columns import columns
from experiments.engine.frame import Context, Table, Verdict
from sharpsim.estimators import clopper_pearson
from sharpsim.theory import missed_mode as theory


@dataclass(frozen=True)
class Settings:
    """Probabilities of the response, numbers of draws N, simulated repetitions of each pair. No parameter has a default."""

    probabilities: tuple[float, ...]
    N: tuple[int, ...]
    repetitions: int


SETTINGS = {
    "smoke": Settings(probabilities=(0.3, 0.02), N=(1, 10, 100), repetitions=2000),
    "default": Settings(probabilities=(0.3, 0.1, 0.02), N=(1, 3, 10, 30, 100, 300), repetitions=100_000),
    "full": Settings(probabilities=(0.3, 0.1, 0.02, 0.005), N=(1, 3, 10, 30, 100, 300, 1000), repetitions=10_000_000),
}
FALSE_ALARM = 1e-6
COLUMNS = {"": columns(count="N repetitions", exact="p exact bound", simulated={"measured": "low high"})}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": one row for each p and N. The columns of theory stand beside the measured one, which has its interval."""
    rng = np.random.default_rng([context.seed, 1])
    rows = []
    for p in context.track(settings.probabilities, "probabilities"):
        for N in settings.N:
            # The first hit comes after N draws exactly where all N of them miss.
            missed = int((rng.geometric(p, settings.repetitions) > N).sum())
            low, high = clopper_pearson(missed, settings.repetitions)
            seen = {"repetitions": settings.repetitions, "measured": missed / settings.repetitions, "low": low, "high": high}
            given = {"response_probability": p, "N": N}
            rows.append({"p": p, "N": N, **seen, "exact": theory.exact(**given), "bound": theory.bound(**given)})
    return {"": rows}


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Judged from the rows as written, so that anyone can judge them again."""
    rows = tables[""]
    misses = np.rint(rows["measured"] * rows["repetitions"])
    lower, _ = clopper_pearson(misses, rows["repetitions"], 1 - FALSE_ALARM)
    holds = bool((lower <= rows["bound"]).all() and (rows["exact"] <= rows["bound"]).all())
    return [
        Verdict(
            label="Missed mode",
            claim="N draws all miss a response with probability at most exp(-N p)",
            measured=float(rows["measured"].max()),
            bound=float(rows["bound"].max()),
            verdict="holds" if holds else "violated",
            slack=float((rows["bound"] - rows["exact"]).min()),
            slack_kind="least bound minus exact",
        )
    ]
