"""Tasks with a ground truth, by which the responses of real policies are judged."""

from sharpsim.tasks._task import HELD_OUT_SHARE, SPLITS, Task
from sharpsim.tasks.arithmetic import Arithmetic
from sharpsim.tasks.deduction import Deduction
from sharpsim.tasks.game_of_24 import GameOf24
from sharpsim.tasks.pronunciation import Pronunciation

TASKS: dict[str, type[Task]] = {task.name: task for task in (Pronunciation, GameOf24, Deduction, Arithmetic)}
"""Name -> task, each with levels to choose from: `TASKS["arithmetic"](level=2)`."""

__all__ = ["Task", "TASKS", "SPLITS", "HELD_OUT_SHARE", "Pronunciation", "GameOf24", "Deduction", "Arithmetic"]
