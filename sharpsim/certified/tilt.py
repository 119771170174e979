"""The tilted base pi_beta ~ base^(1 + 1/beta) in balls: law, bias, concentrability, loss moment, their bounds (7.1, Lemma 4.1')."""

from typing import Any

from flint import arb, fmpq

from sharpsim.certified import coverage
from sharpsim.certified._exact import Log, ball, between, moderate, positive, rational, whole
from sharpsim.certified._rows import Row, mean, row_of
from sharpsim.certified.best_of_n import rewards
from sharpsim.certified.coverage import moment, raised, read


def law(row: Any, reward: Any = None, *, beta: Any) -> list[arb]:
    """pi_beta(y) ~ base(y) exp(reward/beta); with log base as the reward, base^(1 + 1/beta). Nothing for responses without mass."""
    row, beta = row_of("row", row), moderate("beta", beta)
    if reward is None:
        top = row.masses()[row.top()]
        weights = [raised(mass / top, 1 + 1 / beta) if w else arb(0) for mass, w in zip(row.masses(), row.weights, strict=True)]
    else:
        exact = rewards(reward, len(row))
        best = max(r for r, w in zip(exact, row.weights, strict=True) if w)
        scale = 1 / beta
        weights = [mass * arb((r - best) * scale).exp() for mass, r in zip(row.masses(), exact, strict=True)]
    total = sum(weights, arb(0))
    return [weight / total for weight in weights]


def odds(row: Any, *, beta: Any) -> arb:
    """pi_beta(outside Y*)/pi_beta(Y*) = sum over y outside of (base(y)/P*)^(1 + 1/beta), divided by |Y*|."""
    row, beta = row_of("row", row), moderate("beta", beta)
    best, top = row.maximal(), row.masses()[row.top()]
    ratios = (row.masses()[y] / top for y in row.outside() if row.weights[y])
    return sum((raised(ratio, 1 + 1 / beta) for ratio in ratios), arb(0)) / len(best)


def bias(row: Any, *, beta: Any) -> arb:
    """1 - pi_beta(Y*) = odds/(1 + odds)."""
    against = odds(row, beta=beta)
    return against / (1 + against)


def bias_bound(*, margin: Any, responses: Any, maximal: Any, beta: Any) -> arb:
    """((|Y| - |Y*|)/|Y*|) (1 + g_m)^-(1 + 1/beta), above `odds` and so above `bias` (section 7.1)."""
    g = rational("margin", margin, "at least 0", lambda x: x >= 0)
    size = whole("responses", responses)
    best = whole("maximal", maximal, 1, size)
    return fmpq(size - best, best) / raised(arb(1 + g), 1 + 1 / moderate("beta", beta))


def beta_printed(*, margin: Any, responses: Any, delta: Any) -> arb:
    """g_m/(2 log(2|Y|/delta)), the paper's beta for a miss of at most delta/2; true for g_m <= 2.51."""
    g, size, delta = positive("margin", margin), whole("responses", responses), between("delta", delta, 0, 1)
    return arb(g) / (2 * ball(Log(2 * size / delta)))


def concentrability(table: Any, prompt_weights: Any, *, beta: Any) -> arb:
    """C_{pi_beta} = E_x sum pi_beta^2/base."""
    table, mu = read(table, prompt_weights)
    one = fmpq(1)
    return mean(mu, (moment(law(row, beta=beta), row.masses(), one) if w else 0 for row, w in zip(table, mu.weights, strict=True)))


def concentrability_bound(table: Any, prompt_weights: Any, *, slack: Any, beta: Any) -> arb:
    """C_cov,g (1+q)^2/(4q), q = (1-g)^(1/beta), above `concentrability` (Lemma 4.1', corrected); C_cov at g = 0."""
    return coverage.coefficient(table, prompt_weights, slack=slack) * slack_factor(slack=slack, beta=beta)


def slack_factor(*, slack: Any, beta: Any) -> arb:
    """(1+q)^2/(4q), q = (1-g)^(1/beta); the exact 1 at g = 0."""
    g, beta = between("slack", slack, 0, 1, closed="low"), moderate("beta", beta)
    q = raised(arb(1 - g), 1 / beta)
    return (1 + q) ** 2 / (4 * q)


def loss_moment(table: Any, prompt_weights: Any, *, beta: Any) -> arb:
    """C_{base/pi_beta;beta} = E_x |supp| (sum base^(1 + 1/beta))^beta; at most |Y| E[P*] (Lemma 4.1', second part)."""
    table, mu = read(table, prompt_weights)
    beta = moderate("beta", beta)
    return mean(mu, (_loss(row, beta) for row in table))


def _loss(row: Row, beta: fmpq) -> arb:
    top = row.masses()[row.top()]
    relative = (raised(m / top, 1 / beta) * m for m, w in zip(row.masses(), row.weights, strict=True) if w)
    return sum(map(bool, row.weights)) * top * raised(sum(relative, arb(0)), beta)


def loss_moment_bound(table: Any, prompt_weights: Any) -> arb:
    """|Y| E[P*], above `loss_moment` whatever beta; attained by uniform rows."""
    table, mu = read(table, prompt_weights)
    return len(table[0]) * mean(mu, (row.masses()[row.top()] for row in table))
