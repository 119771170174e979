"""The bars: what must at least be reached and what is aimed at, on two cores, as ratios in one run. Typed once, never tuned."""

from typing import NamedTuple


class Bar(NamedTuple):
    """At least (or, with `upper`, at most) this; and the aim beyond it."""

    bar: float
    aim: float
    upper: bool = False

    def met(self, value: float) -> bool:
        """Whether the bar is reached."""
        return value <= self.bar if self.upper else value >= self.bar


BARS = {
    ("limits", "uniforms in fused chunks", "NumPy PCG64, one core"): Bar(1.4, 2),
    **{("best_of_n", case, "NumPy alias table"): Bar(3.3, 5) for case in ("S1", "S2", "S3")},
    **{("best_of_n", case, "torch, best"): Bar(5, 8) for case in ("S1", "S2", "S3")},
    **{("best_of_n", case, "C, two threads"): Bar(0.5, 0.9) for case in ("S1", "S2", "S3")},
    ("best_of_n", "S1", "NumPy searchsorted"): Bar(15, 27),
    ("law", "S1", "NumPy law"): Bar(4, 6),
    ("law", "S2", "NumPy law"): Bar(7, 11),
    ("law", "time at N = 10^6 over N = 10", "itself"): Bar(1.2, 1.05, upper=True),
    ("stopping", "S1", "NumPy simulation"): Bar(200, 300),
    ("stopping", "S2", "NumPy simulation"): Bar(200, 300),
    ("markov", "V = 256", "NumPy alias table"): Bar(2, 3.5),
    ("markov", "V = 256", "torch"): Bar(6, 15),
    ("transformer", "cached", "torch, best"): Bar(1.2, 2.5),
    ("transformer", "cached", "matrix product"): Bar(0.2, 0.4),
    ("pipeline", "200 cells x 1,000 seeds", "NumPy vectorised"): Bar(2.7, 5),
    ("pipeline", "first run over warm", "itself"): Bar(2, 1.3, upper=True),
    ("pipeline", "programs compiled", ""): Bar(1, 1, upper=True),
    ("pipeline", "memory growth", ""): Bar(100, 40, upper=True),
    ("cold_start", "first result, compile included", ""): Bar(10, 4, upper=True),
    ("cold_start", "first result, warm persistent cache", ""): Bar(4, 2, upper=True),
    ("reproduce", "make reproduce, set-up included", ""): Bar(900, 480, upper=True),
    ("memory", "law, n = 10^7, N = 10^4", ""): Bar(2, 1, upper=True),
    ("memory", "literal, n = 10^6, N = 10^3", ""): Bar(2, 1, upper=True),
}
"""By benchmark, case and rival; without a rival the value itself is held against the bar, in the row's unit."""

REASONS = {
    ("law", "NumPy law"): """
        Of some 55 ns of one core a prompt, 17 make one float64 exponential number and 6 the prompt; 25 are a guided search that passes
        through memory six times, and 8 what is returned.
    """,
    ("markov", "NumPy alias table"): "8 ns of one core a token: two random words take 3.5, the table 2.",
    ("pipeline", "itself"): """
        A first run adds about a second (0.3 to trace, 0.6 to compile one program) to a warm run of half a second; only slower warm runs
        would meet this bar.
    """,
    ("pipeline", ""): """
        About 90 MiB come with the compiler and its one program, 35 with units in flight, the rest with results and padded settings.
    """,
}
"""Why a bar that is not met is not, from profiles: by benchmark and rival. Printed where the bar is missed, and nowhere else."""
