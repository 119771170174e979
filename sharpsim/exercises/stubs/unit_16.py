"""Tasks of unit 16: rounds of self-training."""

import numpy as np


def rounds_to_reach(mass: float, goal: float, beta: float) -> int:
    """Return the least number of rounds after which the label has probability `goal` or more.

    Each round makes p_{t+1}(y) proportional to p_t(y) exp(r(y)/beta), with r = 1 for the label and 0 for all other answers. `mass` is the
    label's probability under p_0, and mass < goal < 1.
    """
    raise NotImplementedError


def blind_rule(mass: float, beta: float, rounds: int) -> np.ndarray:
    """Return a law on when to stop, [rounds + 1]: entry t is the probability of stopping after t rounds, t = 0, .., T = rounds.

    Of two answers the more likely one, with probability `mass` > 1/2 under p_0, is the label of every round, as in the first task. In one
    world it is correct, in the other world the other answer is. Nobody tells you which. Your regret is the accuracy of the best of the
    rounds 0..T in that world less your mean accuracy. Make the larger of the two regrets as small as possible, up to 0.1%.
    """
    raise NotImplementedError


def rise_and_fall(beta: int) -> tuple[np.ndarray, int]:
    """Return (base, answer): probabilities of at most 200 answers to one question, and which of them is correct.

    Rounds with the reward log p_0 give p_t proportional to p_0^(1 + t/beta), here for t = 0..15 beta. The probability of the correct answer
    must first rise to at least twice that of round 0, and at last fall to a tenth of that of round 0.
    """
    raise NotImplementedError
