"""Saving and loading trained policies: the parameters and the sizes of the policy in one NumPy archive (.npz)."""

import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim.policies._gru import GRUPolicy
from sharpsim.policies._ngram import NGramPolicy
from sharpsim.policies._prompted import PromptedPolicy, require_finite
from sharpsim.policies._transformer import TransformerPolicy

KINDS: dict[str, type[PromptedPolicy]] = {"gru": GRUPolicy, "ngram": NGramPolicy, "transformer": TransformerPolicy}


def save_policy(policy: PromptedPolicy, path: str | Path, *, precision: str) -> None:
    """Write the policy to `path` (.npz, compressed), its parameters at `precision`, "float16" or "float32".

    With float16 the policy that is read back differs slightly; evaluate that one.

    Raises `ValueError` for parameters that are not finite, or not finite in float16, for other precisions, and for other kinds of policy.
    """
    kind = next((name for name, known in KINDS.items() if type(policy) is known), None)
    if kind is None:
        raise ValueError(f"`policy` must be one of {', '.join(known.__name__ for known in KINDS.values())}; got {type(policy).__name__}.")
    if precision not in ("float16", "float32"):
        raise ValueError(f'`precision` must be "float16" or "float32"; got {precision!r}.')
    require_finite(policy)
    arrays = {name: np.asarray(leaf) for name, leaf in _named(policy).items()}
    with np.errstate(over="ignore"):
        stored = {name: _smallest(array) if array.dtype.kind in "iu" else array.astype(precision) for name, array in arrays.items()}
    for name, array in stored.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"`policy` must have parameters that {precision} can hold; got {np.abs(arrays[name]).max():.3g} in {name}.")
    everything: dict[str, Any] = {"config": np.array(json.dumps({"kind": kind} | policy.config)), **stored}
    np.savez_compressed(Path(path), **everything)


def load_policy(path: str | Path) -> PromptedPolicy:
    """The policy that `save_policy` wrote to `path`, its parameters in float32.

    Raises `ValueError` for files that `save_policy` did not write, arrays whose shapes do not fit the configuration, and parameters that
    are not finite.
    """
    with np.load(Path(path), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if "config" not in arrays:
        raise ValueError(f"`path` must hold a policy written by `save_policy`; got {path}, which has no configuration.")
    config = json.loads(str(arrays.pop("config")))
    kind = config.pop("kind")
    if kind not in KINDS:
        raise ValueError(f"`path` must hold a policy of a kind among {', '.join(KINDS)}; got {kind!r}.")
    shapes = _named(skeleton := KINDS[kind].skeleton(config))
    wrong = sorted(set(shapes) ^ set(arrays)) or [name for name, leaf in shapes.items() if arrays[name].shape != leaf.shape]
    if wrong:
        raise ValueError(f"`path` must hold the arrays of its configuration; got {path}, where {', '.join(wrong)} do not fit.")
    leaves = [jnp.asarray(arrays[name], leaf.dtype) for name, leaf in shapes.items()]
    policy = jax.tree.unflatten(jax.tree.structure(skeleton), leaves)
    require_finite(policy)
    return policy


def parameter_count(policy: Any) -> int:
    """The number of trainable parameters (floating-point numbers) of a policy."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(policy, eqx.is_inexact_array)))


def _named(policy: Any) -> dict[str, Any]:
    return {jax.tree_util.keystr(path).lstrip("."): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(policy)}


def _smallest(array: np.ndarray) -> np.ndarray:
    fitting = next(kind for kind in (np.uint8, np.uint16, np.int32) if array.max(initial=0) <= np.iinfo(kind).max)
    return array.astype(fitting)
