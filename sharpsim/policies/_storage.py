"""Saving and loading trained policies: the parameters and the sizes of the policy in one NumPy archive (.npz)."""

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim._arguments import PATH, checked, one_of
from sharpsim._kind import Is
from sharpsim._precision import placed
from sharpsim.files import memory, read_npy, write_whole
from sharpsim.policies._gru import GRUPolicy
from sharpsim.policies._ngram import NGramPolicy
from sharpsim.policies._prompted import PromptedPolicy, require_finite
from sharpsim.policies._transformer import TransformerPolicy

KINDS: dict[str, type[PromptedPolicy]] = {"gru": GRUPolicy, "ngram": NGramPolicy, "transformer": TransformerPolicy}


STORED = Is(f"one of {', '.join(known.__name__ for known in KINDS.values())}", lambda value: type(value) in KINDS.values())


@checked(policy=STORED, path=PATH, precision=one_of("float16", "float32"))
def save_policy(policy: PromptedPolicy, path: str | Path, *, precision: str) -> None:
    """Write the policy to `path` (.npz, compressed), its parameters at `precision`, "float16" or "float32".

    With float16 the policy that is read back differs slightly; evaluate that one.

    Raises `ValueError` for parameters that are not finite, or not finite in float16, for other precisions, and for other kinds of policy.
    """
    kind = next(name for name, known in KINDS.items() if type(policy) is known)
    require_finite(policy)
    arrays = {name: np.asarray(leaf) for name, leaf in _named(policy).items()}
    with np.errstate(over="ignore"):
        stored = {name: _smallest(array) if array.dtype.kind in "iu" else array.astype(precision) for name, array in arrays.items()}
    for name, array in stored.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"`policy` must have parameters that {precision} can hold; got {np.abs(arrays[name]).max():.3g} in {name}.")
    everything: dict[str, Any] = {"config": np.array(json.dumps({"kind": kind} | policy.config)), **stored}
    content = io.BytesIO()
    np.savez_compressed(content, **everything)
    path = Path(path)
    # As NumPy names it.
    write_whole(path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz"), content.getvalue())


@checked(path=PATH)
def load_policy(path: str | Path) -> PromptedPolicy:
    """The policy that `save_policy` wrote to `path`, its parameters in float32. Sizes are read before memory is taken.

    Raises `ValueError`, with the file and the reason, for files that cannot be read or that `save_policy` did not write, arrays whose
    shapes do not fit the configuration, and parameters that are not finite.
    """
    path = Path(path)
    try:
        return _loaded(path)
    except _BROKEN as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        raise ValueError(f"`path` must hold a policy written by `save_policy`; got {path}: {reason.rstrip('.')}.") from error


_BROKEN = (OSError, ValueError, EOFError, KeyError, MemoryError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged archive can raise: RuntimeError where it claims to be encrypted, NotImplementedError for unknown compression."""
MOST_CONFIG = 2**16
"""Bytes of the longest configuration that is read."""


def _loaded(path: Path) -> PromptedPolicy:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if "config" not in members:
            raise ValueError("it has no configuration")
        if members["config"].file_size > MOST_CONFIG:
            raise ValueError(f"its configuration has {members['config'].file_size} bytes")
        skeleton = _skeleton(str(_array(archive, members.pop("config"))), len(members))
        shapes = _named(skeleton)
        if wrong := sorted(set(shapes) ^ set(members)):
            raise ValueError(f"{', '.join(wrong)} do not fit its configuration")
        # Eight bytes a number and a header: what claims more is no array of its configuration, and is not unpacked.
        large = [name for name, leaf in shapes.items() if members[name].file_size > 8 * leaf.size + MOST_CONFIG]
        arrays = {name: _array(archive, members[name]) for name in shapes if name not in large}
    if wrong := large + [name for name, array in arrays.items() if array.shape != shapes[name].shape or array.dtype.kind not in "fiu"]:
        raise ValueError(f"{', '.join(wrong)} do not fit its configuration")
    with np.errstate(over="ignore"):
        leaves = [placed(arrays[name].astype(leaf.dtype)) for name, leaf in shapes.items()]
    policy = jax.tree.unflatten(jax.tree.structure(skeleton), leaves)
    require_finite(policy)
    return policy


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    if info.file_size > memory():
        raise ValueError(f"{info.filename} would take {info.file_size / 1e9:.3g} GB, more than the memory of this machine")
    with archive.open(info) as member:
        return read_npy(io.BytesIO(member.read()), info.file_size)


def _skeleton(text: str, arrays: int) -> PromptedPolicy:
    """The policy of a configuration, its arrays only shapes. Refuses one with more layers than the file has arrays: it would take hours."""
    try:
        config = json.loads(text)
    except RecursionError as error:
        raise ValueError("its configuration is no JSON object") from error
    if not isinstance(config, dict):
        raise ValueError("its configuration is no JSON object")
    if (kind := config.pop("kind", None)) not in KINDS:
        raise ValueError(f"its kind must be among {', '.join(KINDS)}; got {kind!r}")
    if wrong := [name for name, size in config.items() if size is not None and (type(size) is not int or size >= 2**31)]:
        raise ValueError(f"its configuration must hold whole numbers below 2^31 and null; got {wrong[0]} = {config[wrong[0]]!r}")
    if config.get("layers", 0) > arrays:
        raise ValueError(f"its configuration has {config['layers']} layers, and it holds {arrays} arrays")
    try:
        return _shapes(KINDS[kind], config)
    except (TypeError, OverflowError, KeyError) as error:
        raise ValueError(f"its configuration is none of a policy of kind {kind!r}: {error}") from error


def _shapes(kind: Any, config: dict[str, Any]) -> PromptedPolicy:
    """A policy of this configuration whose arrays are only shapes and dtypes."""
    if kind is not NGramPolicy:
        return eqx.filter_eval_shape(lambda key: kind(**config, key=key), jax.random.key(0))
    sizes = {name: value for name, value in config.items() if name != "nodes"}
    columns = config["vocabulary_size"] + 1 + (config["prompt_vocabulary_size"] or 0)
    return eqx.filter_eval_shape(
        lambda: NGramPolicy(jnp.zeros((config["nodes"], config["vocabulary_size"])), jnp.zeros((config["nodes"], columns), int), **sizes)
    )


def parameter_count(policy: Any) -> int:
    """The number of trainable parameters (floating-point numbers) of a policy."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(policy, eqx.is_inexact_array)))


def _named(policy: Any) -> dict[str, Any]:
    return {jax.tree_util.keystr(path).lstrip("."): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(policy)}


def _smallest(array: np.ndarray) -> np.ndarray:
    fitting = next(kind for kind in (np.uint8, np.uint16, np.int32) if array.max(initial=0) <= np.iinfo(kind).max)
    return array.astype(fitting)
