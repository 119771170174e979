"""The samplers as users call them: they refuse wrong arguments by name, and then run the compiled ones of `sampling.unchecked`.

To look at the numbers of an array is to wait until JAX has computed them; code that made its arguments itself calls the compiled ones.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import HALF_OPEN_UNIT, LABEL, POSITIVE, arrays, checked
from sharpsim.sampling import unchecked
from sharpsim.sampling._alias import AliasTables
from sharpsim.sampling._hazard_table import HazardTable
from sharpsim.sampling._kinds import BY_LAW, COUNT, TOTALS, VALUES, WORD, fitting_stop, stop_in_time
from sharpsim.sampling._traced import TracedRanking

NUMBERS = arrays(LABEL, "n")


@checked(rows=NUMBERS, count=COUNT)
def draw_rows(tables: AliasTables, rows: Any, count: int, key: Any) -> Any:
    """`count` independent draws from each row numbered in `rows` [n]: int32 [n, count]."""
    rows, count = _numbers("rows", rows, "tables", tables.rows), _checks.static_count("count", count)
    _checks.affordable("count", count, size=8.0 * len(rows) * count)
    return unchecked.draw_rows(tables, rows, count, key)


@checked(values=VALUES, rows=NUMBERS, count=COUNT)
def draw_with_values(tables: AliasTables, values: Any, rows: Any, count: int, key: Any) -> tuple[Any, Any]:
    """The draws of `draw_rows`, and the entries of the table `values` [rows, outcomes] at them (for example log-probabilities)."""
    rows, count = _numbers("rows", rows, "tables", tables.rows), _checks.static_count("count", count)
    values = _values("values", values, tables.rows, 1 << tables.bits)
    _checks.affordable("count", count, size=24.0 * len(rows) * count)
    return unchecked.draw_with_values(tables, values, rows, count, key)


@checked(values=VALUES, rows=NUMBERS, draws=COUNT)
def best_literal(table: HazardTable, values: Any, rows: Any, draws: int, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    Each draw costs one random word. Responses of equal reward are chosen in proportion to mass, as keeping the first one drawn would do.
    Words have 32 bits, and the least gets 32 more. The result is wrong only where the two least words are equal: the total variation error
    is at most `draws` 2^-32.
    """
    rows, draws = _numbers("rows", rows, "table", len(table.high)), _checks.static_count("draws", draws)
    values = _values("values", values, *table.high.shape)
    _checks.affordable("draws", draws, seconds=unchecked.DRAW * len(rows) * draws)
    return unchecked.best_literal(table, values, rows, draws, key)


@checked(values=VALUES, rows=NUMBERS, draws=BY_LAW)
def best_by_law(table: HazardTable, values: Any, rows: Any, draws: Any, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    `draws` may be traced. Responses of equal reward are chosen in proportion to mass, as keeping the first one drawn would do.
    """
    rows, values = _numbers("rows", rows, "table", len(table.high)), _values("values", values, *table.high.shape)
    return unchecked.best_by_law(table, values, rows, _float(draws), key)


@checked(prompts=NUMBERS, draws=BY_LAW)
def best_by_law_traced(table: TracedRanking, prompts: Any, draws: Any, key: Any) -> Any:
    """The best of `draws` independent draws for each prompt number [n], int32: two uniform numbers each, whatever `draws`.

    The first number gives the level of equal reward, the second the response inside the level, in proportion to mass.
    """
    return unchecked.best_by_law_traced(table, _numbers("prompts", prompts, "table", len(table.order)), _float(draws), key)


@checked(rows=NUMBERS, stop=arrays(POSITIVE))
def adaptive_by_law(table: HazardTable, log_probs: Any, rows: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """For each row number, the response kept, int32 [n], and the number of draws, a float that holds a whole number.

    `log_probs` [rows, responses] must be the table's own, and `stop` is s. Rows whose reward is not their log-likelihood are not covered.
    """
    rows, log_probs = _numbers("rows", rows, "table", len(table.high)), _values("log_probs", log_probs, *table.high.shape)
    return unchecked.adaptive_by_law(table, log_probs, rows, fitting_stop(stop, log_probs.dtype), key)


@checked(prompts=NUMBERS, stop=arrays(POSITIVE))
def adaptive_by_law_traced(log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """The response kept and the number of draws for each prompt number [n], with the joint law of `adaptive_literal`.

    Four uniform numbers each: the response is drawn first, then the number of draws given the response.
    """
    log_probs = _array(log_probs)
    return unchecked.adaptive_by_law_traced(
        log_probs, _numbers("prompts", prompts, "log_probs", len(log_probs)), fitting_stop(stop, log_probs.dtype), key
    )


@checked(prompts=NUMBERS, stop=arrays(POSITIVE))
def adaptive_literal(log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """The response kept and the number of draws for each prompt number [n], by drawing until the rule stops.

    `log_probs` [prompts, responses] and the stopping parameter `stop` may be traced. The time grows with the stopping time. The number of
    draws is a float that holds a whole number.
    """
    log_probs = _array(log_probs)
    prompts, stop = _numbers("prompts", prompts, "log_probs", len(log_probs)), fitting_stop(stop, log_probs.dtype)
    stop_in_time(stop, log_probs)
    return unchecked.adaptive_literal(log_probs, prompts, stop, key)


@checked(cumulative=TOTALS, rows=LABEL, uniform=HALF_OPEN_UNIT)
def inverse_cdf_of_rows(cumulative: Any, rows: Any, uniform: Any) -> Any:
    """Inverse CDF: for each row number and u in [0, 1), the first column whose running total exceeds u times the row's total, int32.

    `cumulative` [rows, columns] is what `policies.running_mass` makes of the masses. The search is a bisection by gathers, which copies no
    row. Columns without mass are never returned.
    """
    cumulative = _array(cumulative)
    _checks.same_shape("rows", rows, "uniform", uniform)
    return unchecked.inverse_cdf_of_rows(cumulative, _numbers("rows", rows, "cumulative", len(cumulative)), _array(uniform))


@checked(cumulative=TOTALS, n=COUNT)
def draw_prompts(cumulative: Any, n: int, key: Any) -> Any:
    """n independent prompt numbers, int32, whose weights have the running total `cumulative` [prompts]."""
    n = _checks.static_count("n", n)
    _checks.affordable("n", n, size=8.0 * n)
    return unchecked.draw_prompts(_array(cumulative), n, key)


@checked(block=WORD, size=COUNT)
def counter_pairs(key: Any, block: Any, size: int) -> tuple[Any, Any]:
    """Two uniform words, uint32 [size] each, at the Threefry counters (block, 0), .., (block, size - 1) of a typed threefry key.

    Different blocks use different counters. Each counter gives two words for the cost of one. Raises `ValueError` for a key of another
    kind.
    """
    size = _checks.static_count("size", size)
    _checks.affordable("size", size, size=8.0 * size)
    return unchecked.counter_pairs(key, block if _checks.is_traced(block) else np.uint32(int(block)), size)


def _numbers(name: str, numbers: Any, of: str, size: int) -> Any:
    """Numbers of the `size` rows of the argument `of`."""
    if not _checks.is_traced(numbers) and np.asarray(numbers).max() >= size:
        raise ValueError(f"`{name}` must be integers in 0..{size - 1}, the rows of `{of}`; got {_checks.shown(numbers)}.")
    return _array(numbers)


def _values(name: str, values: Any, rows: int, width: int) -> Any:
    """A table of values, refused where it is not of `rows` rows that fill `width`, a power of two, once they are padded."""
    shape = np.shape(values)
    if shape[0] != rows or not width // 2 < shape[1] <= width:
        raise ValueError(f"`{name}` must be a table of {rows} rows with as many outcomes as the tables have; got shape {shape}.")
    return _array(values)


def _array(value: Any) -> Any:
    return value if hasattr(value, "dtype") else jnp.asarray(value)


def _float(draws: Any) -> Any:
    """Whole numbers beyond those that JAX may be using."""
    return draws if _checks.is_traced(draws) else float(draws)
