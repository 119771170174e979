"""The library's side of every comparison: each public function as a call without arguments that returns when its work is done.

All benchmarks call the library through this file, so that a faster function is adopted in one place. Tables are arguments of the compiled
functions and are never compiled into them. Each call uses a new key, of the random generator that the experiments use.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from experiments import sft
from experiments.engine.frame import Context, key_implementation
from experiments.sft.trials import Setting, Trials, fixed, trials
from sharpsim import LawOracle, Oracle, TabularPolicy
from sharpsim.decoding import MarkovSampler, TableSampler, sample_many
from sharpsim.policies import MarkovPolicy, TransformerPolicy

Call = Callable[[], Any]


def keys(seed: int = 0) -> Callable[[], Any]:
    """A function that returns a new key at each call."""
    root, count = jax.random.key(seed, impl=key_implementation()), iter(range(2**31))
    return lambda: jax.random.fold_in(root, next(count))


def _repeated(function: Callable[..., Any], *arguments: Any) -> Call:
    """A call of the compiled function with these arguments and a new key."""
    compiled, key = eqx.filter_jit(function), keys()
    return lambda: jax.block_until_ready(compiled(*arguments, key=key()))


def literal(log_probs: Any, weights: Any, *, n: int, N: int) -> Call:
    """Best of N literal draws, for n prompts."""
    return _repeated(lambda oracle, *, key: oracle.best_of(n, N, key=key), Oracle(TabularPolicy(log_probs), weights))


def law(log_probs: Any, weights: Any, *, n: int, N: int) -> Call:
    """Best of N by its exact law. N is traced, so that one compiled program serves every N."""
    oracle = LawOracle(TabularPolicy(log_probs), weights)
    return _repeated(lambda oracle, N, *, key: oracle.best_of(n, N, key=key), oracle, jnp.asarray(float(N)))


def law_static(log_probs: Any, weights: Any, *, n: int, N: int) -> Call:
    """As `law`, with N a Python integer; the cost n N is then an exact integer."""
    return _repeated(lambda oracle, *, key: oracle.best_of(n, N, key=key), LawOracle(TabularPolicy(log_probs), weights))


def stopping(log_probs: Any, weights: Any, *, n: int, stop: float) -> Call:
    """The adaptive stopping rule by its exact law: kept response and number of draws."""
    oracle = LawOracle(TabularPolicy(log_probs), weights)
    return _repeated(lambda oracle, *, key: oracle.best_until(n, stop=stop, key=key), oracle)


def tilted(log_probs: Any, *, n: int, beta: float) -> Call:
    """n draws from pi_beta, the base tilted by its own log-likelihood; the same number for each prompt."""
    sampler, key = TableSampler.tilted(log_probs, log_probs, beta=beta), keys()
    prompts = jnp.arange(sampler.prompts, dtype=jnp.int32)
    return lambda: jax.block_until_ready(sampler.sample(prompts, draws=max(1, n // sampler.prompts), key=key()))


def markov(log_probs: Any, *, horizon: int, sequences: int) -> Call:
    """Sequences of a Markov policy for one prompt."""
    sampler, key = MarkovSampler(MarkovPolicy(log_probs, horizon=horizon)), keys()
    prompts = jnp.zeros(1, jnp.int32)
    return lambda: jax.block_until_ready(sampler.sample(prompts, draws=sequences, key=key()))


def transformer_policy(*, horizon: int, vocabulary: int = 32, width: int = 64, heads: int = 4, layers: int = 2) -> TransformerPolicy:
    """The transformer of the benchmarks: by default 2 layers, width 64, 4 heads and V = 32; prompts have one token."""
    sizes = {"vocabulary_size": vocabulary, "width": width, "heads": heads, "layers": layers}
    return TransformerPolicy(horizon=horizon, prompt_length=1, key=jax.random.key(0), **sizes)


def transformer(policy: TransformerPolicy, prompts: Any, *, draws: int) -> Call:
    """`draws` responses to each prompt, with their log-probabilities."""
    key = keys()
    return lambda: sample_many(policy, prompts, draws=draws, key=key())


def uniforms(*, chunk: int, chunks: int) -> Call:
    """chunk x chunks float32 uniforms of the experiments' generator. Each chunk is reduced to its minimum while it is in the cache."""

    def fused(*, key: Any) -> Any:
        return jax.lax.map(lambda own: jnp.min(jax.random.uniform(own, (chunk,), jnp.float32)), jax.random.split(key, chunks))

    return _repeated(fused)


class FirstResultError(Exception):
    """Raised when an experiment has its first simulated result, to end it there."""


class _UntilFirst(Context):
    """A context that ends the run at the first result of its first sweep."""

    def track(self, iterable: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        next(iter(iterable))
        raise FirstResultError


def first_result() -> None:
    """The experiment `sft` at default scale, ended at its first simulated result."""
    with suppress(FirstResultError):
        sft.run(sft.SETTINGS["default"], _UntilFirst(scale="default", quiet=True))


def pipeline(cells: Sequence[Setting], *, seeds: int) -> tuple[Callable[[], list[Trials]], Callable[[], int]]:
    """SFT-Sharpening for every cell and seed. Returns the call, and a function that says how many programs its last run compiled."""
    context, key = Context(scale="default", quiet=True), keys()

    def run() -> list[Trials]:
        return list(trials(fixed, cells, [seeds] * len(cells), key=key(), context=context, label="pipeline"))

    return run, lambda: int(context.notes["pipeline"]["programs"])
