"""Everything: run every experiment, draw every figure, and say in one table what came out."""

import sys
import time
import traceback
from pathlib import Path

from experiments.engine.report import write_report
from experiments.engine.rows import Places
from experiments.engine.run import run_stem, stems
from experiments.engine.summary import summary
from experiments.engine.verdicts import Verdict
from figures._save import draw_stem, drawable


def run_all(*, scale: str, seed: int, out: Path | None) -> int:
    """Run, draw, report; the exit status is 1 if a stem failed or a verdict is not the expected one.

    One stem that fails does not stop the others: an hour's run should not end with a traceback and no table.
    """
    started = time.perf_counter()
    places = Places.of(scale, seed=seed, out=out)
    verdicts: list[Verdict] = []
    failed: list[str] = []
    chosen = stems()
    for i, stem in enumerate(chosen, 1):
        _say(f"[{i}/{len(chosen)}] {stem}")
        try:
            verdicts += run_stem(stem, scale=scale, seed=seed, base=None, places=places)
        except Exception:
            failed.append(f"experiment {stem}")
            traceback.print_exc()
    for stem in drawable():
        _say(f"drawing {stem}")
        try:
            draw_stem(stem, places)
        except Exception:
            failed.append(f"figure {stem}")
            traceback.print_exc()
    if places == Places.of("default"):
        write_report()

    print(summary(verdicts))
    unexpected = [verdict for verdict in verdicts if verdict.unexpected]
    print(f"\n{len(verdicts)} verdicts, {len(unexpected)} unexpected; scale {scale}, {time.perf_counter() - started:.0f} s in all.")
    for what in failed:
        print(f"FAILED: {what}")
    return 1 if failed or unexpected else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
