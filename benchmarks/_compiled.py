"""The rival in C (`alias.c`): literal best-of-N draws on one thread per core. It is compiled here if a C compiler is installed."""

import ctypes
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks._alias_table import Tables
from benchmarks._numpy import Best
from experiments.engine.rows import ROOT

SOURCE = Path(__file__).with_name("alias.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC", "-pthread", "-fno-math-errno")


@cache
def library() -> ctypes.CDLL | None:
    """The compiled `alias.c`; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    target = ROOT / "build" / "benchmarks" / f"alias-{os.getpid()}.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(target), "-lm"], check=True)
    loaded = ctypes.CDLL(str(target))
    target.unlink()
    return loaded


class Compiled:
    """Best-of-N draws by the C program, which works on ranks; results are translated back to responses."""

    def __init__(self, tables: Tables):
        ranked = tables.best_first()
        self.tables, self.weights = tables, np.append(np.cumsum(tables.weights)[:-1], 1.0)
        stay = np.minimum(np.rint(ranked.accept * 2.0**32), 2**32 - 1).astype(np.uint32)
        # A column that never sends its draws elsewhere names itself, so that the largest coin stays too.
        self.entries = np.ascontiguousarray(np.stack([stay, ranked.alias.astype(np.uint32)], axis=-1))
        self.calls = 0

    def literal(self, n: int, N: int) -> Best:
        """Best of N draws for each of n prompts drawn from mu. Raises `OSError` if no thread can be started."""
        loaded = library()
        assert loaded is not None
        self.calls += 1
        prompts, ranks = np.empty(n, np.int32), np.empty(n, np.int32)
        inputs = [ctypes.c_void_p(array.ctypes.data) for array in (self.entries, self.weights)]
        sizes = [ctypes.c_int64(size) for size in (*self.tables.probs.shape, n, N)]
        outputs = [ctypes.c_void_p(array.ctypes.data) for array in (prompts, ranks)]
        if loaded.best_of_n(*inputs, *sizes, ctypes.c_uint64(self.calls), len(os.sched_getaffinity(0)), *outputs):
            raise OSError("no thread could be started.")
        responses = self.tables.order[prompts, ranks]
        return prompts, responses, self.tables.log_probs[prompts, responses]
