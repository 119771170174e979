"""Writes the script that reproduces the explorer page: calls of the library's public functions, and the prints of their results."""

import textwrap
from typing import Any

import numpy as np

from sharpsim._arguments import checked
from sharpsim.explore._summary import PAGE

LITERAL = 2000
"""Largest number of entries of a loaded table that the script spells out. For a larger one the script reads the file."""

_BODY = """
N, n = {N}, {n}  # draws for each prompt, prompts
delta, rho, beta = {delta}, {rho}, {beta}
log_class_size = {log_class_size}  # log|Pi| in nats

with np.errstate(divide="ignore"):
    log_probs = np.log(probs)

# The exact laws, with the log-likelihood as reward.
law = np.exp(laws.best_of_n(log_probs, log_probs, draws=N))
tilted = np.exp(laws.tilted(log_probs, log_probs, beta=beta))
on_mode = np.minimum(np.exp(sharpness.mode_log_mass(log_probs)), 1.0)
kept = best_of_n.success_probability(log_probs, draws=N, slack=0.0)
kept_bound = best_of_n.bound(covered_mass=on_mode, draws=N)
off_mode = dpo.bias(log_probs, beta=beta)

cover = coverage.coverage_coefficient(log_probs, weights)
given = dict(log_class_size=log_class_size, n=n, N=N, delta=delta, rho=rho)


def bound(value):
    return f"{{value:.6g}}" + (" (vacuous)" if value >= 1 else "")


def row(values):
    return " ".join(f"{{value:.6g}}" for value in values)


print(f"coverage coefficient C_cov: {{cover:.6g}}")
print(f"mode coverage: {{coverage.mode_coverage(log_probs, weights):.6g}}")
print(f"margin: {{coverage.margin(log_probs, weights):.6g}}")
print(f"best of N: mean mass on the mode: {{weights @ kept:.6g}}")
print(f"exact risk, class of all tables: {{sft.exact_risk(log_probs, weights, n=n, N=N, delta=delta):.6g}}")
print("bound of Theorem 4.1':", bound(sft.bound(coverage=float(cover), **given)))
print("its first line, bound_sharp:", bound(sft.bound_sharp(log_probs, weights, **given)))
print("for this table, bound_instance:", bound(sft.bound_instance(log_probs, weights, **given)))
print(f"pi_beta: mean mass off the mode: {{weights @ off_mode:.6g}}")
for x in range(len(probs)):
    masses = (on_mode[x], kept[x], kept_bound[x], off_mode[x])
    print(f"prompt {{x + 1}}: base on the mode, best of N on the mode, its bound, pi_beta off the mode: {{row(masses)}}")
    print(f"prompt {{x + 1}}: base: {{row(probs[x])}}")
    print(f"prompt {{x + 1}}: best of N: {{row(law[x])}}")
    print(f"prompt {{x + 1}}: pi_beta: {{row(tilted[x])}}")
"""


@checked(**PAGE)
def code(
    table: Any, weights: Any, *, N: Any, n: Any, delta: Any, rho: Any, beta: Any, log_class_size: Any, source: str | None = None
) -> str:
    """A script that computes the numbers of `summary` with the library's functions and prints the lines of `numbers` and `prompt_lines`.

    All arguments are those of `summary`. `source` is the name of the file that the table was loaded from; if the table has more than 2000
    entries, the script reads that file instead of spelling the table out. Numbers are written with all their digits.
    """
    probs, weights = np.asarray(table, float), np.asarray(weights, float)
    by_name = source is not None and probs.size > LITERAL
    imports = ["import numpy as np", "", "from sharpsim import coverage, laws, sharpness"]
    if by_name:
        imports.append("from sharpsim.explore import read_table")
    imports.append("from sharpsim.theory import best_of_n, dpo, sft")
    rows = ",\n".join(f"    {row}" for row in probs.tolist())
    lines = [f"probs = read_table({source!r})" if by_name else f"probs = np.array([\n{rows},\n])"]
    equal = np.array_equal(weights, np.full(len(probs), 1 / len(probs)))
    lines.append("weights = np.full(len(probs), 1 / len(probs))" if equal else f"weights = np.array({weights.tolist()})")
    values = {"N": N, "n": n, "delta": delta, "rho": rho, "beta": beta, "log_class_size": log_class_size}
    shown = {name: _literal(value) for name, value in values.items()}
    return "\n".join(imports) + "\n\n" + "\n".join(lines) + textwrap.dedent(_BODY.format(**shown))


def _literal(value: Any) -> str:
    number = float(value)
    if number == float("inf"):
        return "np.inf"
    return repr(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
