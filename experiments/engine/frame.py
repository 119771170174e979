"""What an experiment is given and what it hands back. A stem's module imports from here alone.

@dataclass(frozen=True)
class Settings: ...                      every scientific parameter, explicit
SETTINGS = {"smoke": Settings(...), "default": Settings(...), "full": Settings(...)}
def run(settings, context) -> {"": rows, "part": rows}       rows are dicts of str, int, float, bool; one set of keys per part
def verdicts(tables) -> [Verdict(...)]                       from the rows as read back from their files
ACCEPTS_BASE = True                      only where `run` uses `context.base`
ACCEPTS_SAMPLES = True                   only where `run` uses `context.samples`; `verdicts` gets the parts that `run` then returns
"""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from experiments.engine.journal import Journal
from experiments.engine.rows import Table
from experiments.engine.verdicts import Verdict

Item = TypeVar("Item")
PAUSE = 30.0
"""Seconds between two lines of progress where there is no terminal."""


@dataclass(frozen=True)
class Context:
    """The circumstances of a run: they change how much is computed and with which seed, never what is claimed."""

    scale: str
    seed: int = 0
    base: Path | None = None
    samples: tuple[Path, ...] = ()
    quiet: bool = False
    budget: int = 2**31
    """Bytes that the sweep engine may hold at once; decides chunks, never numbers."""
    journal: Journal = field(default_factory=lambda: Journal(None))
    client: Any = None
    """A Dask client whose workers take the units of sweeps."""
    notes: dict[str, Any] = field(default_factory=dict)

    def key(self) -> Any:
        """A typed JAX key made from the seed."""
        import jax

        return jax.random.key(self.seed, impl=key_implementation())

    def track(self, iterable: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
        """The items, with a progress bar on a terminal; elsewhere a line every half minute, and one at the end."""
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

    def note(self, name: str, value: Any) -> None:
        """Record something that may differ between two equal runs (a timing, say): it goes to the provenance, never to the rows."""
        self.notes[name] = value


def key_implementation() -> str:
    """The generator of this run's keys: philox where JAX has it and runs on the CPU (several times the default's speed there)."""
    import jax

    if jax.default_backend() == "cpu":
        try:
            jax.random.key(0, impl="philox2x32")
            return "philox2x32"
        except ValueError:
            pass
    return str(jax.config.jax_default_prng_impl)  # pyright: ignore[reportAttributeAccessIssue]


__all__ = ["Context", "Table", "Verdict", "key_implementation"]
