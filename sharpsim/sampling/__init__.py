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

The functions refuse wrong arguments by name, for which they wait until JAX has computed them. `sharpsim.sampling.unchecked` has the same
functions for code that checked its arguments before, as oracles do. What JAX is tracing has no numbers to refuse: where they are wrong,
floats of the answer are NaN if a single argument shows it, but whole numbers mean nothing.

Importing this package imports no JAX; naming one of its members does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.sampling._alias import AliasTables
    from sharpsim.sampling._batches import AdaptiveBatch, Batch, Draws
    from sharpsim.sampling._blocks import in_blocks, word_pairs
    from sharpsim.sampling._checked import (
        adaptive_by_law,
        adaptive_by_law_traced,
        adaptive_literal,
        best_by_law,
        best_by_law_traced,
        best_literal,
        counter_pairs,
        draw_prompts,
        draw_rows,
        draw_with_values,
        inverse_cdf_of_rows,
    )
    from sharpsim.sampling._hazard_table import HazardTable
    from sharpsim.sampling._kinds import MOST_BY_LAW
    from sharpsim.sampling._traced import TracedRanking

_HOME = {
    "AdaptiveBatch": "_batches",
    "AliasTables": "_alias",
    "Batch": "_batches",
    "Draws": "_batches",
    "HazardTable": "_hazard_table",
    "MOST_BY_LAW": "_kinds",
    "TracedRanking": "_traced",
    "adaptive_by_law": "_checked",
    "adaptive_by_law_traced": "_checked",
    "adaptive_literal": "_checked",
    "best_by_law": "_checked",
    "best_by_law_traced": "_checked",
    "best_literal": "_checked",
    "counter_pairs": "_checked",
    "draw_prompts": "_checked",
    "draw_rows": "_checked",
    "draw_with_values": "_checked",
    "in_blocks": "_blocks",
    "inverse_cdf_of_rows": "_checked",
    "word_pairs": "_blocks",
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
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
