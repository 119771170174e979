"""Decoders: sampling from, and maximising over, the responses of an autoregressive policy, by its `start` and `step` alone.

- A guess at the mode: `greedy`, `beam`.
- The mode, proven: `most_likely` (any policy; also all of Y*_slack), `most_likely_batch`, `viterbi` (Markov and n-gram policies).
- The most probable responses with a bound on the rest: `head`.
- Other sampling distributions: `sample_tempered`, `sample_top_k`.
- Many draws: `sample_many` (any policy), `draw_many` (peaked policies), `MarkovSampler`, `TableSampler` (policies given as tables).

Importing this package imports no JAX; naming one of its members does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.decoding._draws import ManyDraws, draw_many
    from sharpsim.decoding._greedy import beam, greedy
    from sharpsim.decoding._head import Head, head
    from sharpsim.decoding._most_likely import Decoded, MostLikely, SearchBudgetExceeded, most_likely, most_likely_batch
    from sharpsim.decoding._sample_many import Samples, sample_many
    from sharpsim.decoding._sample_markov import MarkovSampler
    from sharpsim.decoding._sample_table import TableSampler
    from sharpsim.decoding._temperature import TemperedPolicy, sample_tempered
    from sharpsim.decoding._truncated import TopKPolicy, sample_top_k
    from sharpsim.decoding._viterbi import viterbi

_HOME = {
    "Decoded": "_most_likely",
    "Head": "_head",
    "ManyDraws": "_draws",
    "MarkovSampler": "_sample_markov",
    "MostLikely": "_most_likely",
    "Samples": "_sample_many",
    "SearchBudgetExceeded": "_most_likely",
    "TableSampler": "_sample_table",
    "TemperedPolicy": "_temperature",
    "TopKPolicy": "_truncated",
    "beam": "_greedy",
    "draw_many": "_draws",
    "greedy": "_greedy",
    "head": "_head",
    "most_likely": "_most_likely",
    "most_likely_batch": "_most_likely",
    "sample_many": "_sample_many",
    "sample_tempered": "_temperature",
    "sample_top_k": "_truncated",
    "viterbi": "_viterbi",
}

__all__ = [
    "Decoded",
    "Head",
    "ManyDraws",
    "MarkovSampler",
    "MostLikely",
    "Samples",
    "SearchBudgetExceeded",
    "TableSampler",
    "TemperedPolicy",
    "TopKPolicy",
    "beam",
    "draw_many",
    "greedy",
    "head",
    "most_likely",
    "most_likely_batch",
    "sample_many",
    "sample_tempered",
    "sample_top_k",
    "viterbi",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
