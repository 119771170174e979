"""Runs every experiment, draws every figure, and says what came out and whether it agrees with the committed reference."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

from experiments.engine.beside import Pool, processes, shared, side_by_side
from experiments.engine.comparison import Agreement, compare, reference_of
from experiments.engine.cost import let_go
from experiments.engine.interrupt import deaf
from experiments.engine.provenance import other_generator, other_versions
from experiments.engine.rough import roughly
from experiments.engine.rows import Places, Refused
from experiments.engine.run import load, run_stem, stems
from experiments.engine.summary import summary
from experiments.engine.verdicts import Verdict

Draw = Callable[[str, Places], list[Path]]


class Done(NamedTuple):
    """What became of one stem: its verdicts, what failed, and how long it took."""

    verdicts: list[Verdict]
    failed: list[str]
    seconds: float


def run_all(*, scale: str, seed: int, out: Path | None, draw: Draw) -> int:
    """Run, draw and compare all stems, side by side on several cores; return the exit status.

    It is 1 if a stem failed, if a verdict is not the expected one, or if rows differ from the reference. A stem that fails does not
    stop the others. `draw` draws the rows of one stem; it is a top-level function.
    """
    started = time.perf_counter()
    places = Places.of(scale, seed=seed, out=out)
    places.try_out(figures=True)
    chosen = stems()
    found: dict[str, Done] = {}
    for stem, done in _each(chosen, (scale, seed, places, draw)):
        found[stem] = done
        _say(f"[{len(found)}/{len(chosen)}] {stem}: {done.seconds:.0f} s")

    verdicts = [verdict for stem in chosen for verdict in found[stem].verdicts]
    failed = [what for stem in chosen for what in found[stem].failed]
    print(summary(verdicts))
    unexpected = [verdict for verdict in verdicts if verdict.unexpected]
    print(f"\n{len(verdicts)} verdicts, {len(unexpected)} unexpected; scale {scale}, {time.perf_counter() - started:.0f} s in all.")
    done = [stem for stem in chosen if f"experiment {stem}" not in failed]
    differing = print_comparison(done, scale=scale, seed=seed, places=places)
    for what in failed:
        print(f"FAILED: {what}")
    return 1 if failed or unexpected or differing else 0


def _each(chosen: list[str], given: tuple[str, int, Places, Draw]) -> Iterator[tuple[str, Done]]:
    """What became of each stem, as they end.

    On several cores all pieces of several stems share the processes; those of the stems that usually take longest are begun first. A stem
    that shares its work among processes is led by a thread of this one, and does in it what is left.
    """
    count = processes()
    if count < 2 or len(chosen) < 2:
        for stem in chosen:
            yield stem, _one(stem, *given, False)
            let_go()
        return
    weights = {stem: _usual_seconds(stem) for stem in chosen}
    led = {stem for stem in chosen if getattr(load(stem), "SHARES_ITS_WORK", False)}
    with Pool(count, roughly() if given[0] == "smoke" else None) as pool, ThreadPoolExecutor(len(led) or 1) as leaders:
        with deaf():
            waiting: dict[Future[Any], str] = {leaders.submit(_led, pool, weights[stem], stem, given): stem for stem in led}
        waiting |= {pool.submit(_one, (stem, *given, True), weights[stem]): stem for stem in chosen if stem not in led}
        for done in as_completed(waiting):
            stem = waiting[done]
            yield stem, done.result() if stem in led else done.result()[0]


def _usual_seconds(stem: str) -> float:
    """How long the committed run took; 0 where there is none."""
    return float(Places.reference().provenance(stem).get("wall_seconds", 0.0))


def _led(pool: Pool, weight: float, stem: str, given: tuple[str, int, Places, Draw]) -> Done:
    with shared(pool, weight):
        return _one(stem, *given, False)


def _one(stem: str, scale: str, seed: int, places: Places, draw: Draw, quiet: bool) -> Done:
    """Run and draw one stem. What fails is explained at once."""
    started, verdicts, failed = time.perf_counter(), [], []
    try:
        verdicts = run_stem(stem, scale=scale, seed=seed, base=None, places=places, quiet=quiet)
        try:
            list(side_by_side(draw, [(stem, places)]))
        except Exception as error:
            failed.append(f"figure {stem}")
            _explain(error)
    except Exception as error:
        failed.append(f"experiment {stem}")
        _explain(error)
    return Done(verdicts, failed, time.perf_counter() - started)


def print_comparison(chosen: list[str], *, scale: str, seed: int, places: Places) -> bool:
    """Print one line for each stem: how its rows agree with the reference. Return whether one differs."""
    reference = reference_of(scale, seed)
    if reference is None:
        print(f"Not compared: the repository keeps no reference rows of scale {scale} at seed {seed}.")
        return False
    print("\nThis run against the committed reference:")
    found: list[Agreement] = []
    for stem in chosen:
        if (agreement := compare(stem, places, reference, load(stem).COLUMNS)) is not None:
            found.append(agreement)
            print(f"{stem:20} {agreement}")
    differing = [agreement.stem for agreement in found if agreement.differs]
    if differing:
        print(f"{len(differing)} of {len(found)} stems differ.")
        for line in other_versions(places.provenance(differing[0]), reference.provenance(differing[0])):
            print(f"  {line}")
    elif not found:
        print("The repository keeps no reference rows of these stems.")
    else:
        print(f"All {len(found)} stems agree: the reference is reproduced on this machine.")
        moved = [agreement.stem for agreement in found if not agreement.same_bytes]
        for line in dict.fromkeys(line for stem in moved for line in other_generator(places.provenance(stem), reference.provenance(stem))):
            print(f"  {line}")
    return bool(differing)


def _explain(error: Exception) -> None:
    """One line for what a user can mend, a traceback for anything else."""
    if isinstance(error, Refused):
        _say(f"error: {error}")
    elif isinstance(error, OSError) and error.filename:
        _say(f"error: {error.filename}: {error.strerror}.")
    else:
        traceback.print_exception(error)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
