"""Runs every experiment, draws every figure, and says what came out and whether it agrees with the committed reference."""

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from experiments.engine.comparison import Agreement, compare, reference_of
from experiments.engine.provenance import other_generator, other_versions
from experiments.engine.rows import Places, Refused
from experiments.engine.run import load, run_stem, stems
from experiments.engine.summary import summary
from experiments.engine.verdicts import Verdict

Draw = Callable[[str, Places], list[Path]]


def run_all(*, scale: str, seed: int, out: Path | None, draw: Draw) -> int:
    """Run, draw and compare all stems; return the exit status.

    It is 1 if a stem failed, if a verdict is not the expected one, or if rows differ from the reference. A stem that fails does not
    stop the others. `draw` draws the rows of one stem.
    """
    started = time.perf_counter()
    places = Places.of(scale, seed=seed, out=out)
    places.try_out(figures=True)
    verdicts: list[Verdict] = []
    failed: list[str] = []
    chosen = stems()
    for i, stem in enumerate(chosen, 1):
        _say(f"[{i}/{len(chosen)}] {stem}")
        try:
            verdicts += run_stem(stem, scale=scale, seed=seed, base=None, places=places)
        except Exception as error:
            failed.append(f"experiment {stem}")
            _explain(error)
            continue
        _say(f"drawing {stem}")
        try:
            draw(stem, places)
        except Exception as error:
            failed.append(f"figure {stem}")
            _explain(error)

    print(summary(verdicts))
    unexpected = [verdict for verdict in verdicts if verdict.unexpected]
    print(f"\n{len(verdicts)} verdicts, {len(unexpected)} unexpected; scale {scale}, {time.perf_counter() - started:.0f} s in all.")
    done = [stem for stem in chosen if f"experiment {stem}" not in failed]
    differing = print_comparison(done, scale=scale, seed=seed, places=places)
    for what in failed:
        print(f"FAILED: {what}")
    return 1 if failed or unexpected or differing else 0


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
