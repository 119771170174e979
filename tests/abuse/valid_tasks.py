"""Valid calls of the tasks: all share one protocol, so that a question with its answer serves for every method of a task."""

from typing import Any

from sharpsim.tasks import CORPORA, TASKS, Draws
from tests.abuse.valid import LEFT_OUT, Made

QUESTIONS = {
    "pronunciation": ("cat", "K AE T"),
    "game of 24": ("1 4 6", "4 * 6 = 24 , 1 24 ; 24 * 1 = 24"),
    "deduction": ("wumpus is tumpus . tumpus is-not red . max is wumpus . max is red ?", "wumpus is tumpus . tumpus is-not red . false"),
    "arithmetic": ("3+4*2", "3+8=11"),
    "many writers": ("forum 3+4*2-5", "3+8-5=11-5=6"),
}
"""Task -> a prompt and a right response."""
CODED = ("decode_prompt", "decode_response")
METHODS = (
    "references", "is_correct", "answer", "split_of", "split_key", "prompts", "fresh_prompts", "training_prompts", "training_pairs",
    "encode_prompt", "encode_response", "encode_pairs", *CODED, "steps_are_right", "concludes_rightly",
)  # fmt: skip


def _asked(name: str, method: str) -> dict[str, Any]:
    """The task itself, at its first level, and what its methods take."""
    task = TASKS[name](1)
    prompt, response = QUESTIONS[name]
    if method in CODED:
        prompt, response = task.encode_prompt(prompt), task.encode_response(response)
    pairs: Any = 5 if method == "fresh_prompts" else [(prompt, response)]
    return {
        "self": task, "prompt": prompt, "response": response, "split": "train", "n": 5, "seed": 1, "training_seed": 2, "pairs": pairs,
        "without": LEFT_OUT,
    }  # fmt: skip


BY_FUNCTION: dict[str, dict[str, Any]] = {
    **{f"tasks.{task.__name__}": {"level": 1, "split_seed": 1} for task in TASKS.values()},
    **{f"tasks.{TASKS[name].__name__}.{method}": _asked(name, method) for name in TASKS for method in METHODS},
    # The base class takes any task's.
    **{f"tasks.Task.{method}": _asked("arithmetic", method) for method in METHODS},
    "tasks.Corpus": {"share": 0.5, "phrasings": 4, "rate": 0.5, "kind": "signs"},
    **{f"tasks.Corpus.{method}": {"self": CORPORA[1], "prompt": QUESTIONS["many writers"][0], "draws": Made(lambda: Draws("a"))}
       for method in ("law", "draw")},
    **{f"tasks.Draws.{method}": {"self": Made(lambda: Draws("a")), "size": 6, "probability": 0.5, "items": "abc"}
       for method in ("below", "choice", "happens", "shuffled")},
    "tasks.Draws": {},
    "tasks.game_of_24.tamest_solutions": {"numbers": (1, 4, 6)},
    "tasks.game_of_24.solvable": {"count": 3, "largest": 10},
    "tasks.pronunciation.without_stress": {"phonemes": ["K", "AE1", "T"]},
    "tasks.pronunciation.is_correct": {"word": "cat", "phonemes": ["K", "AE", "T"]},
    "tasks.pronunciation.sample_words": {"n": 5, "seed": 1},
}  # fmt: skip
"""As `valid.BY_FUNCTION`; a name that a method does not take is not asked."""

_ANY_TEXT = {
    "Task": ("prompt", "response", "without"),
    **{task.__name__: ("response", "without") for task in TASKS.values()},
    "Pronunciation": ("prompt", "response", "without"),
}
FREE_IN: dict[str, tuple[str, ...]] = {
    **{f"tasks.{owner}.{method}": free for owner, free in _ANY_TEXT.items() for method in METHODS if method not in CODED},
    "tasks.Draws.choice": ("items",),
    "tasks.Draws.shuffled": ("items",),
    "tasks.pronunciation.without_stress": ("phonemes",),
    "tasks.pronunciation.is_correct": ("word", "phonemes"),
}
"""Any text is a response, and any collection of texts may be left out. "abc" is a word of the dictionary, and a prompt to the base class,
which is no task itself. Draws are of anything. See `walk.FREE_IN`."""
