"""The trained models on the map of writers: where the corpus of each lies, what was measured of base, and where tuning takes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from experiments.amortise import borders
from experiments.amortise.map_laws import affected_share
from experiments.engine.columns import columns
from sharpsim.tasks import ManyWriters

UNDECIDED = "undecided"
_ACCURACIES = ("one_draw", "greedy", "best_of_n", "tuned")
COLUMNS = columns(
    text="task model predicted measured",
    count="level phrasings N",
    exact="rate share affected",
    simulated32={name: f"{name}_low {name}_high" for name in (*_ACCURACIES, "from_share", "to_share")},
)
"""`one_draw`, `greedy`, `best_of_n` are base's accuracies, `tuned` is that of one draw of the tuned model. `from_share` and `to_share` are
the shares of careful writers at which one draw of the corpus is as often right as one draw of base, and of the tuned model."""


class Interval(NamedTuple):
    """An accuracy with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OnMap:
    """One model on one level of "many writers": accuracies on the held-out `prompts`, best of N for this N."""

    level: int
    model: str
    prompts: tuple[str, ...]
    N: int
    one_draw: Interval
    greedy: Interval
    best_of_n: Interval
    tuned: Interval


def model_rows(models: Iterable[OnMap]) -> list[dict[str, Any]]:
    """The part "map-models", a row a model; `predicted` and `measured` name regions as `region` and `measured_region` do."""
    return [_row(one) for one in models]


def _row(one: OnMap) -> dict[str, Any]:
    task = ManyWriters(level=one.level)
    corpus = task.corpus
    affected = affected_share(task, one.prompts, corpus.kind)
    row: dict[str, Any] = {
        "task": task.name, "level": one.level, "model": one.model, "share": corpus.share, "phrasings": corpus.phrasings,
        "rate": corpus.rate, "affected": affected, "N": one.N,
        "predicted": region(corpus.share, corpus.phrasings, corpus.rate, one.N), "measured": measured_region(one),
    }  # fmt: skip
    accuracies = {name: getattr(one, name) for name in _ACCURACIES}
    shares = {
        name: Interval(*(float(borders.share_of(end, corpus.rate, affected)) for end in accuracies[source]))
        for name, source in (("from_share", "one_draw"), ("to_share", "tuned"))
    }
    for name, (value, low, high) in (accuracies | shares).items():
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


def region(share: float, phrasings: int, rate: float, N: int) -> str:
    """The region of a place by the closed forms."""
    if phrasings <= borders.mode_phrasings(share, rate):
        return "mode_wrong"
    if share > borders.greedy_share():
        return "greedy_right"
    return "sharpening_wins" if share > borders.best_of_n_share(rate, N) else "too_few_draws"


def measured_region(one: OnMap) -> str:
    """The region that a model's accuracies put it in, as far as their intervals tell; `UNDECIDED` where they do not.

    "sharpening_wins": best of N is above greedy and above one draw. "mode_wrong": best of N is below one draw, which too few draws would
    look like too. "greedy_right": greedy is above one draw, and best of N is not above greedy.
    """
    draw, greedy, best = one.one_draw, one.greedy, one.best_of_n
    if best.low > max(greedy.high, draw.high):
        return "sharpening_wins"
    if best.high < draw.low:
        return "mode_wrong"
    return "greedy_right" if greedy.low > draw.high and best.low <= greedy.high else UNDECIDED
