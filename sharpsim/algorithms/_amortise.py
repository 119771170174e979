"""SFT- and RLHF-Sharpening of sequence models on given prompts: a network is trained to imitate best of N, or the tilted base policy."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from scipy.special import softmax

from sharpsim import _checks
from sharpsim._arguments import FITTED_BETA, POSITIVE, checked, count, several
from sharpsim._kind import Kind
from sharpsim.algorithms._likeliest_draw import likeliest_draws
from sharpsim.algorithms._sharpened import Sharpened
from sharpsim.decoding import sample_many
from sharpsim.policies import SequencePolicy
from sharpsim.training import NeuralClass, Schedule

Watch = Callable[[int, Any], Any]
EVEN = Kind("even, for disjoint pairs, and at least 2", lambda x: (x >= 2) & (x % 2 == 0) & (x < 2**53))
WEIGHT = Kind("non-negative and finite, at most 1e15", lambda x: (x >= 0) & (x <= 1e15))
TRAINING = {
    "prompts": Kind("whole numbers, as the policy takes its prompts", lambda x: x == x, dtypes="iu"),
    "held_out": count(1, 2**53),
    "rank": count(1, 2**53),
    "temperatures": several(POSITIVE),
}
"""What the two functions share."""


@checked(**TRAINING)
def sft_sharpen(
    policy: SequencePolicy,
    prompts: Any,
    *,
    N: int,
    schedule: Schedule,
    held_out: int,
    key: jax.Array,
    watch: Watch | None = None,
    rank: int | None = None,
    temperatures: tuple[float, ...] = (1.0,),
) -> Sharpened:
    """SFT-Sharpening from `policy` itself: for each of the prompts [n, ...] the likeliest of N draws; then maximum likelihood on them.

    As `sft` with a `NeuralClass`, on prompts given in place of drawn, each once. The first m of N draws are those of N = m (the same key).
    m = n N, though draws that cannot be the likeliest are not finished (`likeliest_draws`). `held_out` pairs choose the returned policy
    and, of `temperatures`, the one at which training starts; with a `rank` low-rank updates alone are trained (see `NeuralClass`).

    Raises `ValueError` for N below 1, prompts that are not the policy's or no more than `held_out`.
    Source: Huang et al., arXiv 2412.01951v2, section 4.1.
    """
    N = _draws(policy, prompts, N)
    policy_class = NeuralClass(policy, np.asarray(prompts), schedule, held_out, watch, rank, temperatures)
    draw_key, fit_key = jax.random.split(key)
    kept = likeliest_draws(policy, np.asarray(prompts), draws=N, key=draw_key)
    fit = policy_class.maximum_likelihood(np.arange(len(kept)), kept, key=fit_key)
    return Sharpened(fit.policy, len(kept) * N, fit.info)


@checked(**TRAINING, N=EVEN, beta=FITTED_BETA, likelihood_weight=WEIGHT)
def dpo_sharpen(
    policy: SequencePolicy,
    prompts: Any,
    *,
    beta: float,
    N: int,
    schedule: Schedule,
    held_out: int,
    key: jax.Array,
    likelihood_weight: float = 0.0,
    watch: Watch | None = None,
    rank: int | None = None,
    temperatures: tuple[float, ...] = (1.0,),
) -> Sharpened:
    """RLHF-Sharpening from `policy` itself: N/2 disjoint pairs of draws for each of the prompts [n, ...], scored by log base.

    Minimises over pi, with alpha = `likelihood_weight`, the mean over prompts of

        mean over pairs of ( beta log(pi/base)(y|x) - beta log(pi/base)(y'|x) - log base(y|x) + log base(y'|x) )^2
        - alpha sum_j w_j log pi(y_j|x),    w_j prop. to base(y_j|x)^(1/beta) over the prompt's N draws, summing to 1.

    With alpha = 0 this is the paper's loss (its N is 2). The tilted base pi_beta, prop. to base^(1+1/beta), has loss 0.

    With alpha > 0 the second term is the regularised loss of RPO (Liu et al., arXiv 2405.16436): DPO with the negative log-likelihood of
    the preferred responses. The w_j are the self-normalised importance weights of pi_beta, so that for N to infinity pi_beta minimises
    both terms, whatever alpha. At finite N the second alone is minimised by the mean of the weighted draws, sum_j w_j 1{y = y_j}, whose
    distance to pi_beta is of order 1/N; the sum then ends between it and pi_beta. Theorem 4.2' is about alpha = 0.

    Why alpha > 0: pairs fix ratios only, and the few pairs with an unlikely response hold most of the gradient's squared norm. In short
    training the loss lowers unlikely responses far more than it raises likely ones, and mass may go to responses that no pair compares
    (likelihood displacement: Razin et al., arXiv 2410.08847). The second term raises the likely draws directly, at no cost in samples or
    in evaluations of the network. `docs/models.md` has measurements.

    m = n N, so that at equal N it costs what `sft_sharpen` does. `held_out` counts prompts: all pairs of the last ones choose the returned
    policy. Losses in `info` are those of the sum.

    Raises `ValueError` for N odd or below 2, beta not positive, a negative or infinite weight, prompts that are not the policy's or no
    more than `held_out`.
    Source: Huang et al., arXiv 2412.01951v2, section 4.2, Eq. 4 and 8.
    """
    N = _draws(policy, prompts, N)
    pairs = N // 2
    kept_out = _checks.static_count("held_out", held_out) * pairs
    policy_class = NeuralClass(policy, np.asarray(prompts), schedule, kept_out, watch, rank, temperatures)
    draw_key, fit_key = jax.random.split(key)
    drawn = sample_many(policy, prompts, draws=N, key=draw_key)
    n = len(drawn.responses)
    first, second = (drawn.responses[:, side::2].reshape(n * pairs, -1) for side in (0, 1))
    gaps = (drawn.log_probs[:, 0::2] - drawn.log_probs[:, 1::2]).reshape(-1)
    # A mean over pairs is taken: N/2 times the weight of each draw makes the sum over the prompt's draws of it.
    likelihoods = likelihood_weight * pairs * tilted_weights(drawn.log_probs, beta=beta).reshape(-1, 2)
    # beta log(pi/base) differs by (1 + beta) times the gap less beta times it: base moves to the other side.
    fit = policy_class.least_squares(
        np.arange(n).repeat(pairs), first, second, (1 + beta) * gaps, beta=beta, key=fit_key, likelihoods=likelihoods
    )
    return Sharpened(fit.policy, n * N, fit.info)


def _draws(policy: SequencePolicy, prompts: Any, N: Any) -> int:
    """N, where the draws fit into memory."""
    _checks.affordable("N", N, size=(4.0 * policy.horizon + 8.0) * (np.shape(prompts) or (1,))[0] * float(N))
    return _checks.static_count("N", N)


def tilted_weights(log_probs: Any, *, beta: float) -> np.ndarray:
    """Self-normalised importance weights of pi_beta for draws from base: w_j prop. to base(y_j|x)^(1/beta), rows [n, N] summing to 1."""
    return softmax(np.asarray(log_probs) / beta, axis=1)
