"""Policies pi(response | prompt): tables, softmax policies with linear features, and autoregressive sequence policies.

A policy is an immutable pytree with methods for one example, `sample(prompt, *, key)` and `log_prob(prompt, response)`; use `jax.vmap` and
`jax.jit` around them. Autoregressive policies (`SequencePolicy`) also have `start(prompt) -> state` and
`step(state, token) -> (state, next-token log-probabilities)`; decoders use nothing else.

- One table of responses: `TabularPolicy`; with features: `LinearSoftmaxPolicy`.
- Sequences over numbered prompts: `MarkovPolicy`, `TabularSequencePolicy`, `MultilayerSoftmaxPolicy`.
- Sequences over prompts made of tokens (`PromptedPolicy`): `NGramPolicy`, `GRUPolicy`, `TransformerPolicy`; trained ones by
  `trained_policy`, and the pronunciation network of another package by `pretrained_g2p`.
- For code that works with policies: `checked_prompts`, `start_many`, `step_many`, `unchanged_by_step`, `tabulate`, `inverse_cdf`,
  `running_mass`, `parameter_count`, and the check `require_finite`.

Importing this package imports no JAX; naming one of its members does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.policies._g2p import PHONEMES, G2PPolicy, pretrained_g2p
    from sharpsim.policies._gru import GRUPolicy
    from sharpsim.policies._linear_softmax import LinearSoftmaxPolicy
    from sharpsim.policies._many import checked_prompts, start_many, step_many, tabulate, unchanged_by_step
    from sharpsim.policies._markov import MarkovPolicy
    from sharpsim.policies._multilayer_softmax import FeatureTables, MultilayerSoftmaxPolicy
    from sharpsim.policies._ngram import NGramPolicy
    from sharpsim.policies._prompted import PADDING, PromptedPolicy, require_finite
    from sharpsim.policies._sequence import SequencePolicy, inverse_cdf
    from sharpsim.policies._storage import load_policy, parameter_count, save_policy
    from sharpsim.policies._tabular import TabularPolicy, running_mass
    from sharpsim.policies._tabular_sequence import TabularSequencePolicy
    from sharpsim.policies._trained import WEIGHTS, trained_policies, trained_policy, weights_path
    from sharpsim.policies._transformer import TransformerPolicy

_HOME = {
    "FeatureTables": "_multilayer_softmax",
    "G2PPolicy": "_g2p",
    "GRUPolicy": "_gru",
    "LinearSoftmaxPolicy": "_linear_softmax",
    "MarkovPolicy": "_markov",
    "MultilayerSoftmaxPolicy": "_multilayer_softmax",
    "NGramPolicy": "_ngram",
    "PADDING": "_prompted",
    "PHONEMES": "_g2p",
    "PromptedPolicy": "_prompted",
    "SequencePolicy": "_sequence",
    "TabularPolicy": "_tabular",
    "TabularSequencePolicy": "_tabular_sequence",
    "TransformerPolicy": "_transformer",
    "WEIGHTS": "_trained",
    "checked_prompts": "_many",
    "inverse_cdf": "_sequence",
    "load_policy": "_storage",
    "parameter_count": "_storage",
    "pretrained_g2p": "_g2p",
    "require_finite": "_prompted",
    "running_mass": "_tabular",
    "save_policy": "_storage",
    "start_many": "_many",
    "step_many": "_many",
    "tabulate": "_many",
    "trained_policies": "_trained",
    "trained_policy": "_trained",
    "unchanged_by_step": "_many",
    "weights_path": "_trained",
}

__all__ = [
    "FeatureTables",
    "G2PPolicy",
    "GRUPolicy",
    "LinearSoftmaxPolicy",
    "MarkovPolicy",
    "MultilayerSoftmaxPolicy",
    "NGramPolicy",
    "PADDING",
    "PHONEMES",
    "PromptedPolicy",
    "SequencePolicy",
    "TabularPolicy",
    "TabularSequencePolicy",
    "TransformerPolicy",
    "WEIGHTS",
    "checked_prompts",
    "inverse_cdf",
    "load_policy",
    "parameter_count",
    "pretrained_g2p",
    "require_finite",
    "running_mass",
    "save_policy",
    "start_many",
    "step_many",
    "tabulate",
    "trained_policies",
    "trained_policy",
    "unchanged_by_step",
    "weights_path",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
