"""How the running time grows with each size. One size varies, the others are fixed, and a power law is fitted to the times."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks import _ours, pipeline
from benchmarks._instances import Setting, markov_table, table
from benchmarks._timing import burst
from experiments.engine.fits import power_law

FILE = "growth.csv"
COLUMNS = ("sampler", "axis", "at", "sizes", "seconds", "exponent", "low", "high", "decades", "hardware", "versions")
BY = "sampler"


class Axis(NamedTuple):
    """One curve: the sizes, the call at each size, and the sizes that are held fixed (`at`)."""

    sampler: str
    axis: str
    at: str
    sizes: Sequence[int]
    make: Callable[[int], _ours.Call]


def axes(scale: str) -> list[Axis]:
    """All curves. The sizes are large enough that a call takes milliseconds; shorter calls would time the dispatch."""
    full = scale == "full"

    def sizes(*values: int) -> Sequence[int]:
        return values if full else (2, 3, 4)

    def base(prompts: int = 64, responses: int = 1024) -> tuple[Any, Any]:
        return table(Setting(prompts if full else min(prompts, 4), responses if full else min(responses, 8), 1, 1))

    n, some, many, few = (2**14, 2**18, 2**20, 2**10) if full else (16, 16, 16, 16)
    chains, long, short, each = (10**4, 64, 32, 64) if full else (8, 3, 3, 2)
    mine, stop, chain = _ours, 8.0, markov_table(256 if full else 4)
    policy, grid, powers = _ours.transformer_policy, pipeline.grid(scale)[-4:], sizes(2**8, 2**10, 2**12, 2**14)
    prompts = np.zeros((16, 1), np.int64)
    table_sizes, mu_sizes = sizes(2**8, 2**11, 2**14, 2**17), sizes(1, 8, 64, 512)

    def sweep(seeds: int) -> _ours.Call:
        return mine.pipeline(grid, seeds=seeds)[0]

    return [
        Axis("literal", "N", "S1's table, n = 2^14", sizes(16, 64, 256, 1024), lambda N: mine.literal(*base(), n=n, N=N)),
        Axis("literal", "n", "S1's table, N = 64", sizes(2**13, 2**15, 2**17), lambda n: mine.literal(*base(), n=n, N=64)),
        Axis("literal", "|X|", "1,024 responses, n = 2^14, N = 64", mu_sizes, lambda x: mine.literal(*base(x), n=n, N=64)),
        Axis("literal", "|Y|", "8 prompts, n = 2^14, N = 64", table_sizes, lambda y: mine.literal(*base(8, y), n=n, N=64)),
        Axis("law", "N", "S1's table, n = 2^20", sizes(10, 10**3, 10**5, 10**7), lambda N: mine.law_static(*base(), n=many, N=N)),
        Axis("law", "n", "S1's table, N = 64", sizes(2**16, 2**18, 2**20, 2**22), lambda n: mine.law_static(*base(), n=n, N=64)),
        Axis("law", "|X|", "1,024 responses, n = 2^20", mu_sizes, lambda x: mine.law_static(*base(x), n=many, N=64)),
        Axis("law", "|Y|", "8 prompts, n = 2^20", table_sizes, lambda y: mine.law_static(*base(8, y), n=many, N=64)),
        Axis("stopping", "n", "S1's table, s = 8", sizes(2**16, 2**18, 2**20), lambda n: mine.stopping(*base(), n=n, stop=stop)),
        Axis("stopping", "|Y|", "8 prompts, n = 2^18", powers, lambda y: mine.stopping(*base(8, y), n=some, stop=stop)),
        Axis("stopping", "s", "S1's table, n = 2^18", sizes(2, 8, 32, 128), lambda s: mine.stopping(*base(), n=some, stop=float(s))),
        Axis("markov", "V", "64 tokens, 10^4 sequences", sizes(16, 64, 256, 1024),
             lambda size: mine.markov(markov_table(size), horizon=long, sequences=chains)),
        Axis("markov", "H", "V = 256, 10^4 sequences", sizes(16, 64, 256), lambda H: mine.markov(chain, horizon=H, sequences=chains)),
        Axis("markov", "sequences", "V = 256, 64 tokens", sizes(10**3, 10**4, 10**5),
             lambda m: mine.markov(chain, horizon=long, sequences=m)),
        Axis("transformer", "H", "1,024 sequences", sizes(16, 32, 64, 128),
             lambda H: mine.transformer(policy(horizon=H), prompts, draws=each)),
        Axis("transformer", "V", "32 tokens, 1,024 sequences", sizes(16, 64, 256),
             lambda size: mine.transformer(policy(horizon=short, vocabulary=size), prompts, draws=each)),
        Axis("transformer", "sequences", "32 tokens", sizes(2**9, 2**10, 2**12),
             lambda m: mine.transformer(policy(horizon=short), prompts, draws=max(1, m // 16))),
        Axis("pipeline", "seeds", "4 cells", sizes(few, 4 * few, 16 * few), sweep),
    ]  # fmt: skip


def run(scale: str) -> list[dict[str, object]]:
    """One row for each curve: its sizes, its times in seconds, and the fitted exponent with its 95% interval."""
    rows: list[dict[str, object]] = []
    for curve in axes(scale):
        took = [burst(curve.make(size), 3) for size in curve.sizes]
        fit = power_law(curve.sizes, took)
        points = {"sizes": " ".join(map(str, curve.sizes)), "seconds": " ".join(f"{t:.3g}" for t in took)}
        fitted = {"exponent": fit.exponent, "low": fit.low, "high": fit.high, "decades": fit.decades}
        rows.append({"sampler": curve.sampler, "axis": curve.axis, "at": curve.at, **points, **fitted})
    return rows
