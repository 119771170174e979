"""Small models trained for the tasks of `sharpsim.tasks`; their weights come with the package."""

from pathlib import Path

from sharpsim._arguments import checked
from sharpsim.policies._prompted import PromptedPolicy
from sharpsim.policies._storage import load_policy

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"


@checked
def weights_path(task: str, model: str) -> Path:
    """The path of the file with the weights of a model for a task."""
    return WEIGHTS / f"{task.replace(' ', '_')}-{model}.npz"


def trained_policies() -> list[tuple[str, str]]:
    """The pairs (task, model) of all models that come with the package, tasks and models in alphabetical order."""
    pairs = (path.stem.split("-", 1) for path in sorted(WEIGHTS.glob("*.npz")))
    return [(task.replace("_", " "), model) for task, model in pairs]


@checked
def trained_policy(task: str, model: str) -> PromptedPolicy:
    """The model `model` trained for the task `task`. Parameters were stored in float16; computations are in float32.

    `sharpsim/weights/training.csv` says how it was trained. Raises `ValueError` for a pair that `trained_policies` does not list.
    """
    path = weights_path(task, model)
    if path not in WEIGHTS.glob("*.npz"):
        listed = ", ".join(f"{known} ({name})" for known, name in trained_policies())
        raise ValueError(f"`task` and `model` must be a trained pair, one of {listed or 'none'}; got {task!r} and {model!r}.")
    return load_policy(path)
