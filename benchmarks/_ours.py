"""Our side of every comparison: the public functions, as calls without arguments that return when their work is done.

Everything that the benchmarks call of the library is here, so that a new fast path is taken in one place. Tables are arguments of the
compiled functions, never folded into them; every call has a key of its own, of the generator that the experiments use.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from experiments._frame import key_implementation
from sharpsim import LawOracle, Oracle, TabularPolicy, laws
from sharpsim.decoding import sample_many
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


def tilted(log_probs: Any, weights: Any, *, n: int, beta: float) -> Call:
    """Draws from pi_beta, base tilted by its own log-likelihood."""
    table = laws.tilted(np.asarray(log_probs), np.asarray(log_probs), beta=beta)
    return _repeated(lambda oracle, *, key: oracle.best_of(n, 1, key=key), LawOracle(TabularPolicy(table), weights))


def markov(log_probs: Any, *, horizon: int, sequences: int) -> Call:
    """Sequences of a Markov policy, one prompt."""
    policy, prompts = MarkovPolicy(log_probs, horizon=horizon), jnp.zeros(sequences, jnp.int32)

    def draw(policy: Any, prompts: Any, *, key: Any) -> Any:
        return jax.vmap(lambda prompt, own: policy.sample(prompt, key=own))(prompts, jax.random.split(key, sequences))

    return _repeated(draw, policy, prompts)


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
    """The first row of a default stem from a cold start: what `python -m experiments run sft` does before it has a result."""
    import experiments.sft as sft
    from experiments._trials import trials
    from sharpsim.instances import hard_family

    settings = sft.SETTINGS["default"]
    member = hard_family(hard_prompts=settings.hard_prompts, labels=settings.labels, hard_mass=settings.hard_mass)
    target = laws.best_of_n(member.log_probs, member.log_probs, draws=settings.fixed_N)
    trials(
        keys()(), settings.seeds, log_base=member.log_probs, weights=member.prompt_weights, target=target,
        members=member.members(target[1]), n=settings.n[0], N=settings.fixed_N, delta=settings.delta, slack=0.5,
    )  # fmt: skip


def pipeline(log_probs: Any, weights: Any, *, cells: Any, delta: float, seeds: int) -> tuple[Call, Callable[[], int]]:
    """The SFT pipeline for every cell (n, N) and every seed; the call, which returns risks [cells], and the programs compiled so far."""
    from experiments import _trials

    key = keys()

    def run() -> np.ndarray:
        shared: dict[str, Any] = {"log_base": log_probs, "weights": weights, "target": log_probs, "delta": delta, "slack": 0.0}
        return np.array([_trials.trials(key(), seeds, n=n, N=N, **shared).failed.mean() for n, N in cells])

    compiled: Any = _trials._run
    return run, compiled._cache_size
