"""The targets of the benchmarks on two cores: for each, the bar that must be reached and the aim beyond it. They were set in advance."""

from typing import NamedTuple


class Bar(NamedTuple):
    """A value that must be reached (with `upper`: not exceeded), and the aim beyond it."""

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
    ("search", "pronunciation 3, small", "beam search of equal quality"): Bar(1, 2),
    ("search", "many writers 1, small", "beam search of equal quality"): Bar(1, 2),
    **{
        ("search", f"{case}, small, most expansions over H/P*", ""): Bar(1, 0.5, upper=True)
        for case in ("pronunciation 3", "many writers 1")
    },
    ("pipeline", "200 cells x 1,000 seeds", "NumPy vectorised"): Bar(2.7, 5),
    ("pipeline", "first run over warm", "itself"): Bar(2, 1.3, upper=True),
    ("pipeline", "programs compiled", ""): Bar(1, 1, upper=True),
    ("pipeline", "memory growth", ""): Bar(100, 40, upper=True),
    ("cold_start", "first result, compile included", ""): Bar(10, 4, upper=True),
    ("cold_start", "first result, warm persistent cache", ""): Bar(4, 2, upper=True),
    ("reproduce", "make reproduce, set-up included", ""): Bar(480, 360, upper=True),
    ("reproduce", "make reproduce", ""): Bar(360, 240, upper=True),
    ("reproduce", "make smoke", ""): Bar(45, 30, upper=True),
    ("reproduce", "make test", ""): Bar(240, 180, upper=True),
    ("reproduce", "memory of make reproduce", ""): Bar(2, 1.5, upper=True),
    ("reproduce", "memory of a worker of make test", ""): Bar(1.5, 1, upper=True),
    ("memory", "law, n = 10^7, N = 10^4", ""): Bar(2, 1, upper=True),
    ("memory", "literal, n = 10^6, N = 10^3", ""): Bar(2, 1, upper=True),
}
"""By benchmark, case and rival. Without a rival the value itself is compared with the bar, in the row's unit."""

REASONS = {
    ("law", "NumPy law"): """
        A prompt takes about 55 ns of one core: 17 ns for one float64 exponential number, 6 ns for the prompt, 25 ns for a guided search
        with six passes through memory, and 8 ns for the results.
    """,
    ("markov", "NumPy alias table"): "A token takes 8 ns of one core: 3.5 ns for two random words, 2 ns for the table.",
    ("pipeline", "itself"): """
        A warm run takes half a second. The first run adds about one second: 0.3 s for tracing and 0.6 s for compiling one program. The
        ratio would meet the bar only if warm runs were slower.
    """,
    ("pipeline", ""): """
        The compiler and its one program take about 90 MiB, and work in progress takes 35 MiB. Results and padded settings take the rest.
    """,
}
"""Why a bar is not met, from profiles; by benchmark and rival. Printed only where the bar is missed."""
