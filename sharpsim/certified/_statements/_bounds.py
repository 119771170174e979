"""The steps of Theorems 4.1' and D.1, the constants of Hellinger's distance, and the elliptic potential of Lemma F.2."""

from flint import arb, fmpq

from sharpsim.certified import bounds, coverage
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import power_of_complement
from sharpsim.certified._rows import Row, Table
from sharpsim.certified._statement import Instance, Statement


def _delta(draws: Draws) -> Instance:
    return {"delta": draws.share(tiny=1e-300)}


def _sft(draws: Draws) -> Instance:
    table = draws.table(size=draws.integer(1, 6))
    return {
        "table": table, "prompt_weights": draws.weights(len(table)), "class_size": draws.count(10**9), "n": draws.count(10**9),
        "N": draws.count(10**12), "delta": draws.share(), "rho": draws.share(), "slack": draws.share(),
    }  # fmt: skip


def _second_line(table: Table, prompt_weights: Row, class_size: int, n: int, N: int, delta: fmpq, rho: fmpq, slack: fmpq) -> arb:
    cover = coverage.coefficient(table, prompt_weights, slack=slack)
    return bounds.sft(class_size=class_size, n=n, N=N, delta=delta, rho=rho, coverage=cover)


def _covered(draws: Draws) -> Instance:
    while True:
        instance = {"delta": draws.share(), "N": draws.count(10**12)}
        if covers_someone(**instance):
            return instance


def covers_someone(delta: fmpq, N: int) -> bool:
    """N* = N/log(2/delta) is at least 1; it is no rational, so the working precision decides."""
    return bool(arb(2 / delta).log() <= N)


def _steps(draws: Draws) -> Instance:
    d, T = draws.integer(1, 4), draws.integer(1, 6)
    entries = [[fmpq(draws.integer(-9, 9), 10) for _ in range(d)] for _ in range(T)]
    if draws.random.random() < 0.5:
        # Nearly orthogonal steps, where the bound is nearly attained.
        entries = [[fmpq(9, 10) if i == t % d else fmpq(draws.integer(-1, 1), 50) for i in range(d)] for t in range(T)]
    vectors = tuple(tuple(vector) for vector in entries)
    longest = max(sum(entry**2 for entry in vector) for vector in vectors)
    largest = (longest or fmpq(1)) * (1 + fmpq(draws.integer(1, 20), 100))
    return {"vectors": vectors, "lam": draws.ratio(0, 5, 10), "trace_max": largest}


def within_trace(vectors: tuple[tuple[fmpq, ...], ...], lam: fmpq, trace_max: fmpq) -> bool:
    """Every step's trace |v|^2 is at most K."""
    return lam > 0 and trace_max > 0 and all(sum((entry**2 for entry in vector), fmpq(0)) <= trace_max for vector in vectors)


_SFT = {
    "table": Table([Row([11, *[10] * 999]), Row([1, *[0] * 999])]), "prompt_weights": Row([1, 9]), "class_size": 100, "n": 10**6,
    "N": 2700, "delta": fmpq(1, 10), "rho": fmpq(1, 10), "slack": fmpq(0),
}  # fmt: skip

STATEMENTS = (
    Statement(
        "hellinger_constant", "Thm 4.1' (constant)", "h(delta, delta/2) >= (1 - 1/sqrt 2)^2 delta = delta/(6 + 4 sqrt 2)",
        lambda delta: bounds.hellinger_constant() * delta, lambda delta: bounds.hellinger(delta, delta / 2), _delta,
        {"delta": fmpq(1, 1000)}, bound="left",
    ),
    Statement(
        "hellinger_kl", "Thm J.2 (kl and h)", "kl(delta, delta/2) >= h(delta, delta/2)",
        lambda delta: bounds.hellinger(delta, delta / 2), lambda delta: bounds.bernoulli_kl(delta, delta / 2), _delta,
        {"delta": fmpq(999_999, 1_000_000)}, bound="left",
    ),
    Statement(
        "covered_miss", "Thm 4.1' (covered)", "a set of mass 1/N*, N* = N/log(2/delta) >= 1, is missed by best of N at most delta/2",
        lambda delta, N: power_of_complement((arb(2 / delta).log() / N).min(arb(1)), N), lambda delta, N: delta / 2, _covered,
        {"delta": fmpq(1, 10), "N": 100}, domain=covers_someone,
    ),
    Statement(
        "sft_lines", "Thm 4.1'", "e_stat/h(delta, delta/2) + P_x[base(Y*_g|x) < 1/N*] <= 23.32 log(|Pi|/rho)/(delta n) + C_cov,g/N*",
        bounds.sft_sharp, _second_line, _sft, _SFT, trivial=1,
    ),
    Statement(
        "sft_instance", "Thm 4.1' (instance)", "max{ sum mu t : sum mu c t <= e_stat } is at most the first line of Theorem 4.1'",
        bounds.sft_instance, bounds.sft_sharp, _sft, _SFT | {"N": 2740}, trivial=1,
    ),
    Statement(
        "elliptic", "Lemma F.2", "sum_t Tr(G_{t-1}^-1 A_t) <= d K log(1 + TK/(d lam))/(lam log(1 + K/lam)), A_t = v_t v_t', |v_t|^2 <= K",
        lambda vectors, lam, trace_max: bounds.elliptic_sum(vectors, lam=lam),
        lambda vectors, lam, trace_max: bounds.elliptic_bound(d=len(vectors[0]), T=len(vectors), trace_max=trace_max, lam=lam), _steps,
        {"vectors": ((fmpq(99, 100), fmpq(0)), (fmpq(0), fmpq(99, 100))), "lam": fmpq(1), "trace_max": fmpq(1)}, domain=within_trace,
    ),
)  # fmt: skip
