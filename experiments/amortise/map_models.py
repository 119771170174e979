"""The trained models on the map of writers: where the corpus of each lies, what was measured of base, and where tuning takes it."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from experiments.amortise import borders
from experiments.amortise.map_laws import affected_share
from experiments.engine.columns import columns
from sharpsim.tasks import ManyWriters
from sharpsim.tasks.many_writers import OPENER

UNDECIDED = "undecided"
_ACCURACIES = ("one_draw", "greedy", "best_of_n", "tuned")
_SHARES = ("base_careful", "tuned_careful")
COLUMNS = columns(
    text="task model predicted measured",
    count="level phrasings N",
    exact="rate share affected",
    simulated32={name: f"{name}_low {name}_high" for name in (*_ACCURACIES, *_SHARES)},
)
"""`one_draw`, `greedy`, `best_of_n` are base's accuracies, `tuned` is that of one draw of the tuned model. `base_careful`, `tuned_careful`
are the shares of careful writers in what each writes, as `careful_shares` gives them. A model that slips in its sums is less often right
than its corpus, so that accuracy alone would not place it."""


class Interval(NamedTuple):
    """An accuracy or a share with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OnMap:
    """One model on one level of "many writers": accuracies and shares on the held-out `prompts`, best of N for this N."""

    level: int
    model: str
    prompts: tuple[str, ...]
    N: int
    one_draw: Interval
    greedy: Interval
    best_of_n: Interval
    tuned: Interval
    base_careful: Interval
    tuned_careful: Interval


def careful_shares(policy: Any, prompts: np.ndarray) -> np.ndarray:
    """1 - pi(opener|x): how much of what a policy writes does not open as careless writers do. Exact, float64 [prompts].

    `prompts` are encoded, int [prompts, prompt_length].
    """
    opener = int(ManyWriters(level=1).encode_response(OPENER)[0])
    return -np.expm1(np.asarray(_first_log_probs()(policy, prompts), np.float64)[:, opener])


@functools.cache
def _first_log_probs() -> Any:
    # One object, so that another policy of the same shape compiles nothing.
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    def first(policy: Any, prompt: Any) -> Any:
        return policy.step(policy.start(prompt), jnp.asarray(policy.begin_token, jnp.int32))[1]

    return eqx.filter_jit(jax.vmap(first, (None, 0)))


def model_rows(models: Iterable[OnMap]) -> list[dict[str, Any]]:
    """The part "map-models", a row a model; `predicted` and `measured` name regions as `region` and `measured_region` do."""
    return [_row(one) for one in models]


def _row(one: OnMap) -> dict[str, Any]:
    task = ManyWriters(level=one.level)
    corpus = task.corpus
    row: dict[str, Any] = {
        "task": task.name, "level": one.level, "model": one.model, "share": corpus.share, "phrasings": corpus.phrasings,
        "rate": corpus.rate, "affected": affected_share(task, one.prompts, corpus.kind), "N": one.N,
        "predicted": region(corpus.share, corpus.phrasings, corpus.rate, one.N), "measured": measured_region(one),
    }  # fmt: skip
    for name in (*_ACCURACIES, *_SHARES):
        value, low, high = getattr(one, name)
        row |= {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
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
