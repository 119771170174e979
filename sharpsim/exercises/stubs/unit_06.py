"""Tasks of unit 6: the lower bound, as a game."""

import numpy as np


def guess_error(M: int, k: int) -> float:
    """Return e(k): the least error of a guess at the secret of one hard prompt after k responses.

    There are M labels. Each response is the secret with probability 2/M, and each other label with probability (M-2)/(M(M-1)). The
    secret is recognised when it is drawn. Otherwise the best guess is uniform among the labels not seen:
    e(k) = (1-2/M)^k E[1 - 1/(M - Occ_k)], Occ_k the number of distinct labels among M - 1 that k uniform draws hit.
    """
    raise NotImplementedError


def worth_of_a_draw(M: int, U: int) -> float:
    """Return by how much one more response lowers the mean error of the best guess, when U labels are unseen, the secret among them.

    Before the draw the error is 1 - 1/U. The secret is equally likely to be each of the U unseen labels. 1 <= U <= M and M >= 3.
    Find a formula, and read off that it never falls as U grows (so that early draws are worth more).
    """
    raise NotImplementedError


def guess(M: int, labels: list[int], likelihoods: list[float]) -> np.ndarray:
    """Play the game: return the probabilities with which you guess each label 0..M-1, given the labels drawn and their likelihoods.

    `likelihoods[i]` is base's probability of `labels[i]`: 2/M for the secret, (M-2)/(M(M-1)) for every other label. The lists may be empty.
    Your score is the worst error over all M secrets; the check asks for the minimax value e(k). Count numbers closer than 1e-9 as equal.
    """
    raise NotImplementedError
