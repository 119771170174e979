"""How XLA compiles where compiling takes longer than running. JAX and the library are not imported: it can be asked before both."""

import os
import re
from importlib import metadata
from typing import Any

_VERSION = tuple(map(int, re.findall(r"\d+", metadata.version("jaxlib"))[:3]))
_OLDER = {"xla_cpu_use_fusion_emitters": False} if _VERSION < (0, 11, 1) else {}
"""XLA's older code generator for the CPU, where this XLA has it. It compiles in a third to two thirds of the time."""
FAST: dict[str, Any] = {"compiler_options": _OLDER} if _OLDER else {}
"""For `jax.jit`, of programs that are run once or a few times. Those of transformers run a fifth slower; sweeps do not (measured)."""


def roughly() -> dict[str, str]:
    """Variables of the environment of a process that is to compile in a quarter of the time: hardly any optimisation, the older generator.

    XLA ends a process that gives it a flag it does not know.
    """
    flags = os.environ.get("XLA_FLAGS", "").split() + [f"--{name}={str(value).lower()}" for name, value in _OLDER.items()]
    return {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1", "XLA_FLAGS": " ".join(dict.fromkeys(flags))}
