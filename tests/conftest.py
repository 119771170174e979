"""What every test runs under: float64, typed keys, checked array types, examples without deadlines."""

import os
from pathlib import Path

from experiments.engine.rough import roughly

os.environ.setdefault("MPLBACKEND", "Agg")
# Compiling is most of the suite's time, and most programs run once. `make test-slow` compiles as users do.
if os.environ.get("JAX_DISABLE_MOST_OPTIMIZATIONS", "1") != "0":
    os.environ.update(roughly())

import jax
from hypothesis import HealthCheck, Phase, settings
from jaxtyping import install_import_hook

import tests.typecheck  # noqa: F401  the hook looks the checker up by name, and only in modules that are loaded

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_legacy_prng_key", "error")
# Compiling is most of the suite's time; a cache inside the build folder lets workers and later runs share it.
jax.config.update("jax_compilation_cache_dir", str(Path(__file__).resolve().parents[1] / "build" / "jax"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)

install_import_hook("sharpsim", "tests.typecheck.checked")

# The first example of a jitted function compiles it, so neither deadlines nor slow starts mean anything.
settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None)
# Whether a test fails, not its simplest example.
settings.register_profile("mutants", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))

MAPPINGS = Path("/proc/self/maps")
MANY_MAPPINGS = 6_000
MANY_BYTES, MORE_BYTES = 800 * 2**20, 200 * 2**20
room = {"bytes": MANY_BYTES}
"""What this process may hold before it drops compiled programs: `MANY_BYTES`, or what it held after the last time and `MORE_BYTES`."""


def mappings() -> int:
    """The number of memory mappings of this process; 0 where the system does not tell."""
    return MAPPINGS.read_bytes().count(b"\n") if MAPPINGS.exists() else 0


def pytest_runtest_teardown(item, nextitem):
    """Drops the compiled programs where they are many. Each holds memory mappings, of which Linux gives a process 65,530, and all
    together hold gigabytes; what is needed again is read from the disk."""
    # Not at the top: it imports modules of the library, which are to be imported with their types checked.
    from experiments.engine.cost import held, let_go

    last = nextitem is None or nextitem.path != item.path
    # Mappings take milliseconds to count.
    if held() > room["bytes"] or (last and mappings() > MANY_MAPPINGS):
        let_go()
        room["bytes"] = max(MANY_BYTES, held() + MORE_BYTES)
