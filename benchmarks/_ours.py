"""Our side of every comparison: the public functions, as calls without arguments that return when their work is done.

Everything that the benchmarks call of the library is here, so that a new fast path is taken in one place. Tables are arguments of the
compiled functions, never folded into them; every call has a key of its own, of the generator that the experiments use.
"""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from experiments.engine.frame import Context, key_implementation
from experiments.sft.trials import Setting, Trials, fixed, trials
from sharpsim import LawOracle, Oracle, TabularPolicy
from sharpsim.decoding import MarkovSampler, TableSampler, sample_many
from sharpsim.policies import MarkovPolicy, TransformerPolicy

Call = Callable[[], Any]


def keys(seed: int = 0) -> Callable[[], Any]:
    """A new key at each call."""
    root, count = jax.random.key(seed, impl=key_implementation()), iter(range(2**31))
    return lambda: jax.random.fold_in(root, next(count))


def _repeated(function: Callable[..., Any], *arguments: Any) -> Call:
    """The compiled function on these arguments and a new key."""
    compiled, key = eqx.filter_jit(function), keys()
    return lambda: jax.block_until_ready(compiled(*arguments, key=key()))


def literal(log_probs: Any, weights: Any, *, n: int, N: int) -> Call:
    """The best of N literal draws for n prompts."""
    return _repeated(lambda oracle, *, key: oracle.best_of(n, N, key=key), Oracle(TabularPolicy(log_probs), weights))


def law(log_probs: Any, weights: Any, *, n: int, N: int) -> Call:
    """The best of N by its law; N is traced, so that one program serves for all."""
    oracle = LawOracle(TabularPolicy(log_probs), weights)
    return _repeated(lambda oracle, N, *, key: oracle.best_of(n, N, key=key), oracle, jnp.asarray(float(N)))


def law_static(log_probs: Any, weights: Any, *, n: int, N: int) -> Call:
    """The same with N a Python number, as its cost then is."""
    return _repeated(lambda oracle, *, key: oracle.best_of(n, N, key=key), LawOracle(TabularPolicy(log_probs), weights))


def stopping(log_probs: Any, weights: Any, *, n: int, stop: float) -> Call:
    """The adaptive rule by its law: kept response and number of draws."""
    oracle = LawOracle(TabularPolicy(log_probs), weights)
    return _repeated(lambda oracle, *, key: oracle.best_until(n, stop=stop, key=key), oracle)


def tilted(log_probs: Any, *, n: int, beta: float) -> Call:
    """Draws from pi_beta, base tilted by its own log-likelihood; n of them, the prompts alike."""
    sampler, key = TableSampler.tilted(log_probs, log_probs, beta=beta), keys()
    prompts = jnp.arange(sampler.prompts, dtype=jnp.int32)
    return lambda: jax.block_until_ready(sampler.sample(prompts, draws=max(1, n // sampler.prompts), key=key()))


def markov(log_probs: Any, *, horizon: int, sequences: int) -> Call:
    """Sequences of a Markov policy, one prompt."""
    sampler, key = MarkovSampler(MarkovPolicy(log_probs, horizon=horizon)), keys()
    prompts = jnp.zeros(1, jnp.int32)
    return lambda: jax.block_until_ready(sampler.sample(prompts, draws=sequences, key=key()))


def transformer_policy(*, horizon: int, vocabulary: int = 32, width: int = 64, heads: int = 4, layers: int = 2) -> TransformerPolicy:
    """The transformer of the bars: 2 layers, width 64, 4 heads, V = 32, and prompts of one token."""
    sizes = {"vocabulary_size": vocabulary, "width": width, "heads": heads, "layers": layers}
    return TransformerPolicy(horizon=horizon, prompt_length=1, key=jax.random.key(0), **sizes)


def transformer(policy: TransformerPolicy, prompts: Any, *, draws: int) -> Call:
    """`draws` responses to each prompt, with log-probabilities."""
    key = keys()
    return lambda: sample_many(policy, prompts, draws=draws, key=key())


def uniforms(*, chunk: int, chunks: int) -> Call:
    """chunk x chunks float32 uniforms of the experiments' generator, each chunk made and used (its least is kept) in the cache."""

    def fused(*, key: Any) -> Any:
        return jax.lax.map(lambda own: jnp.min(jax.random.uniform(own, (chunk,), jnp.float32)), jax.random.split(key, chunks))

    return _repeated(fused)


def first_result() -> None:
    """The first cell of a default stem from a cold start: what `python -m experiments run sft` does until it has a result."""
    import experiments.sft as sft

    settings, context = sft.SETTINGS["default"], Context(scale="default", quiet=True)
    family, tables = sft._family_cells(settings), sft._table_cells(settings, context)
    seeds = [settings.seeds] * len(family) + [settings.table_seeds] * len(tables)
    cells = [cell.at for cell in (*family, *tables)]
    next(iter(trials(fixed, cells, seeds, key=context.key(), context=context, label="first")))


def pipeline(cells: Sequence[Setting], *, seeds: int) -> tuple[Callable[[], list[Trials]], Callable[[], int]]:
    """SFT-Sharpening for every cell and seed; the call, and how many programs its last run asked XLA for."""
    context, key = Context(scale="default", quiet=True), keys()

    def run() -> list[Trials]:
        return list(trials(fixed, cells, [seeds] * len(cells), key=key(), context=context, label="pipeline"))

    return run, lambda: int(context.notes["pipeline"]["programs"])
