"""What is run, against which formula, and what would show the formula wrong."""

from dataclasses import dataclass
from typing import Any

from experiments.engine.frame import Context, Table, Verdict


@dataclass(frozen=True)
class Settings:
    """Every scientific parameter; none has a default."""

    n: tuple[int, ...]
    delta: float
    seeds: int


SETTINGS = {
    "smoke": Settings(n=(10, 30), delta=0.1, seeds=20),
    "default": Settings(n=(10, 30, 100, 300, 1000), delta=0.1, seeds=1000),
    "full": Settings(n=(10, 30, 100, 300, 1000, 3000, 10000), delta=0.1, seeds=100_000),
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Rows by part; the main part is "". Theory's columns stand beside the measured ones, each measured one with its interval."""
    rows = []
    for n in context.track(settings.n, "sweep over n"):
        rows.append({"n": n, "delta": settings.delta, "measured": 0.0, "low": 0.0, "high": 0.0, "exact": 0.0, "bound": 0.0})
    return {"": rows}


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Judged from the rows as written, so that anyone can judge them again."""
    main = tables[""]
    holds = bool((main["low"] <= main["bound"]).all())
    return [
        Verdict(
            label="Thm 0.0",
            claim="risk is below the bound at every n",
            measured=float(main["measured"].max()),
            bound=float(main["bound"].max()),
            verdict="holds" if holds else "violated",
            slack=1.0,
            slack_kind="least ratio of bound to exact",
        )
    ]
