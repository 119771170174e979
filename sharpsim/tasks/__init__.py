"""Tasks with a ground truth: questions on which the responses of a policy can be judged exactly.

Use one to train a small sequence model (`training_pairs`, `encode_pairs`) and to measure how often its responses are correct
(`prompts`, `is_correct`) or what they vote for (`answer`). `TASKS` lists all by name. A task of your own is a subclass of `Task`;
`CONTRIBUTING.md` shows a whole one. `BEGIN`, `END` and `Draws` are for such subclasses.
"""

from sharpsim.tasks._draws import Draws
from sharpsim.tasks._task import BEGIN, END, HELD_OUT_SHARE, SPLITS, Task
from sharpsim.tasks.arithmetic import Arithmetic
from sharpsim.tasks.deduction import Deduction
from sharpsim.tasks.game_of_24 import GameOf24
from sharpsim.tasks.many_writers import CORPORA, Corpus, ManyWriters
from sharpsim.tasks.pronunciation import Pronunciation

TASKS: dict[str, type[Task]] = {task.name: task for task in (Pronunciation, GameOf24, Deduction, Arithmetic, ManyWriters)}
"""Name -> task, each with levels to choose from: `TASKS["arithmetic"](level=2)`."""

__all__ = [
    "Task",
    "TASKS",
    "SPLITS",
    "HELD_OUT_SHARE",
    "BEGIN",
    "END",
    "Draws",
    "Pronunciation",
    "GameOf24",
    "Deduction",
    "Arithmetic",
    "ManyWriters",
    "Corpus",
    "CORPORA",
]
