"""Samplers of policies given as tables [prompts, responses]: which one to use for which question.

- Independent draws from rows of a table, or one step of many Markov chains: `AliasTables` with `draw_rows`, `draw_with_values` or `.pick`;
  two random words a draw.
- Best of N, every draw made: `best_literal` on a `HazardTable`; N words a prompt.
- Best of N by its exact law: `best_by_law` on a `HazardTable`; one exponential number a prompt, whatever N.
- Adaptive rule (Def D.1), every draw made: `adaptive_literal`; the time is the stopping time.
- Adaptive rule by its exact law: `adaptive_by_law` on a `HazardTable`; the time does not depend on the stopping time.
- The same where JAX traces the table, for instance in a sweep over instances (float64): `inverse_cdf_of_rows`, `best_by_law_traced` on a
  `TracedRanking`, `adaptive_by_law_traced`.
- Few draws for each of many seeds: `counter_pairs`, words from Threefry counters, for `AliasTables.pick`.

There are this many for two reasons. The literal samplers are the definitions that the samplers by law are tested against. The fast tables
are built on the host and need concrete numbers; the samplers for traced tables take 2 to 4 times as long. `in_blocks` bounds the memory
of them all. Responses of equal reward are chosen in proportion to mass. An oracle answers with `Draws`, `Batch` or `AdaptiveBatch`.
Importing this package imports no JAX; naming one of its members does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim._threefry import counter_pairs
    from sharpsim.sampling._adaptive_by_law import adaptive_by_law
    from sharpsim.sampling._adaptive_literal import adaptive_literal
    from sharpsim.sampling._alias import AliasTables, draw_rows, draw_with_values
    from sharpsim.sampling._batches import AdaptiveBatch, Batch, Draws
    from sharpsim.sampling._best_literal import best_literal
    from sharpsim.sampling._blocks import in_blocks, word_pairs
    from sharpsim.sampling._hazard_table import MOST_BY_LAW, HazardTable, best_by_law
    from sharpsim.sampling._inverse_cdf import draw_prompts, inverse_cdf_of_rows
    from sharpsim.sampling._traced import TracedRanking, adaptive_by_law_traced, best_by_law_traced

_HOME = {
    "AdaptiveBatch": "sharpsim.sampling._batches",
    "AliasTables": "sharpsim.sampling._alias",
    "Batch": "sharpsim.sampling._batches",
    "Draws": "sharpsim.sampling._batches",
    "HazardTable": "sharpsim.sampling._hazard_table",
    "MOST_BY_LAW": "sharpsim.sampling._hazard_table",
    "TracedRanking": "sharpsim.sampling._traced",
    "adaptive_by_law": "sharpsim.sampling._adaptive_by_law",
    "adaptive_by_law_traced": "sharpsim.sampling._traced",
    "adaptive_literal": "sharpsim.sampling._adaptive_literal",
    "best_by_law": "sharpsim.sampling._hazard_table",
    "best_by_law_traced": "sharpsim.sampling._traced",
    "best_literal": "sharpsim.sampling._best_literal",
    "counter_pairs": "sharpsim._threefry",
    "draw_prompts": "sharpsim.sampling._inverse_cdf",
    "draw_rows": "sharpsim.sampling._alias",
    "draw_with_values": "sharpsim.sampling._alias",
    "in_blocks": "sharpsim.sampling._blocks",
    "inverse_cdf_of_rows": "sharpsim.sampling._inverse_cdf",
    "word_pairs": "sharpsim.sampling._blocks",
}

__all__ = [
    "AdaptiveBatch",
    "AliasTables",
    "Batch",
    "Draws",
    "HazardTable",
    "MOST_BY_LAW",
    "TracedRanking",
    "adaptive_by_law",
    "adaptive_by_law_traced",
    "adaptive_literal",
    "best_by_law",
    "best_by_law_traced",
    "best_literal",
    "counter_pairs",
    "draw_prompts",
    "draw_rows",
    "draw_with_values",
    "in_blocks",
    "inverse_cdf_of_rows",
    "word_pairs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
