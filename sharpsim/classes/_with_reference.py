"""A policy class whose learner also knows the base policy, so that `xpo` can evaluate its iterates exactly."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from sharpsim import _checks
from sharpsim._arguments import CLASS, checked
from sharpsim._precision import as_jax
from sharpsim.policies import TabularPolicy


class WithReference(eqx.Module):
    """`policy_class`, with the base policy `reference` and the prompt weights as known quantities (they cost no queries).

    With them J_beta is computed exactly. All other attributes are those of `policy_class`. `reward` `[prompts, responses]` is the log of
    `reference` unless given. Raises `ValueError` for shapes that
    do not fit each other and weights that are no distribution.
    """

    policy_class: Any
    reference: TabularPolicy
    prompt_weights: Float[Array, " prompts"]
    reward: Float[Array, "prompts responses"]

    @checked(policy_class=CLASS)
    def __init__(self, policy_class: Any, reference: TabularPolicy, prompt_weights: Any, *, reward: Any = None):
        _checks.prompt_weights(prompt_weights, reference.prompts)
        self.policy_class, self.reference = policy_class, reference
        self.prompt_weights = as_jax(prompt_weights)
        self.reward = reference.log_probs if reward is None else as_jax(reward)
        _checks.same_shape("reference", reference.log_probs, "reward", self.reward)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "policy_class":
            raise AttributeError(name)
        return getattr(self.policy_class, name)
