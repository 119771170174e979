"""What every test runs under: float64, typed keys, checked array types, examples without deadlines."""

import gc
import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

import jax
import pytest
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


@pytest.fixture(autouse=True, scope="module")
def few_compiled_programs():
    """Every compiled program holds memory mappings, of which Linux gives a process 65,530: drop the programs well before, as they
    hold gigabytes as well. What is needed again is read from the disk."""
    yield
    if MAPPINGS.exists() and MAPPINGS.read_bytes().count(b"\n") > MANY_MAPPINGS:
        jax.clear_caches()
        gc.collect()
