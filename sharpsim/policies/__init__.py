"""Policies: immutable pytrees with single-example methods `sample(prompt, *, key)` and `log_prob(prompt, response)`.

Callers `vmap` and `jit`. Autoregressive policies also have `start(prompt) -> state` and
`step(state, token) -> (state, next-token log-probabilities)`, which is all that decoders use.
Importing this package imports no JAX; naming one of its members does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.policies._g2p import G2PPolicy, pretrained_g2p
    from sharpsim.policies._gru import GRUPolicy
    from sharpsim.policies._linear_softmax import LinearSoftmaxPolicy, check_features
    from sharpsim.policies._markov import MarkovPolicy
    from sharpsim.policies._multilayer_softmax import FeatureTables, MultilayerSoftmaxPolicy
    from sharpsim.policies._ngram import NGramPolicy
    from sharpsim.policies._prompted import PADDING, PromptedPolicy, require_finite
    from sharpsim.policies._sequence import SequencePolicy, tabulate
    from sharpsim.policies._storage import load_policy, parameter_count, save_policy
    from sharpsim.policies._tabular import TabularPolicy
    from sharpsim.policies._tabular_sequence import TabularSequencePolicy
    from sharpsim.policies._trained import trained_policies, trained_policy
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
    "PromptedPolicy": "_prompted",
    "SequencePolicy": "_sequence",
    "TabularPolicy": "_tabular",
    "TabularSequencePolicy": "_tabular_sequence",
    "TransformerPolicy": "_transformer",
    "check_features": "_linear_softmax",
    "require_finite": "_prompted",
    "load_policy": "_storage",
    "parameter_count": "_storage",
    "pretrained_g2p": "_g2p",
    "save_policy": "_storage",
    "tabulate": "_sequence",
    "trained_policies": "_trained",
    "trained_policy": "_trained",
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
    "PromptedPolicy",
    "SequencePolicy",
    "TabularPolicy",
    "TabularSequencePolicy",
    "TransformerPolicy",
    "check_features",
    "require_finite",
    "load_policy",
    "parameter_count",
    "pretrained_g2p",
    "save_policy",
    "tabulate",
    "trained_policies",
    "trained_policy",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
