"""The interface between an experiment and the machinery.

A stem's module defines these names:

@dataclass(frozen=True)
class Settings: ...                      every scientific parameter, explicit
SETTINGS = {"smoke": Settings(...), "default": Settings(...), "full": Settings(...)}
def run(settings, context) -> {"": rows, "part": rows}       rows are dicts of str, int, float, bool, with the same keys in each part
COLUMNS = {"": columns(...), "part": columns(...)}       the kind of each column (see `columns`)
def verdicts(tables) -> [Verdict(...)]                       computed from the rows as read back from their files
ACCEPTS_BASE = True                      only where `run` uses `context.base`
CARD_OF_BASE = True                      where a run with --base writes the exact card of that table, in place of rows
CARD_OF_SAMPLES = True                   where a run with --samples writes the card of these logs, in place of rows
SHARES_ITS_WORK = True                   where `run` uses all cores by processes of its own: no other stem runs beside it
"""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from experiments.engine.journal import Journal
from experiments.engine.rows import Table
from experiments.engine.verdicts import ERRATUM, Verdict

Item = TypeVar("Item")
PAUSE = 30.0
"""Seconds between two lines of progress where the output is no terminal."""


@dataclass(frozen=True)
class Context:
    """The circumstances of a run: its scale, seed, inputs and means. They change how much is computed, never what is claimed."""

    scale: str
    seed: int = 0
    base: Path | None = None
    quiet: bool = False
    budget: int = 2**31
    """Bytes that a sweep may hold at once. It decides the size of chunks; the numbers do not depend on it."""
    journal: Journal = field(default_factory=lambda: Journal(None))
    client: Any = None
    """A Dask client whose workers run the units of sweeps; None to run them here."""
    notes: dict[str, Any] = field(default_factory=dict)

    def key(self) -> Any:
        """The typed JAX key of the run's seed."""
        import jax

        return jax.random.key(self.seed, impl=key_implementation())

    def track(self, iterable: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
        """Yields the items and shows progress: a bar on a terminal, elsewhere a line every half minute and one at the end."""
        if self.quiet:
            yield from iterable
            return
        if sys.stderr.isatty():
            try:
                from tqdm import tqdm
            except ImportError:
                pass
            else:
                yield from tqdm(iterable, desc=f"  {label}", total=total, file=sys.stderr, leave=False, dynamic_ncols=True)
                return
        started = said = time.perf_counter()
        for done, item in enumerate(iterable, 1):
            yield item
            now = time.perf_counter()
            if total is not None and now - said > PAUSE:
                said, rate = now, done / (now - started)
                print(f"  {label}: {done} of {total}, {rate:.3g}/s, {(total - done) / rate:.0f} s left", file=sys.stderr, flush=True)
        print(f"  {label}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)

    def alone(self) -> "Context":
        """The circumstances of a piece of the run in a process of its own: without journal, client and notes, and silent."""
        return replace(self, quiet=True, journal=Journal(None), client=None, notes={})

    def note(self, name: str, value: Any) -> None:
        """Record a value that may differ between two equal runs, such as a timing. It goes to the provenance, never to the rows."""
        self.notes[name] = value


def key_implementation() -> str:
    """The random generator of this run's keys: philox2x32 where JAX has it and runs on the CPU (it is several times faster there)."""
    import jax

    if jax.default_backend() == "cpu":
        try:
            jax.random.key(0, impl="philox2x32")
            return "philox2x32"
        except ValueError:
            pass
    return str(jax.config.jax_default_prng_impl)  # pyright: ignore[reportAttributeAccessIssue]


__all__ = ["ERRATUM", "Context", "Table", "Verdict", "key_implementation"]
