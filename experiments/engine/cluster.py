"""Runs the units of a sweep as Dask tasks, on local worker processes or on the workers of any Dask scheduler.

On a SLURM cluster dask-jobqueue starts the workers, in an environment with this package, the `cluster` extra and this folder as
working directory, one worker per device:

    cluster = dask_jobqueue.SLURMCluster(cores=1, processes=1, memory="4GB"); cluster.scale(64); print(cluster.scheduler_address)
    python -m experiments run sft --scale full --scheduler ADDRESS
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from experiments.engine.compiled import Replicate, prepare_jax, start
from experiments.engine.journal import code_digest
from experiments.engine.rows import Refused

AHEAD = 4
"""Units submitted ahead of the oldest unfinished one, for each thread of the cluster. It bounds memory in scheduler and caller."""


@contextmanager
def connected(*, scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """A Dask client: of the scheduler at this address, or of `workers` local processes. None where neither is given."""
    if scheduler is None and workers is None:
        yield None
        return
    if workers is not None and workers < 1:
        raise Refused(f"`workers` must be at least 1; got {workers}.")
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise Refused("`--scheduler` and `--workers` need Dask: pip install 'sharpsim[cluster]'.") from error
    if scheduler is None:
        with (
            # No dashboard. Its server listens all the same: on a free port, since a second cluster would warn that the usual one is taken.
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                memory_limit=None,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        raise Refused(f"no Dask scheduler at {scheduler!r}.") from error
    with client:
        yield client


def finished(
    client: Any, replicate: Replicate, settings: list[Any], todo: list[Any], *, words: Any, chunk: int
) -> Iterator[tuple[Any, Any]]:
    """Yields the units as workers finish them. A unit whose worker died goes to another; one that raises is tried twice more."""
    from distributed import as_completed

    ahead = AHEAD * max(1, sum(client.nthreads().values()))
    own, next_up, done = code_digest(), 0, [False] * len(todo)
    place: dict[Any, int] = {}
    completed = as_completed()
    oldest = 0
    while oldest < len(todo):
        while next_up < min(len(todo), oldest + ahead):
            unit = todo[next_up]
            given = (replicate, settings[unit.cell], unit.cell, unit.first, words, chunk, own)
            future = client.submit(work, *given, pure=False, retries=2)
            place[future], next_up = next_up, next_up + 1
            completed.add(future)
        future = next(completed)
        at = place.pop(future)
        yield todo[at], future.result()
        done[at] = True
        while oldest < len(todo) and done[oldest]:
            oldest += 1


def work(replicate: Replicate, settings: Any, cell: int, first: int, words: np.ndarray, chunk: int, code: str) -> Any:
    """Computes one unit on the first device of a worker."""
    if code_digest() != code:
        raise RuntimeError("the worker's copy of this package differs from the caller's; give both the same commit.")
    prepare_jax()
    answer = start(replicate, [(settings, cell, first)], words=words, chunk=chunk, devices=(jax.local_devices()[0],))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[0], answer)
