"""The most likely response of a Markov or n-gram policy, by dynamic programming over contexts (the Viterbi algorithm).

The time does not depend on the mode's probability, as that of `most_likely` does.
"""

from typing import Any

import numpy as np

from sharpsim._arguments import ANYTHING, checked
from sharpsim._kind import Is
from sharpsim.decoding._most_likely import Decoded
from sharpsim.policies import MarkovPolicy, NGramPolicy

AUTOMATON = Is(
    "a MarkovPolicy or NGramPolicy, whose next token depends on its last k", lambda value: isinstance(value, MarkovPolicy | NGramPolicy)
)


@checked(policy=AUTOMATON, prompt=ANYTHING)
def viterbi(policy: MarkovPolicy | NGramPolicy, prompt: Any) -> Decoded:
    """The most likely response (ties to the smallest token sequence) and its log-probability, in horizon x contexts x V additions
    ((V+1)^k contexts of a MarkovPolicy).

    W_h(c) = max_v log T_x(v | c) + W_{h+1}(c v), with W = 0 after the last token or the end token, in float64 on the host.
    The sums run from the last token to the first, so ties are ties up to rounding; the log-probability returned is summed from the first
    token on, as `most_likely` does.
    Raises `ValueError` for another kind of policy or a prompt out of range.
    """
    log_probs, after, first = policy.contexts_of(prompt)
    table, after = np.asarray(log_probs, dtype=np.float64), np.asarray(after)
    contexts = len(table)
    value = np.zeros(contexts)
    choices = []
    for _ in range(policy.horizon):
        to_go = value[after]
        if policy.end_token is not None:
            to_go[:, policy.end_token] = 0.0
        choices.append((table + to_go).argmax(axis=1))
        value = (table + to_go).max(axis=1)

    response, context, log_prob = np.full(policy.horizon, policy.end_token or 0, dtype=np.int32), int(first), 0.0
    for depth, choice in enumerate(reversed(choices)):
        token = int(choice[context])
        response[depth], log_prob, context = token, log_prob + table[context, token], int(after[context, token])
        if token == policy.end_token:
            break
    return Decoded(response, float(log_prob))
