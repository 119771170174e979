"""Runs the units of a sweep as Dask tasks, on local worker processes or on the workers of any Dask scheduler.

On a SLURM cluster dask-jobqueue starts the workers, in an environment with this package, the `cluster` extra and this folder as
working directory, one worker per device:

    cluster = dask_jobqueue.SLURMCluster(cores=1, processes=1, memory="4GB"); cluster.scale(64); print(cluster.scheduler_address)
    python -m experiments run sft --scale full --scheduler ADDRESS
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from experiments.engine.compiled import Replicate, prepare_jax, start
from experiments.engine.interrupt import deaf
from experiments.engine.journal import code_digest
from experiments.engine.rows import Refused

AHEAD = 4
"""Units submitted ahead of the oldest unfinished one, for each thread of the cluster. It bounds memory in scheduler and caller."""

PATIENCE = 60.0
"""Seconds without any worker of this process's own after which there will be none: one that died is replaced in seconds."""
_DIED = "the workers died again and again, often for lack of memory. Finished units are kept: start again with fewer workers."


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
        # `silence_logs` ends with the cluster, whose connections still have something to say then.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        with deaf():
            # No dashboard. Its server listens all the same: on a free port, since a second cluster would warn that the usual one is taken.
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                memory_limit=None,
                silence_logs=logging.CRITICAL,
            )
        with local as cluster, Client(cluster) as client:
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
    """Yields the units as workers finish them. A unit whose worker died goes to another; one that raises is tried twice more.

    Raises `Refused` where the workers of one unit died again and again, and where the scheduler is gone.
    """
    from distributed import CancelledError, KilledWorker, as_completed

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
        try:
            _wait(client, completed)
            future = next(completed)
            at, answer = place.pop(future), future.result()
        except KilledWorker:
            raise Refused(_DIED) from None
        except (CancelledError, OSError) as error:
            raise Refused(f"the Dask scheduler or its workers are gone ({type(error).__name__}).") from error
        yield todo[at], answer
        done[at] = True
        while oldest < len(todo) and done[oldest]:
            oldest += 1


def _wait(client: Any, completed: Any) -> None:
    """Return once a unit is done. Raises `Refused` where this process's own workers are gone: nobody will start others."""
    asked = alive = time.monotonic()
    while not completed.has_ready():
        time.sleep(0.005)
        if client.cluster is not None and (now := time.monotonic()) - asked > 1:
            asked, alive = now, now if client.nthreads() else alive
            if now - alive > PATIENCE:
                raise Refused(_DIED)


def work(replicate: Replicate, settings: Any, cell: int, first: int, words: np.ndarray, chunk: int, code: str) -> Any:
    """Computes one unit on the first device of a worker."""
    if code_digest() != code:
        raise Refused("the worker's copy of this package differs from the caller's; give both the same commit.")
    prepare_jax()
    answer = start(replicate, [(settings, cell, first)], words=words, chunk=chunk, devices=(jax.local_devices()[0],))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[0], answer)
