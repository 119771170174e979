"""Checks that a policy class and an oracle have the same prompts and responses."""

from typing import Any

from sharpsim.oracle import Oracle


def check_class(oracle: Oracle, policy_class: Any, method: str) -> None:
    """Refuse a class that lacks `method` or has other numbers of prompts and responses than the oracle: JAX clips bad indices."""
    if not hasattr(policy_class, method):
        raise ValueError(f"`policy_class` must have `{method}`, which {type(policy_class).__name__} has not.")
    prompts, responses = oracle.shape
    wanted = (prompts, policy_class.shape[1] if responses is None else responses)
    if tuple(policy_class.shape) != wanted:
        raise ValueError(f"`policy_class` must be for the oracle's {wanted} prompts and responses; got {tuple(policy_class.shape)}.")
