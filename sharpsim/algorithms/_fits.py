"""Whether a class can learn from an oracle at all."""

from typing import Any

from sharpsim.oracle import Oracle


def check_class(oracle: Oracle, policy_class: Any, method: str) -> None:
    """Refuse a class without `method`, or for other prompts and responses than the oracle's: indices beyond a table are no error to JAX."""
    if not hasattr(policy_class, method):
        raise ValueError(f"`policy_class` must have `{method}`, which {type(policy_class).__name__} has not.")
    prompts, responses = oracle.shape
    wanted = (prompts, policy_class.shape[1] if responses is None else responses)
    if tuple(policy_class.shape) != wanted:
        raise ValueError(f"`policy_class` must be for the oracle's {wanted} prompts and responses; got {tuple(policy_class.shape)}.")
