"""Random tables of log-probabilities, and finite classes made of relabellings of a table, for tests and simulations."""

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import MODERATE, checked


@checked(concentration=MODERATE)
def random_table(rng: np.random.Generator, *, prompts: int, responses: int, concentration: float) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities `[prompts, responses]` with independent Dirichlet(concentration) rows, and Dirichlet(1) prompt weights.

    Low concentration gives peaked rows, high concentration flat ones.

    Raises `ValueError` for counts below 1 and concentration not positive.
    """
    _checks.affordable_counts(40.0 * prompts * responses, prompts=prompts, responses=responses)
    # Gammas in log space: at low concentration the probabilities themselves underflow.
    shape = (int(prompts), int(responses))
    log_gamma = np.log(rng.gamma(concentration + 1.0, size=shape)) + np.log(rng.uniform(size=shape)) / concentration
    log_probs = log_gamma - np.logaddexp.reduce(log_gamma, axis=1, keepdims=True)
    return log_probs, rng.dirichlet(np.ones(int(prompts)))


@checked
def row_permutations(rng: np.random.Generator, log_probs: np.ndarray, *, members: int) -> np.ndarray:
    """`[prompts, members, responses]`: each row, first as it is, then `members - 1` random relabellings of it.

    With the best-of-N law as `log_probs` this is a product class that realises it, of log size at most prompts log(members).
    """
    _checks.affordable("members", members, size=24.0 * members * np.size(log_probs))
    others = np.repeat(np.asarray(log_probs)[:, None, :], int(members) - 1, axis=1)
    return np.concatenate([np.asarray(log_probs)[:, None, :], rng.permuted(others, axis=2)], axis=1)
