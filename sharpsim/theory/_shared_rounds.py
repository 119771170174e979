"""Rounds on parameters that prompts share, the parts of a fall of accuracy, and where to stop. `self_training` exports it."""

from typing import Any, NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FINITE, MASS, MODE_MASS, MODERATE, TABLE, WEIGHTS, ZERO_OR_ONE, arrays, checked, count, within
from sharpsim._logspace import normalise
from sharpsim.theory._common import as_float

_REWARD = arrays(FINITE, "prompts", "responses")
_SCORES = within(-1e30, 1e30)
_PATHS = arrays(MASS, "rounds", "prompts", "responses")


@checked(reward=arrays(_SCORES, "prompts", "responses"), features=arrays(_SCORES, "prompts", "responses", "d"))
def shared_reward(log_base: Any, prompt_weights: Any, features: Any, reward: Any) -> np.ndarray:
    """The reward K r that a linear softmax class sees in place of r, `[prompts, responses]`: with phi centred under base,
    K r = <phi, theta>, theta the least-norm minimiser of E_{x~mu, y~base} ( r - E_base r - <phi, theta> )^2.

    DPO on all pairs of base in the class base exp <phi, theta>/Z gives the policy proportional to base exp(K r/beta). K is a projection:
    where the features tell all responses apart (one for each prompt and response) K r = r up to a constant for each prompt.
    """
    base, weights = np.exp(normalise(np.asarray(log_base, dtype=np.float64), np)), np.asarray(prompt_weights, dtype=np.float64)
    phi, r = np.asarray(features, dtype=np.float64), np.asarray(reward, dtype=np.float64)
    _checks.affordable("features", phi.shape, seconds=1e-9 * phi.size * min(phi.shape[2], base.size), size=32.0 * phi.size)
    root = np.sqrt(weights[:, None] * base)
    centred = phi - np.einsum("xy,xyd->xd", base, phi)[:, None, :]
    # The mean of r at a prompt is orthogonal to the centred features, so it may stay.
    theta = np.linalg.lstsq((root[..., None] * centred).reshape(-1, phi.shape[2]), (root * r).ravel(), rcond=None)[0]
    return centred @ theta


@checked(correct=arrays(ZERO_OR_ONE, "prompts", "responses"))
def accuracy(log_policy: Any, correct: Any) -> np.ndarray:
    """P_pi[correct | x] for each prompt, `[prompts]`, in [0, 1]."""
    policy = np.exp(normalise(np.asarray(log_policy, dtype=np.float64), np))
    return np.minimum((policy * np.asarray(correct, dtype=bool)).sum(axis=1), 1.0)


class Split(NamedTuple):
    """The change of accuracy, in parts that add up to `total`; see `split`."""

    right_modes: float
    wrong_modes: float
    flips: float
    rescues: float
    sharing: float
    total: float


@checked(
    log_base=TABLE,
    correct=arrays(ZERO_OR_ONE, "prompts", "responses"),
    prompt_weights=WEIGHTS,
    labelled=arrays(MASS, "prompts"),
    voted=arrays(MASS, "prompts"),
    shared=arrays(MASS, "prompts"),
)
def split(log_base: Any, correct: Any, prompt_weights: Any, *, labelled: Any, voted: Any, shared: Any) -> Split:
    """What each cause adds to the accuracy of rounds of votes on shared parameters; negative where it takes away.

    The accuracies of each prompt, `[prompts]`, follow a ladder: base; `labelled`, the mode as the label of each round; `voted`, fresh
    votes, each prompt by itself; `shared`, what was trained. So in the mean over prompts
    total = (labelled - base) + (voted - labelled) + (shared - voted): the first where the mode of base is right (`right_modes`) and
    where it is wrong (`wrong_modes`), the second likewise (`flips`, `rescues`), the third `sharing`. On tables right_modes >= 0,
    rescues >= 0, wrong_modes <= 0 and flips <= 0; sharing has either sign. A tie for the mode goes to the first.
    """
    table, right = np.asarray(log_base, dtype=np.float64), np.asarray(correct, dtype=bool)
    weights, before = np.asarray(prompt_weights, dtype=np.float64), accuracy(table, right)
    steps = [np.asarray(values, dtype=np.float64) for values in (labelled, voted, shared)]
    good = right[np.arange(len(table)), table.argmax(axis=1)]
    sharpened, flipped = weights * (steps[0] - before), weights * (steps[1] - steps[0])
    return Split(
        float(sharpened[good].sum()),
        float(sharpened[~good].sum()),
        float(flipped[good].sum()),
        float(flipped[~good].sum()),
        float(weights @ (steps[2] - steps[1])),
        float(weights @ (steps[2] - before)),
    )


@checked(policies=_PATHS, trust=MODERATE)
def belief(log_base: Any, prompt_weights: Any, policies: Any, *, trust: float = 1.0) -> np.ndarray:
    """The accuracy that base expects after each round, `[rounds]`: E_x sum_y b(y|x) p_t(y|x), b proportional to base^trust.

    It is the accuracy where the correct answer is drawn from b. `policies` p_t are probabilities `[rounds, prompts, responses]`. A trust
    below 1 takes base for overconfident. On tables it never falls from one round to the next, if the reward is larger for the
    answers that base finds more likely; on shared parameters it may fall.
    """
    believed = np.exp(normalise(trust * normalise(np.asarray(log_base, dtype=np.float64), np), np))
    return np.einsum("x,xy,txy->t", np.asarray(prompt_weights, dtype=np.float64), believed, np.asarray(policies, dtype=np.float64))


@checked(policies=_PATHS, trust=MODERATE)
def stopping_round(log_base: Any, prompt_weights: Any, policies: Any, *, trust: float = 1.0) -> int:
    """The first round of the largest `belief`: a stopping rule that sees base and the path of a planned training, and no answer key."""
    return int(belief(log_base, prompt_weights, policies, trust=trust).argmax())


@checked(mode_probability=MODE_MASS, beta=MODERATE, rounds=count(0))
def blind_regret(*, mode_probability: Any, beta: Any, rounds: Any) -> Any:
    """**Lower** bound on the regret of any stopping rule without labels: (P_T - p)/2, P_T the label's mass after T rounds.

    Two answers, the more likely one (the label) with mass p >= 1/2. In one world it is correct, in the other the other one is. Both
    show the rule the same policy, so in one of the two it has this regret, against the best of rounds 0..T. Attained by the rule that
    stops at 0 or at T with even chance; a rule that never starts, or never stops, has twice as much. Arrays broadcast.

    Raises `ValueError` for p below 1/2.
    """
    mass = np.minimum(np.asarray(mode_probability, dtype=np.float64), 1.0)
    if (mass < 0.5).any():
        raise ValueError(f"`mode_probability` must be at least 1/2, the larger of two masses; got {float(mass.min())!r}.")
    against = (1 - mass) / mass
    after = against * np.exp(-np.asarray(rounds, dtype=np.float64) / np.asarray(beta, dtype=np.float64))
    return as_float(((1 - mass) - after / (1 + after)) / 2)
